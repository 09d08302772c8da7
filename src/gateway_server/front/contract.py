"""What the front and the application that it serves know of each other."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import trio

from gateway_core.clock import Instant
from gateway_core.message import Fields, RequestHead
from gateway_core.refusal import Refusal

from ..splicing import Pipe
from ..timers import Alarm
from .streams import Stream
from .wire import Wire

Message: TypeAlias = MutableMapping[str, Any]
"""A scope or an event of ASGI 3.0."""
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

DOWNSTREAM: Final = "gateway.downstream"
"""`scope["extensions"][DOWNSTREAM]` is a `Downstream`."""


@dataclass(frozen=True, slots=True)
class FrontSettings:
    """Bounds of a client's connection. Times are seconds, sizes bytes."""

    drain_timeout: float = 30.0
    """What is in flight when a drain begins may take this long; then it is cut."""
    head_timeout: float = 10.0
    """From a head's first byte to its end; for a connection's first, from its accept."""
    write_timeout: float = 30.0
    """Without a byte taken by the client. A slow reader is served, a stalled one is not."""
    keep_alive_timeout: float = 75.0
    """Between an answer and the next request."""
    max_head: int = 64 * 1024
    max_fields: int = 200
    max_target: int = 16 * 1024
    h2c: bool = False
    """Whether clear-text connections may begin with HTTP/2's preface (RFC 9113, 3.3)."""
    connections_max: int | None = None
    """At once, for one worker. None: half of the descriptors that the process may open."""
    own: bool = True
    """Whether HTTP/1.x is spoken by our own codec, or by h11."""
    stock: bool = False
    """Serve by Hypercorn's own connections, faults and all: to compare, never to run."""


class LaneStream(Stream):
    """One request of a connection of our own: what may wait can be tried at once, too."""

    __slots__ = ()

    @abstractmethod
    def answer_at_once(self, status: int, fields: Fields, data: bytes) -> bool:
        """Give a whole answer, `data` its body; tell whether the client took it at once.

        It does nearly always. Where not, `settle` sends what is left, and tells of a client
        that left.
        """

    @abstractmethod
    async def settle(self) -> None:
        """Send what is left of a whole answer. Raises ClientLeftError."""

    @property
    @abstractmethod
    def drawable(self) -> int:
        """Bytes of the body that `draw` may move without anybody's seeing them; 0: `read` them."""

    @abstractmethod
    async def draw(self, pipe: Pipe) -> int:
        """Move what comes next of the `drawable` bytes into `pipe`; return how many, never 0.

        It may return without a wait. Raises ClientLeftError.
        """

    @property
    @abstractmethod
    def pours(self) -> int:
        """Bytes of a sized answer that `pour` may send; 0 where they are to be written."""

    @abstractmethod
    async def pour(self, pipe: Pipe, progressed: Callable[[], None]) -> None:
        """Send what `pipe` holds, which is no more than `pours`, and a next piece of the body.

        `progressed` is called whenever the client has taken something after a wait. Raises
        ClientLeftError; what is left in the pipe then goes nowhere.
        """

    @abstractmethod
    async def switch(self, fields: Fields) -> tuple[Wire, bytes]:
        """Answer 101; return the wire, which speaks no HTTP now, and what came behind the head.

        It goes on being the connection's to close. Raises ClientLeftError.
        """

    @abstractmethod
    def end_switched(self, *, cut: bool) -> None:
        """Hear that nobody uses the wire any more; `cut`: end it so that it shows."""


class Lane(Protocol):
    """What a connection offers to the request that it carries."""

    def interrupt(self) -> None:
        """Cancel what the connection's task is in the middle of; it then calls `run` again."""
        ...

    @property
    def holds(self) -> bool:
        """Whether a request may be `under_way`."""
        ...

    def go_on(self, error: Exception | None = None) -> None:
        """Hear that a request is no longer under way, but answered, or for `run`, or failed.

        Told where edges are, within no task. Raises nothing.
        """
        ...

    @property
    def alarm(self) -> Alarm:
        """Asks for `Conversation.deadline`; let it `look` where that lies earlier than before."""
        ...


class Conversation(Protocol):
    """One request, answered past ASGI: in its connection's own task, as far as it takes one."""

    @property
    def deadline(self) -> Instant: ...

    def begin(self) -> None:
        """Say all, or what can be said without waiting. Called first, and once.

        Within the connection's task, or where edges are told, within none. The stream is finished where that was all; else it is for `run` to go on.
        """
        ...

    @property
    def under_way(self) -> bool:
        """Whether what is awaited will be heard of without a task, and the lane be told of it."""
        ...

    def run(self) -> Awaitable[None]:
        """Go on, at first or after an interruption; return once all is said."""
        ...

    def tick(self) -> None:
        """Hear that the deadline has come."""
        ...

    def client_left(self) -> None:
        """Hear that the client has left, or that its body was refused (`Stream.refused`)."""
        ...

    def close(self) -> None:
        """Hear that `run` will not be called again, whether it returned or not."""
        ...


class Served(Protocol):
    """An application of ours, as the front sees it."""

    @property
    def front(self) -> FrontSettings:
        """The settings; asked for once `prepare` has returned."""
        ...

    def prepare(self) -> None:
        """Load the configuration, before anything listens to anybody.

        Raises SystemExit(2) once its errors are printed.
        """
        ...

    def refused(
        self,
        refusal: Refusal,
        *,
        peer: str,
        method: str,
        target: bytes,
        request_id: str,
        bytes_in: int,
        bytes_out: int,
    ) -> None:
        """Note that the front answered a request itself; "" and b"" for what nobody could read."""
        ...

    def drain_begun(self) -> None:
        """Note that the worker takes no more connections. Told once."""
        ...

    def begin(self, stream: LaneStream, lane: Lane, *, upgrade: bool) -> Conversation | None:
        """Return the conversation that answers a request past ASGI; None: by ASGI, then.

        `upgrade`: whether it asks for a WebSocket.
        """
        ...

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None: ...


@dataclass(slots=True)
class Downstream:
    """What the front tells of a request beside ASGI, which has no words for it."""

    head: RequestHead
    """As it came: the whole target, whose empty `?` ASGI cannot tell, and the body's length."""
    over: trio.Event
    """Set once the client has left, or its answer is complete; `receive` then tells
    http.disconnect, but an application that is not receiving can hear it here."""
    refused: Callable[[], bool]
    """Whether it is over because the front refused the body, and answers for that itself
    unless an answer has begun; then, not finished, it is cut."""
    proceed: Callable[[], Awaitable[None]]
    """Ask for the body: sends 100 (Continue) to a client that waits for it, once."""
    inform: Callable[[int, Fields], Awaitable[None]]
    """Send an interim answer, with its status and its fields."""
    request_trailers: Callable[[], Fields]
    """What trailed the request's body, once that has ended."""
    response_trailers: Fields = ()
    """What is to trail the answer's body. To be set before its end; no TE is looked at."""
    hold_continue: bool = False
    """Whether `receive` leaves 100 (Continue) to `proceed`. To be set before the first."""


def is_served(app: object) -> bool:
    """Tell whether `app` is an application of ours, rather than anybody's."""
    kind = type(app)
    return all(
        callable(getattr(kind, name, None)) for name in ("prepare", "refused", "drain_begun")
    )
