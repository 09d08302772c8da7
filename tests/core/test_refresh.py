"""When what others publish is fetched anew."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import NEVER, SECOND, Duration, Instant, after, seconds
from gateway_core.errors import ConfigError
from gateway_core.machine import Tick
from gateway_core.refresh import (
    Event,
    Fetch,
    Fetched,
    FetchFailed,
    Missed,
    Phase,
    Refresh,
    Stopped,
    Wanted,
)
from tests.script import Script

FETCH = Fetch()


def refresh() -> Refresh[str]:
    """Every 300 s, at most every 10 s, for 5 s."""
    return Refresh("", seconds(300), seconds(10), seconds(5))


def fetched_once() -> Script[Event[str], Fetch]:
    return Script(refresh()).at(0, Wanted(), FETCH).at(1, Fetched("one"))


def test_it_is_fetched_at_the_start_and_every_interval() -> None:
    script = fetched_once()
    assert (script.machine.held, script.machine.fetching) == ("one", False)
    script.at(300.9, Tick()).at(301, Tick(), FETCH).at(302, Fetched("one")).at(602, Tick(), FETCH)
    assert script.machine.fetching


def test_what_is_missed_is_looked_for_at_once() -> None:
    script = fetched_once().at(50, Missed(), FETCH).at(51, Fetched("two")).at(350, Tick())
    assert (script.machine.held, script.machine.generation) == ("two", 2)


def test_a_flood_of_what_is_missed_costs_one_fetch_a_floor() -> None:
    script = fetched_once().at(2, Missed()).at(9.9, Missed()).at(10, Missed(), FETCH)
    script.at(11, Missed()).at(12, Fetched("one")).at(19, Missed()).at(20, Missed(), FETCH)


@given(st.lists(st.integers(0, 30 * SECOND), min_size=1, max_size=60))
def test_no_two_fetches_begin_within_a_floor(waits: list[int]) -> None:
    machine, now, begun = refresh(), Instant(0), list[Instant]()
    answers: list[Event[str]] = [FetchFailed(), Fetched("one"), Fetched("two")]
    for number, wait in enumerate(waits):
        now = after(now, wait)
        begun += [now] * len(machine.receive(Tick(), now))
        begun += [now] * len(machine.receive(Missed(), now))
        if number % 2 and machine.fetching:
            machine.receive(answers[number % 3], now)
    assert all(later - earlier >= 10 * SECOND for earlier, later in itertools.pairwise(begun))


def test_who_is_down_takes_nothing_away_and_is_asked_ever_more_seldom() -> None:
    script = fetched_once().at(301, Tick(), FETCH).at(302, FetchFailed())
    assert (script.machine.held, script.machine.generation) == ("one", 1)
    now = 302.0
    for pause in (10, 20, 40, 80, 160, 300, 300):
        now += pause
        script.at(now - 0.1, Tick()).at(now, Tick(), FETCH).at(now, FetchFailed())
    script.at(now + 300, Tick(), FETCH).at(now + 301, Fetched("one"))
    script.at(now + 600, Tick()).at(now + 601, Tick(), FETCH).at(now + 602, FetchFailed())
    script.at(now + 612, Tick(), FETCH)


def test_who_says_nothing_has_failed() -> None:
    script = Script(refresh()).at(0, Wanted(), FETCH).at(4.9, Tick()).at(5, Tick())
    assert script.machine.phase is Phase.RESTING
    script.at(15, Tick(), FETCH)


def test_what_stays_the_same_is_no_news() -> None:
    script = fetched_once().at(301, Tick(), FETCH).at(302, Fetched("one"))
    assert script.machine.generation == 1


def test_nothing_is_fetched_once_nobody_needs_it() -> None:
    script = Script(refresh()).at(0, Wanted(), FETCH).at(1, Stopped())
    assert script.machine.done
    assert script.machine.deadline == NEVER
    script.at(400, Missed()).at(401, Fetched("one"))
    assert script.machine.held == ""


def test_a_machine_that_begins_anew_holds_the_same_and_waits_for_no_floor() -> None:
    script = fetched_once().at(2, Stopped())
    assert isinstance(script.machine, Refresh)
    anew = Script(script.machine.anew()).at(3, Wanted(), FETCH)
    assert anew.machine.held == "one"
    assert anew.machine.generation == 1


@pytest.mark.parametrize(("interval", "floor"), [(9, 10), (10, 0), (10, -1)])
def test_a_floor_above_the_interval_is_a_mistake(interval: int, floor: int) -> None:
    with pytest.raises(ConfigError, match="refresh: must not be shorter"):
        Refresh("", Duration(interval), Duration(floor), SECOND)
