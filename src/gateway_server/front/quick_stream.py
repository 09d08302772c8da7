"""One request of an HTTP/1.x connection, through our own codec: body in, answer out.

The head of an answer waits for the first piece of its body, so that both go out in
one write; `flush` sends it where no piece is at hand.

Source: RFC 9112, sections 6, 7.1 and 9.3; RFC 9110, sections 8.6 and 15.2.
"""

from collections.abc import Callable
from typing import Final, NoReturn, Protocol

import trio

from gateway_core.http1.request import Phase, RequestDecoder
from gateway_core.message import Fields, RequestHead, values
from gateway_core.refusal import Refusal

from ..splicing import Pipe
from .answers import date_line, status_line
from .contract import LaneStream
from .quick_wire import QuickWire
from .streams import ClientLeftError
from .wire import Wire

_COLON: Final = b": "
_AT_REST: Final = Phase.AT_REST
_SWITCHING: Final = 101
_ERROR: Final = 400
_BODILESS: Final = frozenset({204, 304})
_JOINED_MAX: Final = 64 * 1024
"""Bytes of a piece that are copied behind their head; a larger one goes by itself."""


class Carrier(Protocol):
    """The connection, as its request sees it."""

    decoder: RequestDecoder
    wire: Wire
    last: bool
    """Whether the connection ends with the answer that is being given."""

    def refuse_body(self, refusal: Refusal) -> None:
        """Hear why the body that was being read is none."""
        ...

    def leave_http(self) -> bytes:
        """Look at the client no more, and return what came behind the last head."""
        ...


class QuickStream(LaneStream):
    """One request of the connection."""

    __slots__ = (
        "_bodiless",
        "_carrier",
        "_chunked",
        "_informing",
        "_kept",
        "_left",
        "_wire",
        "ends_with_connection",
    )

    def __init__(self, head: RequestHead, carrier: Carrier) -> None:
        super().__init__(head)
        self.ends_with_connection = False
        """Whether only the connection's end tells where the answer ends."""
        self._carrier = carrier
        self._wire = carrier.wire
        self._kept = b""
        """What was said and is not sent yet: a head, or the end of a whole answer."""
        self._chunked = False
        self._bodiless = False
        self._informing: trio.Lock | None = None
        """Held by who sends an interim answer: one task asks for the body, another hears hints."""
        self._left: int | None = None
        """Bytes that a sized answer still lacks."""

    async def read(self, *, proceed: bool) -> bytes:
        decoder = self._carrier.decoder
        while True:
            self.check()
            piece = decoder.next_piece()
            if piece is None:
                if proceed:
                    await self.proceed()
                piece = await self._more(decoder)
            if isinstance(piece, Refusal):
                self._refuse(piece)
            elif piece is not None:
                return piece

    def _refuse(self, flaw: Refusal) -> NoReturn:
        self.refused = True
        self._carrier.refuse_body(flaw)
        self.leave()
        raise ClientLeftError("the body is malformed")

    @property
    def drawable(self) -> int:
        if self.awaits_continue or not isinstance(self._wire, QuickWire):
            return 0
        return self._carrier.decoder.unseen

    async def draw(self, pipe: Pipe) -> int:
        self.check()
        decoder = self._carrier.decoder
        assert isinstance(self._wire, QuickWire)
        moved = await self._wire.draw(pipe, decoder.unseen)
        if moved:
            decoder.passed(moved)
        else:
            flaw = decoder.eof()
            assert flaw is not None, "more was to come"
            self._refuse(flaw)
        return moved

    @property
    def trailers(self) -> Fields:
        return self._carrier.decoder.trailers

    async def _more(self, decoder: RequestDecoder) -> Refusal | None:
        data = await self._wire.read()
        if data:
            decoder.receive(data)
            return None
        return decoder.eof()

    async def inform(self, status: int, fields: Fields) -> None:
        if self.head.version != "1.0":  # which knows no interim answers (RFC 9110, 15.2)
            lines = [status_line(status), *map(_COLON.join, fields), b"\r\n"]
            self._informing = self._informing or trio.Lock()
            async with self._informing:
                await self._write(b"\r\n".join(lines))

    async def switch(self, fields: Fields) -> tuple[Wire, bytes]:
        lines = [status_line(_SWITCHING), *map(_COLON.join, fields), b"\r\n"]
        self.started = True
        await self._write(b"\r\n".join(lines))
        self.end()
        return self._wire, self._carrier.leave_http()

    def end_switched(self, *, cut: bool) -> None:
        self.finished, self.ends_with_connection = not cut, cut

    def answer_at_once(self, status: int, fields: Fields, data: bytes) -> bool:
        if self.left:
            return False
        self._begin(status, fields)
        if self._bodiless:
            data = b""
        if self._left != len(data):
            data = self._framed_last(data, ())
        answer = self._kept + data
        taken = self._wire.write_at_once(answer)
        if taken < len(answer):
            self._kept = answer[taken:]
            return False
        self._kept = b""
        self.finished = True
        self.end()
        return True

    async def settle(self) -> None:
        self.check()
        await self.flush()
        self.finished = True
        self.end()

    async def start(self, status: int, fields: Fields) -> None:
        self.check()
        self._begin(status, fields)

    def _begin(self, status: int, fields: Fields) -> None:
        """Make the head, and keep it."""
        told = dict(fields)
        length = told.get(b"content-length")
        closes = b"connection" in told and _closes(fields)
        lines = [status_line(status), *map(_COLON.join, fields)]
        if b"date" not in told:
            lines.append(_COLON.join(date_line()))
        self._bodiless = status in _BODILESS or self.head.method == "HEAD"
        if length is not None:
            self._left = int(length)
        elif not self._bodiless:
            self._chunked = self.head.version != "1.0"
            self.ends_with_connection = not self._chunked
            if self._chunked:
                lines.append(b"transfer-encoding: chunked")
        if closes:
            self._carrier.last = True
        elif self._is_last(status):
            lines.append(b"connection: close")
        lines.append(b"\r\n")
        self._kept = b"\r\n".join(lines)
        self.started = True

    async def flush(self) -> None:
        if self._kept:
            kept, self._kept = self._kept, b""
            await self._write(kept)

    async def write(self, data: bytes) -> None:
        if data and not self._bodiless:
            await self._send(self._framed(data))
        else:
            await self.flush()

    @property
    def pours(self) -> int:
        if self._kept or self._bodiless or not isinstance(self._wire, QuickWire):
            return 0
        return self._left or 0

    async def pour(self, pipe: Pipe, progressed: Callable[[], None]) -> None:
        self.check()
        assert self._left is not None
        assert pipe.held <= self._left, "as `pours` said"
        self._left -= pipe.held
        assert isinstance(self._wire, QuickWire)
        try:
            await self._wire.pour(pipe, progressed)
        except ClientLeftError:
            self.leave()
            raise

    async def finish(self, trailers: Fields = ()) -> None:
        await self._finish(b"", trailers)

    async def finish_with(self, data: bytes = b"", trailers: Fields = ()) -> None:
        await self._finish(data if not self._bodiless else b"", trailers)

    async def _finish(self, data: bytes, trailers: Fields) -> None:
        await self._send(self._framed_last(data, trailers))
        self.finished = True
        self.end()

    def _framed_last(self, data: bytes, trailers: Fields) -> bytes:
        """Return the last piece, which may be empty, and the end, as they go out."""
        framed = self._framed(data) if data else b""
        if self._left and not self._bodiless:
            raise ValueError(f"the answer lacks {self._left} bytes of its Content-Length")
        if self._chunked:
            lines = [b"%b: %b\r\n" % line for line in trailers]
            framed = b"".join([framed, b"0\r\n", *lines, b"\r\n"])
        return framed

    def _framed(self, data: bytes) -> bytes:
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(data), data)
        if self._left is not None:
            if len(data) > self._left:
                raise ValueError("the answer is longer than its Content-Length")
            self._left -= len(data)
        return data

    async def _send(self, data: bytes) -> None:
        kept, self._kept = self._kept, b""
        if kept and len(data) <= _JOINED_MAX:
            data = kept + data
        elif kept:
            await self._write(kept)
        if data:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        self.check()
        try:
            await self._wire.write(data)
        except ClientLeftError:
            self.leave()
            raise

    def _is_last(self, status: int) -> bool:
        """Tell whether the connection ends with this answer, as far as is known at its head.

        So it does where it answers with an error a body of which more is to come, or one
        that waits for a 100 (Continue) which it does not get: it may come, or may not.
        """
        carrier = self._carrier
        phase = carrier.decoder.phase
        if phase is _AT_REST:
            return carrier.last or self.head.version == "1.0"
        unread = phase is Phase.BODY
        return (
            carrier.last
            or phase is Phase.LAST
            or self.head.version == "1.0"
            or (unread and (status >= _ERROR or self.awaits_continue))
        )


def _closes(fields: Fields) -> bool:
    """Tell whether Connection says that this answer is the last."""
    return any(b"close" in told.lower() for told in values(fields, b"connection"))
