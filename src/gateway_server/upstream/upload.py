"""What is to be sent of one request: its head, then its body as the client gives it.

    HEAD WAITS --first piece, or two turns of the loop--> SENDING --its end--> WHOLE
                                                             |
                                                             +--wire broke--> BROKEN

The head waits a moment for the body's first piece, so that both go out in one write where
that is at hand. Cancelled at any await, an upload can be run again: it goes on where it was,
given a body reader that, cancelled, keeps what it would have returned. A long body's bytes are
moved by the kernel where nobody is to see them; what is in the pipe then is the upload's.
"""

from collections.abc import Callable
from typing import Final

import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.http1.render import render_chunk, render_last_chunk, render_request
from gateway_core.message import UNKNOWN, UpstreamRequest

from ..splicing import PASSED_BYTES_MIN, Pipe, open_pipe
from .contract import Asides, BodyReader, CallFailedError
from .wire import Buffers, SocketWire, Wire

_EAGER_MAX: Final = 8
"""Moves that may succeed without a wait; then the other tasks have their turn."""


class Upload:
    """One request on its way over one wire, or over a second after the first."""

    __slots__ = (
        "_asides",
        "_body",
        "_flushing",
        "_head_waits",
        "_left",
        "_passing",
        "_pipe",
        "_progress",
        "_request",
        "_start",
        "_unsent",
        "_wire",
        "body_begun",
        "broken",
        "closed",
        "whole",
    )

    def __init__(
        self,
        request: UpstreamRequest,
        body: BodyReader,
        progress: Callable[[Stage], None],
        wire: Wire,
        unsent: Buffers | None = None,
        *,
        asides: Asides | None = None,
    ) -> None:
        """`unsent` is what is left of a request without a body whose head was begun."""
        self._request = request
        self._body = body
        self._asides = asides
        self._progress = progress
        self._flushing: trio.Event | None = None
        self._pipe: Pipe | None = None
        """What bytes of the body are moved through, from the first of them on."""
        self._passing = False
        self.closed = False
        """Whether nobody will run it again."""
        self.body_begun = False
        """Whether bytes of the body were taken from the client."""
        self.broken = False
        """Whether the upstream takes no more."""
        self._begin(wire)
        if unsent is not None:
            self._take_over(unsent)

    def _begin(self, wire: Wire) -> None:
        self._wire = wire
        self._start = wire.written
        self._unsent: Buffers = [render_request(self._request)]
        self._left = self._request.body
        self._head_waits = self._left != 0
        self.whole = False
        """Whether the upstream has the whole request."""

    def _take_over(self, unsent: Buffers) -> None:
        self._start -= sum(map(len, self._unsent)) - sum(map(len, unsent))
        self._unsent = unsent

    @property
    def written(self) -> int:
        """Bytes of the request that the wire took."""
        return self._wire.written - self._start

    def move_to(self, wire: Wire) -> None:
        """Start over on `wire`, once `pooling.may_resend` has said that this is safe.

        Where nothing was written, whatever was taken from the client is still at hand.
        """
        self.broken = False
        if self.written:
            assert not self.body_begun, "a body that was begun cannot be sent again"
            self._begin(wire)
        else:
            self._wire, self._start = wire, wire.written

    def send_at_once(self) -> bool:
        """Send a request without a body, if the wire takes it all; return whether it did."""
        if self._left != 0:
            self._progress(Stage.SENDING)
            return False
        try:
            self.whole = self._wire.send_some(self._unsent)
        except OSError:
            self.broken = True
        if self.whole:
            self._progress(Stage.SENT)
        return self.whole

    def close(self) -> None:
        """Let go of what was not sent. Whoever runs it meanwhile is cancelled by the caller."""
        self.closed = True
        if self._pipe is not None and not self._passing:
            self._pipe.close()
            self._pipe = None

    async def send_waiting_head(self) -> None:
        """Send the head if the body's first piece is not at hand. Run beside `run`."""
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        if not self._head_waits:
            return
        self._head_waits = False
        self._flushing = trio.Event()
        try:
            await self._flush()
        finally:
            self._flushing.set()
            self._flushing = None

    async def run(self) -> None:
        """Send what is left; return once the request is whole, or the wire broken.

        Raises CallFailedError where the client's body is not as long as it was declared,
        and what the body reader raises.
        """
        while True:
            if self._flushing is not None:
                await self._flushing.wait()
            if not self._head_waits:
                if not (await self._flush() and await self._pass_on()):
                    return
                if not self._left:
                    self.whole = True
                    self._progress(Stage.SENT)
                    return
            self._take(await self._body())

    def _take(self, piece: bytes) -> None:
        """Queue the next piece of the body, b"" at its end."""
        self._head_waits = False
        self.body_begun = True
        if self._left == UNKNOWN:
            if piece:
                self._unsent += render_chunk(piece)
            else:
                trailers = () if self._asides is None else self._asides.trailers()
                self._unsent.append(render_last_chunk(trailers))
                self._left = 0
            return
        if not piece or len(piece) > self._left:
            problem = f"{self._left} bytes of the request's body to come, {len(piece)} came"
            raise CallFailedError(FailureKind.PROTOCOL, problem)
        self._left -= len(piece)
        self._unsent.append(piece)

    async def _pass_on(self) -> bool:
        """Let the kernel move what is left, where it may; return whether the wire took it."""
        pipe, wire = self._pipe or self._open_pipe(), self._wire
        if pipe is None:
            return True
        assert isinstance(wire, SocketWire)
        assert self._asides is not None
        self._pipe, self._passing = pipe, True
        turns = 0
        try:
            while pipe.held or self._left:
                if not pipe.held:
                    await self._draw(pipe)
                while not wire.pour_some(pipe):
                    await wire.writable()
                    self._asides.taken()
                turns += 1
                if turns % _EAGER_MAX == 0:
                    await trio.lowlevel.checkpoint()
        except (OSError, trio.ClosedResourceError):
            self.broken = True
        finally:
            self._passing = False
            if self.closed or self.broken or not (pipe.held or self._left):
                pipe.close()
                self._pipe = None
        return not self.broken

    def _open_pipe(self) -> Pipe | None:
        if self._left < PASSED_BYTES_MIN or not isinstance(self._wire, SocketWire):
            return None
        if self._asides is None or self._asides.drawable != self._left:
            return None
        return open_pipe()

    async def _draw(self, pipe: Pipe) -> None:
        assert self._asides is not None
        try:
            await self._asides.draw(pipe)
        finally:
            self._left -= pipe.held  # where it was cancelled, too
        if not pipe.held:
            problem = f"{self._left} bytes of the request's body to come, none came"
            raise CallFailedError(FailureKind.PROTOCOL, problem)

    async def _flush(self) -> bool:
        """Send what is at hand; return whether the wire took it."""
        try:
            while not self._wire.send_some(self._unsent):
                await self._wire.writable()
        except (OSError, trio.ClosedResourceError):
            self.broken = True
        return not self.broken
