"""An HTTP request, and the exchange that answers it.

One task performs what the exchange commands; that the client left is told beside.
Bytes go from socket to socket with back-pressure: the next piece of a body is asked
for only when the last one was taken.

    __call__   under any ASGI server: a task a request watches the client
    begin      under our own connections: no task, no scope, no timer a request
"""

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Final, NoReturn, Protocol, assert_never

import trio

from gateway_core.clock import NEVER, Instant
from gateway_core.exchange import (
    Abandoned,
    AskAuthority,
    BodyEnded,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Compose,
    Cut,
    Event,
    Exchange,
    Inform,
    InquiryEnded,
    InterimSent,
    PassTrailers,
    Policies,
    Record,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    RequestTrailersRead,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    ResponseTrailersRead,
    Stage,
    StreamBody,
    SwitchProtocols,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
    VerifyToken,
)
from gateway_core.message import Fields, ResponseHead

from .composition import Composer, Compositor, PartClient, nobody_composes
from .downstream import Downstream, OwnConnection, Receive, Scope, Send, downstream
from .drive import Driver, LaneDriver
from .front.contract import Lane, LaneStream
from .identifiers import fresh_id
from .identity.contract import NOBODY_ASKS, Inquirer
from .telemetry import AccessLog
from .timers import now, unix_time
from .upstream import Answer, CallFailedError, UpstreamClient


class HttpEdge:
    """Answers every HTTP request that is not the gateway's own."""

    def __init__(
        self,
        policies: Policies,
        clients: Mapping[str, UpstreamClient],
        log: AccessLog,
        inquirer: Inquirer = NOBODY_ASKS,
    ) -> None:
        self._policies = policies
        self._clients = clients
        self._log = log
        self._inquirer = inquirer
        self._compose = Composer(policies, self._ask).compose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI).

        Raises TransferCutError where the answer must not look complete, and the
        server knows no better way.
        """
        client = await downstream(scope, receive, send)
        exchange = Exchange(self._policies)
        talk = _Talk(exchange, self._clients, client)
        talk.inquirer, talk.compose = self._inquirer, self._compose
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned())
        talk.tell, talk.consult = driver.tell, driver.consult
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

    def begin(self, stream: LaneStream, lane: Lane) -> "LaneTalk":
        """Take a request of one of our own connections on. See `front.contract.Conversation`."""
        talk = LaneTalk(Exchange(self._policies), self._clients, stream, lane, self._note)
        talk.inquirer, talk.compose = self._inquirer, self._compose
        return talk

    async def _ask(self, client: PartClient, part: str) -> Record:
        """Ask for a part of a composition. See `composition.composer.Ask`."""
        exchange = Exchange(self._policies)
        talk = _Talk(exchange, self._clients, client)
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned())
        talk.tell, talk.consult = driver.tell, driver.consult
        try:
            await driver.run(RequestArrived(client.head, fresh_id(), part=part))
        finally:
            await talk.give_back()
            self._note(exchange, client, now())
        return exchange.record

    def _note(self, exchange: Exchange, client: Downstream, at: Instant) -> None:
        """Write the line of an exchange that ended; the front tells of what it refused itself."""
        if not client.refused or exchange.record.answered < NEVER:
            head = client.head
            self._log.exchange_ended(exchange.record, head.method, head.target, at)


async def _watch(client: Downstream, talk: "_Talk") -> None:
    await client.watch()
    talk.client_left()


class _Tell(Protocol):
    def __call__(self, event: Event, /) -> None: ...


class _Consult(Protocol):
    def __call__(self, event: Event, /) -> Sequence[Command]: ...


class _Note(Protocol):
    def __call__(self, exchange: Exchange, client: Downstream, at: Instant, /) -> None: ...


_PROGRESS: Final = {stage: CallProgressed(stage) for stage in Stage}
"""Made once: a call that goes well tells one of them."""


def _nobody_listens(event: Event, /) -> NoReturn:
    raise AssertionError(f"told {event} before there was a driver")


class _Talk:
    """Performs the commands of one exchange; to a call it is its `upstream.Asides`."""

    def __init__(
        self, exchange: Exchange, clients: Mapping[str, UpstreamClient], client: Downstream
    ) -> None:
        self.cut = False
        self.tell: _Tell = _nobody_listens
        self.inquirer: Inquirer = NOBODY_ASKS
        self.compose: Compositor = nobody_composes
        self.consult: _Consult = _nobody_listens
        self._exchange = exchange
        self._clients = clients
        self._client = client
        self._answer: Answer | None = None
        self._ending = False
        """Whether the client has, or is being sent, all that it was promised."""
        self._held = b""
        """A piece of the request's body that was read, and not handed on."""

    def client_left(self) -> None:
        """Tell the exchange, unless the client may go."""
        if self._client.refused:
            self.tell(RequestBodyBroke())
        elif not self._ending:
            self.tell(ClientLeft())

    async def give_back(self) -> None:
        """Give back what the upstream's answer holds."""
        if self._answer is not None:
            await self._answer.aclose()

    def perform(self, command: Command) -> Awaitable[Event | None]:
        """Perform `command`. Not a coroutine of its own: each frame costs at each wait."""
        match command:
            case CallUpstream():
                return self._call(command)
            case StreamBody():
                return self._stream(command)
            case Respond():
                return self._respond(command)
            case Compose():
                return self.compose(command)
            case Cut():
                return self._cut_off()
            case Inform() | PassTrailers():
                raise AssertionError(f"{command} is performed by whoever consulted")
            case SwitchProtocols():
                raise AssertionError("no handshake is told of here")
            case VerifyToken() | AskAuthority():
                return self._inquire(command)
            case _:
                assert_never(command)

    async def _inquire(self, command: VerifyToken | AskAuthority) -> Event:
        return InquiryEnded(await self.inquirer.ask(command))

    async def _cut_off(self) -> None:
        self.cut = True

    async def _call(self, command: CallUpstream) -> Event:
        client = self._clients[command.upstream.name]
        try:
            answer = await client.call(command, self._next_of_body, self._progressed, asides=self)
        except CallFailedError as error:
            return UpstreamFailed(error.kind)
        self._answer = answer
        return UpstreamAnswered(answer.head, answer.asked_at, answer.answered_at)

    def _progressed(self, stage: Stage) -> None:
        self.tell(_PROGRESS[stage])

    async def _next_of_body(self) -> bytes:
        if not self._held:
            self.tell(RequestBodySent())
            piece = await self._client.read()
            if piece is None:
                self.client_left()
            elif piece:
                self.tell(RequestBodyRead(len(piece)))
            self._held = piece or b""
        # Where that was too much, the call is cancelled here, before the bytes go on.
        await trio.lowlevel.checkpoint_if_cancelled()
        piece, self._held = self._held, b""
        return piece

    async def informed(self, status: int, fields: Fields) -> None:
        """See `upstream.Asides.informed`."""
        for command in self.consult(UpstreamInformed(ResponseHead(status, fields, 0))):
            assert isinstance(command, Inform)
            try:
                await self._client.inform(command.head)
            except OSError:
                self.client_left()
            else:
                self.tell(InterimSent())

    def trailers(self) -> Fields:
        """See `upstream.Asides.trailers`."""
        trailers = self._client.trailers
        return self._passing(RequestTrailersRead(trailers)) if trailers else ()

    def _passing(self, event: RequestTrailersRead | ResponseTrailersRead) -> Fields:
        """Return which trailers go on."""
        passing: Fields = ()
        for command in self.consult(event):
            assert isinstance(command, PassTrailers)
            passing = command.trailers
        return passing

    async def _stream(self, command: StreamBody) -> Event:
        answer = self._answer
        assert answer is not None
        if not answer.uploading:
            return await self._stream_answer(command, answer)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_finish_upload, answer)
            ended = await self._stream_answer(command, answer)
            nursery.cancel_scope.cancel()
        return ended

    async def _stream_answer(self, command: StreamBody, answer: Answer) -> Event:
        try:
            await self._client.start(command.head)
            await self._copy(answer)
        except CallFailedError as error:
            return UpstreamBroke(error.kind)
        except OSError:
            return ClientLeft()
        return BodyEnded()

    async def _copy(self, answer: Answer) -> None:
        tell, client = self.tell, self._client
        left = answer.head.body
        while True:
            if not answer.at_hand:
                await client.flush()
            piece = await answer.read()
            last = not piece or answer.ended
            left -= len(piece)
            # A client that has all that it was promised may go: that is no leaving.
            self._ending = last or left == 0
            if last:
                break
            tell(ResponseBodyRead(len(piece)))
            await client.send(piece)
            tell(ResponseBodySent())
        await answer.aclose()
        if piece:
            tell(ResponseBodyRead(len(piece)))
        trailers = answer.trailers
        if trailers:
            trailers = self._passing(ResponseTrailersRead(trailers))
        with suppress(OSError) if left == 0 and not piece else nullcontext():
            await client.end(piece, trailers)

    async def _respond(self, command: Respond) -> None:
        head = command.head
        if command.close:
            head = replace(head, fields=(*head.fields, (b"connection", b"close")))
        with suppress(OSError):  # the client need not wait for what it is told
            await self._client.start(head)
            await self._client.end(command.body)


async def _finish_upload(answer: Answer) -> None:
    """Send the rest of a body whose answer is being streamed; what stops it, the answer shows."""
    with suppress(CallFailedError):
        await answer.finish_upload()


_ABANDONED: Final = Abandoned()


class LaneTalk(_Talk):
    """One exchange on one of our own connections. See `front.contract.Conversation`."""

    def __init__(
        self,
        exchange: Exchange,
        clients: Mapping[str, UpstreamClient],
        stream: LaneStream,
        lane: Lane,
        note: _Note,
    ) -> None:
        super().__init__(exchange, clients, OwnConnection(stream))
        self._lane_stream = stream
        self._alarm = lane.alarm
        self._driver: LaneDriver[Event, Command] = LaneDriver(exchange, lane.interrupt, lane.alarm)
        self.tell, self.consult = self._driver.tell, self._driver.consult
        self._note = note
        self._first: Event | None = RequestArrived(stream.head, fresh_id(), unix_time())

    @property
    def deadline(self) -> Instant:
        """When to call `tick`."""
        return self._exchange.deadline

    def run(self) -> Awaitable[None]:
        """Serve the request, or go on after an interruption; return once it is over."""
        first, self._first = self._first, None
        return self._driver.run(first, self.perform)

    async def _stream(self, command: StreamBody) -> Event:
        answer = self._answer
        assert answer is not None
        body = answer.whole
        if body is None:
            return await super()._stream(command)
        # What most answers are: all of it is here, and the client takes it in one write.
        self._ending = True
        head = command.head
        if self._lane_stream.answer_at_once(head.status, head.fields, body):
            return BodyEnded(len(body))
        self.tell(ResponseBodyRead(len(body)))
        try:
            await self._lane_stream.settle()
        except OSError:
            return ClientLeft()
        return BodyEnded()

    def tick(self) -> None:
        """Hear that the deadline has come."""
        self._driver.tick()

    def close(self) -> None:
        """Hear that `run` will not be called again."""
        self._driver.abandon(_ABANDONED)
        if self._answer is not None:
            self._answer.drop()
        self._note(self._exchange, self._client, self._alarm.now())
