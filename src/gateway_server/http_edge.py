"""An ASGI HTTP request, and the exchange that answers it.

One task performs what the exchange commands, another watches for the client's
leaving. Bytes go from socket to socket with back-pressure: the next piece of a
body is asked for only when the last one was taken.
"""

import secrets
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import assert_never

import trio

from gateway_core.clock import NEVER
from gateway_core.exchange import (
    Abandoned,
    BodyEnded,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Cut,
    Event,
    Exchange,
    Policies,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    Stage,
    StreamBody,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
)

from .downstream import Downstream, Receive, Scope, Send, downstream
from .drive import Driver
from .telemetry import AccessLog
from .timers import now
from .upstream import Answer, CallFailedError, UpstreamClient


class HttpEdge:
    """Answers every HTTP request that is not the gateway's own."""

    def __init__(
        self, policies: Policies, clients: Mapping[str, UpstreamClient], log: AccessLog
    ) -> None:
        self._policies = policies
        self._clients = clients
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI).

        Raises TransferCutError where the answer must not look complete, and the
        server knows no better way.
        """
        client = await downstream(scope, receive, send)
        exchange = Exchange(self._policies)
        talk = _Talk(exchange, self._clients, client)
        try:
            await talk.run(RequestArrived(client.head, secrets.token_hex(16)))
        finally:
            if not client.refused or exchange.record.answered < NEVER:
                head = client.head
                self._log.exchange_ended(exchange.record, head.method, head.target, now())
        if talk.cut:
            client.cut()


class _Talk:
    """One exchange being driven."""

    def __init__(
        self,
        exchange: Exchange,
        clients: Mapping[str, UpstreamClient],
        client: Downstream,
    ) -> None:
        self.cut = False
        self._ending = False
        self._clients = clients
        self._client = client
        self._answer: Answer | None = None
        self._driver: Driver[Event, Command] = Driver(exchange, self._perform, Abandoned())

    async def run(self, arrived: RequestArrived) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch_client)
                await self._driver.run(arrived)
                nursery.cancel_scope.cancel()
        finally:
            if self._answer is not None:
                await self._answer.aclose()

    async def _watch_client(self) -> None:
        await self._client.watch()
        if self._client.refused:
            self._driver.tell(RequestBodyBroke())
        elif not self._ending:
            self._driver.tell(ClientLeft())

    async def _perform(self, command: Command) -> Event | None:
        match command:
            case CallUpstream():
                return await self._call(command)
            case StreamBody():
                return await self._stream(command)
            case Respond():
                await self._respond(command)
            case Cut():
                self.cut = True
            case _:
                assert_never(command)
        return None

    async def _call(self, command: CallUpstream) -> Event:
        client = self._clients[command.upstream.name]
        try:
            self._answer = await client.call(command, self._next_of_body, self._progressed)
        except CallFailedError as error:
            return UpstreamFailed(error.kind)
        answer = self._answer
        return UpstreamAnswered(answer.head, answer.asked_at, answer.answered_at)

    def _progressed(self, stage: Stage) -> None:
        self._driver.tell(CallProgressed(stage))

    async def _next_of_body(self) -> bytes:
        self._driver.tell(RequestBodySent())
        piece = await self._client.read()
        if piece is None:
            self._driver.tell(ClientLeft())
        elif piece:
            self._driver.tell(RequestBodyRead(len(piece)))
        # Where that was too much, the call is cancelled here, before the bytes go on.
        await trio.lowlevel.checkpoint_if_cancelled()
        return piece or b""

    async def _stream(self, command: StreamBody) -> Event:
        answer = self._answer
        assert answer is not None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_finish_upload, answer)
            try:
                await self._client.start(command.head)
                await self._copy(answer)
            except CallFailedError as error:
                return UpstreamBroke(error.kind)
            except OSError:
                return ClientLeft()
            finally:
                nursery.cancel_scope.cancel()
        return BodyEnded()

    async def _copy(self, answer: Answer) -> None:
        tell, send = self._driver.tell, self._client.send
        left = answer.head.body
        while piece := await answer.read():
            tell(ResponseBodyRead(len(piece)))
            left -= len(piece)
            # A client that has all that it was promised may go: that is no leaving.
            self._ending = left == 0
            await send(piece)
            tell(ResponseBodySent())
        await answer.aclose()
        self._ending = True
        with suppress(OSError) if left == 0 else nullcontext():
            await self._client.end()

    async def _respond(self, command: Respond) -> None:
        head = command.head
        if command.close:
            head = replace(head, fields=(*head.fields, (b"connection", b"close")))
        with suppress(OSError):  # the client need not wait for what it is told
            await self._client.start(head)
            if command.body:
                await self._client.send(command.body)
            await self._client.end()


async def _finish_upload(answer: Answer) -> None:
    """Send the rest of a body whose answer is being streamed; what stops it, the answer shows."""
    with suppress(CallFailedError):
        await answer.finish_upload()
