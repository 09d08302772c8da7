"""What a client has sent, judged, and waiting to be taken: a little, never more.

    READING --- enough is waiting ---> FULL --- some was taken ---> READING
       |                                |
       +--- refused ---> REFUSED        |
       +--- end of input ---> ENDED <---+--- the client left ---

Reading goes on beside whatever the application does, so that a client's leaving is seen
behind pipelined requests and the unread rest of a body. Where enough is waiting, the socket
is not read any more, and the kernel is asked instead, twenty times a second, whether the
connection still stands.
"""

from collections.abc import Callable
from typing import Final

import trio

from gateway_core.http1.judge import Phase, RequestJudge
from gateway_core.refusal import Refusal

from .wire import Wire

AHEAD_MAX: Final = 64 * 1024
"""Bytes waiting beyond which reading pauses; one read more may wait."""
_LOOK_SECONDS: Final = 0.05


class ReadingAhead:
    """Reads one HTTP/1.x connection."""

    def __init__(self, wire: Wire, judge: RequestJudge, note_end: Callable[[], None]) -> None:
        self.judge = judge
        self.refusal: Refusal | None = None
        """What ended the reading, to be answered after the requests in front of it."""
        self.refused_in_body = False
        """Whether the refused request's head was passed on before."""
        self.ended = False
        """Whether the client has left."""
        self.bytes_in = 0
        self._wire = wire
        self._note_end = note_end
        self._waiting = bytearray()
        self._dropped = 0
        """Bytes behind the last message."""
        self._news = trio.Event()
        self._taken = trio.Event()

    async def run(self) -> None:
        """Read until the client leaves."""
        while not self.ended:
            if self.refusal is None and len(self._waiting) + self._dropped < AHEAD_MAX:
                data = await self._wire.read()
                self.arrived(data) if data else self._end()
            else:
                with trio.move_on_after(_LOOK_SECONDS):
                    await self._taken.wait()
                if self._wire.has_left():
                    self._end()

    def take(self) -> bytes:
        """Return what is waiting, b"" for nothing."""
        data = bytes(self._waiting)
        self._waiting.clear()
        self._taken.set()
        self._taken = trio.Event()
        return data

    async def more(self) -> None:
        """Wait until something comes, or an end; return at once where it is there."""
        if not (self._waiting or self.refusal or self.ended):
            await self._news.wait()

    def arrived(self, data: bytes) -> None:
        """Judge what came."""
        self.bytes_in += len(data)
        passed, refusal = self.judge.receive(data)
        self._waiting += passed
        if self.judge.phase is Phase.LAST:
            self._dropped += len(data) - len(passed)
        if refusal is not None:
            self.refusal = refusal
            self.refused_in_body = self.judge.refused_in_body
            self._note_end()
        self._tell()

    def _end(self) -> None:
        self.ended = True
        in_body = self.judge.phase is Phase.BODY
        refusal = self.judge.eof()
        if refusal is not None:
            self.refusal = refusal
            self.refused_in_body = in_body
        self._note_end()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()
