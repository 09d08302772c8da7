"""A rate that a limiter can keep to."""

import pytest

from gateway_core.clock import MILLISECOND, SECOND, Duration
from gateway_core.errors import ConfigError
from gateway_core.limiting import QUOTA_MAX, WINDOW_MAX, WINDOW_MIN, Rate


@pytest.mark.parametrize("quota", [0, -1, QUOTA_MAX + 1])
def test_a_quota_has_bounds(quota: int) -> None:
    with pytest.raises(ConfigError, match=r"quota: must be from 1 to 1000000 requests"):
        Rate(quota, SECOND)


@pytest.mark.parametrize("window", [0, MILLISECOND - 1, WINDOW_MAX + 1])
def test_a_window_has_bounds(window: int) -> None:
    with pytest.raises(ConfigError, match=r"window: must be from 1ms to 366d"):
        Rate(1, Duration(window))


def test_the_bounds_themselves_are_rates() -> None:
    assert Rate(1, WINDOW_MIN) != Rate(QUOTA_MAX, WINDOW_MAX)
