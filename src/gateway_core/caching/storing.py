"""Whether an answer may be stored, and what is kept of it.

Source: RFC 9111, sections 3, 3.1, 3.3, 3.5, 5.2.2; RFC 9110, section 9.3.3.
"""

import enum
from typing import Final, NamedTuple

from ..clock import Instant, UnixTime
from ..message import Fields, ResponseHead, value, values
from .age import DATE, date_value, initial_age
from .asking import Asked
from .dates import format_date
from .directives import ResponseDirectives, response_directives
from .entry import BodyId, Entry, Key
from .freshness import LAST_MODIFIED, Told, explicit_lifetime, last_modified, lifetime
from .heuristics import HEURISTIC_STATUSES
from .policy import CachePolicy
from .searching import NO_VARY_SEARCH, Covered, Search
from .varying import selecting_values, vary_names


class Unstorable(enum.Enum):
    """Why an answer is not stored; the value is what log and Cache-Status tell."""

    STATUS = "status-not-final"
    PARTIAL = "partial"
    NOT_UNDERSTOOD = "must-understand"
    REQUEST_NO_STORE = "request-no-store"
    NO_STORE = "no-store"
    PRIVATE = "private"
    AUTHORIZED = "authorization"
    SET_COOKIE = "set-cookie"
    VARY = "vary"
    USELESS = "neither-fresh-nor-verifiable"
    TOO_LARGE = "too-large"
    OVERTAKEN = "invalidated-meanwhile"

    @property
    def lasting(self) -> bool:
        """Whether the next answer will hardly be another: worth a mark on the key."""
        return self in _LASTING


_LASTING: Final = frozenset(
    {
        Unstorable.NO_STORE,
        Unstorable.PRIVATE,
        Unstorable.SET_COOKIE,
        Unstorable.VARY,
        Unstorable.USELESS,
        Unstorable.TOO_LARGE,
    }
)

UNDERSTOOD: Final = frozenset(
    {200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409}
    | {410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451}
    | {500, 501, 502, 503, 504, 505, 511}
)
"""Statuses whose caching requirements this cache knows and obeys (RFC 9111, 5.2.2.3)."""

ETAG: Final = b"etag"
_TAGS: Final = (b"surrogate-key", b"cache-tag")
TAGS_MAX: Final = 64
"""Tags of one answer; further ones are not purged by."""
_NOT_KEPT: Final = frozenset(
    {
        b"age",
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-request-id",
    }
)
"""What belongs to one connection or one exchange (RFC 9111, 3.1), and Age, which is ours."""
_DECIDES: Final = frozenset(
    {
        b"age", b"cache-control", b"cdn-cache-control", b"date", b"etag", b"expires",
        b"last-modified", b"vary", b"surrogate-key", b"cache-tag", NO_VARY_SEARCH,
    }
)  # fmt: skip
"""The lines of the origin's that say how its answer may be used."""


class Answered(NamedTuple):
    """An origin's answer to one request."""

    head: ResponseHead
    """As the origin sent it."""
    shown: ResponseHead
    """As this gateway passes it on."""
    asked_at: UnixTime
    answered_at: UnixTime
    received: Instant


class Request(NamedTuple):
    """The request that was answered."""

    key: Key
    url: bytes
    asked: Asked
    fields: Fields
    unkeyed_cookie: bool = False
    search: Search | None = None
    """Its query, where No-Vary-Search is heeded."""


def why_not_stored(
    request: Request, head: ResponseHead, answered_at: UnixTime, policy: CachePolicy
) -> Unstorable | None:
    """Return why the answer `head` to `request` may not be stored (RFC 9111, 3); None if it may."""
    directives = response_directives(head.fields)
    if (reason := _not_for_storing(head, directives, policy)) is not None:
        return reason
    if request.asked.range is not None and head.status != 200:
        return Unstorable.PARTIAL  # such as 416: an answer about the range
    if request.asked.directives.no_store:
        return Unstorable.REQUEST_NO_STORE
    if request.asked.authorized and not _for_everyone(directives):
        return Unstorable.AUTHORIZED
    names = vary_names(head.fields, policy.vary)
    if names is None:
        return Unstorable.VARY
    if head.body > policy.max_entry:
        return Unstorable.TOO_LARGE
    told = _told(request, head, directives, answered_at, names)
    return None if _is_useful(told, policy) else Unstorable.USELESS


def _not_for_storing(
    head: ResponseHead, directives: ResponseDirectives, policy: CachePolicy
) -> Unstorable | None:
    """Judge an answer by itself, whoever asked."""
    status = head.status
    if status < 200 or status == 304:
        return Unstorable.STATUS
    if status == 206:
        return Unstorable.PARTIAL
    if directives.must_understand:
        if status not in UNDERSTOOD:
            return Unstorable.NOT_UNDERSTOOD
    elif directives.no_store:
        return Unstorable.NO_STORE
    if directives.private:
        return Unstorable.PRIVATE
    kept_back = directives.no_cache_fields | directives.private_fields
    may_keep_cookies = policy.store_cookies or b"set-cookie" in kept_back
    if not may_keep_cookies and values(head.fields, b"set-cookie"):
        return Unstorable.SET_COOKIE
    return None


def _told(
    request: Request,
    head: ResponseHead,
    directives: ResponseDirectives,
    answered_at: UnixTime,
    names: tuple[bytes, ...],
) -> Told:
    cookie = request.unkeyed_cookie and b"cookie" not in names
    return Told(head.status, head.fields, directives, answered_at, cookie)


def _for_everyone(directives: ResponseDirectives) -> bool:
    """Whether the answer to one who was identified may serve others (RFC 9111, 3.5)."""
    return directives.public or directives.must_revalidate or directives.s_maxage is not None


def _is_useful(told: Told, policy: CachePolicy) -> bool:
    """Whether it could ever be used: fresh for a while, or confirmed by the origin.

    RFC 9111, 3 asks for an explicit lifetime, `public`, or a status that allows to guess; the
    route's `force` says as much. Given that, an answer with a validator alone is worth its
    place, since a 304 costs no body.
    """
    explicit = explicit_lifetime(told.fields, told.directives, told.answered_at) is not None
    allowed = explicit or told.directives.public or policy.force
    if not allowed and told.status not in HEURISTIC_STATUSES:
        return False
    terms = lifetime(told, policy)
    return bool(terms.fresh or terms.stale_while_revalidate) or _has_validator(told.fields)


def _has_validator(fields: Fields) -> bool:
    return any(name in {ETAG, LAST_MODIFIED} for name, _ in fields)


def make_entry(request: Request, answered: Answered, policy: CachePolicy, body: BodyId) -> Entry:
    """Return what is kept of an answer that may be stored. Its body is still to come."""
    head, directives = answered.head, response_directives(answered.head.fields)
    names = vary_names(head.fields, policy.vary)
    assert names is not None, "why_not_stored said so"
    told = _told(request, head, directives, answered.answered_at, names)
    kept_back = directives.no_cache_fields | directives.private_fields | _NOT_KEPT
    modified = last_modified(head.fields, answered.answered_at)
    etags, dates = values(head.fields, ETAG), values(head.fields, LAST_MODIFIED)
    key, covers = _place(request, head)
    return Entry(
        key=key,
        body=body,
        status=head.status,
        fields=_dated(
            tuple([line for line in answered.shown.fields if line[0] not in kept_back]),
            answered.answered_at,
        ),
        origin=tuple([line for line in head.fields if line[0] in _DECIDES]),
        vary=names,
        selecting=selecting_values(names, request.fields),
        lifetime=lifetime(told, policy),
        initial_age=initial_age(head.fields, answered.asked_at, answered.answered_at),
        received=answered.received,
        date=date_value(head.fields, answered.answered_at),
        etag=etags[0] if len(etags) == 1 else None,
        last_modified=None if modified is None else dates[0],
        modified=modified,
        no_cache=directives.no_cache,
        url=request.url,
        covers=covers,
        tags=tags(head.fields),
        length=head.body,
    )


def _place(request: Request, head: ResponseHead) -> tuple[Key, Covered | None]:
    """Return the key under which an answer lies, and what it covers beside its URL, if it does."""
    search = request.search
    covers = None if search is None else search.covered(head.fields)
    if search is None or covers is None:
        return request.key, None
    return search.key_for(covers.variation) or request.key, covers


def _dated(fields: Fields, answered_at: UnixTime) -> Fields:
    """Return `fields` with a Date, which a cache adds where there is none (RFC 9110, 6.6.1)."""
    if value(fields, DATE) is not None:
        return fields
    return (*fields, (DATE, format_date(answered_at)))


def tags(fields: Fields) -> tuple[bytes, ...]:
    """Return what an answer can be purged by: Surrogate-Key has spaces, Cache-Tag commas."""
    found: dict[bytes, None] = {}
    for name in _TAGS:
        for line in values(fields, name):
            for word in line.replace(b",", b" ").split():
                found[word] = None
    return tuple(found)[:TAGS_MAX]
