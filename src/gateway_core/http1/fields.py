"""Field lines: of a head, of a trailer section (RFC 9112, section 5; RFC 9110, section 5).

    field-line = field-name ":" OWS field-value OWS CRLF

Good lines are read by the pattern FIELD_LINES, which other patterns embed, and by
`read_fields`; for any others `field_line_flaw` says what is wrong. A value holds every byte
but control characters, HTAB excepted: bytes beyond ASCII are opaque data (RFC 9110, 5.5).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from ..message import Fields
from ..refusal import Refusal
from .flaws import (
    BAD_FIELD_NAME,
    BAD_FIELD_VALUE,
    BARE_CARRIAGE_RETURN,
    BARE_LINE_FEED,
    FOLDED_LINE,
    HEAD_TOO_LARGE,
    NO_COLON,
    SPACE_BEFORE_COLON,
    TOO_MANY_FIELDS,
)
from .limits import Limits

TOKEN_BYTES: Final = rb"!#$%&'*+.^_`|~0-9A-Za-z-"
"""What a token is made of, as the inside of a character class (RFC 9110, 5.6.2)."""
VALUE_BYTES: Final = rb"\t\x20-\x7e\x80-\xff"
"""What a value is made of, likewise. White space around it is taken off afterwards."""
FIELD_LINE: Final = rb"[%b]++:[%b]*+\r\n" % (TOKEN_BYTES, VALUE_BYTES)
"""One good line, as a pattern that never looks back."""

TOKEN: Final = bytes(byte for byte in range(128) if re.match(b"[%b]" % TOKEN_BYTES, bytes([byte])))
"""Each of TOKEN_BYTES once, for `strip`."""

_TOKEN: Final = re.compile(rb"[%b]++" % TOKEN_BYTES)
_VALUE: Final = re.compile(rb"[%b]*+" % VALUE_BYTES)

Bytes: TypeAlias = bytes | bytearray

_LINES_REMEMBERED: Final = 1024
_REMEMBERED_BYTES_MAX: Final = 2048
"""Of all lines of a head together: so what is remembered takes some MiB at most, all told.

Credentials among them stay in memory until other lines push them out; nothing shows them.
"""


def read_fields(lines: bytes) -> Fields:
    """Return the fields in `lines`: good lines, each with its CR LF.

    Clients and services say the same lines over and over. A line that was read before is a
    look-up, and gives the same objects, whose hashes are known wherever they are asked for.
    """
    if not lines:
        return ()
    read = _read_again if len(lines) <= _REMEMBERED_BYTES_MAX else _read_field
    return tuple(map(read, lines[:-2].split(b"\r\n")))


def _read_field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip()  # of all white space, values hold SP and HTAB


_read_again = lru_cache(_LINES_REMEMBERED)(_read_field)


def field_line_flaw(line: bytes) -> Refusal | None:
    """Say what is wrong with one field line, given with the LF that ends it."""
    if line[:1] in (b" ", b"\t"):
        return FOLDED_LINE
    if not line.endswith(b"\r\n"):
        return BARE_CARRIAGE_RETURN if b"\r" in line else BARE_LINE_FEED
    name, colon, value = line[:-2].partition(b":")
    if b"\r" in line[:-2]:
        return BARE_CARRIAGE_RETURN
    if not colon:
        return NO_COLON
    if _TOKEN.fullmatch(name) is None:
        padded = _TOKEN.fullmatch(name.rstrip(b" \t"))
        return SPACE_BEFORE_COLON if padded else BAD_FIELD_NAME
    return None if _VALUE.fullmatch(value) else BAD_FIELD_VALUE


class FirstLineFlaw(Protocol):
    """Judges the first line of a head, given without its CR LF.

    Of a line that is not complete it says only what no further byte can mend.
    """

    def __call__(self, text: bytes, limits: Limits, *, complete: bool) -> Refusal | None: ...


@dataclass(slots=True)
class HeadWatch:
    """Follows a head line by line while it arrives, so that a bad one is refused early.

    Offsets count from the head's first byte. What it finds does not depend on the pieces
    that the head came in; over a complete head it finds the same as over its beginnings.
    """

    _line: int = 0
    """Where the line that is arriving starts."""
    _searched: int = 0
    """How far no LF was found."""
    _lines: int = 0

    def flaw(self, head: Bytes, limits: Limits, first_line_flaw: FirstLineFlaw) -> Refusal | None:
        """Judge what came of `head` since the last call; None while nothing is wrong."""
        while True:
            end = head.find(b"\n", self._searched, limits.head_bytes_max) + 1
            if not end:
                return self._unfinished_flaw(head, limits, first_line_flaw)
            line = bytes(head[self._line : end])
            if line == b"\r\n" and self._lines:
                return None
            flaw = self._line_flaw(line, limits, first_line_flaw)
            if flaw is not None:
                return flaw
            self._line = self._searched = end
            self._lines += 1

    def _line_flaw(
        self, line: bytes, limits: Limits, first_line_flaw: FirstLineFlaw
    ) -> Refusal | None:
        if self._lines > limits.fields_max:
            return TOO_MANY_FIELDS
        if self._lines:
            return field_line_flaw(line)
        if line == b"\n":
            return BARE_LINE_FEED
        text = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        flaw = first_line_flaw(text, limits, complete=True)
        if flaw is None and not line.endswith(b"\r\n"):
            return BARE_LINE_FEED
        return flaw

    def _unfinished_flaw(
        self, head: Bytes, limits: Limits, first_line_flaw: FirstLineFlaw
    ) -> Refusal | None:
        seen = min(len(head), limits.head_bytes_max)
        self._searched = seen
        if not self._lines:
            # Its beginning, and once more when it is longer than any good one: judging all
            # of it at each byte would take time in the square of its length.
            glance = seen if seen > limits.target_bytes_max + _GLANCE else min(seen, _GLANCE)
            if len(head) > limits.head_bytes_max:
                glance = seen
            text = bytes(head[:glance]).removesuffix(b"\r")
            flaw = first_line_flaw(text, limits, complete=False)
            if flaw is not None:
                return flaw
        return HEAD_TOO_LARGE if len(head) > limits.head_bytes_max else None


_GLANCE: Final = 64
"""Bytes: more than a method, a version, or a status line up to its reason phrase."""
