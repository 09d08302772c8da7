"""The judge of a client's bytes: what may be handed to the HTTP server below, and what not.

             a byte             head good, a body to come
      IDLE ----------> HEAD -----------------------------> BODY
       ^                | |                                 |
       |     no body    | +-- a WebSocket's --> TUNNEL      | body ended
       +----------------+                                   |
       +------------------------------------ or LAST <------+

    LAST, from HEAD or BODY, where the client or its version said that nothing would follow;
    REFUSED, from HEAD or BODY, where something was wrong. There is no way out of either.

A lenient server mends what it gets: it unfolds lines, takes LF for CR LF, lets control
characters pass in chunk extensions. What it mends cannot be refused behind it, so here the
same bytes are judged in front of it, and passed on as they came: a head as soon as it is
complete and good, payload at once, a chunk's line once it is complete. Of a message that is
refused, nothing passes from the refused part on; neither does anything behind it.

Source: RFC 9112; what is refused beyond it stands at each rule, and as a list in the tests.
"""

import enum
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..message import UNKNOWN, Fields, values
from ..refusal import Refusal
from .body import ChunkedBody, SizedBody, piece
from .fields import Bytes
from .flaws import INCOMPLETE, UPGRADE_WITH_BODY
from .limits import DEFAULT_LIMITS, Limits
from .request_head import ParsedRequest, RequestHeadReader

OFFENDING_BYTES_MAX: Final = 200
"""How much of a refused head's first line is kept for the log."""


_CR: Final = 0x0D
_LF: Final = 0x0A


class Phase(enum.Enum):
    """Where in a connection's stream the next byte stands."""

    IDLE = "between messages"
    HEAD = "inside a head"
    BODY = "inside a body"
    TUNNEL = "no longer HTTP"
    LAST = "behind the last message"
    REFUSED = "behind what was refused"


MOVES: Final = frozenset(
    {
        (Phase.IDLE, Phase.HEAD),
        (Phase.HEAD, Phase.IDLE),
        (Phase.HEAD, Phase.BODY),
        (Phase.HEAD, Phase.TUNNEL),
        (Phase.HEAD, Phase.LAST),
        (Phase.HEAD, Phase.REFUSED),
        (Phase.BODY, Phase.IDLE),
        (Phase.BODY, Phase.LAST),
        (Phase.BODY, Phase.REFUSED),
    }
)


class Judged(NamedTuple):
    """What came of some bytes."""

    passed: bytes
    """To be handed on, as they came; b"" while nothing is judged."""
    refusal: Refusal | None = None
    """The answer for the client; nothing passes any more."""


NOTHING: Final = Judged(b"")


@dataclass(slots=True)
class RequestJudge:
    """Judges one connection's inbound bytes. In front of a server that speaks through h11."""

    limits: Limits = DEFAULT_LIMITS
    phase: Phase = Phase.IDLE
    messages_begun: int = 0
    """Messages of which a byte came. The empty line in front of one belongs to none."""
    messages_ended: int = 0
    """Messages whose last byte was passed on."""
    request: ParsedRequest | None = None
    """The last head that was good; it stays until the next one is."""
    offending: bytes = b""
    """How a refused head begins, for the log: a stranger's bytes, without query or user info."""
    refused_in_body: bool = False
    """Whether the head of what was refused had been passed on: it may be answered already."""
    _heads: RequestHeadReader = field(default_factory=RequestHeadReader)
    _body: SizedBody | ChunkedBody = field(default_factory=lambda: SizedBody(0))
    _held: bytes = b""
    """An unfinished line of a body, or the CR of an empty line in front of a message."""
    _blank_lines: int = 0
    """Empty lines since the last message."""

    def __post_init__(self) -> None:
        """Pass the limits on."""
        self._heads.limits = self.limits

    @property
    def wants_upgrade(self) -> bool:
        """Whether the client asked for a WebSocket, after which this is no longer HTTP."""
        return self.phase is Phase.TUNNEL

    @property
    def buffered(self) -> int:
        """Bytes that came and were neither passed on nor dropped."""
        return len(self._held) + len(self._heads.held)

    def receive(self, data: bytes) -> Judged:
        """Judge what the connection received. The caller passes on what comes back."""
        if self.phase is Phase.TUNNEL:
            return Judged(data)
        if self._held:
            data = self._held + data
            self._held = b""
        passed: list[bytes] = []
        refusal = self._judge(data, passed)
        return Judged(passed[0] if len(passed) == 1 else b"".join(passed), refusal)

    def _judge(self, data: bytes, passed: list[bytes]) -> Refusal | None:
        """Go through `data`, adding to `passed`, until it ends or must wait for more."""
        at = 0
        refusal: Refusal | None = None
        while at < len(data) and not self._held:
            match self.phase:
                case Phase.IDLE:
                    at = self._begin(data, at)
                case Phase.HEAD:
                    at, refusal = self._read_head(data, at, passed)
                case Phase.BODY:
                    at, refusal = self._follow_body(data, at, passed)
                case Phase.TUNNEL:
                    passed.append(piece(data, at, len(data)))
                    break
                case _:  # LAST or REFUSED: what comes is dropped
                    break
        return refusal

    def eof(self) -> Refusal | None:
        """Judge the end of the stream: inside a message, it is one more flaw."""
        if self.phase is Phase.HEAD:
            self.offending = glimpse(self._heads.held)
            return self._refuse(INCOMPLETE)
        if self.phase is Phase.BODY:
            self.refused_in_body = True
            return self._refuse(INCOMPLETE)
        return None

    def _begin(self, data: bytes, at: int) -> int:
        """Drop one empty line in front of a message (RFC 9112, section 2.2), then begin it.

        One, since that is what old clients sent behind a body. It is not passed on: h11
        takes it for an empty head.
        """
        if not self._blank_lines and data[at] == _CR:
            if data[at:] == b"\r":
                self._held = b"\r"
                return at
            if data[at + 1] == _LF:
                self._blank_lines = 1
                return at + 2
        self._blank_lines = 0
        self.messages_begun += 1
        self._move_to(Phase.HEAD)
        return at

    def _read_head(self, data: bytes, at: int, passed: list[bytes]) -> tuple[int, Refusal | None]:
        held = len(self._heads.held)
        request = self._heads.read(data, at)
        if request is None:
            return len(data), None
        if isinstance(request, Refusal):
            self.offending = glimpse(self._heads.held or self._heads.raw if held else data[at:])
            return at, self._refuse(request)
        self.request = request
        end = at + request.size - held
        raw = self._heads.raw if held else data[at:end]
        if asks_for_websocket(request):
            if request.body:
                self.offending = glimpse(raw)
                return at, self._refuse(UPGRADE_WITH_BODY)
            self._move_to(Phase.TUNNEL)
        elif request.body:
            self._body = (
                ChunkedBody(self.limits) if request.body == UNKNOWN else SizedBody(request.body)
            )
            self._move_to(Phase.BODY)
        else:
            self._end_message(request)
        passed.append(raw)
        return end, None

    def _follow_body(self, data: bytes, at: int, passed: list[bytes]) -> tuple[int, Refusal | None]:
        assert self.request is not None, "a body follows a head"
        end = self._body.receive(data, at)
        if end > at:
            passed.append(piece(data, at, end))
        if self._body.refusal is not None:
            self.refused_in_body = True
            return end, self._refuse(self._body.refusal)
        if self._body.ended:
            self._end_message(self.request)
        else:
            self._held = data[end:]
        return end, None

    def _end_message(self, request: ParsedRequest) -> None:
        """Count it. Behind the last one nothing passes (RFC 9112, section 9.6).

        That is the server's last, too: h11 ends the connection behind any HTTP/1.0 message,
        and what reached it afterwards would be an error in the middle of its answer.
        """
        self.messages_ended += 1
        last = not request.keep_alive or request.version == "1.0"
        self._move_to(Phase.LAST if last else Phase.IDLE)

    def _refuse(self, flaw: Refusal) -> Refusal:
        self._heads.held.clear()
        self._held = b""
        self._move_to(Phase.REFUSED)
        return flaw

    def _move_to(self, phase: Phase) -> None:
        assert (self.phase, phase) in MOVES, (self.phase, phase)
        self.phase = phase


def glimpse(head: Bytes) -> bytes:
    """Return of a bad head what a log may show: queries and user info hold secrets."""
    line = bytes(head[:OFFENDING_BYTES_MAX]).splitlines()[0]
    return line.partition(b" ")[0] if b"@" in line else line.partition(b"?")[0]


def asks_for_websocket(request: ParsedRequest) -> bool:
    """Tell whether Hypercorn 0.18 will take this request for a WebSocket's handshake.

    Its own rule, letter by letter: of repeated fields the last line counts, a method in lower
    case passes, and values are Latin-1 text. Were ours another, bytes would pass unjudged that
    it reads as HTTP, or be refused that it reads as frames.
    """
    if request.method.upper() != "GET":
        return False
    upgrade = _last_text(request.fields, b"upgrade")
    options = _last_text(request.fields, b"connection").split(",")
    return upgrade == "websocket" and any(option.strip() == "upgrade" for option in options)


def _last_text(fields: Fields, name: bytes) -> str:
    lines = values(fields, name)
    return lines[-1].decode("latin-1").strip().lower() if lines else ""
