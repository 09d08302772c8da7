"""So many requests in so long a time, and what an algorithm is that keeps to it."""

from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from ..clock import MILLISECOND, SECOND, Duration, Instant
from ..errors import ConfigError
from .contract import Verdict

S = TypeVar("S")

QUOTA_MAX: Final = 1_000_000
"""Requests a window. Beyond, a limit is no longer about requests; and it bounds memory."""
WINDOW_MIN: Final = MILLISECOND
WINDOW_MAX: Final = Duration(366 * 86_400 * SECOND)


@dataclass(frozen=True, slots=True)
class Rate:
    """`quota` requests a `window`. ConfigError where no limiter can keep to it."""

    quota: int
    window: Duration

    def __post_init__(self) -> None:
        if not 0 < self.quota <= QUOTA_MAX:
            raise ConfigError("quota", f"must be from 1 to {QUOTA_MAX} requests")
        if not WINDOW_MIN <= self.window <= WINDOW_MAX:
            raise ConfigError("window", "must be from 1ms to 366d")


class Algorithm(Protocol[S]):
    """How requests of one key are counted. Holds no state: that is handed in, and out.

    A key that was not seen, or not for so long that it does not matter, has the state
    None. `now` never goes back.
    """

    @property
    def quota(self) -> int: ...

    @property
    def window(self) -> Duration: ...

    def judge(self, state: S | None, now: Instant) -> Verdict:
        """Return whether one more has room. Changes nothing."""
        ...

    def take(self, state: S | None, now: Instant) -> S:
        """Return the state with one more in it; `state` itself may be changed."""
        ...

    def idle_at(self, state: S) -> Instant:
        """Return from when on `state` says no more than None does."""
        ...
