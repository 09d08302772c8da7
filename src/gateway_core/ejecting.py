"""Outliers: endpoints that do worse than their fellows are left out for a while.

Two signs, both Envoy's: failures in a row, and a rate of success that lies far below what
the endpoints of the same service have on average. Who is ejected returns by himself; each
further time he stays out longer, and each quiet interval shortens the next.

A breaker asks "is this endpoint well?" and refuses even if it is the only one. Ejection asks
"is this endpoint worse than the others?", so it never takes the last one, and no more than a
share of all: where everybody fails, the fault lies elsewhere.

Source: Envoy, "Outlier detection", with the defaults of its v3 API.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from .clock import Duration, Instant, after, seconds
from .ratio import Ratio, percent, share_of

CONSECUTIVE_FAILURES: Final = 5
INTERVAL: Final = seconds(10)
EJECTED_FOR: Final = seconds(30)
EJECTED_FOR_MAX: Final = seconds(300)
EJECTED_MAX: Final = percent(10)
ENDPOINTS_MIN: Final = 5
"""With fewer, an average says nothing."""
CALLS_MIN: Final = 100
"""Calls in an interval, without which an endpoint's rate says nothing."""
_DEVIATIONS: Final = 1.9
"""Standard deviations below the average at which a rate of success is an outlier's."""


@dataclass(frozen=True, slots=True)
class EjectionRules:
    """When an endpoint is left out, and for how long."""

    consecutive_failures: int = CONSECUTIVE_FAILURES
    interval: Duration = INTERVAL
    """Between two looks at the rates of success."""
    ejected_for: Duration = EJECTED_FOR
    """The first time; twice as long the second, three times the third."""
    ejected_for_max: Duration = EJECTED_FOR_MAX
    ejected_max: Ratio = EJECTED_MAX
    """The share of endpoints that may be out at once; one may in any case."""


@dataclass(slots=True)
class Standing:
    """How one endpoint did."""

    out_until: Instant = Instant(0)
    ejections: int = 0
    """Of late: how often the time out is multiplied."""
    failures: int = 0
    """In a row."""
    calls: int = 0
    """Since the last look."""
    successes: int = 0

    def is_out(self, now: Instant) -> bool:
        """Whether it is ejected."""
        return now < self.out_until


@dataclass(slots=True)
class Ejector:
    """Judges the endpoints of one upstream."""

    rules: EjectionRules
    standings: list[Standing] = field(default_factory=list[Standing])
    _look_at: Instant = Instant(0)

    def join(self) -> Standing:
        """Return the standing of an endpoint that is new."""
        standing = Standing()
        self.standings.append(standing)
        return standing

    def leave(self, standing: Standing) -> None:
        """Judge an endpoint no more."""
        self.standings = [other for other in self.standings if other is not standing]

    def record(self, standing: Standing, now: Instant, *, failed: bool) -> bool:
        """Count a call; tell whether anybody is out now who was not before."""
        standing.calls += 1
        ejected = False
        if failed:
            standing.failures += 1
            if standing.failures >= self.rules.consecutive_failures:
                ejected = self._eject(standing, now)
        else:
            standing.failures = 0
            standing.successes += 1
        if now >= self._look_at:
            ejected = self._look(now) or ejected
        return ejected

    def _look(self, now: Instant) -> bool:
        """Compare the rates of success of the interval that ends, and begin the next.

        Tell whether anybody was ejected.
        """
        ejected = False
        self._look_at = after(now, self.rules.interval)
        busy = [each for each in self.standings if each.calls >= CALLS_MIN]
        if len(busy) >= ENDPOINTS_MIN:
            rates = [each.successes / each.calls for each in busy]
            average = sum(rates) / len(rates)
            spread = math.sqrt(sum((rate - average) ** 2 for rate in rates) / len(rates))
            for each, rate in zip(busy, rates, strict=True):
                if rate < average - _DEVIATIONS * spread:
                    ejected = self._eject(each, now) or ejected
        for each in self.standings:
            if each.ejections and not each.is_out(now) and not each.failures:
                each.ejections -= 1
            each.calls = each.successes = 0
        return ejected

    def _eject(self, standing: Standing, now: Instant) -> bool:
        """Leave an endpoint out, if that may be; tell whether it is out now and was not."""
        if standing.is_out(now) or not self._may_eject(now):
            return False
        standing.ejections += 1
        wait = min(self.rules.ejected_for * standing.ejections, self.rules.ejected_for_max)
        standing.out_until = after(now, wait)
        standing.failures = 0
        return True

    def _may_eject(self, now: Instant) -> bool:
        out, all_ = sum([each.is_out(now) for each in self.standings]), len(self.standings)
        return out + 1 < all_ and out < max(1, share_of(all_, self.rules.ejected_max))
