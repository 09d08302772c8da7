"""At most a burst and the rate, in any time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Duration, Instant, seconds
from gateway_core.errors import ConfigError
from gateway_core.limiting import QUOTA_MAX, Gcra, Rate, Verdict
from tests.core.limiting.traffic import WINDOW, arrivals

FIVE_OF_TEN = Gcra(Rate(10, WINDOW), burst=5)
"""One a second, five at once."""


@pytest.mark.parametrize(
    ("tat", "now", "verdict"),
    [
        pytest.param(None, 7, Verdict(True, 4, SECOND), id="a new key"),
        pytest.param(3, 7, Verdict(True, 4, SECOND), id="long ago"),
        pytest.param(8.5, 7, Verdict(True, 2, seconds(0.5)), id="a token and a half taken"),
        pytest.param(11, 7, Verdict(True, 0, SECOND), id="the last one"),
        pytest.param(11.25, 7, Verdict(False, 0, seconds(0.25)), id="a quarter too early"),
        pytest.param(12, 7, Verdict(False, 0, SECOND), id="none left"),
    ],
)
def test_a_request_conforms_while_it_is_no_more_than_the_tolerance_early(tat, now, verdict) -> None:
    state = None if tat is None else Instant(seconds(tat))
    assert FIVE_OF_TEN.judge(state, Instant(seconds(now))) == verdict


def test_each_request_moves_the_next_one_s_time_by_the_interval() -> None:
    assert FIVE_OF_TEN.take(None, Instant(seconds(7))) == seconds(8)
    assert FIVE_OF_TEN.take(Instant(seconds(3)), Instant(seconds(7))) == seconds(8)
    assert FIVE_OF_TEN.take(Instant(seconds(9)), Instant(seconds(7))) == seconds(10)


def test_a_key_is_idle_once_its_whole_burst_is_back() -> None:
    tat = FIVE_OF_TEN.take(None, Instant(0))
    assert FIVE_OF_TEN.judge(tat, FIVE_OF_TEN.idle_at(tat)) == FIVE_OF_TEN.judge(None, Instant(0))


def test_an_interval_that_is_no_whole_number_is_rounded_up() -> None:
    """Three in ten nanoseconds would be one each 3.33 ns: it is one each 4."""
    thirds = Gcra(Rate(3, Duration(10 * SECOND)), burst=1)
    assert thirds.take(None, Instant(0)) == 3_333_333_334


@given(
    traffic=arrivals(60),
    quota=st.integers(1, 7),
    window=st.integers(1_000_000, 20 * SECOND),
    burst=st.integers(1, 5),
)
def test_in_any_time_at_most_a_burst_and_the_rate_is_admitted(
    traffic, quota, window, burst
) -> None:
    """Both ends of a stretch are admitted requests: any other holds no more in more time."""
    algorithm, state = Gcra(Rate(quota, Duration(window)), burst), None
    admitted: list[Instant] = []
    for _, now in traffic:
        if algorithm.judge(state, now).admitted:
            state = algorithm.take(state, now)
            admitted.append(now)
            for first, start in enumerate(admitted):
                stretch, count = now - start, len(admitted) - first
                assert (count - burst) * window <= quota * stretch


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_steady_client_is_never_refused(quota: int, burst: int) -> None:
    algorithm, state = Gcra(Rate(quota, WINDOW), burst), None
    interval = -(-WINDOW // quota)
    for step in range(50):
        now = Instant(step * interval)
        assert algorithm.judge(state, now).admitted
        state = algorithm.take(state, now)


@pytest.mark.parametrize("burst", [0, -1, QUOTA_MAX + 1])
def test_a_burst_that_is_none_is_an_error_of_the_operator(burst: int) -> None:
    with pytest.raises(ConfigError, match=r"burst: must be from 1 to 1000000 requests"):
        Gcra(Rate(1, WINDOW), burst)


def test_it_is_the_window_and_quota_of_its_rate() -> None:
    assert (FIVE_OF_TEN.quota, FIVE_OF_TEN.window) == (10, WINDOW)
