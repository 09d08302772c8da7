"""Where in a request a credential stands, and how it is taken out again.

    Field("x-api-key")                 X-API-Key: <credential>
    Field("authorization", "bearer")   Authorization: Bearer <credential>
    Parameter("api_key")               /path?api_key=<credential>

A query parameter ends up in logs and histories of whatever it passes, so it is for
callers that cannot set a field.

Source: RFC 9110, section 11.4; RFC 6750, section 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

from ..message import RequestHead

AUTHORIZATION: Final = b"authorization"
BEARER: Final = b"bearer"


@dataclass(frozen=True, slots=True)
class Field:
    """A field whose value is the credential, behind the name of a scheme if it has one."""

    name: bytes
    """Lower case."""
    scheme: bytes = b""
    """Lower case; compared without regard to case (RFC 9110, 11.1)."""

    def find(self, head: RequestHead) -> list[bytes]:
        """Return the credential of every line of this name; b"" for a line of another scheme.

        A line of another scheme beside one of ours counts: two lines are two stories, and
        who knows which one the service behind would hear.
        """
        name, scheme = self.name, self.scheme
        found = [value for key, value in head.fields if key == name]
        if not scheme or not found:
            return found
        credentials = [_behind(scheme, value) for value in found]
        return credentials if any(credentials) else []


def _behind(scheme: bytes, value: bytes) -> bytes:
    told, space, credential = value.partition(b" ")
    return credential.strip(b" ") if space and told.lower() == scheme else b""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query whose decoded value is the credential."""

    name: bytes
    """Decoded; case counts."""

    def find(self, head: RequestHead) -> list[bytes]:
        """Return the decoded value of every parameter of this name."""
        _, mark, query = head.target.partition(b"?")
        if not mark:
            return []
        return [value for name, value, _ in _parameters(query) if name == self.name]

    def removed_from(self, target: bytes) -> bytes:
        """Return `target` without the parameters of this name, and else byte for byte."""
        path, mark, query = target.partition(b"?")
        if not mark:
            return target
        pieces = query.split(b"&")
        kept = [piece for piece in pieces if _decoded(piece)[0] != self.name]
        if len(kept) == len(pieces):
            return target
        return path + b"?" + b"&".join(kept) if kept else path


def _parameters(query: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    for piece in query.split(b"&"):
        yield (*_decoded(piece), piece)


def _decoded(piece: bytes) -> tuple[bytes, bytes]:
    """Return name and value as services read them (WHATWG URL, 5.1)."""
    name, _, value = piece.replace(b"+", b" ").partition(b"=")
    return unquote_to_bytes(name), unquote_to_bytes(value)


Place: TypeAlias = Field | Parameter
