"""Conditions of a client's request, judged by a stored answer.

Source: RFC 9110, sections 8.8.3, 13.1 and 13.2; RFC 9111, section 4.3.2.
"""

import re
from typing import Final

from ..clock import UnixTime
from .asking import Asked
from .dates import parse_date
from .entry import Entry

_TAG: Final = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*+")')
_MEMBER: Final = re.compile(rb"[ \t,]*+" + _TAG.pattern)


def not_modified(asked: Asked, entry: Entry) -> bool:
    """Whether the client has what `entry` holds, so that a 304 answers it.

    If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2). Only for a 200: an
    answer of another status is not what a condition is about (RFC 9111, 4.3.2).
    """
    if entry.status != 200 or not asked.conditional:
        return False
    if asked.if_none_match:
        return _lists(asked.if_none_match, entry.etag)
    assert asked.if_modified_since is not None
    since = parse_date(asked.if_modified_since, entry.date)
    if since is None:
        return False  # what is no date is no condition (RFC 9110, 13.1.3)
    known = entry.date if entry.modified is None else entry.modified
    return known <= since


def range_is_current(asked: Asked, entry: Entry) -> bool:
    """Whether If-Range lets a part of `entry` be sent (RFC 9110, 13.1.5): strong or equal."""
    told = asked.if_range
    if told is None:
        return True
    if told.startswith((b'"', b"W/")):
        return same_strong(told, entry.etag)
    return told == entry.last_modified and _is_strong_date(entry)


def _is_strong_date(entry: Entry) -> bool:
    """Whether it was not modified again within the second of its date (RFC 9110, 8.8.2.2)."""
    return entry.modified is not None and UnixTime(entry.modified + 1) <= entry.date


def _lists(lines: tuple[bytes, ...], etag: bytes | None) -> bool:
    """Whether a list of entity tags has `etag`, by the weak comparison (RFC 9110, 13.1.2)."""
    if any(line.strip(b" \t") == b"*" for line in lines):
        return True
    wanted = opaque(etag)
    return wanted is not None and any(wanted in _opaques(line) for line in lines)


def _opaques(line: bytes) -> list[bytes]:
    """Return the tags of a list, without weakness, up to whatever is none."""
    found: list[bytes] = []
    at = 0
    while tag := _MEMBER.match(line, at):
        found.append(tag[2])
        at = tag.end()
    return found


def opaque(etag: bytes | None) -> bytes | None:
    """Return a tag without its weakness; None if it is no entity tag (RFC 9110, 8.8.3)."""
    found = None if etag is None else _TAG.fullmatch(etag)
    return None if found is None else found[2]


def same_weak(one: bytes | None, other: bytes | None) -> bool:
    """Whether two tags are equal by the weak comparison (RFC 9110, 8.8.3.2)."""
    return opaque(one) is not None and opaque(one) == opaque(other)


def same_strong(one: bytes | None, other: bytes | None) -> bool:
    """Whether two tags are equal by the strong comparison: neither may be weak."""
    return one == other and one is not None and one.startswith(b'"') and opaque(one) is not None
