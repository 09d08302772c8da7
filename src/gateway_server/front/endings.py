"""How a connection ends, and what can be told of a request that nobody could read."""

import enum

from gateway_core.message import RequestHead


class Ending(enum.Enum):
    """How a connection ends."""

    IDLE = enum.auto()
    """Nobody is in the middle of anything."""
    GENTLY = enum.auto()
    """All is said; the client may still be sending."""
    CUT = enum.auto()
    """The answer is not complete, and its framing shows it."""
    RESET = enum.auto()
    """The same, where only the connection's end would show."""


def offender(offending: bytes, peer: str) -> RequestHead:
    """Return what can be read of a head that was refused."""
    words = offending.partition(b"\r\n")[0].split(b" ")
    method = words[0].decode("latin-1") if words[0].isalpha() else ""
    target = words[1] if method and len(words) > 1 else b""
    return RequestHead(method, target, b"", (), peer)
