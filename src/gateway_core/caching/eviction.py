"""What stays when there is no room for all: S3-FIFO, three queues and two bits a name.

    new ---> small --(used again before its end)--> main <--+ used since: once more round
               |                                     |  +---+
               v                                     v
             ghost (names alone)                    gone
               |
               +--(asked for again while remembered)--> main

Most of what is asked for is asked for once. It passes through the small queue, a twentieth of
the room, and never pushes out what is asked for often, as it would from a list in the order
of use (LRU). Nothing is moved when it is used: that costs an increment.

Source: Yang, Zhang, Qiu, Yue and Vinayak, "FIFO queues are all you need for cache
eviction" (SOSP 2023).
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

N = TypeVar("N", bound=Hashable)

SMALL_SHARE: Final = 20
"""The small queue has one part in so many."""
USES_MAX: Final = 3
"""Uses that are counted: more would keep what was popular once for too long."""
USES_TO_STAY: Final = 0
"""Uses in the small queue beyond which a name goes on to the main one."""
GHOSTS_SHARE: Final = 1
"""Names that are remembered after they are gone stood for so many times the room."""


@dataclass(slots=True)
class _Place:
    size: int
    uses: int
    main: bool
    number: int
    """Of its latest place in a queue: what the queues hold of a name that has left is old."""


@dataclass(slots=True)
class S3Fifo(Generic[N]):
    """Decides what leaves. Sizes are bytes, or one each."""

    capacity: int
    used: int = 0
    _small_used: int = 0
    _places: dict[N, _Place] = field(default_factory=dict[N, _Place])
    _small: deque[tuple[N, int]] = field(default_factory=deque[tuple[N, int]])
    _main: deque[tuple[N, int]] = field(default_factory=deque[tuple[N, int]])
    _ghosts: dict[N, tuple[int, int]] = field(default_factory=dict[N, tuple[int, int]])
    """Size, and number of its place in the queue of ghosts."""
    _ghost_queue: deque[tuple[N, int]] = field(default_factory=deque[tuple[N, int]])
    _ghosts_used: int = 0
    _numbers: int = 0

    def __contains__(self, name: N) -> bool:
        return name in self._places

    def __len__(self) -> int:
        return len(self._places)

    def touch(self, name: N) -> None:
        """Note that `name`, which is here, was used."""
        place = self._places[name]
        if place.uses < USES_MAX:
            place.uses += 1

    def insert(self, name: N, size: int) -> None:
        """Take in `name`, which is not here. Call `evict` until it returns None."""
        assert name not in self._places
        main = name in self._ghosts
        if main:
            self._forget(name)
        place = _Place(size, 0, main, 0)
        self._places[name] = place
        self.used += size
        if not main:
            self._small_used += size
        self._queue(name, place)

    def resize(self, name: N, size: int) -> None:
        """Note that `name`, which is here, takes another size. Call `evict` afterwards."""
        place = self._places[name]
        self.used += size - place.size
        if not place.main:
            self._small_used += size - place.size
        place.size = size

    def remove(self, name: N) -> None:
        """Take out `name`, if it is here."""
        place = self._places.pop(name, None)
        if place is not None:
            self._leave(place)
            self._tidy()

    def evict(self) -> N | None:
        """Return a name that has just left to make room; None once there is room."""
        while self.used > self.capacity:
            from_small = self._small_used > self.capacity // SMALL_SHARE
            gone = self._from_small() if from_small or not self._main else self._from_main()
            if gone is not None:
                return gone
        return None

    def _from_small(self) -> N | None:
        name, number = self._small.popleft()
        place = self._places.get(name)
        if place is None or place.number != number:
            return None
        if place.uses > USES_TO_STAY:
            self._small_used -= place.size
            place.main, place.uses = True, 0
            self._queue(name, place)
            return None
        del self._places[name]
        self._leave(place)
        self._remember(name, place.size)
        return name

    def _from_main(self) -> N | None:
        name, number = self._main.popleft()
        place = self._places.get(name)
        if place is None or place.number != number:
            return None
        if place.uses:
            place.uses -= 1
            self._queue(name, place)
            return None
        del self._places[name]
        self._leave(place)
        return name

    def _queue(self, name: N, place: _Place) -> None:
        self._numbers += 1
        place.number = self._numbers
        (self._main if place.main else self._small).append((name, place.number))

    def _leave(self, place: _Place) -> None:
        self.used -= place.size
        if not place.main:
            self._small_used -= place.size

    def _tidy(self) -> None:
        """Drop what the queues hold of names that were removed, once that is most of it."""
        if len(self._small) + len(self._main) > 2 * len(self._places) + 64:
            for queue in (self._small, self._main):
                kept = [(n, at) for n, at in queue if self._stands(n, at)]
                queue.clear()
                queue.extend(kept)

    def _stands(self, name: N, number: int) -> bool:
        place = self._places.get(name)
        return place is not None and place.number == number

    def _remember(self, name: N, size: int) -> None:
        self._numbers += 1
        self._ghosts[name] = (size, self._numbers)
        self._ghost_queue.append((name, self._numbers))
        self._ghosts_used += size
        while self._ghosts_used > self.capacity * GHOSTS_SHARE:
            oldest, number = self._ghost_queue.popleft()
            if self._ghosts.get(oldest, (0, 0))[1] == number:
                self._forget(oldest)

    def _forget(self, name: N) -> None:
        size, _ = self._ghosts.pop(name)
        self._ghosts_used -= size
