"""The body of one stored answer: pieces that come in once and are read by many, while they come."""

from collections import deque
from typing import Final

import trio

from gateway_core.errors import FailureKind
from gateway_core.message import Fields

from ..upstream import CallFailedError

AHEAD_BYTES_MAX: Final = 1024 * 1024
"""What a body that is kept no longer may be ahead of its slowest reader."""

JOINED_BYTES_MAX: Final = 64 * 1024
"""Of a body that came in pieces and is sent in one: head and body then go out in one write."""


class Body:
    """Grows at one end; readers begin at its start, each at a pace of their own.

    While it is kept, nothing of it is let go of, and it grows as fast as it comes. Once it is
    kept no longer (too large, or pushed out before it was whole) it only passes through:
    nobody new may read it, what all readers have had is let go of, and it waits for the slowest.
    """

    __slots__ = (
        "_base",
        "_news",
        "_pieces",
        "_room",
        "broken",
        "complete",
        "kept",
        "length",
        "readers",
    )

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._base = 0
        """Number of the first piece that is still here."""
        self._news: trio.Event | None = None
        self._room: trio.Event | None = None
        self.length = 0
        self.complete = False
        self.broken = False
        self.kept = True
        self.readers: set[Reader] = set()

    @classmethod
    def of(cls, whole: bytes) -> "Body":
        """Return a body that is here at once."""
        body = cls()
        if whole:
            body._pieces.append(whole)
        body.length, body.complete = len(whole), True
        return body

    def add(self, piece: bytes) -> None:
        """Take in what came."""
        self._pieces.append(piece)
        self.length += len(piece)
        self._tell()

    def end(self) -> None:
        """Say that all of it is here."""
        self.complete = True
        self._tell()

    def break_off(self) -> None:
        """Say that no more of it will come, although it is not whole."""
        if not self.complete:
            self.broken = True
            self._tell()

    def let_go(self) -> None:
        """Keep it no longer: whoever reads it goes on, nobody new begins."""
        self.kept = False
        self.trim()

    async def room(self) -> None:
        """Return once more may be added."""
        while not self.kept and self.readers and self._ahead() > AHEAD_BYTES_MAX:
            self._room = trio.Event()
            await self._room.wait()

    def whole(self, start: int, end: int) -> bytes | None:
        """Return the bytes from `start` up to `end`, below 0: to the end, if that takes no reading.

        It takes none where all of the body is here in one piece, or can be made one.
        """
        assert self._base == 0, "what passes through is read from its start, or not at all"
        pieces = self._pieces
        if not self.complete or (len(pieces) > 1 and not self._join()):
            return None
        first = pieces[0] if pieces else b""
        if start == 0 and (end < 0 or end == len(first)):
            return first
        return first[start:] if end < 0 else first[start:end]

    def reader(self, start: int, end: int) -> "Reader":
        """Return who reads the bytes from `start` up to `end`; below 0: to the end."""
        assert self._base == 0, "what passes through is read from its start, or not at all"
        reader = Reader(self, start, end)
        self.readers.add(reader)
        return reader

    def piece(self, number: int) -> bytes | None:
        """Return a piece that is here, or None if it is still to come."""
        place = number - self._base
        return self._pieces[place] if place < len(self._pieces) else None

    async def news(self) -> None:
        """Return once there is more, or will be no more."""
        if self._news is None:
            self._news = trio.Event()
        await self._news.wait()

    def trim(self) -> None:
        """Let go of what all readers have had, if it is kept no longer."""
        if self.kept:
            return
        slowest = min(
            (reader.number for reader in self.readers), default=self._base + len(self._pieces)
        )
        while self._base < slowest and self._pieces:
            self._pieces.popleft()
            self._base += 1
        if self._room is not None:
            self._room.set()

    def _join(self) -> bool:
        """Make one piece of many, unless it is large, or somebody is in the midst of them."""
        if self.readers or self.length > JOINED_BYTES_MAX:
            return False
        joined = b"".join(self._pieces)
        self._pieces.clear()
        self._pieces.append(joined)
        return True

    def _ahead(self) -> int:
        return sum(map(len, self._pieces))

    def _tell(self) -> None:
        news, self._news = self._news, None
        if news is not None:
            news.set()


class Reader:
    """Who reads a part of a body, in order."""

    __slots__ = ("_body", "_left", "_skip", "number")

    trailers: Fields = ()
    """None are stored: they may be dropped (RFC 9110, 6.5.1)."""

    def __init__(self, body: Body, start: int, end: int) -> None:
        self._body = body
        self._skip = start
        self._left = None if end < 0 else end - start
        self.number = 0
        """Of the piece that is read next."""

    @property
    def at_hand(self) -> bool:
        """Whether `read` would return without waiting."""
        body = self._body
        return (
            self._left == 0 or body.complete or body.broken or body.piece(self.number) is not None
        )

    @property
    def ended(self) -> bool:
        """Whether all that was asked for has been read."""
        body = self._body
        return self._left == 0 or (body.complete and body.piece(self.number) is None)

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end. Raises CallFailedError where it is cut off."""
        body = self._body
        while self._left != 0:
            piece = body.piece(self.number)
            if piece is None:
                if body.complete:
                    return b""
                if body.broken:
                    raise CallFailedError(FailureKind.RESET, "the stored body was cut off")
                await body.news()
                continue
            self.number += 1
            if not body.kept:
                body.trim()
            if taken := self._wanted(piece):
                return taken
        return b""

    def _wanted(self, piece: bytes) -> bytes:
        """Return what is asked for of a piece."""
        if self._skip:
            skipped = min(self._skip, len(piece))
            self._skip -= skipped
            piece = piece[skipped:]
        if self._left is not None:
            piece = piece[: self._left]
            self._left -= len(piece)
        return piece

    async def aclose(self) -> None:
        """Read no more."""
        self.close()

    def close(self) -> None:
        """Read no more. Twice is once."""
        self._body.readers.discard(self)
        self._body.trim()
