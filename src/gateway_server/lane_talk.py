"""One exchange on one of our own connections: no task, no scope and no timer a request.

    head -> exchange -> Respond, SendStored --------------------------------> said at once
                     -> CallUpstream --sent--> under way --whole answer-----> said at once
                              |                    |
                              +--------------------+--all else--> `run`, in the connection's task

Most requests are answered within no task: where it is told that the head has come, and that the
answer has. What takes waiting, or goes wrong, is the connection's task's, which goes on from where
that was left ([decision 21](../../docs/decisions/0021-answered-where-it-is-told.md)).
"""

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import trio

from gateway_core.clock import Instant
from gateway_core.exchange import (
    Abandoned,
    BodyEnded,
    CallUpstream,
    ClientLeft,
    Command,
    Event,
    Exchange,
    KeepBody,
    RelayEnded,
    RequestArrived,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    SendStored,
    Stage,
    StreamBody,
    SwitchProtocols,
)
from gateway_core.message import ResponseHead

from .downstream import Downstream, OwnConnection
from .drive import LaneDriver
from .encoding.encoded_body import Source
from .encoding.encoders import encode
from .front.contract import Lane, LaneStream
from .front.streams import ClientLeftError
from .identifiers import fresh_id
from .relaying import Carrying, Relays
from .request_body import no_body
from .splicing import Pipe, open_pipe
from .talk import Means, Talk, answered, awaited
from .timers import unix_time
from .upstream import Answer
from .upstream.contract import Asked
from .upstream.http1_answer import Http1Answer


class _Note(Protocol):
    def __call__(self, exchange: Exchange, client: Downstream, at: Instant, /) -> None: ...


_ABANDONED: Final = Abandoned()
_CLOSE: Final = (b"connection", b"close")


class LaneTalk(Talk):
    """One exchange on one of our own connections. See `front.contract.Conversation`."""

    def __init__(
        self, exchange: Exchange, means: Means, stream: LaneStream, lane: Lane, note: _Note
    ) -> None:
        super().__init__(exchange, means, OwnConnection(stream))
        self._lane_driver: LaneDriver[Event, Command] = LaneDriver(exchange, lane, awaited)
        self._driver = self._lane_driver
        self._alarm = lane.alarm
        self._lane_stream = stream
        self._front = lane
        self._note = note
        self._relays: Relays | None = None
        self._said = 0
        """Bytes of the body of a whole answer, of which `settle` may have to send the rest."""
        self._asked: Asked | None = None
        """A call that is out, and whose answer nobody awaits yet."""
        self.under_way = False
        """Whether its answer will be heard of without a task."""
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
        self._begin_at_once(
            self._lane_driver.tell_first(RequestArrived(head, fresh_id(), unix_time(), upgrade))
        )

    def _begin_at_once(self, commands: Sequence[Command]) -> None:
        """Perform what takes no waiting; the rest of it is for `drive`, which knows what was begun."""
        if len(commands) > 1:
            commands = self._begin_beside(commands)
        if len(commands) != 1:
            return
        command = commands[0]
        if isinstance(command, CallUpstream):
            self._ask(command)
        elif isinstance(command, Respond):
            self._say(command)
        elif (isinstance(command, StreamBody) and self._say_whole(command)) or (
            isinstance(command, SendStored) and self._say_stored(command)
        ):
            self._exchange.receive(BodyEnded(self._said), self._alarm.now())
        elif not self._lane_stream.started:
            self.take_in_hand(command)

    def _begin_beside(self, commands: Sequence[Command]) -> Sequence[Command]:
        """Keep what is stored from now on; return what is left to do.

        Whoever asks for it next is to find it, and that may be before the task's turn.
        """
        first = commands[0]
        if isinstance(first, KeepBody):
            self.keep(first)
            commands = commands[1:]
            self._lane_driver.begin_with(commands)
        else:
            self.take_in_hand(commands[-1])
        return commands

    def _ask(self, command: CallUpstream) -> None:
        """Call the upstream, if that takes no waiting, and have its answer told."""
        if not self._front.holds or command.hedge_after is not None:
            return
        asked = self._asked = self._means.clients[command.upstream.name].ask(command)
        if asked is not None and asked.sent:
            self._progressed(Stage.SENT)
            self.under_way = asked.attend(self._heard)

    def _heard(self, answer: Answer | None) -> None:
        """Hear of a call that was under way: all of its answer, or that it is for `run`."""
        if answer is not None:
            self._asked = None  # it has nothing to give back any more
        if self._lane_driver.overtaking is not None:
            return
        self.under_way = False
        error = None
        if answer is not None:
            self._answer = answer
            try:
                self._begin_at_once(self._lane_driver.tell_first(answered(answer)))
            except Exception as unforeseen:  # noqa: BLE001 - the connection's task is to end with it
                error = unforeseen
        if not self.under_way:  # anew: an answer may lead to another call
            self._front.go_on(error)

    def run(self) -> Awaitable[None]:
        """Go on, at first or after an interruption; return once it is over."""
        if self._lane_driver.overtaking is not None:
            self._drop_asked()
        self.under_way = False
        return self._lane_driver.drive(self.perform)

    def _drop_asked(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.drop()

    def _calling(self, command: CallUpstream) -> Awaitable[Answer]:
        asked, self._asked = self._asked, None
        if asked is None:
            return super()._calling(command)
        return asked.answer(no_body, self._progressed, self)

    def _say(self, command: Respond) -> bool:
        """Answer from here; return whether the client took it at once."""
        head = command.head
        fields = (*head.fields, _CLOSE) if command.close else head.fields
        body = encode(command.coding, command.body)
        return self._lane_stream.answer_at_once(head.status, fields, body)

    def _say_stored(self, command: SendStored) -> bool:
        """Answer from the shelf; return whether it is there whole, and the client took it at once."""
        whole = self.shelf.whole(command.body, command.start, command.end)
        return whole is not None and self._say_all(command.head, encode(command.coding, whole))

    def _say_whole(self, command: StreamBody) -> bool:
        """Answer as the upstream did; return whether that is here whole, and was taken at once."""
        body = self._at_hand(command)
        return body is not None and self._say_all(command.head, body)

    def _say_all(self, head: ResponseHead, body: bytes) -> bool:
        """Give the client a whole answer; return whether it took that at once."""
        self._ending = True
        self._said = len(body)
        return self._lane_stream.answer_at_once(head.status, head.fields, body)

    def _at_hand(self, command: StreamBody) -> bytes | None:
        """Return what most bodies are: all of it, as it came with its head."""
        answer = self._answer
        assert answer is not None
        return None if command.coding or self._read else answer.whole

    def _stream(self, command: StreamBody) -> Awaitable[Event]:
        if self._lane_stream.started:
            return self._settle_answer()
        body = self._at_hand(command)
        if body is None:
            return super()._stream(command)
        return self._stream_all(command.head, body)

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

    async def _stream_all(self, head: ResponseHead, body: bytes) -> Event:
        if self._say_all(head, body):
            return BodyEnded(self._said)
        return await self._settle_answer()

    async def _settle_answer(self) -> Event:
        """Send what is left of a whole answer, whose body has `_said` bytes."""
        self.tell(ResponseBodyRead(self._said))
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
            return self._settle_answer()
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
            self._lane_driver.tick()
            if overtaking := self._lane_driver.overtaking:
                self.take_in_hand(overtaking[-1])
        else:
            self._carrying.tick()

    def close(self) -> None:
        """Hear that `run` will not be called again."""
        if self._carrying is not None:  # cancelled, and told so
            self._lane_driver.abandon(self._closed(self._carrying))
        self._lane_driver.abandon(_ABANDONED)
        self._drop_asked()
        self._end_reading()
        self._end_waiting()
        self.shelf.settle()
        if self._answer is not None:
            self._answer.drop()
            self._answer = None  # it knows us, too: the two would be left to the collector
        self._note(self._exchange, self._client, self._alarm.now())
