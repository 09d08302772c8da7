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
        rate = self.rate
        since = now - rate.window
        if state is None or state[-1] <= since:
            return Verdict(True, rate.quota - 1, rate.window)  # noqa: FBT003 - quicker than by name
        # The oldest is nearly always within the window still: then there is nothing to search.
        gone = 0 if state[0] > since else bisect_right(state, since)
        left = rate.quota - len(state) + gone
        return Verdict(left > 0, left - 1 if left else 0, Duration(state[gone] - since))

    def take(self, state: "Held | None", now: Instant) -> Held:
        """See `rate.Algorithm`."""
        if state is None:
            return array(_INT64, (now,))
        since = now - self.rate.window
        if state[0] <= since:
            gone = bisect_right(state, since)
            del state[:gone]
        state.append(now)
        return state

    def idle_at(self, state: Held) -> Instant:
        """See `rate.Algorithm`."""
        return Instant(state[-1] + self.rate.window)
