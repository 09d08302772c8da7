"""What a talk with a client does with stored answers: a part of `http_edge`'s."""

from collections.abc import Awaitable

import trio

from gateway_core.coalescing import FlightId
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    AwaitFlight,
    BodyEnded,
    ClientLeft,
    Event,
    Exchange,
    FlightLanded,
    KeepBody,
    Refresh,
    ResponseBodyRead,
    SendStored,
    UpstreamBroke,
)
from gateway_core.message import ResponseHead

from ..encoding.encoders import encode
from ..streaming import StreamingTalk
from ..upstream import Answer
from .shelf import Shelf


class StoredTalk(StreamingTalk):
    """Performs the commands about stored answers."""

    shelf: Shelf
    _answer: Answer | None
    _expected: tuple[FlightId, trio.Event] | None = None
    """Whose landing is waited for, and what tells of it."""

    def perform_stored(self, command: KeepBody | AwaitFlight | Refresh) -> Awaitable[Event | None]:
        """Perform `command`; `_send_stored` performs the most frequent one."""
        match command:
            case AwaitFlight():
                return self._await_flight(command)
            case KeepBody():
                return self._keep(command)
            case Refresh():
                return self._refresh(command)

    async def _refresh(self, command: Refresh) -> None:
        assert isinstance(command.exchange, Exchange)
        self.shelf.refresh(command.exchange)

    async def _keep(self, command: KeepBody) -> None:
        self.keep(command)

    def keep(self, command: KeepBody) -> None:
        """Perform `command`, which takes no waiting."""
        answer, self._answer = self._answer, None
        assert answer is not None
        self.shelf.keep(command, answer)

    def expect(self, command: AwaitFlight) -> None:
        """Miss no landing from now on, though the task that is to wait has its turn later."""
        if self._expected is None or self._expected[0] != command.flight:
            self._end_waiting()
            self._expected = command.flight, self.shelf.expect(command.flight)

    async def _await_flight(self, command: AwaitFlight) -> Event:
        self.expect(command)
        assert self._expected is not None
        try:
            await self._expected[1].wait()
        finally:
            self._end_waiting()
        return FlightLanded()

    def _end_waiting(self) -> None:
        """Wait for no landing any more. Twice is once."""
        expected, self._expected = self._expected, None
        if expected is not None:
            self.shelf.forget(*expected)

    def _send_stored(self, command: SendStored) -> Awaitable[Event]:
        """Send it in one go where it is here in one piece, as most of what is small is."""
        whole = self.shelf.whole(command.body, command.start, command.end)
        if whole is None:
            return self._stream_stored(command)
        self._settle()
        return self._answer_whole(command.head, encode(command.coding, whole))

    async def _stream_stored(self, command: SendStored) -> Event:
        reader, head = self.shelf.read(command.body, command.start, command.end), command.head
        self._settle()
        if reader is None:
            return UpstreamBroke(FailureKind.RESET)
        try:
            return await self._send_body(head, reader, head.body, command.coding)
        finally:
            reader.close()

    async def _answer_whole(self, head: ResponseHead, body: bytes) -> Event:
        """Send an answer that is here in one piece."""
        self._ending = True
        self.tell(ResponseBodyRead(len(body)))
        try:
            await self._client.start(head)
            await self._client.end(body)
        except OSError:
            return ClientLeft()
        return BodyEnded()

    def _settle(self) -> None:
        """Let go of the upstream's answer, and of what the core has let go of.

        Only now that the body to be sent is in hand, which may be among that.
        """
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.drop()
        self.shelf.settle()
