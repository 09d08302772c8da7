"""The heads of HTTP messages, as the core sees them (RFC 9110, section 6).

Bodies never enter the core: a head tells how long its body will be, no more.

Field names are lower case (they are case-insensitive, RFC 9110 section 5.1, and
HTTP/2 knows no other); order, duplicates, and the bytes of values are as sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from .frozen import frozen

Fields: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Field lines: (lower-case name, value without surrounding white space), in order."""

UNKNOWN: Final = -1
"""A body whose length is not told beforehand: chunked, or an HTTP/2 stream's."""

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that have the same effect once or twice (RFC 9110, 9.2.2)."""


@frozen
class RequestHead:
    """What a client asks, before any decision was taken."""

    method: str
    """As sent: methods are case-sensitive."""
    target: bytes
    """The request target with its query, as it came on the wire (RFC 9112, 3.2)."""
    authority: bytes
    """Host field, or HTTP/2's `:authority`; b"" where there is none (HTTP/1.0)."""
    fields: Fields
    """All field lines; framing and hop-by-hop fields included."""
    peer: str = ""
    """Textual IP address of the other end of the socket; "" on a unix socket."""
    scheme: str = "http"
    version: str = "1.1"
    """The client's: "1.0", "1.1", "2", "3"."""
    body: int = 0
    """Bytes to come: 0 for none, UNKNOWN where it is not told."""


@frozen
class UpstreamRequest:
    """What an endpoint is asked: ready to be framed and written."""

    method: str
    target: bytes
    authority: bytes
    """What goes into the Host field."""
    fields: Fields
    """Without Host, framing and hop-by-hop fields: the client library adds those."""
    body: int = 0
    takes_trailers: bool = False
    """Whether the client keeps what trails the answer, and `TE: trailers` is to say so."""


@frozen
class ResponseHead:
    """A final answer's head, from an upstream or from us."""

    status: int
    fields: Fields
    body: int = UNKNOWN
    """Bytes to come: 0 for none, UNKNOWN where it is not told."""


def values(fields: Fields, name: bytes) -> list[bytes]:
    """Return the values of every field line called `name` (lower case), in order."""
    return [value for key, value in fields if key == name]


def value(fields: Fields, name: bytes) -> bytes | None:
    """Return the value of the first field line called `name` (lower case), or None."""
    for key, found in fields:
        if key == name:
            return found
    return None


def members(fields: Fields, name: bytes) -> Iterator[bytes]:
    """Yield the members of a comma-separated list field (RFC 9110, 5.6.1).

    For fields whose members are tokens, such as Connection. White space around
    a member is dropped, and so are empty members.
    """
    for key, found in fields:
        if key == name:
            for member in found.split(b","):
                if stripped := member.strip(b" \t"):
                    yield stripped


@dataclass(frozen=True, slots=True)
class FieldEdits:
    """Changes to a head's fields that the operator wants: remove, then set, then add."""

    remove: frozenset[bytes] = frozenset()
    set: Fields = ()
    """Each replaces every field line of its name."""
    add: Fields = ()
    is_empty: bool = field(init=False, repr=False, compare=False)
    """Whether there is nothing to do: so for most routes, and asked three times a request."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_empty", not (self.remove or self.set or self.add))

    def apply(self, fields: Fields) -> Fields:
        """Return `fields` as edited; the same object where there is nothing to do."""
        if self.is_empty:
            return fields
        gone = self.remove.union(name for name, _ in self.set)
        kept = tuple(line for line in fields if line[0] not in gone)
        return kept + self.set + self.add
