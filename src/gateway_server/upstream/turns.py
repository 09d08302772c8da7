"""Many wait for what comes over one wire, and no task belongs to it: one reads for all.

    until(ready) --ready--> back to the caller
        |  ^
        |  +-- news for it, or nobody reads
        v
      PARKED  <--somebody reads--+--nobody does-->  READING, for all

Who reads goes on until it has what it waited for, or is cancelled; then the next one takes over,
in the order in which they came.
"""

from collections.abc import Awaitable, Callable

import trio


class Waiters:
    """The tasks of one party that wait."""

    __slots__ = ("_parked", "reading")

    def __init__(self) -> None:
        self._parked: list[trio.Event] = []
        self.reading: trio.CancelScope | None = None
        """Of that one of them which reads."""

    def wake(self) -> None:
        """Let each look again whether it has what it waits for."""
        for event in self._parked:
            event.set()
        if self.reading is not None:
            self.reading.cancel()

    def add(self, event: trio.Event) -> None:
        self._parked.append(event)

    def remove(self, event: trio.Event) -> None:
        self._parked.remove(event)


class Turns:
    """Whose turn it is to read."""

    __slots__ = ("_parked", "_read", "_scope")

    def __init__(self, read: Callable[[], Awaitable[None]]) -> None:
        """`read` waits for something to come, takes it in, and wakes whom it concerns.

        It may be cancelled where it waits, and there alone.
        """
        self._read = read
        self._parked: dict[trio.Event, None] = {}
        self._scope: trio.CancelScope | None = None

    @property
    def reading(self) -> bool:
        """Whether somebody reads."""
        return self._scope is not None

    def interrupt(self) -> None:
        """Let who reads begin anew, since what it waits for has changed."""
        if self._scope is not None:
            self._scope.cancel()

    async def until(self, waiters: Waiters, ready: Callable[[], bool]) -> None:
        """Return once `ready` says so. Whoever makes it so wakes `waiters`."""
        try:
            while not ready():
                if self._scope is not None:
                    await self._park(waiters)
                else:
                    await self._take_turn(waiters)
        finally:
            # Whoever leaves may be the one who read, or was called to.
            if self._scope is None:
                for event in self._parked:
                    event.set()
                    break

    async def _take_turn(self, waiters: Waiters) -> None:
        try:
            with trio.CancelScope() as self._scope:
                waiters.reading = self._scope
                await self._read()
        finally:
            self._scope = waiters.reading = None

    async def _park(self, waiters: Waiters) -> None:
        event = trio.Event()
        waiters.add(event)
        self._parked[event] = None
        try:
            await event.wait()
        finally:
            waiters.remove(event)
            del self._parked[event]
