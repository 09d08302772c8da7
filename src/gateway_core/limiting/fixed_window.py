"""The fixed window: a count that begins anew, a window after the request that began it.

Each key stores two numbers. Within one of its windows at most the quota is admitted; so
in any window of that length, which may lie across two of them, at most twice the quota:
a client may spend one budget at the end of a window, and the next at once.

A window begins with a key's own first request, not at the full minute: clients that
were refused do not come back all in the same moment.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ..clock import Duration, Instant
from .contract import Verdict
from .rate import Rate


class Counted(NamedTuple):
    """A key's window."""

    end: Instant
    taken: int


@dataclass(frozen=True, slots=True)
class FixedWindow:
    """See the module's docstring."""

    rate: Rate

    @property
    def quota(self) -> int:
        return self.rate.quota

    @property
    def window(self) -> Duration:
        return self.rate.window

    def judge(self, state: Counted | None, now: Instant) -> Verdict:
        """See `rate.Algorithm`."""
        quota = self.rate.quota
        if state is None or state.end <= now:
            return Verdict(admitted=True, remaining=quota - 1, wait=self.rate.window)
        left = quota - state.taken
        return Verdict(left > 0, left - 1 if left else 0, Duration(state.end - now))

    def take(self, state: Counted | None, now: Instant) -> Counted:
        """See `rate.Algorithm`."""
        if state is None or state.end <= now:
            return Counted(Instant(now + self.rate.window), 1)
        return Counted(state.end, state.taken + 1)

    def idle_at(self, state: Counted) -> Instant:
        """See `rate.Algorithm`."""
        return state.end
