"""One request of an HTTP/2 connection.

What arrives waits here until the application takes it, bounded by the stream's window: only
then is the client given credit for more. What the application sends waits here until the
connection's writer packs it; a little of it, then `write` waits. Where the client gives no
credit for the write timeout, the stream is reset.
"""

import contextlib
from collections.abc import Callable
from typing import Final

import h2.exceptions
import trio
from h2.connection import H2Connection
from h2.errors import ErrorCodes

from gateway_core.message import Fields, RequestHead, value

from .answers import dated
from .streams import ClientLeftError, Stream

OUTGOING_MAX: Final = 64 * 1024
"""Bytes that may wait to be packed without `write` waiting as well."""
_GRANT_AT: Final = 32 * 1024
"""Bytes taken before the stream's credit is renewed: half of its window."""
_CONNECTION_FIELDS: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
"""What HTTP/2 has frames for (RFC 9113, 8.2.2)."""


class Http2Stream(Stream):
    """A stream, as its application sees it, and as the connection does."""

    def __init__(
        self,
        connection: H2Connection,
        number: int,
        head: RequestHead,
        wake: Callable[[], None],
        write_timeout: float,
    ) -> None:
        super().__init__(head)
        self.number = number
        self._h2 = connection
        self._wake = wake
        self._write_timeout = write_timeout
        self._incoming = bytearray()
        self._uncredited = 0
        """Bytes of the window that were used, padding included, and not granted anew."""
        self._padding = 0
        self._all_in = head.body == 0
        self._arrival = trio.Event()
        self._outgoing = bytearray()
        self._request_trailers: Fields = ()
        self._trailers: Fields = ()
        self._all_out = False
        """Whether END_STREAM is sent."""
        self._moved = trio.Event()
        """Set, and renewed, whenever something was packed."""
        self._left_to_send: int | None = None
        """Of what the answer's Content-Length said; None if it said nothing."""

    # The connection's side. Nothing here waits.

    def arrived(self, data: bytes, used: int) -> None:
        """Take in a DATA frame that used up `used` bytes of the stream's window."""
        if self.finished or self.left:
            return
        self._incoming += data
        self._padding += used - len(data)
        self._tell()

    def trailed(self, trailers: Fields) -> None:
        """Take in what trails the client's request."""
        self._request_trailers = trailers

    def body_ended(self) -> None:
        """Note that the client has sent all of its request."""
        self._all_in = True
        self._tell()

    def leave(self) -> None:
        super().leave()
        self._outgoing.clear()
        self._incoming.clear()
        self._tell()
        self._move()

    def pack(self) -> bool:
        """Hand at most one frame to the library; tell whether there was one to hand."""
        if self.left or self._all_out:
            return False
        try:
            return self._pack()
        except h2.exceptions.ProtocolError:
            self.leave()  # the stream ended meanwhile
            return False

    def _pack(self) -> bool:
        room = self._h2.local_flow_control_window(self.number)
        piece = bytes(self._outgoing[: max(0, min(room, self._h2.max_outbound_frame_size))])
        is_last = self.finished and len(piece) == len(self._outgoing)
        if not (piece or is_last):
            return False
        if piece:
            del self._outgoing[: len(piece)]
            self._h2.send_data(self.number, piece, end_stream=is_last and not self._trailers)
        elif not self._trailers:
            self._h2.end_stream(self.number)
        if is_last and self._trailers:
            self._h2.send_headers(self.number, self._trailers, end_stream=True)
        self._all_out = is_last
        self._move()
        return True

    async def conclude(self) -> None:
        """See the answer out once the application is done; reset what it left incomplete."""
        try:
            while self.finished and not (self._all_out or self.left):
                await self._until_moved()
        except ClientLeftError:
            return
        if self.left:
            return
        if not self.finished:
            self._reset(ErrorCodes.INTERNAL_ERROR)
        elif not self._all_in:
            self._reset(ErrorCodes.NO_ERROR)  # the rest is not wanted (RFC 9113, 8.1)

    # The application's side.

    async def read(self, *, proceed: bool) -> bytes:
        while True:
            self.check()
            if self._incoming:
                data = bytes(self._incoming)
                self._incoming.clear()
                self._credit(len(data))
                return data
            if self._all_in:
                return b""
            if proceed:
                await self.proceed()
            await self._arrival.wait()

    @property
    def trailers(self) -> Fields:
        return self._request_trailers

    async def inform(self, status: int, fields: Fields) -> None:
        self._send_headers(status, fields)

    async def start(self, status: int, fields: Fields) -> None:
        kept = tuple(line for line in fields if line[0] not in _CONNECTION_FIELDS)
        length = value(kept, b"content-length")
        bodiless = self.head.method == "HEAD" or status in (204, 304)
        self._left_to_send = int(length) if length is not None and not bodiless else None
        self._send_headers(status, dated(kept))
        self.started = True

    async def write(self, data: bytes) -> None:
        self.check()
        if self._left_to_send is not None:
            self._left_to_send -= len(data)
            if self._left_to_send < 0:
                raise ValueError("the body is longer than its Content-Length")
        self._outgoing += data
        self._wake()
        await trio.lowlevel.checkpoint()
        while len(self._outgoing) >= OUTGOING_MAX:
            await self._until_moved()
        self.check()

    async def finish(self, trailers: Fields = ()) -> None:
        self.check()
        if self._left_to_send:
            raise ValueError("the body is shorter than its Content-Length")
        self._trailers = trailers
        self.finished = True
        self.end()
        self._wake()

    def _send_headers(self, status: int, fields: Fields) -> None:
        self.check()
        lines = [(b":status", b"%d" % status), *fields]
        try:
            self._h2.send_headers(self.number, lines)
        except h2.exceptions.StreamClosedError:
            self.leave()
            self.check()
        self._wake()

    async def _until_moved(self) -> None:
        """Wait until something was packed. Raises ClientLeftError where nothing is for too long."""
        with trio.move_on_after(self._write_timeout) as scope:
            await self._moved.wait()
        if scope.cancelled_caught:
            self._reset(ErrorCodes.CANCEL)
            self.leave()
        self.check()

    def _credit(self, taken: int) -> None:
        self._uncredited += taken + self._padding
        self._padding = 0
        if self._uncredited >= _GRANT_AT and not self._all_in:
            with contextlib.suppress(h2.exceptions.ProtocolError):
                self._h2.increment_flow_control_window(self._uncredited, self.number)
            self._uncredited = 0
            self._wake()

    def _reset(self, code: ErrorCodes) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError):
            self._h2.reset_stream(self.number, code)
        self._wake()

    def _tell(self) -> None:
        self._arrival.set()
        self._arrival = trio.Event()

    def _move(self) -> None:
        self._moved.set()
        self._moved = trio.Event()
