"""A WebSocket's handshake: the client's with us, and ours with the upstream.

    the client's request   handshake_flaw, upgrade_refusal   400, 426 · 403
    what we ask            Handshake.fields                  a key of our own, deflate as offered
    the upstream's 101     Handshake.agreed                  502, where it is not what we asked for
    what we answer         switching_head                    101, with the client's own key

What is between the two ends, such as the subprotocol, passes as it was said. Of extensions only
permessage-deflate goes on: what another one makes of a frame's header nobody here could judge.

Source: RFC 6455, sections 4.1, 4.2 and 10.2; RFC 7692, section 5; RFC 8441, section 5.
"""

import base64
import binascii
import hashlib
from typing import Final, NamedTuple

from ..frozen import frozen
from ..message import Fields, RequestHead, ResponseHead, members, value, values
from ..refusal import Refusal
from ..routing import Route

VERSION: Final = b"13"
KEY_BYTES: Final = 16
SWITCHING: Final = 101
DEFLATE: Final = b"permessage-deflate"

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

KEY: Final = b"sec-websocket-key"
ACCEPT: Final = b"sec-websocket-accept"
EXTENSIONS: Final = b"sec-websocket-extensions"
PROTOCOL: Final = b"sec-websocket-protocol"
_VERSION_FIELD: Final = b"sec-websocket-version"

REBUILT: Final = frozenset({KEY, _VERSION_FIELD, EXTENSIONS})
"""Fields of the client's handshake that we write afresh."""

BAD_VERSION: Final = Refusal(
    426,
    "websocket-version",
    "This server speaks version 13 of the WebSocket protocol.",
    ((_VERSION_FIELD, VERSION), (b"upgrade", b"websocket")),
    close=True,
)
BAD_METHOD: Final = Refusal(
    400, "websocket-method", "A WebSocket begins with a GET of HTTP/1.1.", close=True
)
BAD_KEY: Final = Refusal(
    400, "websocket-key", "Sec-WebSocket-Key is 16 bytes in base64, and not repeated.", close=True
)
NO_WEBSOCKETS: Final = Refusal(403, "websocket-refused", "This route takes no WebSockets.")
FOREIGN_ORIGIN: Final = Refusal(
    403, "websocket-origin", "Pages of this origin may not open WebSockets here."
)


def handshake_flaw(head: RequestHead) -> Refusal | None:
    """Say what is wrong with the handshake in `head`, which is known to ask for a WebSocket.

    That it has no body is seen to before anybody takes it for one.
    """
    if head.version == "1.0" or head.method not in ("GET", "CONNECT"):
        return BAD_METHOD
    if value(head.fields, _VERSION_FIELD) != VERSION:
        return BAD_VERSION
    return None if head.version == "2" or _is_key(head.fields) else BAD_KEY


def _is_key(fields: Fields) -> bool:
    keys = values(fields, KEY)
    try:
        return len(keys) == 1 and len(binascii.a2b_base64(keys[0], strict_mode=True)) == KEY_BYTES
    except binascii.Error:
        return False


def upgrade_refusal(head: RequestHead, route: Route) -> Refusal | None:
    """Say why `route` takes no WebSocket from this client.

    Who names no origin is no page: a browser always names it (RFC 6455, 10.2), and that other
    clients need not is nobody's protection.
    """
    if not route.websocket:
        return NO_WEBSOCKETS
    if route.origins is None:
        return None
    told = values(head.fields, b"origin")
    return None if all(origin.lower() in route.origins for origin in told) else FOREIGN_ORIGIN


class Agreed(NamedTuple):
    """What a 101 settled."""

    deflated: bool
    """Whether messages may be compressed."""
    subprotocol: bytes
    """One that the client offered; b"" for none."""


@frozen
class Handshake:
    """What is asked of an upstream in the name of one client."""

    key: bytes
    """In base64."""
    offers: tuple[bytes, ...]
    """What the client offers of permessage-deflate, in its words."""
    subprotocols: tuple[bytes, ...]

    @property
    def fields(self) -> Fields:
        """What the request bears beside what is forwarded."""
        asked: Fields = (
            (b"connection", b"Upgrade"),
            (b"upgrade", b"websocket"),
            (_VERSION_FIELD, VERSION),
            (KEY, self.key),
        )
        return (*asked, (EXTENSIONS, b", ".join(self.offers))) if self.offers else asked

    def agreed(self, head: ResponseHead) -> Agreed | None:
        """Return what the upstream's 101 settles, None where it is not one to our request."""
        fields = head.fields
        if head.status != SWITCHING:
            return None
        upgrade = [told.lower() for told in values(fields, b"upgrade")]
        options = [option.lower() for option in members(fields, b"connection")]
        if upgrade != [b"websocket"] or b"upgrade" not in options:
            return None
        if values(fields, ACCEPT) != [accept_token(self.key)]:
            return None
        extensions = list(members(fields, EXTENSIONS))
        if len(extensions) > len(self.offers[:1]) or not all(map(_is_deflate, extensions)):
            return None
        chosen = values(fields, PROTOCOL)
        if len(chosen) > 1 or not all(name in self.subprotocols for name in chosen):
            return None
        return Agreed(bool(extensions), chosen[0] if chosen else b"")


def handshake_of(head: RequestHead, fresh_id: str) -> Handshake:
    """Return what to ask the upstream for the client that sent `head`.

    The key is made of `fresh_id`, which nobody can foretell and which is used once.
    """
    digest = hashlib.sha256(b"websocket " + fresh_id.encode("utf-8")).digest()
    return Handshake(
        base64.b64encode(digest[:KEY_BYTES]),
        tuple(offer for offer in members(head.fields, EXTENSIONS) if _is_deflate(offer)),
        tuple(members(head.fields, PROTOCOL)),
    )


def _is_deflate(member: bytes) -> bool:
    return member.partition(b";")[0].rstrip(b" \t").lower() == DEFLATE


def accept_token(key: bytes) -> bytes:
    """Return what proves that `key` was read by somebody who speaks WebSocket (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def may_open(head: ResponseHead, asked: RequestHead) -> bool:
    """Tell whether the client would take the upstream's answer for an open WebSocket.

    Over HTTP/2 every 2xx opens what was asked for (RFC 8441, 4).
    """
    return head.status == SWITCHING or (asked.version == "2" and head.status // 100 == 2)


def switching_head(head: ResponseHead, asked: RequestHead) -> ResponseHead:
    """Return the answer that opens the client's WebSocket; `head` is the forwarded 101."""
    fields = tuple(line for line in head.fields if line[0] != ACCEPT)
    key = value(asked.fields, KEY)
    if key is None:
        return ResponseHead(200, fields, 0)  # over HTTP/2
    ours = (
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (ACCEPT, accept_token(key)),
    )
    return ResponseHead(SWITCHING, (*ours, *fields), 0)
