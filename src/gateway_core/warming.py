"""Slow start: who joins, or comes back, begins with a tenth of its share and grows into it.

A process that has just begun has cold caches and nothing compiled; its full share at once
makes it fail at once. Shares only mean something against those of others: an endpoint that is
alone takes everything from the first.

Source: Envoy, "Slow start mode": linear (aggression 1), from 10 % of the weight.
"""

from typing import Final

from .clock import Duration, Instant
from .ratio import WHOLE, percent

SCALE: Final = int(WHOLE)
"""What one of weight counts, once warm: so that a tenth of 1 is a whole number."""
_LEAST: Final = percent(10)


def warm_share(weight: int) -> int:
    """Return the share of an endpoint that is warm."""
    return weight * SCALE


def share(weight: int, since: Instant, window: Duration, now: Instant) -> int:
    """Return the share at `now` of an endpoint that has been there since `since`."""
    elapsed = now - since
    if elapsed >= window:
        return weight * SCALE
    return weight * max(_LEAST, elapsed * SCALE // window)
