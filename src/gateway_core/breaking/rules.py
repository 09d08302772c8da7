"""What opens a breaker, for how long, and what closes it again."""

from dataclasses import dataclass
from typing import Final

from ..clock import Duration, seconds
from ..ratio import Ratio

CONSECUTIVE_FAILURES: Final = 5
"""As Envoy's outlier detection: one or two failures in a row are bad luck."""
MINIMUM: Final = 20
"""Calls in the window before a ratio means anything: of 3 calls, 2 failures say little."""
WINDOW: Final = seconds(30)
OPEN_FOR: Final = seconds(10)
OPEN_FOR_MAX: Final = seconds(300)
"""As Envoy's max_ejection_time: a service that comes back waits five minutes at most."""


@dataclass(frozen=True, slots=True)
class SlowRule:
    """What counts as a slow call, and how many of them are too many."""

    over: Duration
    """A call is slow if its answer's head took longer."""
    ratio: Ratio


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """A breaker opens for the first reason that holds; what is None is no reason."""

    consecutive_failures: int | None = CONSECUTIVE_FAILURES
    failure_ratio: Ratio | None = None
    slow: SlowRule | None = None
    minimum: int = MINIMUM
    """Calls in the window before a ratio is judged."""
    window: Duration = WINDOW
    open_for: Duration = OPEN_FOR
    """How long it stays open the first time; doubled each time that probes fail."""
    open_for_max: Duration = OPEN_FOR_MAX
    probes: int = 1
    """Calls that may be let through at once to see how the service is."""
    probes_to_close: int = 1
    """Probes that must succeed."""

    @property
    def counts(self) -> bool:
        """Whether a ratio is to be judged, so that calls must be counted."""
        return self.failure_ratio is not None or self.slow is not None
