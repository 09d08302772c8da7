"""What an answer tells of what the cache did: Cache-Status, and X-Cache for the eye.

Source: RFC 9211.
"""

import enum
from typing import Final, NamedTuple

from ..message import Fields

CACHE_STATUS: Final = b"cache-status"
X_CACHE: Final = b"x-cache"
_NAME: Final = b"gateway"


class Forwarded(enum.Enum):
    """Why a request went to the origin (RFC 9211, 2.2)."""

    __hash__ = object.__hash__  # Enum's own is slow, and each line of the log looks one up

    BYPASS = b"bypass"
    METHOD = b"method"
    URI_MISS = b"uri-miss"
    VARY_MISS = b"vary-miss"
    REQUEST = b"request"
    STALE = b"stale"


class Verdict(enum.Enum):
    """What became of it, in one word, as X-Cache has it."""

    __hash__ = object.__hash__  # likewise

    HIT = b"HIT"
    MISS = b"MISS"
    STALE = b"STALE"
    REVALIDATED = b"REVALIDATED"
    BYPASS = b"BYPASS"


class CacheNote(NamedTuple):
    """What the cache did for one request: for the answer, and for the log."""

    verdict: Verdict
    forwarded: Forwarded | None = None
    """None if no origin was asked."""
    detail: str = ""
    """A named reason, in kebab case."""
    ttl: int | None = None
    stored: bool = False
    collapsed: bool = False
    """Whether it waited for another's answer."""
    upstream_status: int | None = None

    @property
    def reason(self) -> str:
        """The reason in the words of a log."""
        if self.detail or self.forwarded is None:
            return self.detail
        return self.forwarded.value.decode("ascii")


def hit_fields(ttl: int) -> Fields:
    """Return the fields of an answer from the cache that is fresh for `ttl` seconds."""
    return (
        (CACHE_STATUS, b"gateway; hit; ttl=%d" % ttl),
        (X_CACHE, b"HIT"),
    )


def note_fields(note: CacheNote) -> Fields:
    """Return the fields that tell `note`."""
    return ((CACHE_STATUS, cache_status(note)), (X_CACHE, note.verdict.value))


def cache_status(note: CacheNote) -> bytes:
    """Return the member of Cache-Status that tells `note` (RFC 9211, 2)."""
    said = [_NAME]
    if note.forwarded is None:
        said.append(b"hit")
    else:
        said.append(b"fwd=" + note.forwarded.value)
        if note.upstream_status is not None:
            said.append(b"fwd-status=%d" % note.upstream_status)
    if note.ttl is not None:
        said.append(b"ttl=%d" % note.ttl)
    if note.stored:
        said.append(b"stored")
    if note.collapsed:
        said.append(b"collapsed")
    if note.detail:
        said.append(b"detail=" + note.detail.encode("ascii"))
    return b"; ".join(said)
