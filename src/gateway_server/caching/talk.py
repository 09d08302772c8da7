"""What a talk with a client does with stored answers: a part of `http_edge`'s."""

from collections.abc import Awaitable

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
from .body import Reader
from .shelf import Shelf


class StoredTalk(StreamingTalk):
    """Performs the commands about stored answers."""

    shelf: Shelf
    _answer: Answer | None

    def perform_stored(
        self, command: SendStored | KeepBody | AwaitFlight | Refresh
    ) -> Awaitable[Event | None]:
        """Perform `command`."""
        match command:
            case SendStored():
                return self._send_stored(command)
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
        answer, self._answer = self._answer, None
        assert answer is not None
        self.shelf.keep(command, answer)

    async def _await_flight(self, command: AwaitFlight) -> Event:
        await self.shelf.wait(command.flight)
        return FlightLanded()

    async def _send_stored(self, command: SendStored) -> Event:
        reader, head = self._open_stored(command), command.head
        if reader is None:
            return UpstreamBroke(FailureKind.RESET)
        try:
            whole = reader.whole
            if whole is not None:
                return await self._answer_whole(head, encode(command.coding, whole))
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

    def _open_stored(self, command: SendStored) -> Reader | None:
        """Begin to read; then let go of what the core has let go of, which that body may be."""
        reader = self.shelf.read(command.body, command.start, command.end)
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.drop()
        self.shelf.settle()
        return reader
