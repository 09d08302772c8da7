"""An upstream's bytes, decoded: heads, pieces of bodies, ends, and what is wrong.

    IDLE --expect--> HEAD --final--> BODY --its end--> IDLE
                     ^  |\
                     |  | +--101--> TUNNEL        anywhere but in the tunnel, from
                 1xx +--+                         what is wrong on: BROKEN

The same request decides what an answer means: HEAD has no body whatever the fields say. Who
speaks without having been asked, or goes on behind the end, has lost its place in the
conversation: nobody can tell which answer belongs to which request.

Source: RFC 9112, sections 4 and 6.3; RFC 9110, sections 6.4.1 and 15.
"""

import enum
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from ..frozen import frozen
from ..message import UNKNOWN, Fields, ResponseHead
from ..refusal import Refusal
from .body import Body as BodyFollower
from .body import ChunkedBody, EndlessBody, SizedBody
from .fields import FIELD_LINE, VALUE_BYTES, HeadWatch, read_fields
from .flaws import BAD_STATUS_LINE, INCOMPLETE, UNSOLICITED
from .framing import body_length, content_length
from .limits import DEFAULT_LIMITS, Limits
from .request_head import keeps_alive

_STATUS_LINE: Final = rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [%b]*+)?" % VALUE_BYTES
"""Without the space before an empty reason phrase, too: servers forget it (RFC 9112, 4)."""
_HEAD_LINES: Final = re.compile(rb"%b\r\n((?:%b)*+)\r\n" % (_STATUS_LINE, FIELD_LINE))
_STATUS_LINE_ONLY: Final = re.compile(_STATUS_LINE)
_ANY_STATUS: Final = b"HTTP/1.1 200"
_END: Final = b"\r\n\r\n"
_INTERIM: Final = ord("1")
_NO_BODY: Final = frozenset({b"204", b"304"})

_HEADS_REMEMBERED: Final = 512
_REMEMBERED_BYTES_MAX: Final = 2048
"""Of one head: so what is remembered takes some MiB at most, all told.

A Set-Cookie among it stays in memory until other heads push it out; nothing shows it.
"""


class Informational(NamedTuple):
    """An interim answer came: 1xx. Behind 101, what comes is no longer HTTP."""

    status: int
    fields: Fields


class Head(NamedTuple):
    """The final answer's head came."""

    head: ResponseHead
    keep_alive: bool
    """Whether the upstream will have its connection go on behind this answer."""


class Body(NamedTuple):
    """Some of the body came."""

    data: bytes


class End(NamedTuple):
    """The answer is complete."""

    trailers: Fields


class Fault(NamedTuple):
    """The answer is wrong from here on, or ended too early; no event follows."""

    flaw: Refusal


_BARE_END: Final = End(())

Event: TypeAlias = Informational | Head | Body | End | Fault

Whole: TypeAlias = tuple[ResponseHead, bool, bytes]
"""A final answer in one piece: its head, `keep_alive` as in `Head`, all of its body."""


class Phase(enum.Enum):
    """Where in an upstream's stream the next byte stands."""

    IDLE = "between answers"
    HEAD = "in front of a head's end"
    BODY = "inside a body"
    TUNNEL = "no longer HTTP"
    BROKEN = "behind what is wrong"


_IDLE: Final = Phase.IDLE
_HEAD: Final = Phase.HEAD
_BODY: Final = Phase.BODY
_TUNNEL: Final = Phase.TUNNEL
_BROKEN: Final = Phase.BROKEN
# Looked up once: a member of an Enum costs 0.1 us each time in Python 3.11.


@dataclass(slots=True)
class ResponseDecoder:
    """Decodes one connection's answers, one after the other."""

    limits: Limits = DEFAULT_LIMITS
    phase: Phase = Phase.IDLE
    rest: bytes = b""
    """What came behind a 101."""
    _method: str = ""
    _held: bytearray = field(default_factory=bytearray)
    """What came of a head, or of a line inside a body, that is not complete."""
    _watch: HeadWatch = field(default_factory=HeadWatch)
    _body: BodyFollower = field(default_factory=lambda: SizedBody(0))

    def expect(self, method: str) -> None:
        """Take what comes next for the answer to a request of `method`."""
        assert self.phase is _IDLE, "the last answer is not complete"
        self._method = method
        self.phase = _HEAD

    def receive(self, data: bytes) -> list[Event]:
        """Return what the bytes say, in order. After a Fault, nothing."""
        if self._held and self.phase is _BODY:
            data = bytes(self._held) + data
            self._held = bytearray()
        return self._receive_from(data, 0, [])

    def receive_answer(self, data: bytes) -> Whole | list[Event]:
        """Return the answer if `data` is one, with its length told and no more; else, `receive`.

        What most small answers come in; it costs half of what their events do.
        """
        if self.phase is not _HEAD or self._held:
            return self.receive(data)
        at = data.find(_END) + len(_END)
        if at < len(_END):
            return self.receive(data)
        raw = data[:at]
        read = _read_again(raw) if at <= _REMEMBERED_BYTES_MAX else _read_head(raw)
        if read is None:
            return self.receive(data)
        head, limits = read.sized, self.limits
        if (
            head is not None
            and head.body == len(data) - at
            and self._method != "HEAD"
            and len(head.fields) <= limits.fields_max
            and at <= limits.head_bytes_max
        ):
            self.phase = _IDLE
            return head, read.keep_alive, data[at:]
        events: list[Event] = []
        return self._receive_from(
            data, self._on_head(read.match, read.fields, data, events), events
        )

    def _receive_from(self, data: bytes, at: int, events: list[Event]) -> list[Event]:
        end = len(data)
        while at < end:
            phase = self.phase
            if phase is _HEAD:
                at = self._read_head(data, at, events)
            elif phase is _BODY:
                at = self._follow_body(data, at, events)
            elif phase is _IDLE:
                self._fault(UNSOLICITED, events)
            else:
                if phase is _TUNNEL:
                    self.rest += data[at:]
                break
        return events

    @property
    def unseen(self) -> int:
        """Bytes of a body that may pass without being shown, as `passed`; 0: show all that comes."""
        body = self._body
        return body.left if self.phase is _BODY and isinstance(body, SizedBody) else 0

    def passed(self, count: int) -> bool:
        """Take note that `count` of the `unseen` bytes went by; tell whether these were the last.

        The answer is complete then, and no End is told.
        """
        body = self._body
        assert isinstance(body, SizedBody), "only their number tells where they end"
        assert 0 < count <= body.left, (count, body.left)
        body.left -= count
        if body.ended:
            self.phase = _IDLE
        return body.ended

    def eof(self) -> list[Event]:
        """Return what the connection's end says: between answers, and in a tunnel, nothing."""
        events: list[Event] = []
        if self.phase is _HEAD:
            self._fault(INCOMPLETE, events)
        elif self.phase is _BODY:
            flaw = self._body.eof()
            if flaw is None:
                self._end(events)
            else:
                self._fault(flaw, events)
        return events

    def _read_head(self, data: bytes, at: int, events: list[Event]) -> int:
        if self._held:
            return self._resume_head(data, at, events)
        match = _HEAD_LINES.match(data, at)
        if match is not None:
            return self._on_head(match, read_fields(match[3]), data, events)
        end = data.find(_END, at)
        self._held += memoryview(data)[at:]
        self._watch = HeadWatch()
        flaw = self._watch.flaw(self._held, self.limits, status_line_flaw)
        assert flaw is not None or end < 0, "the pattern refused a head in which every line is good"
        if flaw is not None:
            self._fault(flaw, events)
        return len(data)

    def _resume_head(self, data: bytes, at: int, events: list[Event]) -> int:
        before = len(self._held)
        self._held += memoryview(data)[at:]
        end = self._held.find(_END, max(before - len(_END) + 1, 0))
        flaw = None
        if end < 0:
            flaw = self._watch.flaw(self._held, self.limits, status_line_flaw)
        else:
            raw = bytes(memoryview(self._held)[: end + len(_END)])
            match = _HEAD_LINES.fullmatch(raw)
            if match is not None:
                self._held = bytearray()
                self._on_head(match, read_fields(match[3]), raw, events)
                return at + len(raw) - before
            flaw = HeadWatch().flaw(raw, self.limits, status_line_flaw)
            assert flaw is not None, "the pattern refused a head in which every line is good"
        if flaw is not None:
            self._fault(flaw, events)
        return len(data)

    def _on_head(
        self, match: re.Match[bytes], fields: Fields, data: bytes, events: list[Event]
    ) -> int:
        """Take a head whose every line is good; return how far the bytes of `data` were used.

        What no line can tell by itself is judged here. The head ends in `data` where the match
        does, which may be one of the head's bytes alone.
        """
        start, end = match.span()
        if end - start > self.limits.head_bytes_max or len(fields) > self.limits.fields_max:
            flaw = HeadWatch().flaw(match[0], self.limits, status_line_flaw)
            assert flaw is not None, "too large, and yet nothing is wrong with it"
            self._fault(flaw, events)
        elif match[2][0] == _INTERIM:
            events.append(Informational(int(match[2]), fields))
            if match[2] == b"101":
                self.phase = _TUNNEL
        else:
            return self._on_final_head(match, fields, data, events)
        return end

    def _on_final_head(
        self, match: re.Match[bytes], fields: Fields, data: bytes, events: list[Event]
    ) -> int:
        minor, status, _ = match.groups()
        end = match.end()
        known = dict(fields)
        told = known.get(b"content-length")
        length: int | Refusal | None = None
        if b"transfer-encoding" in known or (told is not None and len(known) != len(fields)):
            length = body_length(fields, match[0], minor=int(minor))
        elif told is not None:
            length = content_length(told)
        if isinstance(length, Refusal):
            self._fault(length, events)
            return end
        if self._method == "HEAD" or status in _NO_BODY:
            length = 0
        keep_alive = _keeps_alive(known, fields, minor)
        head = ResponseHead(int(status), fields, UNKNOWN if length is None else length)
        events.append(Head(head, keep_alive and length is not None))
        return self._begin_body(length, data, end, events)

    def _begin_body(self, length: int | None, data: bytes, at: int, events: list[Event]) -> int:
        """Expect `length` bytes, UNKNOWN for chunks, None for all until the connection's end."""
        self.phase = _BODY
        if length is None:
            self._body = EndlessBody()
        elif length == UNKNOWN:
            self._body = ChunkedBody(self.limits)
        elif len(data) - at < length:
            self._body = SizedBody(length)
        else:
            # All of it came with its head: what small answers do.
            if length:
                events.append(Body(data[at : at + length]))
            events.append(_BARE_END)
            self.phase = _IDLE
            return at + length
        return at

    def _follow_body(self, data: bytes, at: int, events: list[Event]) -> int:
        payload: list[bytes] = []
        end = self._body.receive(data, at, payload)
        if payload:
            events.append(Body(payload[0] if len(payload) == 1 else b"".join(payload)))
        if self._body.refusal is not None:
            self._fault(self._body.refusal, events)
        elif self._body.ended:
            self._end(events)
        else:
            self._held += memoryview(data)[end:]
            return len(data)
        return end

    def _end(self, events: list[Event]) -> None:
        trailers = self._body.trailers
        events.append(End(trailers) if trailers else _BARE_END)
        self.phase = _IDLE

    def _fault(self, flaw: Refusal, events: list[Event]) -> None:
        events.append(Fault(flaw))
        self._held = bytearray()
        self.phase = _BROKEN


@frozen
class _HeadRead:
    """A complete head whose every line is good. Bounds are not judged, nor what was asked."""

    match: re.Match[bytes]
    fields: Fields
    sized: ResponseHead | None
    """The head, if it is final and tells the length of its body in the one plain way."""
    keep_alive: bool
    """As in `Head`, of such a head."""


def _read_head(raw: bytes) -> _HeadRead | None:
    """Read one complete head, from its first byte to the end of its empty line."""
    match = _HEAD_LINES.fullmatch(raw)
    if match is None:
        return None
    minor, status, lines = match.groups()
    fields = read_fields(lines)
    known = dict(fields)
    told = known.get(b"content-length")
    if (
        told is None
        or len(known) != len(fields)
        or b"transfer-encoding" in known
        or status[0] == _INTERIM
        or status in _NO_BODY
    ):
        return _HeadRead(match, fields, None, keep_alive=False)
    length = content_length(told)
    if isinstance(length, Refusal) or told != b"%d" % length:
        return _HeadRead(match, fields, None, keep_alive=False)
    head = ResponseHead(int(status), fields, length)
    return _HeadRead(match, fields, head, _keeps_alive(known, fields, minor))


_read_again = lru_cache(_HEADS_REMEMBERED)(_read_head)
"""The same, of one that may have been read before: a look-up then, which gives the same objects.

Services say the same head over and over, within the second that its Date tells.
"""


def _keeps_alive(known: dict[bytes, bytes], fields: Fields, minor: bytes) -> bool:
    told = known.get(b"connection")
    if minor == b"1" and (told is None or (told == b"keep-alive" and len(known) == len(fields))):
        return True  # as `keeps_alive` says, and most servers
    return keeps_alive(fields, minor=int(minor))


def status_line_flaw(text: bytes, limits: Limits, *, complete: bool) -> Refusal | None:  # noqa: ARG001 - it has no bound but the head's
    """Say what is wrong with a status line, given without its CR LF."""
    if not complete:
        # What a good line could go on with: each place holds its own bytes, whatever came before.
        text += _ANY_STATUS[len(text) :]
    return None if _STATUS_LINE_ONLY.fullmatch(text) else BAD_STATUS_LINE
