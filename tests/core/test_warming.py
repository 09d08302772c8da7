"""Slow start: from a tenth of the share to all of it, in a straight line."""

import pytest

from gateway_core.clock import Instant, seconds
from gateway_core.warming import share, warm_share


@pytest.mark.parametrize(
    ("elapsed", "percent"),
    [(0, 10), (2, 10), (3, 10), (15, 50), (29.997, 99.99), (30, 100), (900, 100)],
)
def test_the_share_grows_with_time(elapsed: float, percent: float) -> None:
    since = Instant(seconds(1000))
    now = Instant(since + seconds(elapsed))
    assert share(3, since, seconds(30), now) == warm_share(3) * percent / 100
