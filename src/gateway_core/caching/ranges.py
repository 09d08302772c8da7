"""Parts of a stored body.

One range is served; a request for several gets the whole, which a server may always
send (RFC 9110, 14.2): what multipart answers cost and save is not worth their risk.

Source: RFC 9110, sections 14.1.2, 14.2, 14.4 and 15.5.17.
"""

import re
from typing import Final, NamedTuple

_ONE: Final = re.compile(
    rb"bytes=[ \t]*+(?:([0-9]{1,19})-([0-9]{0,19})|-([0-9]{1,19}))[ \t]*+", re.IGNORECASE
)


class Span(NamedTuple):
    """The bytes of a body from `start` up to, not including, `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def select(text: bytes, length: int) -> Span | None:
    """Return the part of `length` bytes that a Range field asks for; an empty one for 416.

    None: answer with the whole, since the field is not understood, or asks for several.
    """
    found = _ONE.fullmatch(text)
    if found is None or length == 0:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return Span(max(length - int(suffix), 0), length)
    start = int(first)
    if last and int(last) < start:
        return None  # no range at all (RFC 9110, 14.1.1): ignored
    end = min(int(last) + 1, length) if last else length
    return Span(start, end) if start < length else Span(length, length)


def content_range(span: Span, length: int) -> bytes:
    """Return the field that tells which part `span` is (RFC 9110, 14.4)."""
    if span.size == 0:
        return b"bytes */%d" % length
    return b"bytes %d-%d/%d" % (span.start, span.end - 1, length)
