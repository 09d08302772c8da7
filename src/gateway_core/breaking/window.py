"""How many calls there were of late, and how many of them were bad.

The window is counted in ten slots, of which the oldest falls out whole: it covers its
length at most, nine tenths of it at least, in constant memory, whatever the traffic.
"""

from dataclasses import dataclass, field
from typing import Final

from ..clock import Duration, Instant

SLOTS: Final = 10


@dataclass(slots=True)
class _Slot:
    number: int
    """Which stretch of time: the instant divided by the slot's length."""
    calls: int = 0
    failures: int = 0
    slow: int = 0


@dataclass(slots=True)
class Window:
    """Counts of the calls that ended within `length`."""

    length: Duration
    calls: int = 0
    failures: int = 0
    slow: int = 0
    _slots: list[_Slot] = field(default_factory=list[_Slot])
    """Oldest first; a stretch without calls has none."""
    _next_at: Instant = Instant(0)
    """When the next slot begins, so that most calls need neither multiply nor divide."""

    def add(self, now: Instant, *, failed: bool, slow: bool) -> None:
        """Count a call that ended now, and forget those that are too old."""
        slots = self._slots
        if now >= self._next_at:
            self._begin_slot(now)
        slot = slots[-1]
        slot.calls += 1
        self.calls += 1
        if failed:
            slot.failures += 1
            self.failures += 1
        if slow:
            slot.slow += 1
            self.slow += 1

    def clear(self) -> None:
        """Forget everything."""
        self.calls = self.failures = self.slow = 0
        self._slots.clear()
        self._next_at = Instant(0)

    def _begin_slot(self, now: Instant) -> None:
        slots, number = self._slots, now * SLOTS // self.length
        while slots and slots[0].number <= number - SLOTS:
            self._forget(slots.pop(0))
        slots.append(_Slot(number))
        # The first instant that has the next number: rounded up.
        self._next_at = Instant(-(-(number + 1) * self.length // SLOTS))

    def _forget(self, slot: _Slot) -> None:
        self.calls -= slot.calls
        self.failures -= slot.failures
        self.slow -= slot.slow
