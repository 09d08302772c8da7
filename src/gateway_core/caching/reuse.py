"""Whether a stored answer may answer a request, and why not.

                      +-- fresh enough ------------------------> Hit
    stored answer ----+-- stale, but allowed to be, for a while -> Hit (stale), refreshed beside
                      +-- else ---------------------------------> Forward, with its validators
    none -------------+----------------------------------------> Forward
                      +-- and the client wants no other --------> NotCached (504)

Source: RFC 9111, sections 4, 4.2 and 5.2.1; RFC 5861.
"""

from typing import Final, NamedTuple, TypeAlias

from ..clock import Instant
from .asking import Asked
from .entry import Entry
from .status import Forwarded

ERRORS: Final = frozenset({500, 502, 503, 504})
"""Answers for which a stale one may stand in (RFC 5861, 4)."""


class Hit(NamedTuple):
    """Answer with `entry`."""

    entry: Entry
    age: int
    ttl: int
    """Seconds for which it stays fresh; below 0: how long it has been stale."""
    refresh: bool = False
    """Whether the origin is to be asked for a newer one, in the background."""


class Forward(NamedTuple):
    """Ask the origin."""

    why: Forwarded
    stored: Entry | None = None
    """What may be confirmed by it, or stand in where it fails."""


class NotCached(NamedTuple):
    """The client wants an answer from a cache, and there is none: 504 (RFC 9111, 5.2.1.7)."""


Outcome: TypeAlias = Hit | Forward | NotCached


def judge(entry: Entry | None, missing: Forwarded, asked: Asked, now: Instant) -> Outcome:
    """Return what to do about a request for which `entry` is stored.

    `missing` is why there is none, if there is none.
    """
    if entry is None:
        return NotCached() if asked.directives.only_if_cached else Forward(missing)
    age = entry.age(now)
    ttl = entry.lifetime.fresh - age
    why = _why_not(entry, asked, age, ttl)
    if why is None:
        return Hit(entry, age, ttl, refresh=ttl <= 0 and _refreshes(entry, ttl))
    return NotCached() if asked.directives.only_if_cached else Forward(why, entry)


def _why_not(entry: Entry, asked: Asked, age: int, ttl: int) -> Forwarded | None:
    wanted = asked.directives
    if wanted.no_cache or (wanted.max_age is not None and age > wanted.max_age):
        return Forwarded.REQUEST
    if entry.no_cache:
        return Forwarded.STALE
    if ttl > 0:
        return Forwarded.REQUEST if ttl < wanted.min_fresh else None
    if wanted.min_fresh or entry.lifetime.never_stale:
        return Forwarded.STALE
    allowed = max(entry.lifetime.stale_while_revalidate, wanted.max_stale)
    return None if -ttl < allowed else Forwarded.STALE


def _refreshes(entry: Entry, ttl: int) -> bool:
    return -ttl < entry.lifetime.stale_while_revalidate


def may_stand_in(entry: Entry, asked: Asked, status: int | None, now: Instant) -> bool:
    """Whether `entry`, stale, may be sent where the origin failed.

    `status` is the origin's; None if it gave no answer, so that the cache is
    "disconnected" (RFC 9111, 4.2.4). A client that asked for confirmation gets none.
    """
    terms = entry.lifetime
    if terms.never_stale or entry.no_cache or asked.directives.no_cache:
        return False
    if status is None:
        allowed = max(terms.stale_if_error, terms.stale_if_unreachable)
    else:
        allowed = terms.stale_if_error if status in ERRORS else 0
    return entry.age(now) - terms.fresh < allowed
