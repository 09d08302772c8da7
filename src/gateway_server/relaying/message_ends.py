"""The message road: ASGI towards the client, wsproto towards the upstream; a load is a message.

What ASGI has no words for stays on its own side here: fragments are joined, pings of the
upstream are answered by us and those of the client by the server, nothing is compressed, and a
Close without a code is one with 1000. Text is looked at: what is not UTF-8 ends in 1007.
"""

import contextlib
import secrets
from collections.abc import Iterator
from typing import Final, TypeAlias

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from gateway_core.frames import (
    ABNORMAL,
    CLIENT,
    NO_STATUS,
    TOO_BIG,
    UPSTREAM,
    Close,
    CloseCame,
    FrameEvent,
    FramesCame,
    PongCame,
    Side,
    StreamBroke,
    close_frame,
    ping_frame,
)

from ..front.contract import Message, Receive, Send
from ..upstream.wire import Buffers, Wire
from .ends import PassOn
from .wires import MASK_BYTES, feed, push_all

Load: TypeAlias = str | bytes | Close
"""A message of text, one of bytes, or the end of all."""


class _Control(bytes):
    """A frame of ours, ready to be sent."""

    __slots__ = ()


NORMAL: Final = 1000
MESSAGE_TOO_BIG: Final = Close(TOO_BIG, "the message is too big")


class ClientMessages:
    """A client behind an ASGI server. See `ends.End`."""

    __slots__ = ("_come", "_load", "_message_max", "_receive", "_send")
    side: Side = CLIENT

    def __init__(self, receive: Receive, send: Send, message_max: int) -> None:
        """Take over a WebSocket that was accepted."""
        self._receive = receive
        self._send = send
        self._message_max = message_max
        self._load: Load = b""
        self._come: FrameEvent | None = None

    def next(self) -> FrameEvent | None:
        come, self._come = self._come, None
        return come

    def take(self) -> Load:
        return self._load

    def finish(self) -> None:
        """Do nothing: a message is whole."""

    async def read(self, pass_on: PassOn) -> bool:  # noqa: ARG002 - ASGI has one reader
        message = await self._receive()
        if message["type"] == "websocket.receive":
            self._come = self._told(message)
            return True
        code = int(message.get("code", NO_STATUS))
        if code == ABNORMAL:
            return False
        self._come = CloseCame(CLIENT, Close(code, str(message.get("reason") or "")))
        return True

    def _told(self, message: Message) -> FrameEvent:
        text: str | None = message.get("text")
        self._load = bytes(message["bytes"]) if text is None else text
        size = len(self._load if isinstance(self._load, bytes) else self._load.encode())
        if size > self._message_max:
            return StreamBroke(CLIENT, MESSAGE_TOO_BIG)
        return FramesCame(CLIENT, 1, 0, size, whole=True)

    def put(self, load: Load) -> Load | None:
        return load  # ASGI has no way to try

    async def push(self, rest: Load) -> None:
        if isinstance(rest, Close):
            code = NORMAL if rest.code == NO_STATUS else rest.code
            event: Message = {"type": "websocket.close", "code": code, "reason": rest.reason}
        elif isinstance(rest, str):
            event = {"type": "websocket.send", "text": rest}
        else:
            event = {"type": "websocket.send", "bytes": rest}
        await self._send(event)

    def close_load(self, close: Close) -> Load:
        return close

    def ping_load(self, payload: bytes) -> Load:
        raise AssertionError(f"{payload!r}: ASGI has no pings")

    def hang_up(self) -> None:
        """Do nothing: the server ends the connection behind its Close."""

    def cut(self) -> None:
        """Do nothing: the server ends what the application leaves open."""


class UpstreamMessages:
    """A connection to an upstream behind its 101, through wsproto. See `ends.End`."""

    __slots__ = (
        "_closes",
        "_ended",
        "_events",
        "_fresh",
        "_load",
        "_message_max",
        "_owes_pong",
        "_pieces",
        "_pinged",
        "_size",
        "_texts",
        "_unsent",
        "_wire",
        "_write_timeout",
        "_wsproto",
    )
    side: Side = UPSTREAM

    def __init__(self, wire: Wire, early: bytes, message_max: int, write_timeout: float) -> None:
        """Take over the wire. `write_timeout`: seconds in which the upstream takes nothing."""
        self._wire = wire
        self._message_max = message_max
        self._write_timeout = write_timeout
        self._wsproto = Connection(ConnectionType.CLIENT)
        self._wsproto.receive_data(early)
        self._events: Iterator[Event] = self._wsproto.events()
        self._fresh = True
        self._ended = False
        """Whether nothing more of it is heard."""
        self._closes = False
        """Whether it was told our Close, behind which nothing may follow."""
        self._texts: list[str] = []
        self._pieces: list[bytes] = []
        """What came of a message so far; `_size` bytes in all."""
        self._size = 0
        self._load: Load = b""
        self._pinged = b""
        self._unsent: Buffers = []
        self._owes_pong = False
        """Whether the last of `_unsent` is a pong: one behind it takes its place."""

    def next(self) -> FrameEvent | None:
        for event in self._events:
            told = self._told(event)
            if told is not None:
                return told
        return None

    def take(self) -> Load:
        return self._load

    def finish(self) -> None:
        """Do nothing: a message is whole."""

    async def read(self, pass_on: PassOn) -> bool:
        def came(data: bytes) -> bool:
            if not self._ended:
                self._wsproto.receive_data(data)
                self._events = self._wsproto.events()
            return pass_on(self.next())

        fresh, self._fresh = self._fresh, False
        return await feed(self._wire, came, at_once=fresh)

    def _told(self, event: Event) -> FrameEvent | None:
        match event:
            case TextMessage() | BytesMessage():
                return self._on_part(event)
            case Ping():
                self._answer(bytes(self._wsproto.send(event.response())))
            case Pong():
                # Only our own is asked about: what else it could mean, the client cannot hear.
                payload = bytes(event.payload)
                return PongCame(UPSTREAM, payload) if payload == self._pinged else None
            case CloseConnection():
                return self._on_close(event)
            case _:
                raise AssertionError(event)
        return None

    def _on_part(self, part: TextMessage | BytesMessage) -> FrameEvent | None:
        data = part.data
        if isinstance(data, str):
            self._texts.append(data)
            self._size += len(data.encode())
        else:
            self._pieces.append(bytes(data))
            self._size += len(data)
        if self._size > self._message_max:
            return self._end(StreamBroke(UPSTREAM, MESSAGE_TOO_BIG))
        if not part.message_finished:
            return None
        self._load = "".join(self._texts) if isinstance(data, str) else b"".join(self._pieces)
        size, self._size = self._size, 0
        self._texts.clear()
        self._pieces.clear()
        return FramesCame(UPSTREAM, 1, 0, size, whole=True)

    def _on_close(self, event: CloseConnection) -> FrameEvent:
        close = Close(int(event.code), event.reason or "")
        if self._wsproto.state is ConnectionState.OPEN:
            return self._end(StreamBroke(UPSTREAM, close))  # its word that a rule was broken
        return self._end(CloseCame(UPSTREAM, close))

    def _end(self, last: FrameEvent) -> FrameEvent:
        self._ended = True
        self._events = iter(())
        return last

    def _answer(self, pong: bytes) -> None:
        """Send a pong; of those that wait, the last is enough (RFC 6455, 5.5.3)."""
        if self._closes:
            return
        if self._owes_pong and self._unsent:
            self._unsent[-1] = pong
        else:
            self._unsent.append(pong)
        self._owes_pong = True
        with contextlib.suppress(OSError):  # whoever reads on is told
            self._wire.send_some(self._unsent)

    def put(self, load: Load) -> Load | None:
        if self._wsproto.state is not ConnectionState.OPEN and not isinstance(load, _Control):
            return None  # who has closed discards what still comes (RFC 6455, 1.4)
        self._owes_pong = False
        self._unsent.append(self._framed(load))
        try:
            return None if self._wire.send_some(self._unsent) else load
        except OSError:
            return load  # whoever pushes it is told

    def _framed(self, load: Load) -> bytes:
        if isinstance(load, _Control):
            return load
        if isinstance(load, str):
            return bytes(self._wsproto.send(TextMessage(load)))
        assert isinstance(load, bytes)
        return bytes(self._wsproto.send(BytesMessage(load)))

    async def push(self, rest: Load) -> None:  # noqa: ARG002 - it waits in `_unsent`
        await push_all(self._wire, self._unsent, self._write_timeout)

    def close_load(self, close: Close) -> Load:
        self._closes = True
        return _Control(close_frame(close, secrets.token_bytes(MASK_BYTES)))

    def ping_load(self, payload: bytes) -> Load:
        self._pinged = payload
        return _Control(ping_frame(payload, secrets.token_bytes(MASK_BYTES)))

    def hang_up(self) -> None:
        self._wire.close()

    def cut(self) -> None:
        self._wire.close()
