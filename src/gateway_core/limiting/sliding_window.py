"""The sliding window, exact: in any window of its length, at most the quota is admitted.

Each key stores the instants of its last admitted requests, as many as the quota at
most, 8 bytes each. One more has room while fewer than that lie within the last window;
the window is half-open, so that a request counts for exactly as long as it is.

         now - window                        now
    ----------|----x-----x------x-------------|      3 are held; the wait for the next
                   |<------ wait ------->            place is the oldest one's
"""

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..clock import Duration, Instant
from .contract import Verdict
from .rate import Rate

Held: TypeAlias = "array[int]"
"""Instants, oldest first."""

_INT64: Final = "q"


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """See the module's diagram."""

    rate: Rate

    @property
    def quota(self) -> int:
        return self.rate.quota

    @property
    def window(self) -> Duration:
        return self.rate.window

    def judge(self, state: "Held | None", now: Instant) -> Verdict:
        """See `rate.Algorithm`."""
        quota, window = self.rate.quota, self.rate.window
        gone = self._gone(state, now) if state is not None else 0
        if state is None or gone == len(state):
            return Verdict(admitted=True, remaining=quota - 1, wait=window)
        left = quota - (len(state) - gone)
        wait = Duration(state[gone] + window - now)
        return Verdict(left > 0, left - 1 if left else 0, wait)

    def take(self, state: "Held | None", now: Instant) -> Held:
        """See `rate.Algorithm`."""
        if state is None:
            return array(_INT64, (now,))
        if gone := self._gone(state, now):
            del state[:gone]
        state.append(now)
        return state

    def idle_at(self, state: Held) -> Instant:
        """See `rate.Algorithm`."""
        return Instant(state[-1] + self.rate.window)

    def _gone(self, held: Held, now: Instant) -> int:
        """Return how many of `held` are older than a window."""
        since = now - self.rate.window
        return bisect_right(held, since) if held[0] <= since else 0
