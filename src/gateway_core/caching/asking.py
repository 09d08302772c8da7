"""What a request says that matters to a cache: read once, and quickly where it says nothing.

Source: RFC 9111, section 5.2.1; RFC 9110, sections 13 and 14.
"""

import enum
from dataclasses import dataclass
from typing import Final

from ..message import Fields, RequestHead, values
from .directives import NOTHING_WANTED, RequestDirectives, request_directives
from .keying import OVERRIDING

_LOOKED_AT: Final = OVERRIDING | {
    b"authorization",
    b"cache-control",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
    b"range",
    b"upgrade",
}
_ORIGINS_OWN: Final = frozenset({b"if-match", b"if-unmodified-since"})
"""Conditions on the origin's state, which a cache does not know (RFC 9111, 4.3.2)."""


class Bypass(enum.Enum):
    """Why a request is none of the cache's business."""

    METHOD = "method"
    BODY = "request-body"
    UPGRADE = "upgrade"
    CONDITION = "condition-for-the-origin"
    OVERRIDE = "overriding-field"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the cache."""

    head_only: bool = False
    """Whether it is a HEAD."""
    directives: RequestDirectives = NOTHING_WANTED
    authorized: bool = False
    """Whether it bears credentials (RFC 9111, 3.5)."""
    if_none_match: tuple[bytes, ...] = ()
    if_modified_since: bytes | None = None
    if_range: bytes | None = None
    range: bytes | None = None

    @property
    def conditional(self) -> bool:
        """Whether a 304 may answer it."""
        return bool(self.if_none_match) or self.if_modified_since is not None


PLAIN_GET: Final = Asked()
PLAIN_HEAD: Final = Asked(head_only=True)


def what_is_asked(head: RequestHead) -> Asked | Bypass:
    """Return what `head` asks of a cache, or why a cache has nothing to do with it."""
    method = head.method
    if method not in {"GET", "HEAD"}:
        return Bypass.METHOD
    if head.body:
        return Bypass.BODY  # its meaning is not defined (RFC 9110, 9.3.1), and it is not keyed
    if _LOOKED_AT.isdisjoint(dict(head.fields)):  # in C, and nearly always
        return PLAIN_GET if method == "GET" else PLAIN_HEAD
    names = {name for name, _ in head.fields}
    if not OVERRIDING.isdisjoint(names):
        return Bypass.OVERRIDE
    if not _ORIGINS_OWN.isdisjoint(names):
        return Bypass.CONDITION
    if b"upgrade" in names:
        return Bypass.UPGRADE
    return _read(head.fields, head_only=method == "HEAD")


def _read(fields: Fields, *, head_only: bool) -> Asked:
    lines = values(fields, b"cache-control")
    ranges = values(fields, b"range")
    return Asked(
        head_only=head_only,
        directives=request_directives(lines) if lines else NOTHING_WANTED,
        authorized=bool(values(fields, b"authorization")),
        if_none_match=tuple(values(fields, b"if-none-match")),
        if_modified_since=_only(fields, b"if-modified-since"),
        if_range=_only(fields, b"if-range"),
        # A range is defined for GET alone (RFC 9110, 14.2).
        range=b",".join(ranges) if ranges and not head_only else None,
    )


def _only(fields: Fields, name: bytes) -> bytes | None:
    """Return the one value of a field; what stands for none if there are several."""
    found = values(fields, name)
    return None if not found else found[0] if len(found) == 1 else b""
