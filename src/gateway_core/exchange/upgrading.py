"""What a handshake for a WebSocket is answered, until sockets are relayed (RFC 6455, 4.2.2)."""

from typing import Final

from ..clock import Instant
from ..message import RequestHead
from ..refusal import Refusal
from .admission import admit
from .policies import Policies
from .record import Record

NOT_RELAYED: Final = Refusal(
    501, "websocket-not-relayed", "This gateway does not relay WebSockets yet."
)


def refuse_upgrade(
    head: RequestHead, fresh_id: str, policies: Policies, record: Record, now: Instant
) -> Refusal:
    """Return why the handshake is refused: what admission says, or that we cannot.

    `record` is told what was found out, and why.
    """
    admitted = admit(head, fresh_id, policies, record, now, upgrade=True)
    if isinstance(admitted, Refusal):
        refusal = admitted
    else:
        refusal = NOT_RELAYED.with_fields(*admitted.fields)
        admitted.release()
    record.status, record.reason = refusal.status, refusal.reason
    return refusal
