"""The answer that a stored one gives to a request: whole, a part, or "you have it".

Source: RFC 9111, section 4; RFC 9110, sections 9.3.2, 13.2.2, 15.3.7, 15.4.5, 15.5.17.
"""

from typing import Final, NamedTuple

from ..message import UNKNOWN, Fields, ResponseHead
from .asking import Asked
from .conditional import not_modified, range_is_current
from .entry import Entry
from .ranges import Span, content_range, select

_LENGTH: Final = b"content-length"
_OF_THE_BODY: Final = frozenset(
    {b"content-encoding", b"content-language", b"content-length", b"content-range", b"content-type"}
)
"""What a 304 does not repeat (RFC 9110, 15.4.5)."""
_OF_THE_WHOLE: Final = frozenset({_LENGTH, b"content-range"})


class Answer(NamedTuple):
    """What to send: a head, and which part of the stored body behind it."""

    head: ResponseHead
    span: Span | None
    """None if no body follows. `end` is UNKNOWN where it follows to its end."""


def answer(entry: Entry, asked: Asked, lines: Fields) -> Answer:
    """Return the answer of `entry`; `lines` come behind its own, Age among them."""
    if entry.status == 200:
        if asked.conditional and not_modified(asked, entry):
            kept = tuple([line for line in entry.fields if line[0] not in _OF_THE_BODY])
            return Answer(ResponseHead(304, kept + lines, 0), None)
        if asked.range is not None and entry.length != UNKNOWN and range_is_current(asked, entry):
            span = select(asked.range, entry.length)
            if span is not None:
                return _part(entry, span, lines)
    if asked.head_only or entry.length == 0:
        return Answer(ResponseHead(entry.status, entry.fields + lines, 0), None)
    return Answer(
        ResponseHead(entry.status, entry.fields + lines, entry.length), Span(0, entry.length)
    )


def _part(entry: Entry, span: Span, lines: Fields) -> Answer:
    told = (b"content-range", content_range(span, entry.length))
    if span.size == 0:
        empty = (told, (_LENGTH, b"0"))
        kept = tuple([line for line in entry.fields if line[0] not in _OF_THE_BODY])
        return Answer(ResponseHead(416, kept + empty + lines, 0), None)
    kept = tuple([line for line in entry.fields if line[0] not in _OF_THE_WHOLE])
    sized = (told, (_LENGTH, b"%d" % span.size))
    return Answer(ResponseHead(206, kept + sized + lines, span.size), span)
