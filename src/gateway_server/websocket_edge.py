"""An ASGI WebSocket, answered by an HTTP refusal: sockets are not relayed yet."""

import secrets

from gateway_core.clock import Instant
from gateway_core.exchange import Policies, Record, refuse_upgrade
from gateway_core.forwarding import find_client, request_id
from gateway_core.refusal import refused

from .downstream import Receive, Scope, Send, request_head
from .telemetry import AccessLog
from .timers import now


class WebSocketEdge:
    """Answers every handshake."""

    def __init__(self, policies: Policies, log: AccessLog) -> None:
        self._policies = policies
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one handshake (ASGI, with the denial response)."""
        await receive()
        head = request_head({**scope, "method": "GET"})
        refusal = refuse_upgrade(head, self._policies)
        record = Record(
            client=find_client(head, self._policies.forwarding).address,
            request_id=request_id(head.fields, secrets.token_hex(16)),
            status=refusal.status,
            reason=refusal.reason,
            started=Instant(now()),
        )
        answer, body = refused(refusal, record.request_id, head.method)
        record.bytes_out = len(body)
        fields = list(answer.fields)
        await send(
            {"type": "websocket.http.response.start", "status": answer.status, "headers": fields}
        )
        await send({"type": "websocket.http.response.body", "body": body})
        self._log.exchange_ended(record, head.method, head.target, now())
