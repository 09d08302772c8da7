"""The connections to one endpoint: those at rest, and places for those at work.

               young, and silent meanwhile           the exchange ended well
    AT REST --------------------------------> AT WORK -----------------------> AT REST
       |                                         |
       +---- too old, closed, spoke unasked      +---- anything else
                          |                                 |
                          +----------> CLOSED <-------------+

A place is the right to have one connection at work; who has none waits in a bounded queue,
first come first served. A connection is dialed only where none is at rest, or for a stale
one that was closed: so places bound the connections, too.

The connection that was used last is used next: when load falls, the others grow old and go.
"""

from gateway_core.clock import Duration, after
from gateway_core.upstream import Endpoint

from ..timers import clock, now
from .connection import Connection
from .dialing import Dial
from .slots import Slots


class Pool:
    """The connections to one endpoint."""

    __slots__ = ("_at_rest", "_closing", "_dial", "_now", "endpoint", "places")

    def __init__(self, endpoint: Endpoint, dial: Dial, places: Slots) -> None:
        self.endpoint = endpoint
        self.places = places
        """Who takes a connection has taken a place before, and gives it back after."""
        self._dial = dial
        self._at_rest: list[Connection] = []
        self._closing = False
        self._now = now

    @property
    def at_rest(self) -> int:
        """Connections that wait for work."""
        return len(self._at_rest)

    def take(self, *, surely: bool = True) -> Connection | None:
        """Return a connection that rested and is as good as new, if there is one.

        `surely`: as the kernel knows it at this moment. Else as the poller told at its last
        turn, which costs nothing, and serves whatever may be sent again.
        """
        at_rest = self._at_rest
        if at_rest:
            now = self._now()
            while at_rest:
                connection = at_rest.pop()
                if connection.rests_until > now:
                    wire = connection.wire
                    if not (surely or wire.stirred) or wire.silent():
                        return connection
                connection.close()
        return None

    async def dial(self) -> Connection:
        """Return a new connection. Raises OSError."""
        self._now = clock()  # Trio runs here, which it need not where the pool is made
        return Connection(await self._dial(self.endpoint))

    def give_back(self, connection: Connection, lifetime: Duration) -> None:
        """Let `connection`, whose exchange ended well, rest for `lifetime`."""
        if lifetime <= 0 or self._closing:
            connection.close()
            return
        connection.reused = True
        connection.rests_until = after(self._now(), lifetime)
        self._at_rest.append(connection)

    def sweep(self) -> None:
        """Close those at rest that are too old, or that the upstream has closed."""
        now = self._now()
        kept: list[Connection] = []
        for connection in self._at_rest:
            if connection.rests_until > now and connection.wire.silent():
                kept.append(connection)
            else:
                connection.close()
        self._at_rest = kept

    def close(self) -> None:
        """Close those at rest now, and those at work when their exchange ends."""
        self._closing = True
        while self._at_rest:
            self._at_rest.pop().close()
