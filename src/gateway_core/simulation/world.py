"""Virtual time: what is to happen, in order, and nothing in between.

An hour passes in the time its events take. Two runs from one seed are the same
to the last byte of their journals, on every machine.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from ..chance import Dice
from ..clock import NEVER, Instant, after
from .journal import Journal


@dataclass(slots=True)
class World:
    """Time, chance, and a journal of all that machines were told and commanded."""

    dice: Dice
    now: Instant = Instant(0)
    journal: Journal = field(default_factory=Journal)
    watchers: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called after everything that happens: to check what must hold at any moment."""
    _heap: list[tuple[Instant, int, Callable[[], None]]] = field(
        default_factory=list[tuple[Instant, int, Callable[[], None]]]
    )
    _scheduled: int = 0

    def at(self, when: Instant, act: Callable[[], None]) -> None:
        """Let `act` happen at `when`; of two at once the one said first goes first."""
        assert when >= self.now, "the past cannot be changed"
        self._scheduled += 1
        heapq.heappush(self._heap, (when, self._scheduled, act))

    def soon(self, wait: int, act: Callable[[], None]) -> None:
        """Let `act` happen `wait` nanoseconds from now."""
        self.at(after(self.now, wait), act)

    def run(self, until: Instant = NEVER) -> None:
        """Let everything happen that is due before `until`."""
        while self._heap and self._heap[0][0] < until:
            self.now, _, act = heapq.heappop(self._heap)
            act()
            for watch in self.watchers:
                watch()
