"""A request for one of the gateway's own pages: answered by ASGI, told like any other.

Its answer bears the request's id, and it has its line in the access log.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from gateway_core.exchange import Record
from gateway_core.forwarding import ForwardingRules, find_client, request_id

from .downstream import Message, Receive, Scope, Send, request_head
from .identifiers import fresh_id
from .telemetry import AccessLog
from .telemetry.pages import RECORD
from .timers import now

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID: Final = b"x-request-id"


class PageEdge:
    """Serves what `pages` serves (ASGI)."""

    def __init__(self, pages: Application, rules: ForwardingRules, log: AccessLog) -> None:
        """`rules` say whose word on the client's address counts."""
        self._pages = pages
        self._rules = rules
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        head = request_head(scope)
        client = find_client(head, self._rules)
        record = Record(client.address, request_id(head.fields, fresh_id()))
        record.started = now()

        async def receiving() -> Message:
            message = await receive()
            record.bytes_in += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                others = [line for line in message["headers"] if line[0] != _REQUEST_ID]
                told = (_REQUEST_ID, record.request_id.encode("latin-1"))
                message["headers"] = [*others, told]
            elif head.method != "HEAD":
                record.bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self._pages({**scope, RECORD: record}, receiving, sending)
        finally:
            if record.status == 0:
                record.status, record.reason = 499, "client-left"
            self._log.exchange_ended(record, head.method, head.target, now())
