"""What a handshake for a WebSocket is answered, until sockets are relayed (RFC 6455, 4.2.2)."""

from typing import Final

from ..message import RequestHead
from ..refusal import Refusal
from ..routing import ServerOptions
from .policies import Policies
from .refusals import SERVER_OPTIONS

FORBIDDEN: Final = Refusal(403, "websocket-refused", "This route takes no WebSockets.")
NOT_RELAYED: Final = Refusal(
    501, "websocket-not-relayed", "This gateway does not relay WebSockets yet."
)


def refuse_upgrade(head: RequestHead, policies: Policies) -> Refusal:
    """Return why the handshake is refused: what routing says, the route, or that we cannot."""
    found = policies.router.match(head)
    if isinstance(found, Refusal):
        return found
    if isinstance(found, ServerOptions):
        return SERVER_OPTIONS
    return NOT_RELAYED if found.route.websocket else FORBIDDEN
