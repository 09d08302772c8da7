"""How many requests of a key are in flight at once. Time gives nothing back: their ends do.

Each key in flight stores one number, and is forgotten when it is 0. When a place will be
free cannot be known, so that a refused client is told a time to try again that the
operator chose.
"""

from dataclasses import dataclass, field
from typing import Final

from ..clock import SECOND, Duration, Instant
from ..errors import ConfigError
from .contract import Key, Verdict
from .per_key import KEYS_MAX
from .rate import QUOTA_MAX

RETRY_AFTER: Final = SECOND


@dataclass(slots=True)
class Concurrency:
    """A limiter: see `contract.Limiter`. ConfigError where nothing could pass.

    Where `keys_max` keys are in flight a further one is refused: all of them are busy.
    """

    quota: int
    retry_after: Duration = RETRY_AFTER
    keys_max: int = KEYS_MAX
    _in_flight: dict[Key, int] = field(default_factory=dict[Key, int])

    def __post_init__(self) -> None:
        if not 0 < self.quota <= QUOTA_MAX:
            raise ConfigError("concurrent", f"must be from 1 to {QUOTA_MAX} requests")

    @property
    def window(self) -> Duration:
        return Duration(0)

    @property
    def holds(self) -> bool:
        return True

    def __len__(self) -> int:
        """Return how many keys are in flight."""
        return len(self._in_flight)

    def judge(self, key: Key, now: Instant) -> Verdict:  # noqa: ARG002 - the contract's
        """See `contract.Limiter`."""
        count = self._in_flight.get(key, 0)
        if not count and len(self._in_flight) >= self.keys_max:
            return Verdict(admitted=False, remaining=0, wait=self.retry_after, full=True)
        if count >= self.quota:
            return Verdict(admitted=False, remaining=0, wait=self.retry_after)
        return Verdict(admitted=True, remaining=self.quota - count - 1, wait=Duration(0))

    def take(self, key: Key, now: Instant) -> None:  # noqa: ARG002 - the contract's
        """See `contract.Limiter`."""
        self._in_flight[key] = self._in_flight.get(key, 0) + 1

    def admit(self, key: Key, now: Instant) -> Verdict:
        """See `contract.Limiter`."""
        verdict = self.judge(key, now)
        if verdict.admitted:
            self.take(key, now)
        return verdict

    def give_back(self, key: Key) -> None:
        """See `contract.Limiter`."""
        count = self._in_flight[key]
        if count == 1:
            del self._in_flight[key]
        else:
            self._in_flight[key] = count - 1
