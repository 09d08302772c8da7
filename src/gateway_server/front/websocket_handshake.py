"""The opening handshake of a WebSocket (RFC 6455, section 4.2; RFC 8441, section 5).

No extension is ever accepted: a compressed message has no size that could be bounded
before it is inflated.
"""

import binascii
from typing import Final

from wsproto.utilities import generate_accept_token

from gateway_core.message import Fields, RequestHead, members, value
from gateway_core.refusal import Refusal

_VERSION: Final = b"13"
_KEY_BYTES: Final = 16

BAD_VERSION: Final = Refusal(
    426,
    "websocket-version",
    "This server speaks version 13 of the WebSocket protocol.",
    ((b"sec-websocket-version", _VERSION), (b"upgrade", b"websocket")),
    close=True,
)
BAD_METHOD: Final = Refusal(
    400, "websocket-method", "A WebSocket begins with a GET of HTTP/1.1.", close=True
)
BAD_KEY: Final = Refusal(
    400, "websocket-key", "Sec-WebSocket-Key is 16 bytes in base64, and not repeated.", close=True
)


def handshake_flaw(head: RequestHead) -> Refusal | None:
    """Say what is wrong with the handshake in `head`, which is known to ask for a WebSocket."""
    if head.version == "1.0" or head.method not in ("GET", "CONNECT"):
        return BAD_METHOD
    if value(head.fields, b"sec-websocket-version") != _VERSION:
        return BAD_VERSION
    if head.version != "2" and not _is_key(head.fields):
        return BAD_KEY
    return None


def subprotocols(head: RequestHead) -> list[str]:
    """Return the subprotocols that the client offers, in its order."""
    return [offer.decode("latin-1") for offer in members(head.fields, b"sec-websocket-protocol")]


def acceptance(head: RequestHead, subprotocol: str | None, more: Fields) -> tuple[int, Fields]:
    """Return status and fields of the answer that opens the WebSocket.

    Raises ValueError for a subprotocol that was not offered, and for fields that are not
    the application's to send.
    """
    if subprotocol is not None and subprotocol not in subprotocols(head):
        raise ValueError(f"the client did not offer the subprotocol {subprotocol!r}")
    for name, _ in more:
        if name in {b"sec-websocket-protocol", b"sec-websocket-extensions"}:
            raise ValueError(f"{name!r} is not the application's to send")
    fields = more
    if subprotocol is not None:
        fields = ((b"sec-websocket-protocol", subprotocol.encode("latin-1")), *fields)
    if head.version == "2":
        return 200, fields
    accept = generate_accept_token(value(head.fields, b"sec-websocket-key") or b"")
    upgrade = ((b"upgrade", b"websocket"), (b"connection", b"Upgrade"))
    return 101, (*upgrade, (b"sec-websocket-accept", accept), *fields)


def _is_key(fields: Fields) -> bool:
    keys = [found for name, found in fields if name == b"sec-websocket-key"]
    try:
        return len(keys) == 1 and len(binascii.a2b_base64(keys[0], strict_mode=True)) == _KEY_BYTES
    except binascii.Error:
        return False
