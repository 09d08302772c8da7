"""What is told of a WebSocket's frames. Source: RFC 6455, sections 5.1, 5.5 and 7.4.1."""

import enum
from typing import Final, NamedTuple, TypeAlias


class Side(enum.Enum):
    """Who sends. A client's frames are masked, a server's are not (RFC 6455, 5.1)."""

    __hash__ = object.__hash__  # Enum's own is slow

    CLIENT = "client"
    UPSTREAM = "upstream"


# An enumeration's member costs several times what a name of the module does.
CLIENT: Final = Side.CLIENT
UPSTREAM: Final = Side.UPSTREAM
OTHER: Final = {CLIENT: UPSTREAM, UPSTREAM: CLIENT}

GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
NO_STATUS: Final = 1005
"""Stands for a Close frame without a code: never written."""
ABNORMAL: Final = 1006
"""Stands for a connection that ended without a Close frame: never written, either."""
INVALID_PAYLOAD: Final = 1007
POLICY: Final = 1008
TOO_BIG: Final = 1009
INTERNAL: Final = 1011

CONTROL_PAYLOAD_MAX: Final = 125
"""Bytes (RFC 6455, 5.5)."""
NO_BOUND: Final = 1 << 64
"""More than any header can tell."""


class Close(NamedTuple):
    """What a Close frame says."""

    code: int
    reason: str = ""


class FramesCame(NamedTuple):
    """Bytes came that may be passed on: data frames and pings, or parts of a data frame."""

    source: Side
    messages: int
    """Messages that begin in them."""
    pings: int
    payload: int
    """Bytes of messages: headers and pings do not count."""
    whole: bool
    """Whether they end where a frame does."""


class PongCame(NamedTuple):
    source: Side
    payload: bytes
    """Unmasked."""


class CloseCame(NamedTuple):
    source: Side
    close: Close


class StreamBroke(NamedTuple):
    """The source broke the protocol, or a bound; `close` says how. Nothing follows."""

    source: Side
    close: Close


FrameEvent: TypeAlias = FramesCame | PongCame | CloseCame | StreamBroke
