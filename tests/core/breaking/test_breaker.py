"""A breaker, call by call; and what holds whatever happens."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.breaking import MOVES, Breaker, BreakerRules, Permit, SlowRule, State
from gateway_core.clock import SECOND, Duration, Instant, seconds
from gateway_core.ratio import percent

QUICK = seconds(0.1)
RULES = BreakerRules(consecutive_failures=3, open_for=seconds(10), open_for_max=seconds(35))


def at(when: float) -> Instant:
    return Instant(seconds(when))


def admitted(breaker: Breaker, when: float) -> Permit:
    permit = breaker.admit(at(when))
    assert permit is not None
    return permit


def fail(breaker: Breaker, when: float, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed(admitted(breaker, when), QUICK, at(when))


def succeed(breaker: Breaker, when: float, times: int = 1, took: Duration = QUICK) -> None:
    for _ in range(times):
        breaker.succeeded(admitted(breaker, when), took, at(when))


def opened(rules: BreakerRules = RULES, when: float = 0) -> Breaker:
    breaker = Breaker(rules)
    fail(breaker, when, 3)
    assert breaker.state is State.OPEN
    return breaker


# What opens it


def test_it_opens_on_failures_in_a_row() -> None:
    breaker = Breaker(RULES)
    fail(breaker, 0, 2)
    succeed(breaker, 0)
    fail(breaker, 0, 2)
    assert breaker.state is State.CLOSED
    fail(breaker, 1)
    assert (breaker.state, breaker.half_open_at) == (State.OPEN, at(11))


def test_failures_in_a_row_need_not_be_a_reason() -> None:
    breaker = Breaker(BreakerRules(consecutive_failures=None))
    fail(breaker, 0, 1000)
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize(
    ("good", "bad", "state"),
    [
        pytest.param(9, 10, State.CLOSED, id="below the minimum"),
        pytest.param(10, 10, State.OPEN, id="half of twenty"),
        pytest.param(13, 12, State.CLOSED, id="just below half"),
        pytest.param(30, 30, State.OPEN, id="half of sixty"),
    ],
)
def test_it_opens_on_a_ratio_of_failures(good: int, bad: int, state: State) -> None:
    rules = BreakerRules(consecutive_failures=None, failure_ratio=percent(50), minimum=20)
    breaker = Breaker(rules)
    succeed(breaker, 0, good)
    for number in range(bad):
        assert breaker.state is State.CLOSED, number
        fail(breaker, 0)
    assert breaker.state is state


def test_a_success_does_not_open_it_though_the_ratio_is_reached_with_it() -> None:
    rules = BreakerRules(consecutive_failures=None, failure_ratio=percent(50), minimum=4)
    breaker = Breaker(rules)
    fail(breaker, 0, 3)
    succeed(breaker, 0)
    assert breaker.state is State.CLOSED


def test_what_happened_before_the_window_does_not_count() -> None:
    rules = BreakerRules(consecutive_failures=None, failure_ratio=percent(50), minimum=20)
    breaker = Breaker(rules)
    fail(breaker, 0, 19)
    succeed(breaker, 31, 19)
    fail(breaker, 31)
    assert breaker.state is State.CLOSED


SLOW = BreakerRules(
    consecutive_failures=None, slow=SlowRule(seconds(2), percent(50)), minimum=4, probes=2
)


def test_it_opens_on_a_ratio_of_slow_calls_and_a_slow_probe_does_not_close_it() -> None:
    breaker = Breaker(SLOW)
    succeed(breaker, 0, 2, took=seconds(2))
    succeed(breaker, 0, 1, took=seconds(2.001))
    assert breaker.state is State.CLOSED, "exactly two seconds are not over two seconds"
    succeed(breaker, 0, 1, took=seconds(9))
    assert breaker.state is State.OPEN
    succeed(breaker, 10, took=seconds(3))
    assert (breaker.state, breaker.half_open_at) == (State.OPEN, at(30))


# What closes it


def test_open_it_refuses_until_its_time_then_lets_a_probe_through() -> None:
    breaker = opened()
    assert not breaker.would_admit(at(9.999))
    assert breaker.admit(at(9.999)) is None
    assert breaker.would_admit(at(10))
    succeed(breaker, 10)
    assert breaker.state is State.CLOSED
    fail(breaker, 10, 2)
    assert breaker.state is State.CLOSED, "it counts from nothing again"


def test_half_open_it_lets_no_more_through_than_its_probes() -> None:
    breaker = opened(BreakerRules(3, open_for=seconds(10), probes=2, probes_to_close=3))
    first, second = admitted(breaker, 10), admitted(breaker, 10)
    assert not breaker.would_admit(at(10))
    assert breaker.admit(at(10)) is None
    breaker.succeeded(first, QUICK, at(11))
    third = admitted(breaker, 11)
    breaker.succeeded(second, QUICK, at(11))
    assert breaker.state is State.HALF_OPEN
    breaker.succeeded(third, QUICK, at(11))
    assert breaker.state is State.CLOSED


def test_a_released_probe_frees_its_place_and_counts_neither_way() -> None:
    breaker = opened()
    breaker.released(admitted(breaker, 10))
    assert breaker.state is State.HALF_OPEN
    breaker.released(admitted(breaker, 10))
    succeed(breaker, 10)
    assert breaker.state is State.CLOSED


def test_a_released_call_of_a_closed_breaker_changes_nothing() -> None:
    breaker = Breaker(RULES)
    breaker.released(admitted(breaker, 0))
    assert breaker == Breaker(RULES)


def test_the_time_open_doubles_to_a_cap_and_starts_afresh_once_closed() -> None:
    breaker, when = opened(), 0.0
    for wait in (10, 20, 35, 35):
        assert breaker.half_open_at == at(when + wait)
        when += wait
        fail(breaker, when)
    succeed(breaker, 200)
    fail(breaker, 200, 3)
    assert breaker.half_open_at == at(210)


def test_a_service_that_is_down_for_a_year_makes_no_huge_number() -> None:
    breaker = opened()
    for day in range(1, 400):
        fail(breaker, day * 86_400)
    assert breaker.half_open_at == at(399 * 86_400 + 35)


def test_a_cap_below_the_open_time_does_not_shorten_it() -> None:
    breaker = opened(BreakerRules(3, open_for=seconds(10), open_for_max=seconds(1)))
    assert breaker.half_open_at == at(10)


# Late answers


def test_an_answer_to_a_call_of_an_older_state_counts_no_more() -> None:
    breaker = Breaker(RULES)
    late = [admitted(breaker, 0) for _ in range(4)]
    fail(breaker, 0, 3)
    probe = admitted(breaker, 10)
    before = copy.deepcopy(breaker)
    breaker.failed(late[0], QUICK, at(11))
    breaker.succeeded(late[1], QUICK, at(11))
    breaker.released(late[2])
    assert breaker == before
    breaker.succeeded(probe, QUICK, at(12))
    breaker.failed(late[3], QUICK, at(12))
    assert breaker.state is State.CLOSED
    fail(breaker, 13, 2)
    assert breaker.state is State.CLOSED


def test_a_probe_s_answer_after_another_probe_failed_counts_no_more() -> None:
    breaker = opened(BreakerRules(3, open_for=seconds(10), probes=2))
    first, second = admitted(breaker, 10), admitted(breaker, 10)
    breaker.failed(first, QUICK, at(10))
    breaker.succeeded(second, QUICK, at(11))
    assert breaker.state is State.OPEN
    assert breaker.probing == 0


# Whatever happens

ACTS = ["admit", "succeed", "fail", "release", "wait"]
rules = st.builds(
    BreakerRules,
    consecutive_failures=st.sampled_from([None, 1, 3]),
    failure_ratio=st.sampled_from([None, percent(50)]),
    slow=st.sampled_from([None, SlowRule(seconds(1), percent(30))]),
    minimum=st.just(3),
    probes=st.integers(1, 3),
    probes_to_close=st.integers(1, 4),
)


@given(rules=rules, acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9)), max_size=60))
def test_a_breaker_never_starves_and_never_probes_more_than_it_may(rules, acts) -> None:
    breaker, now, out = Breaker(rules), 0, []
    for act, number in acts:
        before = breaker.state
        if act == "wait":
            now += number * SECOND * 5
        elif act == "admit":
            could = breaker.would_admit(Instant(now))
            permit = breaker.admit(Instant(now))
            assert (permit is not None) == could
            if permit is not None:
                out.append(permit)
        elif out:
            permit = out.pop(number % len(out))
            if act == "succeed":
                breaker.succeeded(permit, Duration(number * SECOND // 2), Instant(now))
            elif act == "fail":
                breaker.failed(permit, Duration(number * SECOND // 2), Instant(now))
            else:
                breaker.released(permit)
        assert breaker.state is before or (before, breaker.state) in MOVES
        if breaker.state is State.HALF_OPEN:
            mine = [permit for permit in out if permit == breaker._generation]
            assert len(mine) == breaker.probing <= rules.probes
        assert copy.deepcopy(breaker) == breaker
    # Once every permit is back and the time is over, a call gets through.
    for permit in out:
        breaker.released(permit)
    assert breaker.admit(Instant(max(now, breaker.half_open_at))) is not None
