"""Bodies that are read whole, as documents, since an answer is made of them: a part of `talk`.

Bounded, and held no longer than until the exchange says what becomes of them: something is
made of the document, or the answer goes out as it came, what was read of it first.
"""

from collections.abc import Awaitable
from contextlib import suppress

import trio

from gateway_core.composing import Flaw, read_document
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    AwaitFlight,
    Command,
    DocumentRead,
    Event,
    ReadDocument,
    ReadRequest,
    SendStored,
    UpstreamBroke,
)
from gateway_core.message import UNKNOWN, Fields

from .caching import StoredTalk
from .caching.body import Reader
from .encoding.encoded_body import Source
from .upstream import Answer, CallFailedError


class Read:
    """A source of which something was read ahead: that comes first, then the rest. See `Source`."""

    __slots__ = ("_pieces", "_source", "size")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pieces: list[bytes] = []
        self.size = 0

    async def ahead(self, bytes_max: int) -> bytes | None:
        """Return all of it; None where it is more than that."""
        source = self._source
        while self.size <= bytes_max:
            piece = b"" if source.ended else await source.read()
            if not piece:
                return b"".join(self._pieces)
            self._pieces.append(piece)
            self.size += len(piece)
        return None

    @property
    def trailers(self) -> Fields:
        return self._source.trailers

    @property
    def at_hand(self) -> bool:
        return bool(self._pieces) or self._source.at_hand

    @property
    def ended(self) -> bool:
        return not self._pieces and self._source.ended

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end."""
        if self._pieces:
            return self._pieces.pop(0)
        return await self._source.read()

    async def aclose(self) -> None:
        await self._source.aclose()


class DocumentTalk(StoredTalk):
    """Reads documents, and sends on what was read in vain."""

    _read: Read | None = None
    """What was read of an answer whose fate is still to be told."""
    _reader: Reader | None = None
    """Of what is stored, and was begun to be read, or is to be."""

    async def _read_request(self, command: ReadRequest) -> Event:
        raise NotImplementedError

    def take_in_hand(self, command: Command) -> None:
        """Begin with what `command` is about, whose turn comes later: it may be gone by then."""
        if isinstance(command, SendStored):
            self._reader = self.shelf.read(command.body, command.start, command.end)
        elif isinstance(command, AwaitFlight):
            self.expect(command)
        elif isinstance(command, ReadDocument) and command.stored is not None:
            self._reader = self.shelf.read(command.stored, 0, UNKNOWN)

    def read_document(self, command: ReadDocument | ReadRequest) -> Awaitable[Event]:
        """Perform `command`."""
        if isinstance(command, ReadRequest):
            return self._read_request(command)
        return self._read_answer(command) if command.stored is None else self._read_stored(command)

    async def _read_answer(self, command: ReadDocument) -> Event:
        answer = self._answer
        assert answer is not None
        self.shelf.settle()
        if (whole := answer.whole) is not None:  # what most answers are; nothing is used up
            return document_read(whole if len(whole) <= command.bytes_max else None, len(whole))
        self._read = read = Read(answer)
        if not answer.uploading:
            return await _ahead(read, command.bytes_max)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(finish_upload, answer)
            told = await _ahead(read, command.bytes_max)
            nursery.cancel_scope.cancel()
        return told

    async def _read_stored(self, command: ReadDocument) -> Event:
        assert command.stored is not None
        whole = self.shelf.whole(command.stored, 0, UNKNOWN)
        if whole is not None and len(whole) <= command.bytes_max:
            self._end_reading()
            self._settle()
            return document_read(whole, len(whole))
        reader = self._reader or self.shelf.read(command.stored, 0, UNKNOWN)
        self._settle()
        if reader is None:
            return UpstreamBroke(FailureKind.RESET)
        self._reader = reader
        self._read = read = Read(reader)
        return await _ahead(read, command.bytes_max)

    def _send_stored(self, command: SendStored) -> Awaitable[Event]:
        reader, self._reader = self._reader, None
        return super()._send_stored(command) if reader is None else self._send_read(command, reader)

    async def _send_read(self, command: SendStored, reader: Reader) -> Event:
        head = command.head
        self._settle()
        try:
            return await self._send_body(head, self._source(reader), head.body, command.coding)
        finally:
            reader.close()

    def _source(self, source: Source) -> Source:
        """Return what to send in the place of `source`: from its beginning, whatever was read."""
        read, self._read = self._read, None
        return source if read is None else read

    def _end_reading(self) -> None:
        """Let go of what was read, where nothing of it is sent. Twice is once."""
        self._read = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def document_read(body: bytes | None, size: int) -> DocumentRead:
    """Return what to tell of a body; None: it was larger than it may be."""
    return DocumentRead(Flaw.TOO_LARGE if body is None else read_document(body), size)


async def finish_upload(answer: Answer) -> None:
    """Send the rest of a body whose answer has come; what stops it, the answer shows."""
    with suppress(CallFailedError):
        await answer.finish_upload()


async def _ahead(read: Read, bytes_max: int) -> Event:
    try:
        return document_read(await read.ahead(bytes_max), read.size)
    except CallFailedError as error:
        return UpstreamBroke(error.kind)
