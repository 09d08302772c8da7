"""What the tests of limiters share: one of each kind, and random traffic."""

from collections.abc import Callable
from itertools import accumulate

from hypothesis import strategies as st

from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant
from gateway_core.limiting import (
    Concurrency,
    FixedWindow,
    Gcra,
    Limiter,
    PerKey,
    Rate,
    SlidingWindow,
    WhenFull,
)

WINDOW = Duration(10 * SECOND)
KEYS = ("a", "b", "c", "d")

Make = Callable[..., Limiter]


def sliding(quota: int = 3, keys_max: int = 100, when_full: WhenFull = WhenFull.REFUSE) -> Limiter:
    return PerKey(SlidingWindow(Rate(quota, WINDOW)), keys_max, when_full)


def gcra(quota: int = 3, keys_max: int = 100, when_full: WhenFull = WhenFull.REFUSE) -> Limiter:
    return PerKey(Gcra(Rate(quota, WINDOW), burst=quota), keys_max, when_full)


def fixed(quota: int = 3, keys_max: int = 100, when_full: WhenFull = WhenFull.REFUSE) -> Limiter:
    return PerKey(FixedWindow(Rate(quota, WINDOW)), keys_max, when_full)


def concurrency(
    quota: int = 3, keys_max: int = 100, when_full: WhenFull = WhenFull.REFUSE
) -> Limiter:
    return Concurrency(quota, keys_max=keys_max)


RATES: dict[str, Make] = {"sliding-window": sliding, "gcra": gcra, "fixed-window": fixed}
"""Limiters to which time gives back what was taken."""
LIMITERS: dict[str, Make] = {**RATES, "concurrency": concurrency}

waits = st.one_of(
    st.integers(0, 4 * SECOND),
    st.sampled_from([0, 1, MILLISECOND, WINDOW // 3, -(-WINDOW // 3), WINDOW - 1, WINDOW, 2**45]),
)
"""From nothing at all to long after; the very edges of windows among them."""


@st.composite
def arrivals(draw: st.DrawFn, most: int = 40) -> list[tuple[str, Instant]]:
    """Who asks, and when; time never goes back."""
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=most))
    gaps = draw(st.lists(waits, min_size=len(keys), max_size=len(keys)))
    return [(key, Instant(at)) for key, at in zip(keys, accumulate(gaps), strict=True)]
