"""Stored bodies in virtual time: how they come in, how they are read, and who waits for a fetch.

A body is a count of pieces, each of PIECE_BYTES; what they hold, nobody here needs to know.
After everything that happens, `settle` does what follows from what the cache has let go of,
as the server's shelf does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from ..caching import BodyId
from ..clock import Instant
from ..coalescing import FlightId
from ..errors import FailureKind
from ..exchange import (
    BodyEnded,
    Cache,
    Command,
    Event,
    FlightLanded,
    KeepBody,
    ResponseBodyRead,
    ResponseBodySent,
    SendStored,
    UpstreamBroke,
)
from .calls import EndpointHabits, draw, happens
from .conversation import Conversation, Reply
from .world import World

PIECE_BYTES: Final = 1000

_Act: TypeAlias = Callable[[], None]
_Waiting: TypeAlias = tuple[Conversation[Event, Command], Reply[Event]]


class Taker(Protocol):
    """Who is sent a body: a `fleet.Ending`."""

    body: int
    whole: bool
    begun: Instant


@dataclass(slots=True, eq=False)
class Body:
    """One stored body, which grows."""

    server: EndpointHabits
    """Who sends it."""
    pieces: int = 0
    whole: bool = False
    broken: bool = False
    readers: int = 0
    news: list[_Act] = field(default_factory=list[_Act])
    """What to do, once, where there is more, or will be no more."""

    def tell(self) -> None:
        """Tell who waits."""
        news, self.news = self.news, []
        for act in news:
            act()


@dataclass(slots=True)
class Shelf:
    """The bodies of a world's cache."""

    world: World
    cache: Cache
    bodies: dict[BodyId, Body] = field(default_factory=dict[BodyId, Body])
    """Those that are kept."""
    _waiting: dict[FlightId, list[_Waiting]] = field(default_factory=dict[FlightId, list[_Waiting]])

    def keep(self, command: KeepBody, server: EndpointHabits) -> None:
        """Let a body come in, as `server` sends it."""
        body = self.bodies[command.body] = Body(server)
        self._await_piece(command, body)

    def wait(
        self, flight: FlightId, conversation: Conversation[Event, Command], reply: Reply[Event]
    ) -> None:
        """Tell that `flight` has landed, once it has."""
        self._waiting.setdefault(flight, []).append((conversation, reply))

    @property
    def waiting(self) -> int:
        """How many wait; who has left does not."""
        waits = (one for flight in self._waiting.values() for one, _ in flight)
        return sum(not conversation.machine.done for conversation in waits)

    def read(
        self,
        command: SendStored,
        conversation: Conversation[Event, Command],
        taker: Taker,
        reply: Reply[Event],
    ) -> None:
        """Send a stored body to a client, as far as it has come, and then as it comes."""
        body = self.bodies.get(command.body)
        if body is None:
            reply(UpstreamBroke(FailureKind.RESET))
            return
        body.readers += 1
        _Reader(self.world, body, conversation, taker, reply).go_on()

    def settle(self) -> None:
        """Forget the bodies that the cache has let go of, and wake who waits for what has landed."""
        while self.cache.has_let_go:
            bodies, flights = self.cache.let_go()
            for name in bodies:
                self.bodies.pop(name, None)
            for flight in flights:
                for _, reply in self._waiting.pop(flight, ()):
                    reply(FlightLanded())

    def _await_piece(self, command: KeepBody, body: Body) -> None:
        dice, server, more = self.world.dice, body.server, body.pieces < body.server.pieces
        soon = draw(dice, server.piece_max)
        if more and happens(dice, server.breaks):
            self.world.soon(soon, lambda: self._break(command.body, body))
        elif more and happens(dice, server.stalls):
            self.world.soon(command.idle_timeout, lambda: self._break(command.body, body))
        elif more:
            self.world.soon(soon, lambda: self._grow(command, body))
        else:
            self.world.soon(soon, lambda: self._end(command.body, body))

    def _grow(self, command: KeepBody, body: Body) -> None:
        body.pieces += 1
        length = body.pieces * PIECE_BYTES
        if length > command.length_max:
            self.cache.store.remove(command.body)
        else:
            self.cache.store.grow(command.body, length)
        self.settle()
        body.tell()
        if command.body in self.bodies or body.readers:
            self._await_piece(command, body)

    def _end(self, name: BodyId, body: Body) -> None:
        body.whole = True
        self.cache.store.complete(name, body.pieces * PIECE_BYTES)
        body.tell()

    def _break(self, name: BodyId, body: Body) -> None:
        body.broken = True
        self.cache.store.remove(name)
        body.tell()


@dataclass(slots=True, eq=False)
class _Reader:
    """One client, which is sent a body."""

    world: World
    body: Body
    conversation: Conversation[Event, Command]
    taker: Taker
    reply: Reply[Event]
    had: int = 0
    """Pieces."""

    def go_on(self) -> None:
        """Send the next piece once it is there; end with the body."""
        body = self.body
        if self.conversation.machine.done:
            body.readers -= 1
        elif self.had < body.pieces:
            self.world.soon(draw(self.world.dice, body.server.piece_max), self._send)
        elif body.whole or body.broken:
            body.readers -= 1
            self.taker.whole = body.whole
            self.reply(BodyEnded() if body.whole else UpstreamBroke(FailureKind.RESET))
        else:
            body.news.append(self.go_on)

    def _send(self) -> None:
        if not self.conversation.machine.done:
            self.had += 1
            self.taker.body += PIECE_BYTES
            self.conversation.tell(ResponseBodyRead(PIECE_BYTES))
            self.conversation.tell(ResponseBodySent())
        self.go_on()
