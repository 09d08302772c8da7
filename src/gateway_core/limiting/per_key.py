"""An algorithm applied to many keys, whose number is bounded.

Keys stand in the order in which they last took, the longest ago first. Each new key
lets a few of the first be forgotten that have become idle: whose state says nothing any
more, so that forgetting them admits nobody too early. When as many are known as may be,
and the first is still busy, there is no harmless way on; `WhenFull` names the two ways.
"""

import enum
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Generic

from ..clock import Duration, Instant
from .contract import Key, Verdict
from .rate import Algorithm, S

KEYS_MAX: Final = 100_000
"""Keys of one limiter: 20 to 40 MB when all are taken, at 10 requests a window."""

_FORGOTTEN_MAX: Final = 2
"""Idle keys that make room for one new key: more than one, so that their number falls."""


class WhenFull(enum.Enum):
    """What a new key meets where all places are taken by busy ones."""

    REFUSE = "refuse"
    """It is refused until one is idle. No key ever gets more than its budget, and all keys
    together get no more than `keys_max` budgets; but who has many addresses can keep
    newcomers out for as long as it keeps asking."""
    FORGET = "forget"
    """The key that took longest ago is forgotten, and has a new budget. Newcomers always
    get in; but who has more than `keys_max` addresses has no limit any more."""


@dataclass(slots=True)
class PerKey(Generic[S]):
    """A limiter: see `contract.Limiter`."""

    algorithm: Algorithm[S]
    keys_max: int = KEYS_MAX
    when_full: WhenFull = WhenFull.REFUSE
    _states: OrderedDict[Key, S] = field(default_factory=OrderedDict["Key", S])

    @property
    def quota(self) -> int:
        return self.algorithm.quota

    @property
    def window(self) -> Duration:
        return self.algorithm.window

    @property
    def holds(self) -> bool:
        return False

    def __len__(self) -> int:
        """Return how many keys are known."""
        return len(self._states)

    def judge(self, key: Key, now: Instant) -> Verdict:
        """See `contract.Limiter`."""
        state = self._states.get(key)
        if state is None and len(self._states) >= self.keys_max:
            wait = self._first_idle_at() - now
            if wait > 0 and self.when_full is WhenFull.REFUSE:
                return Verdict(admitted=False, remaining=0, wait=Duration(wait), full=True)
        return self.algorithm.judge(state, now)

    def take(self, key: Key, now: Instant) -> None:
        """See `contract.Limiter`."""
        states = self._states
        state = states.get(key)
        if state is None:
            self._make_room(now)
        states[key] = self.algorithm.take(state, now)
        states.move_to_end(key)

    def admit(self, key: Key, now: Instant) -> Verdict:
        """See `contract.Limiter`."""
        states = self._states
        state = states.get(key)
        if state is None:
            verdict = self.judge(key, now)
            if verdict.admitted:
                self.take(key, now)
            return verdict
        algorithm = self.algorithm
        verdict = algorithm.judge(state, now)
        if verdict.admitted:
            taken = algorithm.take(state, now)
            if taken is not state:
                states[key] = taken
            states.move_to_end(key)
        return verdict

    def give_back(self, key: Key) -> None:
        """See `contract.Limiter`."""
        raise AssertionError(f"nothing is held for {key!r}: time gives it back")

    def _first_idle_at(self) -> Instant:
        return self.algorithm.idle_at(next(iter(self._states.values())))

    def _make_room(self, now: Instant) -> None:
        states = self._states
        for _ in range(_FORGOTTEN_MAX):
            if not states or self._first_idle_at() > now:
                break
            states.popitem(last=False)
        if len(states) >= self.keys_max:
            assert self.when_full is WhenFull.FORGET, "judge found no room"
            states.popitem(last=False)
