"""Asking the origin whether a stored answer is still right, and taking in what it says.

Source: RFC 9111, sections 3.2, 4.3.1, 4.3.3, 4.3.4 and 4.3.5.
"""

from dataclasses import replace
from typing import Final

from ..message import Fields, ResponseHead, value, values
from .conditional import same_strong, same_weak
from .entry import Entry
from .policy import CachePolicy
from .storing import Answered, Request, Unstorable, make_entry, why_not_stored

CONDITIONS: Final = frozenset({b"if-none-match", b"if-modified-since"})
"""The client's own, which ours replace: what it has is judged by what we then have."""
RANGES: Final = frozenset({b"range", b"if-range"})

_NOT_UPDATED: Final = frozenset(
    {b"content-encoding", b"content-length", b"content-range", b"content-md5"}
)
"""They describe the stored body, which a 304 does not bring (RFC 9111, 3.2)."""

_OF_THE_MOMENT: Final = frozenset({b"age", b"date"})
"""They count from the 304 on, also where it has none (RFC 9110, 6.6.1)."""


def validators(entry: Entry) -> Fields:
    """Return the conditions by which the origin can confirm `entry` (RFC 9111, 4.3.1)."""
    lines: list[tuple[bytes, bytes]] = []
    if entry.etag is not None:
        lines.append((b"if-none-match", entry.etag))
    if entry.last_modified is not None:
        lines.append((b"if-modified-since", entry.last_modified))
    return tuple(lines)


def confirmable(entry: Entry | None, url: bytes) -> bool:
    """Whether a request for `url` can confirm `entry`.

    By its own URL alone (RFC 9111, 4.3.1), also where it answers for others: that the origin
    takes their queries for alike says nothing of what its tags mean.
    """
    return entry is not None and entry.url == url and bool(validators(entry))


def confirms(head: ResponseHead, entry: Entry) -> bool:
    """Whether the 304 `head`, to a request with `validators(entry)`, is about `entry`.

    A strong tag must be ours; a weak one must be alike; else Last-Modified must be the
    same, or absent as well (RFC 9111, 4.3.4). An origin that says "not modified" of
    something else confirms nothing.
    """
    if not validators(entry):
        return False
    etags = values(head.fields, b"etag")
    if len(etags) > 1:
        return False
    if etags:
        etag = etags[0]
        if entry.etag is None:
            return False
        return etag == entry.etag or same_strong(etag, entry.etag) or same_weak(etag, entry.etag)
    modified = value(head.fields, b"last-modified")
    return modified is None or entry.last_modified is None or modified == entry.last_modified


def confirmed(
    entry: Entry, request: Request, answered: Answered, policy: CachePolicy
) -> tuple[Entry, Unstorable | None]:
    """Return `entry` as a 304 updates it, and why it may be kept no longer, if it may not.

    Each field that the 304 has replaces the stored lines of its name (RFC 9111, 3.2).
    """
    merged = ResponseHead(entry.status, _merged(entry.origin, answered.head.fields), entry.length)
    shown = ResponseHead(entry.status, _merged(entry.fields, answered.shown.fields), entry.length)
    reason = why_not_stored(request, merged, answered.answered_at, policy)
    if reason is Unstorable.VARY:
        return entry, reason
    kept = _cookies_aside(answered, shown, policy)
    renewed = make_entry(request, answered._replace(head=merged, shown=kept), policy, entry.body)
    return replace(renewed, length=entry.length, complete=entry.complete), reason


def _cookies_aside(answered: Answered, shown: ResponseHead, policy: CachePolicy) -> ResponseHead:
    """Leave out cookies that a 304 sets: they are for who asked."""
    if policy.store_cookies or value(answered.shown.fields, b"set-cookie") is None:
        return shown
    return replace(shown, fields=tuple([x for x in shown.fields if x[0] != b"set-cookie"]))


def _merged(stored: Fields, newer: Fields) -> Fields:
    changes = tuple([line for line in newer if line[0] not in _NOT_UPDATED])
    changed = {name for name, _ in changes} | _OF_THE_MOMENT
    return tuple([line for line in stored if line[0] not in changed]) + changes


def agrees(head: ResponseHead, entry: Entry) -> bool:
    """Whether a 200 to a HEAD is about the body that is stored (RFC 9111, 4.3.5)."""
    if head.status != entry.status:
        return False
    for name in (b"etag", b"last-modified", b"content-length"):
        told = values(head.fields, name)
        known = values(entry.fields, name)
        if told and known and told != known:
            return False
    return True
