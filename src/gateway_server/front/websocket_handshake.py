"""The opening handshake of a WebSocket (RFC 6455, section 4.2; RFC 8441, section 5).

No extension is ever accepted: a compressed message has no size that could be bounded
before it is inflated.
"""

from wsproto.utilities import generate_accept_token

from gateway_core.message import Fields, RequestHead, members, value


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
