"""One worker: what its connections share, how many there may be, and its orderly end.

When Hypercorn stops a worker it sets `terminated` and stops listening. From there on idle
connections close at once, answers bear `Connection: close` or follow a GOAWAY, and what is
in flight may end until the drain's deadline, when it is cancelled. No task watches over it:
the deadline is that of each connection's own cancel scope.
"""

import resource
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import EventWrapper, WorkerContext

from ..timers import Timers
from .contract import FrontSettings, Served
from .signals import drain_on_signals

_log = structlog.get_logger("gateway.front")

_LOOK_SECONDS: Final = 0.05
"""Between two looks at clients that nobody reads from: twice within what they may be unseen."""
_OVERLOAD_LOG_SECONDS: Final = 10.0
"""Between two lines about connections turned away: an overload must not become one of the log."""


class Drainable(Protocol):
    """A connection, as the worker sees it."""

    def drain(self, deadline: float) -> None:
        """Take no further request; end at once where idle, by `deadline` (Trio's clock) anyway."""
        ...


class Watched(Protocol):
    """A connection that does not notice by itself that its client leaves."""

    def look_at_client(self) -> None:
        """See whether the client is still there. Waits for nobody, and raises nothing."""
        ...


def descriptors_for_clients() -> int:
    """Return how many clients may be connected: each may need an upstream's socket, too."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2


@dataclass(slots=True, eq=False)
class Worker:
    """What the connections of one worker share."""

    served: Served
    config: Config
    settings: FrontSettings = field(init=False)
    drain_deadline: float | None = None
    """When the drain that has begun ends; None before."""
    mark_request: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint
    """Counts a request, after some of which Hypercorn may be told to renew the worker."""
    turned_away: int = 0
    """Connections closed at once because there were too many."""
    timers: Timers = field(default_factory=Timers)
    """Keeps the deadlines of connections, while `keep_house` runs."""
    _connections: set[Drainable] = field(default_factory=set[Drainable])
    _watched: set[Watched] = field(default_factory=set[Watched])
    _told_at: float = float("-inf")

    def __post_init__(self) -> None:
        """Ask for the settings once: they hold for the life of the worker."""
        self.settings = self.served.front

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._connections)

    @property
    def draining(self) -> bool:
        """Whether the worker takes no more requests."""
        return self.drain_deadline is not None

    def admit(self, connection: Drainable) -> bool:
        """Count a connection that was accepted; False: there are too many, close it."""
        most = self.settings.connections_max
        if len(self._connections) >= (descriptors_for_clients() if most is None else most):
            self._turn_away()
            return False
        self._connections.add(connection)
        if self.drain_deadline is not None:
            connection.drain(self.drain_deadline)
        return True

    def forget(self, connection: Drainable) -> None:
        """Count a connection no more."""
        self._connections.discard(connection)

    def watch(self, connection: Watched) -> None:
        """Look at a connection from time to time, until `unwatch`."""
        self._watched.add(connection)

    def unwatch(self, connection: Watched) -> None:
        """Look at it no more."""
        self._watched.discard(connection)

    async def keep_house(self) -> None:
        """Keep the connections' deadlines, and notice clients that leave unread. For ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.timers.run)
            while True:
                await trio.sleep(_LOOK_SECONDS)
                self._look_at_clients()

    def _look_at_clients(self) -> None:
        for connection in tuple(self._watched):
            connection.look_at_client()

    def drain(self) -> None:
        """Begin the orderly end. A second call changes nothing."""
        if self.drain_deadline is not None:
            return
        self.drain_deadline = trio.current_time() + self.settings.drain_timeout
        _log.info("drain begun", connections=len(self._connections))
        self.served.drain_begun()
        for connection in tuple(self._connections):
            connection.drain(self.drain_deadline)

    def _turn_away(self) -> None:
        self.turned_away += 1
        now = trio.current_time()
        if now - self._told_at >= _OVERLOAD_LOG_SECONDS:
            self._told_at = now
            _log.warning(
                "too many connections",
                connections=len(self._connections),
                turned_away=self.turned_away,
            )


starting: ContextVar[Worker | None] = ContextVar("starting", default=None)
"""The worker that Hypercorn is starting in this task: it makes a Lifespan, then a context."""


class _Terminated(EventWrapper):
    """Hypercorn's `terminated`, which the worker hears of as well."""

    def __init__(self, heard: Callable[[], None]) -> None:
        super().__init__()
        self._heard = heard

    async def set(self) -> None:
        self._heard()
        await super().set()


class DrainingContext(WorkerContext):
    """Hypercorn's worker context, for a worker of ours."""

    def __init__(self, max_requests: int | None, worker: Worker) -> None:
        super().__init__(max_requests)
        self.worker = worker
        worker.mark_request = self.mark_request
        self.terminated = _Terminated(worker.drain)
        drain_on_signals(worker.config, self.terminate.set)
