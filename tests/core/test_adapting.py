"""Adaptive concurrency finds what a service bears, and lets go of it again."""

import heapq

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.adapting import Adaptive, AdaptiveRules
from gateway_core.chance import SplitMix
from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant

DICE = SplitMix(1)


def service(
    adaptive: Adaptive, *, bears: int, at_rest: int, until: int, start: int = 0, every: int = 1
):
    """Clients that ask every millisecond; beyond `bears` at once, all take longer. Peak of waiting."""
    ends: list[tuple[int, int]] = []
    peak = 0
    for now in range(start, until, every * MILLISECOND):
        while ends and ends[0][0] <= now:
            end, began = heapq.heappop(ends)
            adaptive.ended(Duration(end - began), Instant(end), DICE)
        if adaptive.admit():
            slow = max(1.0, adaptive.waiting / bears)
            heapq.heappush(ends, (now + int(at_rest * slow), now))
            if not adaptive.learning:
                peak = max(peak, adaptive.waiting)
    return peak


def test_it_learns_the_least_time_from_fifty_calls_at_no_more_than_three_at_once() -> None:
    adaptive = Adaptive(AdaptiveRules())
    for number in range(50):
        assert [adaptive.admit() for _ in range(4)] == [True, True, True, False]
        adaptive.ended(Duration((10 + number % 3) * MILLISECOND), Instant(number), DICE)
        adaptive.released()
        adaptive.released()
    assert (adaptive.learning, adaptive.least) == (False, 11 * MILLISECOND)


def test_the_limit_settles_near_what_the_service_bears() -> None:
    adaptive = Adaptive(AdaptiveRules())
    service(adaptive, bears=20, at_rest=40 * MILLISECOND, until=20 * SECOND)
    assert not adaptive.learning
    assert 15 <= adaptive.limit <= 45


def test_a_service_that_does_not_slow_down_is_limited_by_the_bound_alone() -> None:
    adaptive = Adaptive(AdaptiveRules(limit_max=60))
    service(adaptive, bears=10_000, at_rest=40 * MILLISECOND, until=20 * SECOND)
    assert adaptive.limit == 60


def test_a_service_that_becomes_slower_is_asked_less() -> None:
    adaptive = Adaptive(AdaptiveRules())
    service(adaptive, bears=40, at_rest=40 * MILLISECOND, until=10 * SECOND)
    before = adaptive.limit
    adaptive.waiting = 0
    service(adaptive, bears=5, at_rest=40 * MILLISECOND, until=20 * SECOND, start=10 * SECOND)
    assert adaptive.limit < before / 2


def test_the_least_time_is_learnt_anew_after_a_minute_and_the_limit_resumed() -> None:
    adaptive = Adaptive(AdaptiveRules())
    for _ in range(50):
        adaptive.admit()
        adaptive.ended(Duration(10 * MILLISECOND), Instant(0), DICE)
    adaptive.admit()
    adaptive.ended(Duration(10 * MILLISECOND), Instant(70 * SECOND), DICE)
    assert (adaptive.learning, adaptive.limit) == (True, 3)
    resumed = adaptive._resume
    for _ in range(50):
        adaptive.admit()
        adaptive.ended(Duration(30 * MILLISECOND), Instant(71 * SECOND), DICE)
    assert (adaptive.learning, adaptive.limit) == (False, resumed)
    assert adaptive.least == 30 * MILLISECOND


def test_five_intervals_at_the_bottom_mean_that_the_least_time_is_wrong() -> None:
    adaptive = Adaptive(AdaptiveRules())
    for _ in range(50):
        adaptive.admit()
        adaptive.ended(Duration(10 * MILLISECOND), Instant(0), DICE)
    learnt_again = None
    for number in range(1, 40):
        adaptive.admit()
        adaptive.ended(Duration(SECOND), Instant(number * 100 * MILLISECOND), DICE)
        if adaptive.learning:
            learnt_again = number
            break
    assert learnt_again is not None


def test_a_flood_of_calls_within_an_interval_is_sampled_not_kept() -> None:
    adaptive = Adaptive(AdaptiveRules())
    for number in range(3000):
        adaptive.admit()
        adaptive.ended(Duration(10 * MILLISECOND), Instant(number), DICE)
    assert len(adaptive._samples) == 1024


@given(acts=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 200)), max_size=300))
def test_places_are_given_back_and_the_limit_keeps_its_bounds(acts) -> None:
    adaptive, now, out, dice = Adaptive(AdaptiveRules(limit_max=40)), 0, 0, SplitMix(9)
    for act, number in acts:
        now += number * MILLISECOND
        if act == 0:
            out += adaptive.admit()
        elif out:
            out -= 1
            if act == 1:
                adaptive.ended(Duration(number * MILLISECOND), Instant(now), dice)
            else:
                adaptive.released()
        assert adaptive.waiting == out
        assert 3 <= adaptive.limit <= 40
        assert len(adaptive._samples) <= 1024
