"""A bounded number of places, and a bounded queue before them (a bulkhead)."""

import trio


class Slots:
    """`places` calls at once; `waiting` more may wait, in the order they came.

    A place that is given back while somebody waits goes to the first of them at once, so
    that nobody who came later takes it before.
    """

    __slots__ = ("_queue", "_waiting", "_waiting_max", "free")

    def __init__(self, places: int, waiting_max: int) -> None:
        self.free = places
        """Places that can be taken without waiting."""
        self._queue = trio.lowlevel.ParkingLot()
        self._waiting = 0
        """Callers inside `take`: a look at an int costs less than one at the lot."""
        self._waiting_max = waiting_max

    @property
    def full(self) -> bool:
        """Whether the queue, too, is at its bound."""
        return self.free == 0 and self._waiting >= self._waiting_max

    def take_nowait(self) -> bool:
        """Take a place if one is free."""
        if not self.free:
            return False
        self.free -= 1
        return True

    async def take(self) -> None:
        """Wait for a place and take it. The caller looked at `full` first."""
        if self.take_nowait():
            return
        self._waiting += 1
        try:
            await self._queue.park()
        finally:
            self._waiting -= 1

    def give_back(self) -> None:
        """Free a place."""
        # Those who were called, or cancelled, count as waiting until they run: none may be left.
        if not (self._waiting and self._queue.unpark()):
            self.free += 1
