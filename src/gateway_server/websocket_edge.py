"""An ASGI WebSocket, answered by an HTTP refusal: sockets are not relayed yet."""

from typing import Final

from gateway_core.exchange import Doubtful, Policies, Record, admit
from gateway_core.refusal import Refusal, refused

from .downstream import Receive, Scope, Send, request_head
from .identifiers import fresh_id
from .telemetry import AccessLog
from .timers import now, unix_time

NOT_RELAYED: Final = Refusal(
    501, "websocket-not-relayed", "This gateway does not relay WebSockets yet."
)


class WebSocketEdge:
    """Answers every handshake."""

    def __init__(self, policies: Policies, log: AccessLog) -> None:
        self._policies = policies
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one handshake (ASGI, with the denial response)."""
        await receive()
        head = request_head({**scope, "method": "GET"})
        record = Record()
        policies, wall = self._policies, unix_time()
        admitted = admit(head, fresh_id(), policies, record, now(), wall=wall, upgrade=True)
        if isinstance(admitted, Refusal):
            refusal = admitted
        elif isinstance(admitted, Doubtful):
            refusal = NOT_RELAYED  # whoever asks
        else:
            refusal = NOT_RELAYED.with_fields(*admitted.fields)
            admitted.release()
        record.status, record.reason = refusal.status, refusal.reason
        answer, body = refused(refusal, record.request_id, head.method)
        record.bytes_out = len(body)
        fields = list(answer.fields)
        await send(
            {"type": "websocket.http.response.start", "status": answer.status, "headers": fields}
        )
        await send({"type": "websocket.http.response.body", "body": body})
        self._log.exchange_ended(record, head.method, head.target, now())
