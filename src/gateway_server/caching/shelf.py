"""Where bodies lie, how they come in, and where those wait who wait for another's fetch.

The core decides what is stored and for how long; this room does as it is told, and looks
after each step at what the core has let go of: `settle`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
import trio

from gateway_core.caching import BodyId
from gateway_core.clock import SECOND
from gateway_core.coalescing import FlightId
from gateway_core.errors import FailureKind
from gateway_core.exchange import Cache, Exchange, KeepBody

from ..upstream import Answer, CallFailedError
from .body import Body, Reader

_log = structlog.get_logger("gateway.caching")


Refresher = Callable[[Exchange], Awaitable[None]]
"""Runs an exchange without a client."""


class Shelf:
    """The bodies of one worker's cache."""

    def __init__(self, cache: Cache, refresher: Refresher) -> None:
        self._cache = cache
        self._refresher = refresher
        self._bodies: dict[BodyId, Body] = {}
        self._waiting: dict[FlightId, set[trio.Event]] = {}
        self._nursery: trio.Nursery | None = None

    def __len__(self) -> int:
        return len(self._bodies)

    def open(self, nursery: trio.Nursery) -> None:
        """Take the nursery, of the worker's lifespan, of what outlives the request it began in."""
        self._nursery = nursery

    def keep(self, command: KeepBody, answer: Answer) -> None:
        """Perform `command`: take `answer` over, and read all of its body, whoever waits for it."""
        whole = answer.whole
        if whole is not None:
            self._bodies[command.body] = Body.of(whole)
            if len(whole) > command.length_max:
                self._cache.store.remove(command.body)
            else:
                self._cache.store.complete(command.body, len(whole))
            return
        body = self._bodies[command.body] = Body()
        self._start(self._fill(command, body, answer))

    def refresh(self, exchange: Exchange) -> None:
        """Let a newer answer be fetched in the background."""
        self._start(self._refresher(exchange))

    def whole(self, body: BodyId, start: int, end: int) -> bytes | None:
        """Return these bytes of a body at once, if that is as simple: see `Body.whole`."""
        found = self._bodies.get(body)
        return None if found is None else found.whole(start, end)

    def read(self, body: BodyId, start: int, end: int) -> Reader | None:
        """Return who reads these bytes of a body that the core has found.

        None if it was let go of meanwhile: what overtakes is performed a moment later.
        """
        found = self._bodies.get(body)
        return None if found is None else found.reader(start, end)

    def expect(self, flight: FlightId) -> trio.Event:
        """Return what is set once `flight`, which is under way, has landed. `forget` it in the end."""
        landed = trio.Event()
        self._waiting.setdefault(flight, set()).add(landed)
        return landed

    def forget(self, flight: FlightId, landed: trio.Event) -> None:
        """Hear that nobody waits for `landed` any more."""
        waiting = self._waiting.get(flight)
        if waiting is not None:
            waiting.discard(landed)
            if not waiting:
                del self._waiting[flight]

    def settle(self) -> None:
        """Do what follows from what the core has let go of. Cheap where that is nothing."""
        if not self._cache.has_let_go:
            return
        bodies, flights = self._cache.let_go()
        for name in bodies:
            body = self._bodies.pop(name, None)
            if body is not None:
                body.let_go()
        for flight in flights:
            for landed in self._waiting.pop(flight, ()):
                landed.set()

    def _start(self, work: Awaitable[None]) -> None:
        assert self._nursery is not None, "the lifespan opens the shelf"
        self._nursery.start_soon(self._guarded, work)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Do `work`; what goes wrong in it ends nothing else."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it was, the worker lives on
            _log.error("background fetch failed", exc_info=error)

    async def _fill(self, command: KeepBody, body: Body, answer: Answer) -> None:
        """Read the upstream's body in, at its pace; then tell the core how it ended."""
        store = self._cache.store
        try:
            while piece := await self._next(command, answer):
                body.add(piece)
                if body.length > command.length_max:
                    store.remove(command.body)
                elif body.kept:
                    store.grow(command.body, body.length)
                self.settle()
                if not (body.kept or body.readers):
                    return  # nobody reads it, and nobody will
                await body.room()
            body.end()
            store.complete(command.body, body.length)
        except CallFailedError:
            pass
        finally:
            # Whatever ended it early, cancellation included: half an answer is none.
            if not body.complete:
                store.remove(command.body)
                body.break_off()
            self.settle()
            with trio.CancelScope(shield=True), trio.move_on_after(1):
                await answer.aclose()

    async def _next(self, command: KeepBody, answer: Answer) -> bytes:
        with trio.move_on_after(command.idle_timeout / SECOND):
            return await answer.read()
        raise CallFailedError(FailureKind.RESPONSE_TIMEOUT, "its body stopped coming")


async def _nobody_refreshes(exchange: Exchange) -> None:
    raise AssertionError(f"{exchange}, and nothing is stored")


NO_SHELF: Final = Shelf(Cache(), _nobody_refreshes)
"""For talks that store nothing."""
