"""What every client of upstreams promises to the edge that calls it.

A body travels by `BodyReader`: an async callable that returns the next bytes,
never b"" before the end, and b"" at the end, each time it is asked again.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from gateway_core.clock import UnixTime
from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import Fields, ResponseHead

from ..splicing import Pipe
from .wire import Wire

BodyReader: TypeAlias = Callable[[], Awaitable[bytes]]


class CallFailedError(Exception):
    """The call, or the answer's body, ended before its time; `kind` says how."""

    def __init__(self, kind: FailureKind, problem: str = "") -> None:
        """`problem` is for our log: it may name addresses, and never goes to a client."""
        super().__init__(f"{kind.name.lower()}: {problem}" if problem else kind.name.lower())
        self.kind = kind
        self.problem = problem


class Answer(Protocol):
    """A final answer whose head is here and whose body is still to be read."""

    @property
    def head(self) -> ResponseHead: ...
    @property
    def asked_at(self) -> UnixTime: ...
    @property
    def answered_at(self) -> UnixTime: ...

    @property
    def trailers(self) -> Fields:
        """What came behind a chunked body; known once `read` has returned b""."""
        ...

    @property
    def whole(self) -> bytes | None:
        """All of the body, if it came with the head; nothing is left to read or to close then.

        None where it did not, or where more belongs to it than bytes.
        """
        ...

    @property
    def at_hand(self) -> bool:
        """Whether `read` would return without waiting."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing is left to read."""
        ...

    @property
    def uploading(self) -> bool:
        """Whether something is left of the request's body: see `finish_upload`."""
        ...

    async def read(self) -> bytes:
        """Return the next bytes of the body, b"" at its end.

        Raises CallFailedError where the body ends before its framing says so.
        """
        ...

    async def finish_upload(self) -> None:
        """Send what is left of the request's body, where the answer came before its end.

        Returns at once where nothing is left. The caller runs it beside `read`.
        """
        ...

    def switched(self) -> tuple[Wire, bytes]:
        """Return the wire of an answer of 101, and what came behind its head.

        The wire is the caller's to close from then on, and counts for no pool any more:
        what goes on for hours would else leave no place to what takes a moment.
        """
        ...

    async def aclose(self) -> None:
        """Give the connection back if the exchange on it is complete, else close it.

        Safe to call twice, and under cancellation.
        """
        ...

    def drop(self) -> None:
        """Do what `aclose` does, where nothing can be awaited."""
        ...


class Asides(Protocol):
    """What a call and its caller say to each other beside heads and bodies. All of it is rare."""

    async def informed(self, status: int, fields: Fields) -> None:
        """Take in an interim answer, 1xx but 100 and 101; return once the client has it.

        Raises nothing: a client that left is the caller's to notice.
        """
        ...

    @property
    def drawable(self) -> int:
        """Bytes of the request's body that `draw` may move; 0 where its reader is to be asked."""
        ...

    async def draw(self, pipe: Pipe) -> None:
        """Do what the body reader does, for bytes that are `drawable`: move some into `pipe`.

        None where the client left. Cancelled, it may have moved some. It need not wait.
        """
        ...

    def taken(self) -> None:
        """Hear that the upstream took some of what was drawn, after a wait: it is alive."""
        ...

    def trailers(self) -> Fields:
        """Return what trails the request's body, which has ended, and had no length told."""
        ...


class Asked(Protocol):
    """A request that is out, and whose answer nobody has seen yet. It holds a connection."""

    @property
    def sent(self) -> bool:
        """Whether the request is written whole."""
        ...

    def attend(self, told: Callable[[Answer | None], None]) -> bool:
        """Have `told` called once something comes, without anybody's waiting.

        It is called within no task: with the answer, if all of it came; with None, if `answer` is
        to be asked for it, as it is where this returns False, and `told` will not be called. It
        must not wait, nor raise.
        """
        ...

    async def answer(
        self, body: BodyReader, progress: Callable[[Stage], None], asides: Asides | None
    ) -> Answer:
        """Return the answer once its final head is here. See `UpstreamClient.call`."""
        ...

    def drop(self) -> None:
        """Give back what it holds; neither `answer` nor what was `told` may have done so before."""
        ...


class UpstreamClient(Protocol):
    """Speaks to the endpoints of one upstream."""

    def ask(self, command: CallUpstream) -> Asked | None:
        """Send a request without a body, if that takes no waiting; None: `call` sends it."""
        ...

    async def call(
        self,
        command: CallUpstream,
        body: BodyReader,
        progress: Callable[[Stage], None],
        *,
        asides: Asides | None = None,
    ) -> Answer:
        """Send the request; return once the final head is here.

        `body` is asked only where `command.request.body` is not 0. `progress`
        is told each stage as it is reached; SENT once the request is written
        whole. Without `asides`, interim answers are dropped and no trailers sent.
        Cancelled at any await, it gives back whatever it took.

        Raises CallFailedError.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
