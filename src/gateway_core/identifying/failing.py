"""How often a client may be wrong about who it is.

Exact: in any `window` at most `failures_max` attempts fail. While a client has failed that
often, its further attempts are refused unseen, a right one too: an answer that told right
from wrong would let it go on guessing at full speed.

An attempt that takes a while (a password) is counted when it begins and forgiven when it
succeeds, so that a thousand at once are no way around.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from ..clock import SECOND, Duration, Instant, after

FAILURES_MAX: Final = 20
WINDOW: Final = Duration(60 * SECOND)
"""Twenty a minute: a person or a broken script gets there in a while, a guesser at once."""
CLIENTS_MAX: Final = 10_000
"""Clients remembered, a worker; the one that failed longest ago is forgotten first."""


@dataclass(slots=True)
class FailedAttempts:
    """Counts failures by client, or by whatever else `key` names. A policy."""

    failures_max: int = FAILURES_MAX
    window: Duration = WINDOW
    clients_max: int = CLIENTS_MAX
    _failed: OrderedDict[str, deque[Instant]] = field(
        default_factory=OrderedDict[str, "deque[Instant]"], repr=False
    )

    def wait(self, key: str, now: Instant) -> Duration:
        """Return for how long nothing of `key` is looked at; 0: it may try."""
        failed = self._failed.get(key)
        if failed is None:
            return Duration(0)
        while failed and after(failed[0], self.window) <= now:
            failed.popleft()
        if not failed:
            del self._failed[key]
            return Duration(0)
        if len(failed) < self.failures_max:
            return Duration(0)
        return Duration(after(failed[0], self.window) - now)

    def failed(self, key: str, now: Instant) -> None:
        """Count a failure, or an attempt that may become one."""
        failed = self._failed.get(key)
        if failed is None:
            if len(self._failed) >= self.clients_max:
                self._failed.popitem(last=False)
            failed = self._failed[key] = deque(maxlen=self.failures_max)
        failed.append(now)
        self._failed.move_to_end(key)

    def forgive(self, key: str) -> None:
        """Take back the count of an attempt that succeeded."""
        failed = self._failed.get(key)
        if failed:
            failed.pop()
