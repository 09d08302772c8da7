"""One WebSocket: the application is called, wsproto makes its messages frames, and back.

     OFFERED --- accept ---> OPEN --- either side closes, or leaves ---> CLOSED
        |                                                                   ^
        +--- websocket.http.response.start ---> DENYING --- its end --------+

A task of its own reads the client, so that pings and close frames are answered while the
application is busy; a bounded amount of messages waits for it. They come before the
disconnect that ends them, which `receive` then repeats.

`websocket.accept` may bear a key of our own, `max_message_size`: the bytes that one message of
the client may have. A longer one is stopped while it comes.

Source: RFC 6455; ASGI 3.0, WebSocket message format 2.4.
"""

import contextlib
import enum
from collections import deque
from collections.abc import Sequence
from typing import Final

import trio
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError

from gateway_core.exchange import handshake_flaw

from .answers import FAULT, UNKNOWN_HOST, answer
from .calls import Origin, event_fields, guarded, scope_of, serves_host
from .contract import Downstream, Message
from .streams import ClientLeftError, Stream
from .websocket_handshake import acceptance, subprotocols

WAITING_MAX: Final = 64 * 1024
"""Bytes of messages that wait for the application; beyond, the client is not read."""
_MESSAGE_COST: Final = 64
"""Bytes that a waiting message counts beside its own: tiny ones are not free."""
CLOSE_SECONDS: Final = 5.0
"""How long the client may take to answer our close frame."""
_LAST_WORD_SECONDS: Final = 0.5
"""For the close frame of a WebSocket that is cut by a drain's end."""

_NORMAL: Final = 1000
_GOING_AWAY: Final = 1001
_ABNORMAL: Final = 1006
_TOO_BIG: Final = 1009
_INTERNAL: Final = 1011


class _State(enum.Enum):
    OFFERED = enum.auto()
    DENYING = enum.auto()
    OPEN = enum.auto()
    CLOSED = enum.auto()


class WebSocketCall:
    """One call of the application for a WebSocket."""

    def __init__(self, stream: Stream, origin: Origin) -> None:
        self._stream = stream
        self._origin = origin
        self._state = _State.OFFERED
        self._accepted = False
        self._frames = Connection(ConnectionType.SERVER)
        self._nursery: trio.Nursery | None = None
        self._waiting: deque[Message] = deque([{"type": "websocket.connect"}])
        self._weight = 0
        self._farewell: Message | None = None
        """The disconnect, once there is one."""
        self._reading = trio.CancelScope()
        self._parts: list[bytes] = []
        """What came of a message so far; `_size` bytes."""
        self._size = 0
        self._message_max = origin.worker.config.websocket_max_message_size
        self._news = trio.Event()
        self._room = trio.Event()

    async def run(self) -> None:
        """Call the application, and close what it left open."""
        worker, stream = self._origin.worker, self._stream
        flaw = handshake_flaw(stream.head)
        if flaw is None and not serves_host(worker, stream.head):
            flaw = UNKNOWN_HOST
        if flaw is not None:
            return await answer(stream, worker.served, flaw)
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._watch)
            try:
                well = await guarded(self._call())
            finally:
                if trio.current_effective_deadline() == float("-inf"):
                    await self._last_word()
            await self._end(_NORMAL if well else _INTERNAL)
            nursery.cancel_scope.cancel()
        return None

    async def _call(self) -> None:
        stream = self._stream
        downstream = Downstream(
            stream.head,
            stream.over,
            lambda: stream.refused,
            stream.proceed,
            stream.inform,
            lambda: stream.trailers,
        )
        scope = scope_of(stream, self._origin, "websocket", downstream)
        scope["subprotocols"] = subprotocols(stream.head)
        scope["extensions"]["websocket.http.response"] = {}
        await self._origin.worker.served(scope, self._receive, self._send)

    # What the application asks for.

    async def _receive(self) -> Message:
        while not self._waiting:
            if self._farewell is not None:
                await trio.lowlevel.checkpoint()
                return self._farewell
            await self._news.wait()
        await trio.lowlevel.checkpoint()
        message = self._waiting.popleft()
        self._weight -= _weight(message)
        self._room.set()
        return message

    async def _send(self, message: Message) -> None:
        kind: str = message["type"]
        if self._farewell is not None or self._stream.left:
            await trio.lowlevel.checkpoint()
            if kind == "websocket.close":
                return
            raise ClientLeftError("the WebSocket is closed")
        match kind, self._state:
            case "websocket.accept", _State.OFFERED:
                await self._accept(message)
            case "websocket.send", _State.OPEN:
                await self._send_message(message)
            case "websocket.close", _State.OPEN:
                await self._close(int(message.get("code") or _NORMAL), message.get("reason") or "")
            case "websocket.close", _State.OFFERED:
                await self._deny(403, [(b"content-length", b"0")])
                await self._stream.finish()
            case "websocket.http.response.start", _State.OFFERED:
                await self._deny(int(message["status"]), message.get("headers", ()))
            case "websocket.http.response.body", _State.DENYING:
                await self._deny_body(message)
            case _:
                raise RuntimeError(f"unexpected {kind} while the WebSocket is {self._state.name}")

    async def _accept(self, message: Message) -> None:
        more = event_fields(message.get("headers") or ())
        status, fields = acceptance(self._stream.head, message.get("subprotocol"), more)
        await self._stream.start(status, fields)
        self._state = _State.OPEN
        self._accepted = True
        self._message_max = int(message.get("max_message_size", self._message_max))
        assert self._nursery is not None
        self._nursery.start_soon(self._read)
        if self._origin.worker.config.websocket_ping_interval:
            self._nursery.start_soon(self._ping, self._origin.worker.config.websocket_ping_interval)

    async def _send_message(self, message: Message) -> None:
        data, text = message.get("bytes"), message.get("text")
        if (data is None) == (text is None):
            raise ValueError("websocket.send has either bytes or text")
        await self._write(TextMessage(str(text)) if data is None else BytesMessage(bytes(data)))

    async def _deny(self, status: int, lines: Sequence[tuple[bytes, bytes]]) -> None:
        self._state = _State.DENYING
        await self._stream.start(status, event_fields(lines))

    async def _deny_body(self, message: Message) -> None:
        if body := message.get("body", b""):
            await self._stream.write(bytes(body))
        if not message.get("more_body", False):
            self._state = _State.CLOSED
            await self._stream.finish()

    # What the client does.

    async def _watch(self) -> None:
        """Hear of a client that leaves while there is nothing to be read of it."""
        await self._stream.over.wait()
        if not self._accepted:
            self._bid_farewell(_ABNORMAL, "")

    async def _read(self) -> None:
        with self._reading:
            try:
                while self._farewell is None and (data := await self._stream.read(proceed=False)):
                    self._frames.receive_data(data)
                    for event in self._frames.events():
                        await self._on(event)
                    await self._until_room()
            except ClientLeftError:
                pass
        self._bid_farewell(_ABNORMAL, "")

    async def _until_room(self) -> None:
        while self._weight > WAITING_MAX and not self._stream.left:
            self._room = trio.Event()
            await self._room.wait()

    async def _on(self, event: Event) -> None:
        if self._farewell is not None:
            return
        match event:
            case TextMessage() | BytesMessage():
                await self._on_part(event)
            case Ping():
                with contextlib.suppress(
                    ClientLeftError
                ):  # what came before it left is to be heard
                    await self._write(event.response())
            case CloseConnection():
                await self._on_close(event)
            case _:
                assert isinstance(event, Pong), event

    async def _on_part(self, part: TextMessage | BytesMessage) -> None:
        data = part.data if isinstance(part, BytesMessage) else part.data.encode()
        if data:  # empty fragments cost their sender nothing
            self._parts.append(bytes(data))
            self._size += len(data)
        if self._size > self._message_max:
            self._parts.clear()
            self._bid_farewell(_TOO_BIG, "")
            await self._close(_TOO_BIG, "")
        elif part.message_finished:
            whole = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            if isinstance(part, BytesMessage):
                self._deliver({"type": "websocket.receive", "bytes": whole, "text": None})
            else:
                self._deliver({"type": "websocket.receive", "bytes": None, "text": whole.decode()})

    async def _on_close(self, close: CloseConnection) -> None:
        """Take a close frame, or wsproto's word that the client broke the protocol."""
        code, reason = int(close.code), close.reason or ""
        self._bid_farewell(code, reason)
        if self._frames.state is ConnectionState.REMOTE_CLOSING:
            await self._write(close.response())
        elif self._frames.state is ConnectionState.OPEN:
            await self._close(code, reason)

    def _deliver(self, message: Message) -> None:
        self._waiting.append(message)
        self._weight += _weight(message)
        self._tell()

    def _bid_farewell(self, code: int, reason: str) -> None:
        if self._farewell is None:
            self._farewell = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()

    # What we send, and how it ends.

    async def _write(self, event: Event) -> None:
        try:
            frame = self._frames.send(event)
        except LocalProtocolError:
            return  # the client closed meanwhile, and is being told so
        await self._stream.write(bytes(frame))

    async def _close(self, code: int, reason: str) -> None:
        """Send our close frame; the client has a while to answer it."""
        self._state = _State.CLOSED
        self._reading.deadline = trio.current_time() + CLOSE_SECONDS
        await self._write(CloseConnection(code=code, reason=reason))

    async def _ping(self, interval: float) -> None:
        while self._state is _State.OPEN:
            await trio.sleep(interval)
            with contextlib.suppress(ClientLeftError):
                await self._write(Ping())

    async def _last_word(self) -> None:
        if self._state is _State.OPEN and self._farewell is None:
            with trio.move_on_after(_LAST_WORD_SECONDS, shield=True):
                with contextlib.suppress(ClientLeftError):
                    await self._close(_GOING_AWAY, "")

    async def _end(self, code: int) -> None:
        """End what the application left open. A denial is complete by now, or to be cut."""
        if not self._stream.started:
            await answer(self._stream, self._origin.worker.served, FAULT)
        elif self._accepted:
            if self._state is _State.OPEN and self._farewell is None:
                await self._close(code, "")
            while self._farewell is None:
                await self._news.wait()
            await self._stream.finish()


def _weight(message: Message) -> int:
    text, data = message.get("text"), message.get("bytes")
    return _MESSAGE_COST + (len(data) if data is not None else len(text or ""))
