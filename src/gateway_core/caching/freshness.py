"""How long an answer may be used.

What is said explicitly, in this order: CDN-Cache-Control (targeted), s-maxage, max-age,
Expires; else the route's ttl, which is what the origin would have said by silence; else
a guess. The route's `force` goes first of all.

Source: RFC 9111, sections 4.2, 4.2.1, 4.2.4 and 5.3; RFC 9213, section 2.2; RFC 5861.
"""

from typing import Final, NamedTuple

from ..clock import UnixTime
from ..message import Fields, values
from .age import date_value
from .dates import parse_date
from .directives import DELTA_MAX, ResponseDirectives
from .entry import Lifetime
from .heuristics import guessed_lifetime
from .policy import UNREACHABLE_SECONDS, CachePolicy

EXPIRES: Final = b"expires"
LAST_MODIFIED: Final = b"last-modified"


class Told(NamedTuple):
    """What freshness is worked out from."""

    status: int
    fields: Fields
    directives: ResponseDirectives
    answered_at: UnixTime
    unkeyed_cookie: bool = False
    """Whether the request bore a cookie that is not part of the key."""


def explicit_lifetime(
    fields: Fields, directives: ResponseDirectives, answered_at: UnixTime
) -> int | None:
    """Return the seconds that the origin says (RFC 9111, 4.2.1), or None if it is silent."""
    if directives.s_maxage is not None:
        return directives.s_maxage
    if directives.max_age is not None:
        return directives.max_age
    expires = [] if directives.targeted else values(fields, EXPIRES)
    if not expires:
        return None
    date = date_value(fields, answered_at)
    times = [parse_date(told, answered_at) for told in expires]
    # What is no date lies in the past (5.3), and of several the earliest counts.
    return min(0 if time is None else min(max(time - date, 0), DELTA_MAX) for time in times)


def last_modified(fields: Fields, answered_at: UnixTime) -> UnixTime | None:
    """Return what Last-Modified says, if it says one thing that is a date."""
    found = values(fields, LAST_MODIFIED)
    return parse_date(found[0], answered_at) if len(found) == 1 else None


def lifetime(told: Told, policy: CachePolicy) -> Lifetime:
    """Return how long an answer may be used, fresh and stale."""
    fresh, heuristic = _fresh(told, policy)
    directives = told.directives
    if directives.forbids_stale or directives.no_cache or is_unspoken(told, policy):
        return Lifetime(fresh, never_stale=True, heuristic=heuristic)
    on_error = directives.stale_if_error
    if on_error is None:
        on_error = policy.stale_if_error
    while_asking = directives.stale_while_revalidate
    if while_asking is None:
        while_asking = policy.stale_while_revalidate or 0
    return Lifetime(
        fresh,
        stale_while_revalidate=while_asking,
        stale_if_error=on_error or 0,
        stale_if_unreachable=UNREACHABLE_SECONDS if on_error is None else on_error,
        heuristic=heuristic,
    )


def _fresh(told: Told, policy: CachePolicy) -> tuple[int, bool]:
    if policy.force and policy.ttl is not None:
        return policy.ttl, False
    said = explicit_lifetime(told.fields, told.directives, told.answered_at)
    if said is not None:
        return said, False
    if is_unspoken(told, policy):
        return 0, False
    if policy.ttl is not None and told.status in SILENT_STATUSES:
        return policy.ttl, False
    guess = guessed_lifetime(
        told.status,
        public=told.directives.public,
        modified=last_modified(told.fields, told.answered_at),
        date=date_value(told.fields, told.answered_at),
    )
    return (0, False) if guess is None else (guess, True)


def is_unspoken(told: Told, policy: CachePolicy) -> bool:
    """Whether a cookie may have shaped an answer, and nobody says that it is for others.

    Silence is no permission then: this is what cache deception lives on. Such an answer is
    neither fresh, nor does it stand in for another when it is stale: the origin confirms it.
    """
    if not told.unkeyed_cookie or told.directives.public or policy.force:
        return False
    return explicit_lifetime(told.fields, told.directives, told.answered_at) is None


SILENT_STATUSES: Final = frozenset({200, 203, 204, 300, 301, 308, 404, 410})
"""Those for which a route's ttl stands in for silence: what heuristics may take, but for
answers that tell of a passing state of the server (405, 414, 501)."""
