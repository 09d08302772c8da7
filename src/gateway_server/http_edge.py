"""An HTTP request, and the exchange that answers it.

One task performs what the exchange commands; that the client left is told beside.
Bytes go from socket to socket with back-pressure: the next piece of a body is asked
for only when the last one was taken.

    __call__   under any ASGI server: a task a request watches the client
    begin      under our own connections: no task, no scope, no timer a request
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, Protocol

import trio

from gateway_core.clock import NEVER, Instant
from gateway_core.exchange import (
    Abandoned,
    BodyEnded,
    ClientLeft,
    Command,
    Event,
    Exchange,
    Policies,
    Record,
    RefreshStarted,
    RelayEnded,
    RequestArrived,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    SendStored,
    StreamBody,
    SwitchProtocols,
)
from gateway_core.message import ResponseHead

from .caching import Shelf
from .composition import Composer, PartClient
from .downstream import Downstream, Nobody, OwnConnection, Receive, Scope, Send, downstream
from .drive import Driver, LaneDriver
from .encoding.encoded_body import Source
from .encoding.encoders import encode
from .front.contract import Lane, LaneStream
from .front.streams import ClientLeftError
from .identifiers import fresh_id
from .identity.contract import NOBODY_ASKS, Inquirer
from .relaying import Carrying, Relays
from .splicing import Pipe, open_pipe
from .talk import Means, Talk
from .telemetry import AccessLog
from .timers import clock, now, unix_time
from .upstream import UpstreamClient
from .upstream.http1_answer import Http1Answer


class HttpEdge:
    """Answers every HTTP request that is not the gateway's own."""

    def __init__(
        self,
        policies: Policies,
        clients: Mapping[str, UpstreamClient],
        log: AccessLog,
        relays: Relays,
        inquirer: Inquirer = NOBODY_ASKS,
    ) -> None:
        self._policies = policies
        self._log = log
        self._relays = relays
        self.shelf = Shelf(policies.cache, self._refresh)
        self._means = Means(clients, self.shelf, inquirer, Composer(policies, self._ask).compose)
        self._own_means = Means(clients, self.shelf)
        """What nobody outside asks for needs no proof of who asks, and composes nothing."""
        self._now: Callable[[], Instant] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI).

        Raises TransferCutError where the answer must not look complete, and the
        server knows no better way.
        """
        client = await downstream(scope, receive, send)
        exchange = Exchange(self._policies)
        talk = Talk(exchange, self._means, client)
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned())
        talk.heard_by(driver)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_watch, client, talk)
                await driver.run(RequestArrived(client.head, fresh_id(), unix_time()))
                nursery.cancel_scope.cancel()
        finally:
            await talk.give_back()
            self._note(exchange, client, now())
        if talk.cut:
            client.cut()

    def begin(self, stream: LaneStream, lane: Lane, *, upgrade: bool) -> "LaneTalk":
        """Take a request of one of our own connections on. See `front.contract.Conversation`."""
        talk = LaneTalk(Exchange(self._policies), self._means, stream, lane, self._note)
        if upgrade:
            talk.expect_upgrade(self._relays)
        return talk

    async def _ask(self, client: PartClient, part: str) -> Record:
        """Ask for a part of a composition. See `composition.composer.Ask`."""
        exchange = Exchange(self._policies)
        talk = _PartTalk(exchange, self._own_means, client)
        client.hear(talk.client_left)
        arrived = RequestArrived(
            client.head, "", part=part, consumer=client.consumer, told=client.told
        )
        await self._drive(talk, exchange, client, arrived)
        return exchange.record

    async def _refresh(self, exchange: Exchange) -> None:
        """Let `exchange` fetch what is newer than what is stored; nobody waits for it."""
        client = Nobody(exchange.head)
        await self._drive(
            Talk(exchange, self._own_means, client), exchange, client, RefreshStarted()
        )

    async def _drive(
        self, talk: Talk, exchange: Exchange, client: Downstream, first: Event
    ) -> None:
        """Drive an exchange that no client of ours carries."""
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned(), self._clock())
        talk.heard_by(driver)
        try:
            await driver.run(first)
        finally:
            await talk.give_back()
            self._note(exchange, client, driver.clock())

    def _clock(self) -> Callable[[], Instant]:
        """Return what tells the time; found when it is first asked for, since a run has its own."""
        if self._now is None:
            self._now = clock()
        return self._now

    def _note(self, exchange: Exchange, client: Downstream, at: Instant) -> None:
        """Write the line of an exchange that ended; the front tells of what it refused itself."""
        if not client.refused or exchange.record.answered < NEVER:
            head = client.head
            self._log.exchange_ended(exchange.record, head.method, head.target, at)


async def _watch(client: Downstream, talk: Talk) -> None:
    await client.watch()
    talk.client_left()


class _PartTalk(Talk):
    """One exchange for the sake of a composition, whose client takes what comes at once."""

    _client: PartClient

    async def _stream_on(self, command: StreamBody) -> Event:
        answer = self._answer
        assert answer is not None
        body = None if command.coding or self._read else answer.whole
        if body is None:
            return await super()._stream_on(command)
        self.shelf.settle()
        return BodyEnded(len(body)) if self._client.take(command.head, body) else ClientLeft()


class _Note(Protocol):
    def __call__(self, exchange: Exchange, client: Downstream, at: Instant, /) -> None: ...


_ABANDONED: Final = Abandoned()
_CLOSE: Final = (b"connection", b"close")


class LaneTalk(LaneDriver[Event, Command], Talk):
    """One exchange on one of our own connections. See `front.contract.Conversation`.

    It drives and performs, in one object: what is made for each request is to be little.
    """

    def __init__(
        self, exchange: Exchange, means: Means, stream: LaneStream, lane: Lane, note: _Note
    ) -> None:
        super().__init__(exchange, lane)
        Talk.__init__(self, exchange, means, OwnConnection(stream))
        self._lane_stream = stream
        self._note = note
        self._relays: Relays | None = None
        self._said = 0
        """Bytes of a body that was said at once, but for what `settle` is to send."""
        self._carrying: Carrying[bytes] | None = None
        """An open WebSocket."""

    def expect_upgrade(self, relays: Relays) -> None:
        """Take the request for a WebSocket's handshake; `relays` opens what it leads to."""
        self._relays = relays

    @property
    def deadline(self) -> Instant:
        """When to call `tick`."""
        carrying = self._carrying
        return self._exchange.deadline if carrying is None else carrying.deadline

    def begin(self) -> None:
        """Tell of the request, and answer it where that takes no waiting."""
        head, upgrade = self._lane_stream.head, self._relays is not None
        commands = self.tell_first(RequestArrived(head, fresh_id(), unix_time(), upgrade))
        if len(commands) == 1:
            command = commands[0]
            if isinstance(command, Respond):
                self._say(command)
            elif isinstance(command, SendStored) and self._say_stored(command):
                self._exchange.receive(BodyEnded(self._said), self._alarm.now())

    def run(self) -> Awaitable[None]:
        """Go on, at first or after an interruption; return once it is over."""
        return self.drive(self.perform)

    def _say(self, command: Respond) -> bool:
        """Answer from here; return whether the client took it at once."""
        head = command.head
        fields = (*head.fields, _CLOSE) if command.close else head.fields
        body = encode(command.coding, command.body)
        return self._lane_stream.answer_at_once(head.status, fields, body)

    def _say_stored(self, command: SendStored) -> bool:
        """Answer from the shelf; return whether it is there whole, and the client took it at once."""
        whole = self.shelf.whole(command.body, command.start, command.end)
        if whole is None:
            return False
        self._ending = True
        body = encode(command.coding, whole)
        self._said = len(body)
        return self._lane_stream.answer_at_once(command.head.status, command.head.fields, body)

    def _stream(self, command: StreamBody) -> Awaitable[Event]:
        answer = self._answer
        assert answer is not None
        body = None if command.coding or self._read else answer.whole
        if body is None:
            return super()._stream(command)
        # What most answers are: all of it is here, and the client takes it in one write.
        return self._answer_whole(command.head, body)

    async def _pass_on(self, source: Source, left: int) -> int:
        stream = self._lane_stream
        if not isinstance(source, Http1Answer) or not source.drawable == stream.pours == left:
            return 0
        pipe = open_pipe()
        if pipe is None:
            return 0
        try:
            while source.drawable:
                moved = await source.draw(pipe)
                self._ending = not source.drawable
                self.tell(ResponseBodyRead(moved))
                await stream.pour(pipe, self._client_took_some)
                self.tell(ResponseBodySent())
        finally:
            pipe.close()
        return left

    @property
    def drawable(self) -> int:
        """See `upstream.Asides.drawable`: what may be sent again must be read."""
        body = self._body
        return self._lane_stream.drawable if body is not None and body.let_go else 0

    async def draw(self, pipe: Pipe) -> None:
        """See `upstream.Asides.draw`."""
        self.tell(RequestBodySent())
        try:
            self.tell(RequestBodyRead(await self._lane_stream.draw(pipe)))
        except ClientLeftError:
            self.client_left()
        # Where that was too much, the call is cancelled here, before the bytes go on.
        await trio.lowlevel.checkpoint_if_cancelled()

    def _client_took_some(self) -> None:
        self.tell(ResponseBodyRead(0))  # its time begins anew

    async def _answer_whole(self, head: ResponseHead, body: bytes) -> Event:
        self._ending = True
        if self._lane_stream.answer_at_once(head.status, head.fields, body):
            return BodyEnded(len(body))
        return await self._settle_answer(len(body))

    async def _settle_answer(self, size: int) -> Event:
        """Send what is left of a whole answer, whose body has `size` bytes."""
        self.tell(ResponseBodyRead(size))
        try:
            await self._lane_stream.settle()
        except OSError:
            return ClientLeft()
        return BodyEnded()

    async def _respond(self, command: Respond) -> None:
        if self._lane_stream.started or not self._say(command):
            with suppress(OSError):  # the client need not wait for what it is told
                await self._lane_stream.settle()

    def _send_stored(self, command: SendStored) -> Awaitable[Event]:
        # What was begun at once is in the stream's hands, whatever became of the shelf's.
        if self._lane_stream.started:
            return self._settle_answer(self._said)
        return super()._send_stored(command)

    async def _switch(self, command: SwitchProtocols) -> Event:
        assert self._answer is not None
        assert self._relays is not None
        record, stream = self._exchange.record, self._lane_stream
        wire, rest = self._answer.switched()
        try:
            client = await stream.switch(command.head.fields)
            upstream = self._exchange.policies.upstreams[record.upstream]
            self._carrying = carrying = self._relays.frames(
                record.route,
                upstream,
                client,
                (wire, rest),
                self._alarm,
                deflated=command.deflated,
            )
            self._alarm.look()
            await carrying.run()
        except OSError:
            return ClientLeft()
        finally:
            wire.close()
        return self._closed(carrying)

    def _closed(self, carrying: Carrying[bytes]) -> RelayEnded:
        assert self._relays is not None
        self._carrying = None
        self._relays.forget(carrying)
        self._lane_stream.end_switched(cut=carrying.client_cut)
        return carrying.ended

    def tick(self) -> None:
        """Hear that the deadline has come."""
        if self._carrying is None:
            super().tick()
        else:
            self._carrying.tick()

    def close(self) -> None:
        """Hear that `run` will not be called again."""
        if self._carrying is not None:  # cancelled, and told so
            self.abandon(self._closed(self._carrying))
        self.abandon(_ABANDONED)
        self._end_reading()
        self.shelf.settle()
        if self._answer is not None:
            self._answer.drop()
        self._note(self._exchange, self._client, self._alarm.now())
