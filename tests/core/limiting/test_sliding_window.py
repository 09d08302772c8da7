"""At most the quota in any window of its length, exactly."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Instant, seconds
from gateway_core.limiting import Rate, SlidingWindow, Verdict
from tests.core.limiting.traffic import WINDOW, arrivals

THREE = SlidingWindow(Rate(3, WINDOW))


def held(*at: float) -> array:
    return array("q", (seconds(when) for when in at))


@pytest.mark.parametrize(
    ("state", "now", "verdict"),
    [
        pytest.param(None, 0, Verdict(True, 2, WINDOW), id="a new key"),
        pytest.param(held(0), 4, Verdict(True, 1, seconds(6)), id="one held"),
        pytest.param(held(0, 4), 9.5, Verdict(True, 0, seconds(0.5)), id="the last place"),
        pytest.param(held(0, 4, 9), 9.5, Verdict(False, 0, seconds(0.5)), id="none left"),
        pytest.param(held(0, 4, 9), 10, Verdict(True, 0, seconds(4)), id="the oldest just gone"),
        pytest.param(held(0, 4, 9), 14, Verdict(True, 1, seconds(5)), id="two gone"),
        pytest.param(held(0, 4, 9), 19, Verdict(True, 2, WINDOW), id="all gone"),
    ],
)
def test_a_request_counts_for_as_long_as_the_window_is(state, now, verdict) -> None:
    assert THREE.judge(state, Instant(seconds(now))) == verdict


def test_taking_forgets_what_no_longer_counts() -> None:
    state = THREE.take(None, Instant(0))
    for when in (4, 9, 14):
        state = THREE.take(state, Instant(seconds(when)))
    assert state == held(9, 14)
    assert THREE.take(state, Instant(seconds(15))) == held(9, 14, 15)


def test_a_key_is_idle_when_its_last_request_no_longer_counts() -> None:
    assert THREE.idle_at(held(0, 4)) == seconds(14)
    assert THREE.judge(held(0, 4), THREE.idle_at(held(0, 4))) == THREE.judge(None, Instant(0))


@given(traffic=arrivals(60), quota=st.integers(1, 5))
def test_in_any_window_at_most_the_quota_is_admitted(traffic, quota) -> None:
    """Each window that ends with an admitted request is looked at; no other holds more."""
    algorithm, state = SlidingWindow(Rate(quota, WINDOW)), None
    admitted: list[Instant] = []
    for _, now in traffic:
        if algorithm.judge(state, now).admitted:
            state = algorithm.take(state, now)
            admitted.append(now)
            assert sum(now - WINDOW < at for at in admitted) <= quota
            assert len(state) <= quota


@given(traffic=arrivals(60), quota=st.integers(1, 5))
def test_whoever_is_refused_would_have_been_one_too_many(traffic, quota) -> None:
    algorithm, state = SlidingWindow(Rate(quota, WINDOW)), None
    admitted: list[Instant] = []
    for _, now in traffic:
        if algorithm.judge(state, now).admitted:
            state = algorithm.take(state, now)
            admitted.append(now)
        else:
            assert sum(now - WINDOW < at for at in admitted) == quota


def test_it_is_the_window_and_quota_of_its_rate() -> None:
    assert (THREE.quota, THREE.window) == (3, 10 * SECOND)
