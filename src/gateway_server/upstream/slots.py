"""A bounded number of places, and a bounded queue before them (a bulkhead)."""

import trio


class Slots:
    """`places` calls at once; `waiting` more may wait, in the order they came."""

    __slots__ = ("_semaphore", "_waiting", "_waiting_max")

    def __init__(self, places: int, waiting_max: int) -> None:
        self._semaphore = trio.Semaphore(places)
        self._waiting = 0
        self._waiting_max = waiting_max

    @property
    def free(self) -> int:
        """Places that can be taken without waiting."""
        return self._semaphore.value

    @property
    def full(self) -> bool:
        """Whether the queue, too, is at its bound."""
        return self._semaphore.value == 0 and self._waiting >= self._waiting_max

    def take_nowait(self) -> bool:
        """Take a place if one is free."""
        try:
            self._semaphore.acquire_nowait()
        except trio.WouldBlock:
            return False
        return True

    async def take(self) -> None:
        """Wait for a place and take it. The caller looked at `full` first."""
        self._waiting += 1
        try:
            await self._semaphore.acquire()
        finally:
            self._waiting -= 1

    def give_back(self) -> None:
        """Free a place."""
        self._semaphore.release()
