"""When an issuer's keys are fetched."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import NEVER, SECOND, Duration, Instant, UnixTime, after, seconds
from gateway_core.errors import ConfigError
from gateway_core.identifying.caller import Caller
from gateway_core.identifying.claims import Claimed
from gateway_core.identifying.key_sets import PublicKey
from gateway_core.identifying.refreshing import (
    Event,
    FetchFailed,
    FetchKeys,
    KeyRefresh,
    KeysFetched,
    KeysWanted,
    KeyUnknown,
    Phase,
    Stopped,
)
from gateway_core.identifying.tokens import Object
from gateway_core.machine import Tick
from tests.script import Script

ONE = (PublicKey("1", "RSA", "", "", Object()),)
TWO = (PublicKey("2", "RSA", "", "", Object()),)
FETCH = FetchKeys()


def refresh() -> KeyRefresh:
    """Every 300 s, at most every 10 s, for 5 s."""
    return KeyRefresh(seconds(300), seconds(10), seconds(5))


def test_keys_are_fetched_at_the_start_and_every_interval() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, KeysFetched(ONE))
    assert script.machine.keys == ONE
    assert not script.machine.fetching
    script.at(300.9, Tick()).at(301, Tick(), FETCH).at(302, KeysFetched(ONE)).at(602, Tick(), FETCH)
    assert script.machine.fetching


def test_an_unknown_key_is_looked_for_at_once() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, KeysFetched(ONE))
    script.at(50, KeyUnknown(), FETCH).at(51, KeysFetched(TWO)).at(350, Tick())
    assert (script.machine.keys, script.machine.verified.generation) == (TWO, 2)


def test_a_flood_of_unknown_keys_costs_one_fetch_a_floor() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, KeysFetched(ONE))
    script.at(2, KeyUnknown()).at(9.9, KeyUnknown()).at(10, KeyUnknown(), FETCH)
    script.at(11, KeyUnknown()).at(12, KeysFetched(ONE)).at(19, KeyUnknown())
    script.at(20, KeyUnknown(), FETCH)


@given(st.lists(st.integers(0, 30 * SECOND), min_size=1, max_size=60))
def test_no_two_fetches_begin_within_a_floor(waits: list[int]) -> None:
    machine, now, begun = refresh(), Instant(0), list[Instant]()
    answers: list[Event] = [FetchFailed(), KeysFetched(ONE), KeysFetched(TWO)]
    for number, wait in enumerate(waits):
        now = after(now, wait)
        begun += [now] * len(machine.receive(Tick(), now))
        begun += [now] * len(machine.receive(KeyUnknown(), now))
        if number % 2 and machine.fetching:
            machine.receive(answers[number % 3], now)
    assert all(later - earlier >= 10 * SECOND for earlier, later in itertools.pairwise(begun))


def test_an_issuer_that_is_down_takes_nothing_away_and_is_asked_ever_more_seldom() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, KeysFetched(ONE))
    script.at(301, Tick(), FETCH).at(302, FetchFailed())
    assert (script.machine.keys, script.machine.verified.generation) == (ONE, 1)
    now = 302.0
    for pause in (10, 20, 40, 80, 160, 300, 300):
        now += pause
        script.at(now - 0.1, Tick()).at(now, Tick(), FETCH).at(now, FetchFailed())
    script.at(now + 300, Tick(), FETCH).at(now + 301, KeysFetched(ONE))
    script.at(now + 600, Tick()).at(now + 601, Tick(), FETCH).at(now + 602, FetchFailed())
    script.at(now + 612, Tick(), FETCH)


def test_an_issuer_that_says_nothing_has_failed() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(4.9, Tick()).at(5, Tick())
    assert script.machine.phase is Phase.RESTING
    script.at(15, Tick(), FETCH)


def test_keys_that_stay_the_same_are_no_news() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, KeysFetched(ONE))
    script.at(301, Tick(), FETCH).at(302, KeysFetched(ONE))
    assert script.machine.verified.generation == 1


def test_what_was_verified_by_older_keys_is_forgotten() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, KeysFetched(ONE))
    verified = script.machine.verified
    verified.remember(b"token", Claimed(Caller("ada"), 0, 9), verified.generation)
    script.at(301, Tick(), FETCH).at(302, KeysFetched(ONE))
    assert verified.recall(b"token", UnixTime(1)) == Caller("ada")
    script.at(602, Tick(), FETCH).at(603, KeysFetched(TWO))
    assert verified.recall(b"token", UnixTime(1)) is None


def test_nothing_is_fetched_once_nobody_needs_it() -> None:
    script = Script(refresh()).at(0, KeysWanted(), FETCH).at(1, Stopped())
    assert script.machine.done
    assert script.machine.deadline == NEVER
    script.at(400, KeyUnknown()).at(401, KeysFetched(ONE))
    assert script.machine.keys == ()


@pytest.mark.parametrize(("interval", "floor"), [(9, 10), (10, 0), (10, -1)])
def test_a_floor_above_the_interval_is_a_mistake(interval: int, floor: int) -> None:
    with pytest.raises(ConfigError, match="refresh: must not be shorter"):
        KeyRefresh(Duration(interval), Duration(floor))
