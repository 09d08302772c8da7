"""An ASGI WebSocket, and the exchange that opens it: the message road.

The handshake is a request like any other; what the upstream says to it goes out as a denial
response, unless it is 101: then the WebSocket is accepted, and a relay takes over.
"""

from collections.abc import Mapping
from typing import Final

import trio

from gateway_core.clock import NEVER, Instant
from gateway_core.exchange import (
    Abandoned,
    ClientLeft,
    Command,
    Event,
    Exchange,
    Policies,
    RequestArrived,
    SwitchProtocols,
)
from gateway_core.message import Fields, RequestHead, ResponseHead

from .downstream import Receive, Scope, Send, request_head
from .drive import Driver
from .identifiers import fresh_id
from .identity.contract import NOBODY_ASKS, Inquirer
from .relaying import Carrying, Load, Relays
from .talk import Means, Talk
from .telemetry import AccessLog
from .timers import Timers, now, unix_time
from .upstream import UpstreamClient

_PER_HOP: Final = frozenset(
    {
        b"connection",
        b"upgrade",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-protocol",
    }
)
"""What the server writes of its own handshake; nothing is compressed over this road."""


class WebSocketEdge:
    """Answers every handshake that comes through ASGI."""

    def __init__(
        self,
        policies: Policies,
        clients: Mapping[str, UpstreamClient],
        log: AccessLog,
        relays: Relays,
        inquirer: Inquirer = NOBODY_ASKS,
    ) -> None:
        self._policies = policies
        self._means = Means(clients, inquirer=inquirer)
        self._log = log
        self._relays = relays
        self._timers: Timers | None = None

    def start_timers(self) -> Timers:
        """Return what keeps the deadlines of open sockets; run it before the first is opened."""
        self._timers = Timers()
        return self._timers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket (ASGI, with the denial response)."""
        assert self._timers is not None, "a server runs the lifespan first"
        await receive()
        client = _Client(scope, receive, send)
        exchange = Exchange(self._policies)
        talk = _SocketTalk(exchange, self._means, client, self._relays, self._timers)
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned())
        talk.heard_by(driver)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_watch, client, talk)
                arrived = RequestArrived(client.head, fresh_id(), unix_time(), upgrade=True)
                await driver.run(arrived)
                nursery.cancel_scope.cancel()
        finally:
            await talk.give_back()
            self._log.exchange_ended(exchange.record, client.head.method, client.head.target, now())


async def _watch(client: "_Client", talk: Talk) -> None:
    with client.watching:
        await client.watch()
        talk.client_left()


class _Client:
    """The client's side of a handshake. See `downstream.Downstream`."""

    trailers: Fields = ()
    refused = False
    begun = False

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = request_head({**scope, "method": "GET"}, 0)
        kept = tuple(line for line in head.fields if line[0] != b"sec-websocket-extensions")
        self.head = RequestHead(
            head.method,
            head.target,
            head.authority,
            kept,
            head.peer,
            {"ws": "http", "wss": "https"}.get(head.scheme, head.scheme),
            head.version,
        )
        self.receive = receive
        self.send_message = send
        self.watching = trio.CancelScope()
        """Around whoever waits for the client to leave, until messages are read."""

    async def read(self) -> bytes | None:
        await trio.lowlevel.checkpoint()
        return b""

    async def watch(self) -> None:
        message = await self.receive()
        assert message["type"] == "websocket.disconnect", "no message comes before it is accepted"

    async def inform(self, head: ResponseHead) -> None:  # noqa: ARG002 - see below
        """Do nothing: ASGI knows no interim answers to a handshake."""
        await trio.lowlevel.checkpoint()

    async def start(self, head: ResponseHead) -> None:
        await self.send_message(
            {
                "type": "websocket.http.response.start",
                "status": head.status,
                "headers": list(head.fields),
            }
        )

    async def flush(self) -> None:
        """Do nothing: a head is sent when the server is told of it."""

    async def send(self, piece: bytes, /) -> None:
        await self._body(piece, more=True)

    async def end(self, piece: bytes = b"", trailers: Fields = (), /) -> None:  # noqa: ARG002 - it has none
        await self._body(piece, more=False)

    async def _body(self, piece: bytes, *, more: bool) -> None:
        await self.send_message(
            {"type": "websocket.http.response.body", "body": piece, "more_body": more}
        )

    def cut(self) -> None:
        """Do nothing: what is not ended when the application returns is cut."""


class _SocketTalk(Talk):
    """Performs the commands of one handshake, and what comes of it."""

    def __init__(
        self,
        exchange: Exchange,
        means: Means,
        client: _Client,
        relays: Relays,
        timers: Timers,
    ) -> None:
        super().__init__(exchange, means, client)
        self._socket = client
        self._relays = relays
        self._alarm = timers.alarm(self._deadline, self._ring)
        self._carrying: Carrying[Load] | None = None

    async def _switch(self, command: SwitchProtocols) -> Event:
        assert self._answer is not None
        record, client = self._exchange.record, self._socket
        wire, rest = self._answer.switched()
        try:
            client.watching.cancel()
            await client.send_message(_acceptance(command, self._relays.message_max(record.route)))
            self._carrying = carrying = self._relays.messages(
                record.route,
                self._exchange.policies.upstreams[record.upstream],
                (client.receive, client.send_message),
                (wire, rest),
                self._alarm,
            )
            self._alarm.look()
            await self._carry(carrying)
        except OSError:
            return ClientLeft()
        finally:
            self._alarm.close()
            wire.close()
        return carrying.ended

    async def _carry(self, carrying: Carrying[Load]) -> None:
        try:
            await carrying.run()
        except BaseException:
            self._exchange.receive(carrying.ended, now())  # for the log
            raise
        finally:
            self._relays.forget(carrying)

    def _deadline(self) -> Instant:
        return NEVER if self._carrying is None else self._carrying.deadline

    def _ring(self) -> None:
        assert self._carrying is not None
        self._carrying.tick()


def _acceptance(command: SwitchProtocols, message_max: int) -> dict[str, object]:
    """Return what accepts a client. Its bound is for our own server: others know no such key."""
    return {
        "type": "websocket.accept",
        "subprotocol": command.subprotocol.decode("latin-1") or None,
        "headers": [line for line in command.head.fields if line[0] not in _PER_HOP],
        "max_message_size": message_max,
    }
