"""The bucket of messages: never more than promised, and full again in time."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.chance import SplitMix
from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant, after, seconds
from gateway_core.limiting import Rate
from gateway_core.relay import Pace, RelayRules, drain_wait


def test_the_bucket_is_full_at_first_and_fills_again() -> None:
    pace = Pace(Rate(4, seconds(8)))
    assert pace.wait(4, Instant(0)) == 0
    assert pace.wait(1, Instant(0)) == seconds(2)
    assert pace.wait(3, Instant(seconds(1))) == seconds(5)
    assert pace.wait(3, Instant(seconds(6))) == 0
    assert pace.wait(0, Instant(seconds(6))) == 0
    assert pace.wait(4, Instant(seconds(60))) == 0


def test_an_interval_is_rounded_up() -> None:
    pace = Pace(Rate(3, Duration(10 * MILLISECOND)))
    assert pace.wait(3, Instant(0)) == 0
    assert pace.wait(1, Instant(0)) == 3_333_334


@given(
    messages=st.integers(1, 5),
    arrivals=st.lists(st.tuples(st.integers(0, 2 * SECOND), st.integers(0, 5)), max_size=30),
)
def test_in_any_time_no_more_than_a_bucket_and_the_rate_pass(messages, arrivals) -> None:
    rate, now, passed = Rate(messages, seconds(1)), Instant(0), []
    pace = Pace(rate)
    for gap, count in arrivals:
        now = after(now, gap)
        before = copy.deepcopy(pace)
        wait = pace.wait(min(count, messages), now)
        if wait:
            assert pace == before, "what is refused takes nothing"
            assert before.wait(min(count, messages), after(now, wait)) == 0
        else:
            passed.append((now, min(count, messages)))
    for start, (begin, _) in enumerate(passed):
        total = 0
        for end, count in passed[start:]:
            total += count
            assert total <= messages + messages * (end - begin) // SECOND


def test_the_rules_are_bounds_that_hold_without_being_asked_for() -> None:
    assert RelayRules().rate is None
    assert 0 < RelayRules().ping_interval < RelayRules().idle_timeout


@given(
    grace=st.integers(0, 10 * SECOND),
    close=st.integers(0, 10 * SECOND),
    drain=st.integers(0, 60 * SECOND),
    seed=st.integers(0, 99),
)
def test_a_drain_is_spread_over_time_and_over_in_time(grace, close, drain, seed) -> None:
    wait = drain_wait(Duration(grace), Duration(close), Duration(drain), SplitMix(seed))
    assert 0 <= wait <= 2 * grace
    assert wait == 0 or wait + close + SECOND <= drain
    if drain > 2 * grace + close + SECOND:
        assert wait >= grace
