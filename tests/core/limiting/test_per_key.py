"""Many keys, and no more than may be."""

import copy

import pytest

from gateway_core.clock import SECOND, Duration, Instant, seconds
from gateway_core.limiting import FixedWindow, Gcra, PerKey, Rate, SlidingWindow, Verdict, WhenFull
from tests.core.limiting.traffic import WINDOW

ONE = SlidingWindow(Rate(1, WINDOW))
TWO = SlidingWindow(Rate(2, WINDOW))


def at(when: float) -> Instant:
    return Instant(seconds(when))


def filled(when_full: WhenFull = WhenFull.REFUSE) -> PerKey:
    """Two of two keys known: a took at 0 and 2, b at 1."""
    limiter = PerKey(TWO, 2, when_full)
    for key, when in (("a", 0), ("b", 1), ("a", 2)):
        limiter.take(key, at(when))
    return limiter


def test_a_new_key_is_refused_until_the_one_that_took_longest_ago_is_idle() -> None:
    limiter = filled()
    assert limiter.judge("c", at(3)) == Verdict(False, 0, seconds(8), full=True)
    assert limiter.judge("c", at(11)) == Verdict(True, 1, WINDOW)
    limiter.take("c", at(11))
    assert len(limiter) == 2
    assert limiter.judge("a", at(11)) == Verdict(True, 0, SECOND)


def test_a_known_key_goes_on_while_the_limiter_is_full() -> None:
    limiter = filled()
    assert limiter.judge("b", at(3)) == Verdict(True, 0, seconds(8))
    assert limiter.judge("a", at(3)) == Verdict(False, 0, seconds(7))


def test_a_key_that_is_new_is_let_in_only_where_there_is_room() -> None:
    limiter = filled()
    before = copy.deepcopy(limiter)
    assert limiter.admit("c", at(3)).full
    assert limiter == before
    assert limiter.admit("c", at(11)).admitted
    assert limiter.admit("c", at(11)).admitted
    assert not limiter.admit("c", at(11)).admitted


def test_or_the_one_that_took_longest_ago_is_forgotten() -> None:
    limiter = filled(WhenFull.FORGET)
    assert limiter.judge("c", at(3)) == Verdict(True, 1, WINDOW)
    limiter.take("c", at(3))
    assert len(limiter) == 2
    assert limiter.judge("a", at(3)) == Verdict(False, 0, seconds(7))
    assert limiter.judge("b", at(3)) == Verdict(True, 1, WINDOW)


def test_idle_keys_are_forgotten_two_for_each_new_one() -> None:
    limiter = PerKey(ONE)
    for number in range(10):
        limiter.take(f"k{number}", at(0))
    assert len(limiter) == 10
    for number in range(4):
        limiter.take(f"new{number}", at(10))
    assert len(limiter) == 6


def test_busy_keys_are_not_forgotten_for_a_new_one_while_there_is_room() -> None:
    limiter = PerKey(ONE)
    limiter.take("a", at(0))
    limiter.take("b", at(1))
    assert not limiter.judge("a", at(1)).admitted


def test_taking_without_room_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="judge found no room"):
        filled().take("c", at(3))


def test_giving_back_what_time_gives_back_is_a_bug() -> None:
    limiter = PerKey(ONE)
    assert not limiter.holds
    with pytest.raises(AssertionError, match="nothing is held for 'a'"):
        limiter.give_back("a")


@pytest.mark.parametrize("when_full", WhenFull)
@pytest.mark.parametrize(
    "algorithm",
    [ONE, Gcra(Rate(5, WINDOW), 5), FixedWindow(Rate(5, WINDOW))],
    ids=lambda algorithm: type(algorithm).__name__,
)
def test_a_hundred_thousand_keys_stay_within_the_bound(algorithm, when_full) -> None:
    limiter = PerKey(algorithm, 1_000, when_full)
    for number in range(100_000):
        key, now = f"10.0.{number >> 8}.{number & 255}", Instant(number)
        if limiter.judge(key, now).admitted:
            limiter.take(key, now)
    assert len(limiter) == 1_000


def test_it_is_the_window_and_quota_of_its_algorithm() -> None:
    limiter = PerKey(TWO)
    assert (limiter.quota, limiter.window) == (2, Duration(WINDOW))
