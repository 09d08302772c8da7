"""What a cache keeps of one answer: all but its body, which lies outside the core."""

from dataclasses import dataclass
from typing import NewType, TypeAlias

from ..clock import SECOND, Instant, UnixTime
from ..message import UNKNOWN, Fields
from .searching import Covered

BodyId = NewType("BodyId", int)
"""Names a body that the server keeps, as chunks, for as long as anyone asks for it."""

Key: TypeAlias = bytes
"""For whom, by which route, at which URL: see `keying`."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long an answer may be used, in seconds since it was made or confirmed."""

    fresh: int = 0
    stale_while_revalidate: int = 0
    """How long beyond, while the origin is asked in the background (RFC 5861, 3)."""
    stale_if_error: int = 0
    """How long beyond, where the origin answers with an error (RFC 5861, 4)."""
    stale_if_unreachable: int = 0
    """How long beyond, where the origin gives no answer at all (RFC 9111, 4.2.4)."""
    never_stale: bool = False
    """Whether the origin forbids it whatever else is said (RFC 9111, 5.2.2.2)."""
    heuristic: bool = False
    """Whether nobody said so, and it was guessed (RFC 9111, 4.2.2)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored answer to a GET."""

    key: Key
    body: BodyId
    status: int
    fields: Fields
    """As they go to clients: without what belongs to one connection or one request."""
    origin: Fields
    """The lines of the origin's that decide about caching."""
    vary: tuple[bytes, ...]
    """The names of the request's fields that selected it (RFC 9111, 4.1)."""
    selecting: tuple[bytes | None, ...]
    """What the request said in each, normalised; None where it was absent."""
    lifetime: Lifetime
    initial_age: int
    """Seconds since it was made or confirmed, when it came (RFC 9111, 4.2.3)."""
    received: Instant
    """When it came: ages grow by the monotonic clock, which nobody sets back."""
    date: UnixTime
    """When the origin made it, or when it came if the origin does not say."""
    etag: bytes | None = None
    """As sent; None where there is none, or several."""
    last_modified: bytes | None = None
    """As sent; None where it is no date."""
    modified: UnixTime | None = None
    """What Last-Modified says."""
    no_cache: bool = False
    """Whether the origin must confirm each use (RFC 9111, 5.2.2.4)."""
    url: bytes = b""
    """By which it was asked for, and is purged: "scheme://host/path?query"."""
    covers: Covered | None = None
    """The URLs that it is for, and is purged by, where these are many."""
    tags: tuple[bytes, ...] = ()
    """By which it is purged, too."""
    length: int = UNKNOWN
    """Bytes of its body; UNKNOWN while it grows and nobody told."""
    complete: bool = False
    """Whether its body is here whole."""

    def age(self, now: Instant) -> int:
        """Return the seconds since the origin made or confirmed it: current_age (4.2.3)."""
        return self.initial_age + max(now - self.received, 0) // SECOND

    @property
    def size(self) -> int:
        """Bytes that it takes, as far as they can be known."""
        text = sum(len(name) + len(value) for name, value in self.fields)
        names = len(self.key) + (0 if self.covers is None else len(self.covers.name))
        return ENTRY_OVERHEAD_BYTES + text + names + max(self.length, 0)


ENTRY_OVERHEAD_BYTES = 1024
"""What the objects of an entry cost beside its text and its body: measured, and rounded up."""
