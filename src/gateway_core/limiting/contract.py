"""What a limiter is asked, and what it answers.

A request may stand under several limits, and be refused by one of them after another
would have let it through. So judging and taking are two steps: all are judged first,
which changes nothing; then, if all admit, all take.

    verdict = limiter.judge(key, now)      may be asked as often as one likes
    limiter.take(key, now)                 at the same instant, if the verdict admitted
    limiter.give_back(key)                 when the request has ended, where `holds`

    verdict = limiter.admit(key, now)      both steps in one, for who stands under one limit
"""

from typing import Protocol, TypeAlias

from ..clock import Duration, Instant
from ..frozen import frozen

Key: TypeAlias = str | bytes | tuple[str | bytes, ...]
"""Whose budget: an address, a consumer, a route, a field's value, or several of these."""


@frozen
class Verdict:
    """What a limiter says about one request, had it come now."""

    admitted: bool
    remaining: int
    """Requests that are left in the budget after this one; 0 where it is refused."""
    wait: Duration
    """Until the budget is larger by one; so, where this one is refused, until one like it
    is admitted if nobody else takes meanwhile. 0 where that is not known beforehand."""
    full: bool = False
    """Whether it is refused for want of room for another key, not for what its key did."""


class Limiter(Protocol):
    """Budgets, one for each key. Plain data: `==` and `copy.deepcopy` hold."""

    @property
    def quota(self) -> int:
        """Requests that a key's whole budget has room for."""
        ...

    @property
    def window(self) -> Duration:
        """In what time that budget comes back; 0 where time alone does not bring it back."""
        ...

    @property
    def holds(self) -> bool:
        """Whether what was taken is to be given back when the request ends."""
        ...

    def judge(self, key: Key, now: Instant) -> Verdict:
        """Return whether a request of `key` has room. Changes nothing."""
        ...

    def take(self, key: Key, now: Instant) -> None:
        """Take one request out of the budget of `key`, for which `judge` found room just now."""
        ...

    def admit(self, key: Key, now: Instant) -> Verdict:
        """Judge, and take if there is room."""
        ...

    def give_back(self, key: Key) -> None:
        """Return what a request of `key` took, once; only where `holds`."""
        ...
