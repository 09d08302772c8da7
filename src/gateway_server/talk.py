"""One exchange, spoken to both of its sides: the client's bytes, the upstream's call.

One task performs what the exchange commands. Bytes go from socket to socket with
back-pressure: the next piece of a body is asked for only when the last one was taken.
"""

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, assert_never

import trio

from gateway_core.exchange import (
    AWAITED,
    AskAuthority,
    AwaitFlight,
    CallBeside,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Compose,
    Cut,
    DropCall,
    Event,
    Exchange,
    Inform,
    InquiryEnded,
    InterimSent,
    KeepBody,
    PassTrailers,
    ReadDocument,
    ReadRequest,
    Refresh,
    RequestBodyBroke,
    RequestBodyRead,
    RequestTrailersRead,
    Respond,
    ResponseTrailersRead,
    SendStored,
    Stage,
    StreamBody,
    SwitchProtocols,
    UpstreamAnswered,
    UpstreamFailed,
    UpstreamInformed,
    VerifyToken,
)
from gateway_core.message import Fields, ResponseHead

from .caching import NO_SHELF, Shelf
from .composition import Compositor, nobody_composes
from .documents import DocumentTalk, document_read, finish_upload
from .downstream import Downstream
from .drive import Driver, LaneDriver
from .encoding.encoders import encode
from .identity.contract import NOBODY_ASKS, Inquirer
from .racing import Race
from .request_body import RequestBody, no_body
from .splicing import Pipe
from .upstream import Answer, BodyReader, CallFailedError, UpstreamClient

_PROGRESS: Final = {stage: CallProgressed(stage) for stage in Stage}
"""Made once: a call that goes well tells one of them."""


def answered(answer: Answer) -> UpstreamAnswered:
    """Return the event of an answer whose head is here."""
    return UpstreamAnswered(answer.head, answer.asked_at, answer.answered_at)


def awaited(command: Command) -> bool:
    """Tell whether the exchange waits for what `command` ends in."""
    return type(command) in AWAITED


@dataclass(frozen=True, slots=True)
class Means:
    """What the exchanges of one edge are carried out with."""

    clients: Mapping[str, UpstreamClient]
    shelf: Shelf = NO_SHELF
    inquirer: Inquirer = NOBODY_ASKS
    compose: Compositor = nobody_composes


class Talk(DocumentTalk):
    """Performs the commands of one exchange; to a call it is its `upstream.Asides`."""

    _driver: Driver[Event, Command] | LaneDriver[Event, Command]

    def __init__(self, exchange: Exchange, means: Means, client: Downstream) -> None:
        self.cut = False
        self.shelf = means.shelf
        self._means = means
        self._exchange = exchange
        self._client = client
        self._answer = None
        self._ending = False
        """Whether the client has, or is being sent, all that it was promised."""
        self._body: RequestBody | None = None

    def heard_by(self, driver: Driver[Event, Command]) -> None:
        """Tell what happens to `driver` from now on."""
        self._driver = driver

    def tell(self, event: Event) -> None:
        """See `Driver.tell`."""
        self._driver.tell(event)

    def consult(self, event: Event) -> Sequence[Command]:
        """See `Driver.consult`."""
        return self._driver.consult(event)

    def client_left(self) -> None:
        """Tell the exchange, unless the client may go."""
        if self._client.refused:
            self.tell(RequestBodyBroke())
        elif not self._ending:
            self.tell(ClientLeft())

    async def give_back(self) -> None:
        """Give back what the upstream's answer holds."""
        self.shelf.settle()
        self._end_reading()
        if self._answer is not None:
            await self._answer.aclose()

    def perform(self, command: Command) -> Awaitable[Event | None]:  # noqa: C901, PLR0912 - the one dispatch
        """Perform `command`. Not a coroutine of its own: each frame costs at each wait."""
        match command:
            case CallUpstream():
                return self._call(command)
            case StreamBody():
                return self._stream(command)
            case Respond():
                return self._respond(command)
            case SendStored():
                return self._send_stored(command)
            case ReadDocument() | ReadRequest():
                return self.read_document(command)
            case Compose():
                return self._means.compose(command)
            case DropCall():
                return self._drop_call()
            case Cut():
                return self._cut_off()
            case CallBeside() | Inform() | PassTrailers():
                raise AssertionError(f"{command} is performed by whoever consulted")
            case SwitchProtocols():
                return self._switch(command)
            case KeepBody() | AwaitFlight() | Refresh():
                return self.perform_stored(command)
            case VerifyToken() | AskAuthority():
                return self._inquire(command)
            case _:
                assert_never(command)

    async def _inquire(self, command: VerifyToken | AskAuthority) -> Event:
        return InquiryEnded(await self._means.inquirer.ask(command))

    async def _drop_call(self) -> None:
        # What was being called is cancelled already: that is what overtaking means.
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.drop()

    async def _cut_off(self) -> None:
        self.cut = True

    async def _switch(self, command: SwitchProtocols) -> Event:
        raise AssertionError(f"{command}, and no handshake was told of")

    async def _call(self, command: CallUpstream) -> Event:
        if command.hedge_after is not None:
            client = self._means.clients[command.upstream.name]
            return await Race(client, self.tell, self.consult, self._own).run(command)
        try:
            answer = await self._calling(command)
        except CallFailedError as error:
            return UpstreamFailed(error.kind)
        self._answer = answer
        return answered(answer)

    def _calling(self, command: CallUpstream) -> Awaitable[Answer]:
        body = self._body_of(command) if command.request.body else no_body
        client = self._means.clients[command.upstream.name]
        return client.call(command, body, self._progressed, asides=self)

    def _progressed(self, stage: Stage) -> None:
        self.tell(_PROGRESS[stage])

    def _own(self, answer: Answer) -> None:
        self._answer = answer

    async def _read_request(self, command: ReadRequest) -> Event:
        read = RequestBody(self._client, self.tell, self.client_left, 0).begin()
        pieces: list[bytes] = []
        size = 0
        while size <= command.bytes_max and (piece := await read()):
            pieces.append(piece)
            size += len(piece)
        return document_read(b"".join(pieces) if size <= command.bytes_max else None, size)

    def _body_of(self, command: CallUpstream) -> BodyReader:
        if self._body is None:
            self._body = RequestBody(self._client, self.tell, self.client_left, command.keep)
        return self._body.begin()

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

    @property
    def drawable(self) -> int:
        """See `upstream.Asides.drawable`."""
        return 0

    async def draw(self, pipe: Pipe) -> None:
        """See `upstream.Asides.draw`."""
        raise AssertionError(f"nothing is to be drawn, into {pipe}")

    def taken(self) -> None:
        """See `upstream.Asides.taken`."""
        self.tell(RequestBodyRead(0))  # its time begins anew

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

    def _passing_trailers(self, trailers: Fields) -> Fields:
        return self._passing(ResponseTrailersRead(trailers))

    def _stream(self, command: StreamBody) -> Awaitable[Event]:
        return self._stream_on(command)

    async def _stream_on(self, command: StreamBody) -> Event:
        answer = self._answer
        assert answer is not None
        self.shelf.settle()
        source, length = self._source(answer), answer.head.body
        if not answer.uploading:
            return await self._send_body(command.head, source, length, command.coding)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(finish_upload, answer)
            ended = await self._send_body(command.head, source, length, command.coding)
            nursery.cancel_scope.cancel()
        return ended

    async def _respond(self, command: Respond) -> None:
        head = command.head
        if command.close:
            head = replace(head, fields=(*head.fields, (b"connection", b"close")))
        with suppress(OSError):  # the client need not wait for what it is told
            await self._client.start(head)
            await self._client.end(encode(command.coding, command.body))
