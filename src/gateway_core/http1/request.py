"""The server's half of the codec: one client's bytes in, heads and payload out.

             head complete           its last byte                    next_head
    HEAD ------------------> BODY ------------------> AT_REST ---------------------> HEAD
      |   (no body: AT_REST)    |                        |
      +---- refused ------------+----> REFUSED           +-- its sender goes no further: LAST

The caller asks for one thing at a time, so that pipelined requests wait where they
are until it is their turn: `next_head`, then `next_piece` until it is b"". What was
not asked for stays in the piece that it came in, and is bounded by the size of one read.

Source: RFC 9112, sections 2.2, 6, 7.1 and 9.3.
"""

import enum
from dataclasses import dataclass, field
from typing import Final

from ..message import UNKNOWN, Fields
from ..refusal import Refusal
from .body import ChunkedBody, SizedBody
from .flaws import INCOMPLETE
from .judge import glimpse
from .limits import DEFAULT_LIMITS, Limits
from .request_head import ParsedRequest, RequestHeadReader

_CR: Final = 0x0D
_EMPTY_LINE: Final = b"\r\n"


class Phase(enum.Enum):
    HEAD = "head"
    """A head is to come, or is coming."""
    BODY = "body"
    AT_REST = "at rest"
    """A message has ended; another may follow."""
    LAST = "last"
    """A message has ended, and its sender promised to send no other."""
    REFUSED = "refused"


_HEAD: Final = Phase.HEAD
_AT_REST: Final = Phase.AT_REST
# Looked up once: a member of an Enum costs as much as a call (Python 3.11).


@dataclass(slots=True)
class RequestDecoder:
    """Reads one connection's requests."""

    limits: Limits = DEFAULT_LIMITS
    phase: Phase = Phase.AT_REST
    request: ParsedRequest | None = None
    """The last head that was good."""
    trailers: Fields = ()
    """What came behind the last chunked body."""
    raw_head: bytes = b""
    """The last good head as it came."""
    offending: bytes = b""
    """How a refused head begins, for the log: without query or user info."""
    _heads: RequestHeadReader = field(default_factory=RequestHeadReader)
    _body: SizedBody | ChunkedBody = field(default_factory=lambda: SizedBody(0))
    _data: bytes = b""
    _at: int = 0
    _pieces: list[bytes] = field(default_factory=list[bytes])

    def __post_init__(self) -> None:
        """Pass the limits on."""
        self._heads.limits = self.limits

    @property
    def waiting(self) -> int:
        """Bytes that came and were not taken yet, those of an unfinished head included."""
        waiting = len(self._data) - self._at + len(self._heads.held)
        return waiting + sum(map(len, self._pieces)) if self._pieces else waiting

    @property
    def begun(self) -> bool:
        """Whether something of the next head is here."""
        return bool(self._heads.held)

    def receive(self, data: bytes) -> None:
        """Take in what the connection received."""
        if self._at < len(self._data):
            data = self._data[self._at :] + data
        self._data = data
        self._at = 0

    def take_rest(self) -> bytes:
        """Return what came behind the last message, which is no longer HTTP/1 (RFC 9110, 7.8)."""
        rest, self._data, self._at = self._data[self._at :], b"", 0
        return rest

    def next_head(self) -> ParsedRequest | Refusal | None:
        """Return the next request's head, why it is refused, or None if it is not complete."""
        data, at = self._data, self._at
        if at == len(data):
            return None
        if self.phase is _AT_REST:
            if data[at] == _CR:
                if not self._skip_empty_line():
                    return None
                data, at = self._data, self._at
            self.phase = _HEAD
        assert self.phase is _HEAD, self.phase
        if at == len(data):
            return None
        heads = self._heads
        held = len(heads.held)
        request = heads.read(data, at)
        if request is None:
            self._data, self._at = b"", 0
            return None
        if isinstance(request, Refusal):
            self.offending = glimpse(heads.held or heads.raw if held else data[at:])
            self.phase = Phase.REFUSED
            return request
        self._at = end = at + request.size - held
        self.raw_head = heads.raw if held else data[at:end]
        self.request = request
        if request.body:
            chunked = request.body == UNKNOWN
            self._body = ChunkedBody(self.limits) if chunked else SizedBody(request.body)
            self.phase = Phase.BODY
        else:
            self.trailers = ()
            self.phase = _phase_behind(request)
        return request

    def next_piece(self) -> bytes | Refusal | None:
        """Return more of the body, b"" at its end, why it is refused, or None if none is here."""
        if self._pieces:
            return self._pieces.pop(0)
        if self.phase is not Phase.BODY:
            return b""
        body = self._body
        if self._at < len(self._data):
            self._at = body.receive(self._data, self._at, self._pieces)
            if body.ended:
                self._end()
        if self._pieces:
            return self._pieces.pop(0)
        if body.refusal is not None:
            self.phase = Phase.REFUSED
            return body.refusal
        return b"" if body.ended else None

    @property
    def unseen(self) -> int:
        """Bytes of a body that may pass without being shown, as `passed`; 0: show all that comes."""
        body = self._body
        if self.phase is not Phase.BODY or self._pieces or self._at < len(self._data):
            return 0
        return body.left if isinstance(body, SizedBody) else 0

    def passed(self, count: int) -> None:
        """Take note that `count` of the `unseen` bytes went by."""
        body = self._body
        assert isinstance(body, SizedBody), "only their number tells where they end"
        assert 0 < count <= body.left, (count, body.left)
        body.left -= count
        if body.ended:
            self._end()

    def skip_body(self) -> bool:
        """Pass over what has come of the body; tell whether that was all, and more may follow."""
        if self.phase is not _AT_REST or self._pieces:
            while self.phase is Phase.BODY:
                if not isinstance(self.next_piece(), bytes):
                    return False
            while self.next_piece():
                pass
        return self.phase is _AT_REST

    def eof(self) -> Refusal | None:
        """Say whether the stream may end here: not inside a message."""
        if self.phase is Phase.BODY or self._heads.held:
            if self._heads.held:
                self.offending = glimpse(self._heads.held)
            self.phase = Phase.REFUSED
            return INCOMPLETE
        return None

    def _skip_empty_line(self) -> bool:
        """Drop one empty line in front of a message (RFC 9112, 2.2); False: wait for more."""
        data, at = self._data, self._at
        if len(data) - at == 1:
            return False
        if data.startswith(_EMPTY_LINE, at):
            self._at = at + 2
        return True

    def _end(self) -> None:
        assert self.request is not None
        self.trailers = self._body.trailers
        self.phase = _phase_behind(self.request)


def _phase_behind(request: ParsedRequest) -> Phase:
    """Return where the stream stands once `request` has ended."""
    # An HTTP/1.0 connection that is kept needs an answer that says so: we close it.
    return _AT_REST if request.keep_alive and request.version != "1.0" else Phase.LAST
