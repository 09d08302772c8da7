"""Requests and chunks as bytes, framed by us whatever the client's framing was.

Source: RFC 9112, sections 3, 6 and 7.1; RFC 9110, section 8.6.
"""

from typing import Final

from ..message import UNKNOWN, Fields, UpstreamRequest

LAST_CHUNK: Final = b"0\r\n\r\n"
"""The end of a chunked body without trailers."""
CHUNK_END: Final = b"\r\n"

_COLON: Final = b": "
_TE_TRAILERS: Final = b"te: trailers\r\nconnection: te"
"""TE speaks of this connection alone, and Connection must say so (RFC 9110, 10.1.4)."""
LENGTH_EXPECTED: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods that anticipate a body: an empty one is told as such (RFC 9110, 8.6)."""


def render_request(request: UpstreamRequest) -> bytes:
    """Return the head: Host first (RFC 9110, 7.2), the fields in order, then our framing.

    The request is one that was judged and made ready to be forwarded: nothing is checked.
    """
    lines = [
        b"%b %b HTTP/1.1\r\nhost: %b"
        % (request.method.encode("ascii"), request.target, request.authority),
        *map(_COLON.join, request.fields),
    ]
    if request.takes_trailers:
        lines.append(_TE_TRAILERS)
    if request.body == UNKNOWN:
        lines.append(b"transfer-encoding: chunked")
    elif request.body or request.method in LENGTH_EXPECTED:
        lines.append(b"content-length: %d" % request.body)
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def render_last_chunk(trailers: Fields) -> bytes:
    """Return the end of a chunked body with what trails it, which was judged before."""
    if not trailers:
        return LAST_CHUNK
    return b"0\r\n%b\r\n\r\n" % b"\r\n".join(map(_COLON.join, trailers))


def render_chunk(piece: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the chunk that carries `piece`, which is not empty and is not copied."""
    assert piece, "an empty chunk is the last one"
    return b"%x\r\n" % len(piece), piece, CHUNK_END
