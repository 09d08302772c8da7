"""HTTP/1.x on one connection: requests one after the other (RFC 9112), spoken through h11.

The connection's own task runs the application, and `receive` is the connection's own read:
nothing is queued, so nothing is read that the application does not take. Beside it one task
reads ahead, see `reading_ahead`.

    a head arrives -> the application answers -> next head, or the end:
        IDLE     nobody is in the middle of anything
        GENTLY   all is said; the client may still be sending
        CUT      the answer is not complete, and its framing shows it
        RESET    the same, where only the connection's end would show
"""

import contextlib
from typing import Final

import h11
import trio

from gateway_core.http1.judge import Phase, RequestJudge
from gateway_core.http1.limits import Limits
from gateway_core.message import UNKNOWN, RequestHead, value

from .answers import HEAD_TIMEOUT, last_words
from .calls import HttpCall, Origin
from .endings import Ending, offender
from .h1_stream import Http1Stream
from .reading_ahead import ReadingAhead
from .streams import ClientLeftError
from .websocket import WebSocketCall
from .wire import Wire

GRACE_SECONDS: Final = 1.0
"""For an application to end by itself once its request's body turned out to be malformed."""
_INCOMPLETE_MAX: Final = 2**20
"""h11's own bound on heads, out of the way: the judge's is the one that counts."""


class Http1:
    """Serves one connection."""

    def __init__(self, origin: Origin, wire: Wire) -> None:
        settings = origin.worker.settings
        limits = Limits(settings.max_head, settings.max_fields, settings.max_target)
        self._origin = origin
        self._wire = wire
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_INCOMPLETE_MAX)
        self._ahead = ReadingAhead(wire, RequestJudge(limits), self._note_end)
        self._last = False
        """Whether the connection ends with the answer that is being given."""
        self._settings = settings
        self._peer = origin.client[0] if origin.client else ""
        self._stream: Http1Stream | None = None
        self._call: HttpCall | WebSocketCall | None = None
        self._number = 0
        """Requests whose head was taken."""
        self._bytes_before = 0
        """What had come in when the last answer ended."""
        self._idle: trio.CancelScope | None = None
        """To be cancelled when there is to be no further request."""

    def drain(self) -> None:
        """Let this be the last request; end at once where there is none."""
        self._last = True
        if self._idle is not None:
            self._idle.cancel()

    async def run(self, first: bytes = b"") -> None:
        """Serve until the connection has ended. `first`: what was read from it already."""
        if first:
            self._ahead.arrived(first)
        ending = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._ahead.run)
                while ending is None:
                    ending = await self._serve_one()
                nursery.cancel_scope.cancel()
        finally:
            if ending is None and self._stream is not None and self._stream.ends_with_connection:
                self._wire.reset()  # cut by a drain's end, or by a fault of ours
        if ending is Ending.GENTLY and not self._ahead.ended:
            await self._wire.linger(short=self._origin.worker.draining)
        elif ending is Ending.RESET:
            self._wire.reset()

    async def _serve_one(self) -> Ending | None:
        request = await self._next_request()
        if isinstance(request, Ending):
            return request
        self._number += 1
        head = _head(request, self._peer, self._origin)
        if self._refused_in_body():
            return await self._refuse(head)
        stream = Http1Stream(head, self._h11, self._ahead, self._wire, lambda: self._last)
        is_websocket = self._ahead.judge.wants_upgrade and self._is_newest()
        self._last |= is_websocket  # what follows a declined handshake was not judged
        self._call = (WebSocketCall if is_websocket else HttpCall)(stream, self._origin)
        self._stream = stream
        await self._origin.worker.mark_request()
        with contextlib.suppress(ClientLeftError):
            await self._call.run()
        self._stream = self._call = None
        self._bytes_before = self._ahead.bytes_in
        return await self._conclude(stream)

    async def _conclude(self, stream: Http1Stream) -> Ending | None:
        """Decide what follows the call's end: another request, or the connection's end."""
        if not stream.finished:
            if self._refused_in_body() and not stream.started:
                return await self._refuse(stream.head)
            return Ending.RESET if stream.ends_with_connection else Ending.CUT
        if self._last or self._ahead.ended or not self._rest_is_here():
            return Ending.GENTLY
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return Ending.GENTLY
        self._h11.start_next_cycle()
        return None

    def _rest_is_here(self) -> bool:
        """Take in what has come of the request's body; tell whether that was all of it."""
        while self._h11.their_state is h11.SEND_BODY:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                data = self._ahead.take()
                if not data:
                    return False
                self._h11.receive_data(data)
        return True

    async def _next_request(self) -> h11.Request | Ending:
        """Wait for a head; from its first byte on it has its own time."""
        if self._last:
            return Ending.IDLE
        settings = self._settings
        patience = settings.keep_alive_timeout if self._number else settings.head_timeout
        begun = False
        with trio.CancelScope(deadline=trio.current_time() + patience) as scope:
            self._idle = scope
            while not isinstance(event := self._h11.next_event(), h11.Request):
                assert event is h11.NEED_DATA, event
                if not begun and self._ahead.judge.phase is Phase.HEAD:
                    begun = True
                    self._idle = None
                    scope.deadline = trio.current_time() + settings.head_timeout
                await self._ahead.more()
                data = self._ahead.take()
                if data:
                    self._h11.receive_data(data)
                elif self._ahead.refusal is not None:
                    return await self._refuse(offender(self._ahead.judge.offending, self._peer))
                elif self._ahead.ended:
                    return Ending.IDLE
            self._idle = None
            return event
        self._idle = None
        if begun:
            self._ahead.refusal = HEAD_TIMEOUT
            return await self._refuse(offender(b"", self._peer))
        return Ending.IDLE

    async def _refuse(self, head: RequestHead) -> Ending:
        """Answer what was refused: the last words of this connection."""
        refusal = self._ahead.refusal
        assert refusal is not None
        bytes_in = self._ahead.bytes_in - self._bytes_before
        words = last_words(self._origin.worker.served, refusal, head, bytes_in)
        try:
            await self._wire.write(words)
        except ClientLeftError:
            return Ending.CUT
        return Ending.GENTLY

    # What the client does meanwhile.

    def _note_end(self) -> None:
        """Hear that no more comes: the client left, or something was refused."""
        if self._stream is None:
            return
        if self._refused_in_body():
            self._stream.refused = True
            self._stream.leave()
            if isinstance(self._call, HttpCall):
                self._call.give_up(GRACE_SECONDS)
        elif self._ahead.ended:
            self._stream.leave()

    def _is_newest(self) -> bool:
        """Whether the judge has seen nothing behind the request whose head was taken last."""
        return self._ahead.judge.messages_begun == self._number

    def _refused_in_body(self) -> bool:
        return self._ahead.refused_in_body and self._is_newest()


def _head(request: h11.Request, peer: str, origin: Origin) -> RequestHead:
    fields = tuple(request.headers)
    length = value(fields, b"content-length")
    chunked = value(fields, b"transfer-encoding") is not None
    return RequestHead(
        method=request.method.decode("ascii"),
        target=request.target,
        authority=value(fields, b"host") or b"",
        fields=fields,
        peer=peer,
        scheme="https" if origin.secure else "http",
        version=request.http_version.decode("ascii"),
        body=UNKNOWN if chunked else int(length or 0),
    )
