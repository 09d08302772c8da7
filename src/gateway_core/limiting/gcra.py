"""The generic cell rate algorithm: a token bucket without the tokens.

Each key stores one number, its theoretical arrival time (TAT): when its next request
would come if it kept exactly to the rate. A request conforms while that lies no more
than the tolerance ahead of now; `burst` of them may come at once.

In any time T at most `burst + T / interval` are admitted. The interval is rounded up to
the nanosecond, so that this is never more than `burst + rate x T`.

Source: ITU-T I.371, annex A (virtual scheduling form).
"""

from dataclasses import dataclass, field

from ..clock import Duration, Instant
from ..errors import ConfigError
from .contract import Verdict
from .rate import QUOTA_MAX, Rate


@dataclass(frozen=True, slots=True)
class Gcra:
    """`rate` in the long run, `burst` at once. ConfigError where a burst is none."""

    rate: Rate
    burst: int
    _interval: Duration = field(init=False, repr=False, compare=False)
    """Nanoseconds between two requests that keep to the rate."""
    _tolerance: Duration = field(init=False, repr=False, compare=False)
    """How far ahead of now a theoretical arrival may lie."""

    def __post_init__(self) -> None:
        if not 0 < self.burst <= QUOTA_MAX:
            raise ConfigError("burst", f"must be from 1 to {QUOTA_MAX} requests")
        interval = -(-self.rate.window // self.rate.quota)
        object.__setattr__(self, "_interval", Duration(interval))
        object.__setattr__(self, "_tolerance", Duration(interval * (self.burst - 1)))

    @property
    def quota(self) -> int:
        return self.rate.quota

    @property
    def window(self) -> Duration:
        return self.rate.window

    def judge(self, state: Instant | None, now: Instant) -> Verdict:
        """See `rate.Algorithm`."""
        ahead = 0 if state is None or state < now else state - now
        slack = self._tolerance - ahead
        if slack < 0:
            return Verdict(admitted=False, remaining=0, wait=Duration(-slack))
        remaining, over = divmod(slack, self._interval)
        return Verdict(slack >= 0, remaining, Duration(self._interval - over))

    def take(self, state: Instant | None, now: Instant) -> Instant:
        """See `rate.Algorithm`."""
        since = now if state is None else max(state, now)
        return Instant(since + self._interval)

    def idle_at(self, state: Instant) -> Instant:
        """See `rate.Algorithm`."""
        return state
