"""One connection to an endpoint: a wire, and the decoder of what comes back over it."""

import trio

from gateway_core.clock import NEVER, Instant
from gateway_core.errors import FailureKind
from gateway_core.http1.render import render_request
from gateway_core.http1.response import Event, ResponseDecoder, Whole
from gateway_core.message import IDEMPOTENT, UpstreamRequest

from ..splicing import Pipe
from .contract import CallFailedError
from .wire import Buffers, SocketWire, Wire


class Connection:
    """Carries one exchange after the other."""

    __slots__ = ("answer_begun", "asked", "decoder", "ended", "rests_until", "reused", "wire")

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.decoder = ResponseDecoder()
        """Of what comes back."""
        self.answer_begun = False
        """Whether a byte came since the last request."""
        self.ended = False
        """Whether the upstream will send no more."""
        self.reused = False
        """Whether it has carried an exchange before this one."""
        self.rests_until: Instant = NEVER
        """When it is too old to be used again."""
        self.asked = 0
        """Bytes of the request that `ask` sent."""

    def check_silence(self) -> None:
        """Raise CallFailedError where the upstream spoke, or went, before it was asked."""
        try:
            early = self.wire.receive_some()
        except OSError as error:
            raise broken(error) from error
        if early:
            raise CallFailedError(FailureKind.PROTOCOL, "an answer came before the request")
        if early is not None:
            raise CallFailedError(FailureKind.RESET, "the connection was closed as soon as made")

    def expect(self, method: str) -> None:
        """Make ready for the answer to a request of `method`."""
        self.decoder.expect(method)
        self.answer_begun = False

    def ask(self, request: UpstreamRequest) -> Buffers | None:
        """Send `request`, which has no body; return None if all of it went, and `hear` is next.

        What is left else, and what is wrong with the wire, is for an `Upload` to see to.
        """
        wire = self.wire
        unsent: Buffers = [render_request(request)]
        before = wire.written
        # Of what may not run twice it must be known whether any of it went: see `may_resend`.
        soon = request.method in IDEMPOTENT
        try:
            if not wire.send_some(unsent, soon=soon):
                return unsent
        except OSError:
            return unsent
        self.asked = wire.written - before
        self.answer_begun = False
        self.decoder.expect(request.method)
        return None

    def hear(self) -> Whole | list[Event] | CallFailedError | None:
        """Return what came of an answer, the whole of it if it came so, or how that failed.

        Never waits: None where nothing came.
        """
        try:
            data = self.wire.receive_some()
        except OSError as error:
            return broken(error)
        if data is None:
            return None
        if not data:
            return self.end()
        self.answer_begun = True
        return self.decoder.receive_answer(data)

    async def receive(self, *, at_once: bool) -> list[Event]:
        """Return the next events; try `at_once`, or wait for bytes first.

        Raises CallFailedError where the connection breaks. What its mere end means, the
        decoder tells.
        """
        wire = self.wire
        try:
            data = wire.receive_some() if at_once else None
            while data is None:
                await wire.readable()
                data = wire.receive_some()
        except (OSError, trio.ClosedResourceError) as error:
            raise broken(error) from error
        if data:
            self.answer_begun = True
            return self.decoder.receive(data)
        return self.end()

    @property
    def drawable(self) -> int:
        """Bytes of the answer's body that `draw` may move; 0 where they are to be received."""
        return self.decoder.unseen if isinstance(self.wire, SocketWire) else 0

    async def draw(self, pipe: Pipe) -> int:
        """Move what comes next of the `drawable` bytes into `pipe`; return how many, 0 at the end.

        Raises CallFailedError where the connection breaks.
        """
        wire = self.wire
        assert isinstance(wire, SocketWire)
        try:
            while (moved := wire.draw_some(pipe, self.decoder.unseen)) is None:
                await wire.readable()
        except (OSError, trio.ClosedResourceError) as error:
            raise broken(error) from error
        return moved

    def end(self) -> list[Event]:
        """Return what it means that the upstream will send no more."""
        self.ended = True
        return self.decoder.eof()

    def close(self) -> None:
        """Close it, whatever it carries. Safe to call twice."""
        self.wire.close()


def broken(error: Exception) -> CallFailedError:
    """Return what it means that a wire raised `error`."""
    return CallFailedError(FailureKind.RESET, f"{type(error).__name__}: {error}")
