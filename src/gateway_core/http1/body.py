"""A message's body, followed piece by piece: where it ends, and its payload on the way.

    SizedBody      Content-Length bytes
    ChunkedBody    chunks, a last chunk, trailers (RFC 9112, section 7.1)
    EndlessBody    a response's, until its connection ends (RFC 9112, section 6.3, item 8)

One loop serves two uses. The judge asks how far the bytes are good, and passes those on
untouched; a codec hands in a list, too, and finds the payload in it: slices, or the very
piece that came in where all of it is payload. Neither copies what it need not.

The caller keeps what was not consumed, which is at most one unfinished line, and shows it
again with more behind it. So time is linear in the length of the body, whatever it is cut
into: a line is short, and is looked at again only while it is not complete.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..message import Fields
from ..refusal import Refusal
from .fields import FIELD_LINE, VALUE_BYTES, field_line_flaw, read_fields
from .flaws import (
    BAD_CHUNK_END,
    BAD_CHUNK_EXTENSION,
    BAD_CHUNK_SIZE,
    BARE_CARRIAGE_RETURN,
    BARE_LINE_FEED,
    CHUNK_EXTENSION_TOO_LONG,
    CHUNK_SIZE_TOO_LONG,
    FORBIDDEN_TRAILER,
    INCOMPLETE,
    TOO_MANY_FIELDS,
    TRAILERS_TOO_LARGE,
)
from .limits import (
    CHUNK_EXTENSION_BYTES_MAX,
    CHUNK_EXTENSIONS_BYTES_MAX,
    CHUNK_SIZE_DIGITS_MAX,
    DEFAULT_LIMITS,
    TRAILERS_BYTES_MAX,
    Limits,
)

_SIZE: Final = rb"[0-9A-Fa-f]{1,%d}+" % CHUNK_SIZE_DIGITS_MAX
_EXTENSION: Final = rb";[%b]{0,%d}+" % (VALUE_BYTES, CHUNK_EXTENSION_BYTES_MAX - 1)
_FIRST: Final = re.compile(rb"(%b)(%b)?+\r\n" % (_SIZE, _EXTENSION))
"""The line that starts the first chunk."""
_NEXT: Final = re.compile(rb"\r\n(%b)(%b)?+\r\n" % (_SIZE, _EXTENSION))
"""The end of one chunk, and the line that starts the next."""
_FIRST_BEGUN: Final = re.compile(rb"(?:%b(?:%b)?+\r?)?" % (_SIZE, _EXTENSION))
_NEXT_BEGUN: Final = re.compile(rb"(?:\r(?:\n(?:%b(?:%b)?+\r?)?)?)?" % (_SIZE, _EXTENSION))
"""What may become a match of the former: all else is wrong already."""
_LINE_BYTES_MAX: Final = len(b"\r\n") * 2 + CHUNK_SIZE_DIGITS_MAX + CHUNK_EXTENSION_BYTES_MAX
_HEX: Final = b"0123456789ABCDEFabcdef"
_TEXT: Final = bytes((0x09, *range(0x20, 0x7F), *range(0x80, 0x100)))
"""What an extension holds: the bytes of VALUE_BYTES."""
_TRAILER: Final = re.compile(FIELD_LINE)
_FORBIDDEN_TRAILERS: Final = frozenset({b"content-length", b"transfer-encoding", b"host"})
"""Whatever is merged into a head must not frame or route it anew (RFC 9110, 6.5.1)."""


def piece(data: bytes, start: int, end: int) -> bytes:
    """Return `data[start:end]`: `data` itself where that is all of it, compiled or not."""
    return data if end - start == len(data) else data[start:end]


@dataclass(slots=True)
class SizedBody:
    """A body of as many bytes as its Content-Length says."""

    left: int
    refusal: Refusal | None = None

    @property
    def ended(self) -> bool:
        """Whether its last byte was seen."""
        return not self.left

    @property
    def trailers(self) -> Fields:
        """None: trailers need chunks."""
        return ()

    def receive(self, data: bytes, at: int, payload: list[bytes] | None = None) -> int:
        """Follow the body from `data[at]`; return where it, or `data`, ends."""
        end = min(at + self.left, len(data))
        if payload is not None and end > at:
            payload.append(piece(data, at, end))
        self.left -= end - at
        return end

    def eof(self) -> Refusal | None:
        """Say whether the connection may end here."""
        return INCOMPLETE if self.left else None


@dataclass(slots=True)
class EndlessBody:
    """A body that ends where its connection does. Whether all of it came, nobody knows."""

    ended: bool = False
    refusal: Refusal | None = None

    @property
    def trailers(self) -> Fields:
        """None: trailers need chunks."""
        return ()

    def receive(self, data: bytes, at: int, payload: list[bytes] | None = None) -> int:
        """Follow the body from `data[at]` to the end of `data`."""
        if payload is not None and at < len(data):
            payload.append(piece(data, at, len(data)))
        return len(data)

    def eof(self) -> Refusal | None:
        """End the body."""
        self.ended = True
        return None


@dataclass(slots=True)
class ChunkedBody:
    """A body in chunks."""

    limits: Limits = DEFAULT_LIMITS
    ended: bool = False
    refusal: Refusal | None = None
    """What is wrong at the place that `receive` returned; it goes no further then."""
    trailers: Fields = ()
    """Complete once `ended`. Not part of the head: who merges them, judges them first."""
    _left: int = 0
    """Bytes of the chunk that are still to come."""
    _begun: bool = False
    """Whether a chunk went before, whose end belongs to the next line."""
    _extensions_left: int = CHUNK_EXTENSIONS_BYTES_MAX
    _trailers_left: int = TRAILERS_BYTES_MAX
    _in_trailers: bool = False

    def receive(self, data: bytes, at: int, payload: list[bytes] | None = None) -> int:
        """Follow the body from `data[at]`; return up to where it is good.

        That is where the body ended, where it went wrong, or where a line starts which is
        not complete. Payload is good as soon as it is there, a line once it is complete.
        """
        while not self._in_trailers:
            if self._left:
                end = min(at + self._left, len(data))
                if payload is not None and end > at:
                    payload.append(piece(data, at, end))
                self._left -= end - at
                at = end
                if self._left:
                    return at
            match = (_NEXT if self._begun else _FIRST).match(data, at)
            if match is None:
                self.refusal = self._line_flaw(data[at : at + _LINE_BYTES_MAX])
                return at
            size, extension = match.groups()
            if extension is not None:
                self._extensions_left -= len(extension)
                if self._extensions_left < 0:
                    self.refusal = CHUNK_EXTENSION_TOO_LONG
                    return at
            at = match.end()
            self._begun = True
            self._left = int(size, 16)
            self._in_trailers = not self._left
        return self._receive_trailers(data, at)

    def eof(self) -> Refusal | None:
        """Say whether the connection may end here."""
        return None if self.ended else INCOMPLETE

    def _line_flaw(self, text: bytes) -> Refusal | None:
        """Say what is wrong with the start of a line that did not match, if anything is."""
        if (_NEXT_BEGUN if self._begun else _FIRST_BEGUN).fullmatch(text) is not None:
            return None
        if self._begun:
            if not text.startswith(b"\r\n"):
                return BAD_CHUNK_END
            text = text[2:]
        return _chunk_line_flaw(text)

    def _receive_trailers(self, data: bytes, at: int) -> int:
        while not (self.ended or self.refusal):
            end = data.find(b"\n", at, at + self._trailers_left) + 1
            if not end:
                if len(data) - at > self._trailers_left:
                    self.refusal = TRAILERS_TOO_LARGE
                break
            if data[at:end] == b"\r\n":
                self.ended = True
            else:
                self.refusal = self._trailer_flaw(data[at:end])
                if self.refusal is not None:
                    break
            self._trailers_left -= end - at
            at = end
        return at

    def _trailer_flaw(self, line: bytes) -> Refusal | None:
        """Take one trailer field line, or say what is wrong with it."""
        if _TRAILER.fullmatch(line) is None:
            return field_line_flaw(line)
        if len(self.trailers) == self.limits.fields_max:
            return TOO_MANY_FIELDS
        trailer = read_fields(line)
        if trailer[0][0] in _FORBIDDEN_TRAILERS:
            return FORBIDDEN_TRAILER
        self.trailers += trailer
        return None


def _chunk_line_flaw(text: bytes) -> Refusal:
    """Say what is the first thing wrong with the start of a chunk's line."""
    end = len(text) - len(text.lstrip(_HEX))
    if end > CHUNK_SIZE_DIGITS_MAX:
        return CHUNK_SIZE_TOO_LONG
    if end and text[end : end + 1] == b";":
        rest = text[end:].lstrip(_TEXT)
        if len(text) - len(rest) - end > CHUNK_EXTENSION_BYTES_MAX:
            return CHUNK_EXTENSION_TOO_LONG
        end = len(text) - len(rest)
        if text[end : end + 1] not in (b"\r", b"\n"):
            return BAD_CHUNK_EXTENSION
    if end and text[end : end + 1] == b"\r":
        return BARE_CARRIAGE_RETURN
    return BARE_LINE_FEED if text[end : end + 1] == b"\n" else BAD_CHUNK_SIZE


Body: TypeAlias = SizedBody | ChunkedBody | EndlessBody
