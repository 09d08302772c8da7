"""At most the quota in a window that begins with a key's first request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import Instant, seconds
from gateway_core.limiting import FixedWindow, Rate, Verdict
from gateway_core.limiting.fixed_window import Counted
from tests.core.limiting.traffic import WINDOW, arrivals

THREE = FixedWindow(Rate(3, WINDOW))


def counted(end: float, taken: int) -> Counted:
    return Counted(Instant(seconds(end)), taken)


@pytest.mark.parametrize(
    ("state", "now", "verdict"),
    [
        pytest.param(None, 0, Verdict(True, 2, WINDOW), id="a new key"),
        pytest.param(counted(10, 1), 4, Verdict(True, 1, seconds(6)), id="one counted"),
        pytest.param(counted(10, 2), 4, Verdict(True, 0, seconds(6)), id="the last one"),
        pytest.param(counted(10, 3), 9.5, Verdict(False, 0, seconds(0.5)), id="none left"),
        pytest.param(counted(10, 3), 10, Verdict(True, 2, WINDOW), id="a new window"),
    ],
)
def test_a_window_begins_with_the_first_request_after_the_last_one(state, now, verdict) -> None:
    assert THREE.judge(state, Instant(seconds(now))) == verdict


def test_taking_counts_or_begins_anew() -> None:
    assert THREE.take(None, Instant(0)) == counted(10, 1)
    assert THREE.take(counted(10, 1), Instant(seconds(9.9))) == counted(10, 2)
    assert THREE.take(counted(10, 3), Instant(seconds(10))) == counted(20, 1)


def test_a_key_is_idle_when_its_window_has_ended() -> None:
    assert THREE.idle_at(counted(10, 2)) == seconds(10)


@given(traffic=arrivals(60), quota=st.integers(1, 5))
def test_in_any_window_at_most_twice_the_quota_is_admitted(traffic, quota) -> None:
    algorithm, state = FixedWindow(Rate(quota, WINDOW)), None
    admitted: list[Instant] = []
    for _, now in traffic:
        if algorithm.judge(state, now).admitted:
            state = algorithm.take(state, now)
            admitted.append(now)
            assert sum(now - WINDOW < at for at in admitted) <= 2 * quota
            assert sum(state.end - WINDOW <= at for at in admitted) <= quota


def test_it_is_the_window_and_quota_of_its_rate() -> None:
    assert (THREE.quota, THREE.window) == (3, WINDOW)
