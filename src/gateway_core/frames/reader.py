"""WebSocket frames: their headers are read and judged, their payload passes as it came.

A relay need not know what a message says. So a reader looks at headers alone and tells of
*spans*: bytes that may be passed on as they are, mask and all, however many frames, or
whatever part of one, they hold. A frame of any size streams. Only control frames are held
until they are whole, and only pongs and Closes are opened.

    bytes -> receive -> next:  FramesCame   `take` is what to pass on
                               PongCame     `take` is it, unless it answers a ping of ours
                               CloseCame    nothing behind it is read
                               StreamBroke  nothing behind it is read, and nothing of it passes
                               None         more bytes are needed

Whether text is UTF-8, and what is inflated from it, is between the endpoints (RFC 6455, 8.1).

Source: RFC 6455, sections 5.1 to 5.5; RFC 7692, section 6.
"""

from dataclasses import dataclass
from typing import Final

from .control import close_flaw, masked, read_close
from .flaws import BAD_LENGTH, MESSAGE_TOO_BIG, header_flaw
from .headers import (
    CONTROL,
    FIRST,
    FLAWED,
    INSIDE,
    LAST,
    LENGTH,
    LONG_MAX,
    MASK,
    OP_PONG,
    OPCODE,
    OUTSIDE,
    PING,
    SHORT,
    SHORT_MAX,
)
from .vocabulary import (
    CLIENT,
    CONTROL_PAYLOAD_MAX,
    NO_BOUND,
    Close,
    CloseCame,
    FrameEvent,
    FramesCame,
    PongCame,
    Side,
    StreamBroke,
)

HELD_MAX: Final = 6 + CONTROL_PAYLOAD_MAX
"""Bytes that are kept between two reads at most: a header, or a control frame, less a byte."""


@dataclass(slots=True)
class FrameReader:
    """Reads what one side sends."""

    source: Side
    message_max: int = NO_BOUND
    """Bytes of one message, all fragments together, as they are on the wire."""
    deflated: bool = False
    """Whether permessage-deflate was agreed on, so that a message may begin with RSV1."""
    messages_max: int = NO_BOUND
    """Messages and pings of one span; at least 1."""
    _data: bytes = b""
    _at: int = 0
    _span: tuple[int, int] = (0, 0)
    """Where in `_data` lies what was told last."""
    _left: int = 0
    """Bytes to come of a data frame whose header was told."""
    _inside: bool = False
    """Whether a message has begun and not ended."""
    _size: int = 0
    """Bytes of that message, as the headers so far tell."""
    _finishing: bool = False
    _dropping: bool = False
    """Whether data frames and pings are dropped, the one that `_left` is of included."""
    _ended: bool = False

    @property
    def held(self) -> int:
        """Bytes that came and were not told of."""
        return len(self._data) - self._at

    def receive(self, data: bytes) -> None:
        """Take in what the source sent. To be called once `next` has returned None."""
        if self._at < len(self._data):
            data = self._data[self._at :] + data
        self._data, self._at = data, 0

    def first(self, data: bytes) -> FrameEvent | None:
        """Take in what the source sent, and return what it says first: `receive` and `next`."""
        if self._finishing or self._ended or self._at < len(self._data) or not data:
            self.receive(data)
            return self.next()
        self._data, self._at = data, 0
        event = self._walk()
        if self._at == 0:
            return self._judge_next()
        self._span = (0, self._at)
        return event

    def finish(self) -> None:
        """Tell of the rest of a data frame that was begun, and then of pongs and a Close alone."""
        self._finishing = True

    def take(self) -> bytes:
        """Return the bytes of what `next` told last."""
        start, end = self._span
        return self._data if end - start == len(self._data) else self._data[start:end]

    def next(self) -> FrameEvent | None:
        """Return what the bytes say next, None where more are needed."""
        if self._ended:
            self._data, self._at = b"", 0
            return None
        start = self._at
        if start == len(self._data):
            return None
        if self._finishing:
            return self._next_finishing()
        event = self._walk()
        if self._at == start:
            return self._judge_next()
        self._span = (start, self._at)
        return event

    def _walk(self) -> FramesCame:  # noqa: C901, PLR0912, PLR0915 - one loop: calls cost more than frames
        """Go over data frames and pings, as far as nothing about them is unusual.

        Where it stops, `_judge_next` finds out why.
        """
        data, at, left, size = self._data, self._at, self._left, self._size
        end = len(data)
        messages = pings = payload = 0
        mask_bit, header_bytes = (MASK, 6) if self.source is CLIENT else (0, 2)
        outside, inside = OUTSIDE[self.deflated], INSIDE[self.deflated]
        kinds = inside if self._inside else outside
        message_max, messages_max = self.message_max, self.messages_max
        if left:
            payload = min(left, end - at)
            at += payload
            left -= payload
        while end - at >= header_bytes:
            kind, length = kinds[data[at]], data[at + 1] ^ mask_bit
            body = at + header_bytes
            if length >= SHORT:
                if length == SHORT and end - body >= 2:
                    length = data[at + 2] << 8 | data[at + 3]
                    body += 2
                    if length < SHORT:
                        break
                elif length == SHORT + 1 and end - body >= 8:
                    length = int.from_bytes(data[at + 2 : at + 10], "big")
                    body += 8
                    if not SHORT_MAX < length <= LONG_MAX:
                        break
                else:
                    break
            if kind <= FIRST:
                if kind == FLAWED or length > message_max or messages + pings == messages_max:
                    break
                messages += 1
                if kind == FIRST:
                    size, kinds = length, inside
            elif kind <= LAST:
                if size + length > message_max:
                    break
                size += length
                if kind == LAST:
                    size, kinds = 0, outside
            elif kind == PING and length < SHORT and body + length <= end:
                if messages + pings == messages_max:
                    break
                pings += 1
                at = body + length
                continue
            else:
                break
            at = body + length
            payload += length
            if at > end:
                left = at - end
                payload -= left
                at = end
        self._at, self._left, self._size, self._inside = at, left, size, kinds is inside
        return FramesCame(self.source, messages, pings, payload, not left)

    def _next_finishing(self) -> FrameEvent | None:
        while self._at < len(self._data):
            start = self._at
            if self._left:
                count = min(self._left, len(self._data) - start)
                self._at += count
                self._left -= count
                if not self._dropping:
                    self._span = (start, self._at)
                    return FramesCame(self.source, 0, 0, count, not self._left)
                continue
            self._dropping = True
            self._walk()
            if self._at == start:
                return self._judge_next()
        return None

    def _judge_next(self) -> FrameEvent | None:
        """Look closely at the frame that comes next, which does not pass unseen."""
        data, at = self._data, self._at
        if len(data) - at < 2:
            return None
        header = self._header(data, at)
        if isinstance(header, Close):
            return self._break(header)
        if header is None or header[0] + header[1] > len(data):
            return None
        body, length = header
        payload = data[body : body + length]
        if self.source is CLIENT:
            payload = masked(payload, data[body - 4 : body])
        self._span = (at, body + length)
        self._at = body + length
        if data[at] & OPCODE == OP_PONG:
            return PongCame(self.source, payload)
        flaw = close_flaw(payload)
        if flaw is not None:
            return self._break(flaw)
        self._ended = True
        return CloseCame(self.source, read_close(payload))

    def _header(self, data: bytes, at: int) -> tuple[int, int] | Close | None:
        """Return where a payload begins and its length, or what is wrong; None: more is needed."""
        first, second = data[at], data[at + 1]
        flaw = header_flaw(first, second, self.source, inside=self._inside, deflated=self.deflated)
        if flaw is not None:
            return flaw
        length = second & LENGTH
        more = {SHORT: 2, SHORT + 1: 8}.get(length, 0)
        body = at + 2 + more
        if len(data) < body:
            return None
        if more:
            length = int.from_bytes(data[at + 2 : body], "big")
            if not (SHORT if more == 2 else SHORT_MAX + 1) <= length <= LONG_MAX:
                return BAD_LENGTH
        if not first & CONTROL and self._size + length > self.message_max:
            return MESSAGE_TOO_BIG
        return body + (4 if self.source is CLIENT else 0), length

    def _break(self, flaw: Close) -> StreamBroke:
        self._ended = True
        return StreamBroke(self.source, flaw)
