"""The HTTP/2 connections to one endpoint, and the queue before them.

A call finds place on a connection that has room, the oldest first, so that few of them carry all.
Where none has, a further one is dialed, one at a time, while its bound allows; whoever comes
meanwhile waits, first come first served. A place that comes free is handed to who waits longest.
"""

from collections import deque
from collections.abc import Callable

import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.upstream import Endpoint

from .contract import CallFailedError
from .dialing import Dial
from .failures import failed
from .http2_connection import Http2Connection


class _Waiter:
    """A call that waits for a place, or for its turn to dial."""

    __slots__ = ("called", "connection")

    def __init__(self) -> None:
        self.called = trio.Event()
        self.connection: Http2Connection | None = None
        """Where a place is claimed for it; None: it may dial."""


class Http2Pool:
    """The connections to one endpoint. See `http2_contract.Owner`."""

    __slots__ = ("_closing", "_connections", "_connections_max", "_dial", "_dialing", "_queue",
                 "_waiting_max", "endpoint")  # fmt: skip

    def __init__(
        self, endpoint: Endpoint, dial: Dial, connections_max: int, waiting_max: int
    ) -> None:
        self.endpoint = endpoint
        self._dial = dial
        self._connections_max = connections_max
        self._waiting_max = waiting_max
        self._connections: list[Http2Connection] = []
        self._dialing = False
        self._queue: deque[_Waiter] = deque()
        self._closing = False

    @property
    def open(self) -> int:
        """Connections that are not closed."""
        return len(self._connections)

    @property
    def calls(self) -> int:
        """Calls in flight."""
        return sum(connection.calls for connection in self._connections)

    @property
    def waiting(self) -> int:
        """Calls that wait for a place."""
        return len(self._queue)

    async def take(self, progress: Callable[[Stage], None]) -> Http2Connection:
        """Return a connection on which a place is claimed. Raises CallFailedError."""
        connection = self._claimed(look=True)
        if connection is not None:
            return connection
        if self._may_dial():
            self._dialing = True
            progress(Stage.CONNECTING)
            return await self._open()
        if len(self._queue) >= self._waiting_max:
            raise CallFailedError(FailureKind.OVERLOADED, "the queue is full")
        progress(Stage.CONNECTING if self._dialing else Stage.QUEUED)
        connection = await self._wait()
        if connection is not None:
            return connection
        progress(Stage.CONNECTING)
        return await self._open()

    def room_made(self) -> None:
        """See `http2_contract.Owner.room_made`."""
        self._call_next()

    def gone(self, connection: Http2Connection) -> None:
        """See `http2_contract.Owner.gone`."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._call_next()

    def tend(self) -> None:
        """See to it that each connection lives, or goes. To be called every second or so."""
        for connection in tuple(self._connections):
            connection.tend()
        self._call_next()

    def close(self) -> None:
        """Close each connection once its calls have ended."""
        self._closing = True
        for connection in tuple(self._connections):
            connection.part()

    def _claimed(self, *, look: bool = False) -> Http2Connection | None:
        """Claim a place if there is one; `look` first whether the connection has ended unnoticed."""
        for connection in tuple(self._connections):
            if look and not connection.calls:
                connection.look()
            if connection.has_room():
                connection.claim()
                return connection
        return None

    def _may_dial(self) -> bool:
        return not self._dialing and len(self._connections) < self._connections_max

    async def _open(self) -> Http2Connection:
        """Return a new connection on which a place is claimed. The caller has the turn to dial."""
        try:
            wire = await self._dial(self.endpoint)
        except OSError as error:
            self._end_turn()
            raise failed(error) from error
        except BaseException:
            self._end_turn()
            raise
        connection = Http2Connection(wire, self)
        connection.claim()
        if connection.closed:
            self._end_turn()
            raise CallFailedError(FailureKind.RESET, "the connection was closed as soon as made")
        self._connections.append(connection)
        if self._closing:
            connection.part()
        self._end_turn()
        return connection

    def _end_turn(self) -> None:
        """Let another dial, if others wait still."""
        self._dialing = False
        self._call_next()

    async def _wait(self) -> Http2Connection | None:
        """Return a connection on which a place is claimed; None: the turn to dial is the caller's."""
        waiter = _Waiter()
        self._queue.append(waiter)
        try:
            await waiter.called.wait()
        except BaseException:
            if not waiter.called.is_set():
                self._queue.remove(waiter)
            elif waiter.connection is not None:
                waiter.connection.unclaim()
            else:
                self._end_turn()
            raise
        return waiter.connection

    def _call_next(self) -> None:
        """Hand places to who waits longest, and the turn to dial where there are none."""
        while self._queue:
            connection = self._claimed()
            if connection is None and not self._may_dial():
                return
            waiter = self._queue.popleft()
            waiter.connection = connection
            if connection is None:
                self._dialing = True
            waiter.called.set()
