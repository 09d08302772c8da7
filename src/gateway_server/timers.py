"""Deadlines that nearly always move before they come.

A deadline that is moved at every step of every request is rarely reached. So it
is looked at only where it might have come: whoever arms says when to ask, and is
asked then for its deadline as it stands; if that lies later, it is armed anew.
Moving a deadline further away thus costs nothing but a comparison.
"""

import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import Final

import trio
import trio.testing

from gateway_core.clock import NEVER, SECOND, Instant, UnixTime

_LATE: Final = 5_000
"""Nanoseconds that the timers wake after a deadline: more than two clocks' readings differ."""


def now() -> Instant:
    """Trio's clock, so that a test's MockClock is ours as well."""
    return Instant(round(trio.current_time() * SECOND))


def unix_time() -> UnixTime:
    """The time on the wall, by which credentials expire and messages are dated."""
    return UnixTime(int(time.time()))


def clock() -> Callable[[], Instant]:
    """Return what tells the time in this Trio run; quicker than `now`, and the same.

    Trio's own clock is the performance counter and an offset. Asked for once, that
    costs a call where `now` costs five. Under a test's clock, `now` itself.
    """
    if isinstance(trio.lowlevel.current_clock(), trio.testing.MockClock):
        return now
    offset = now() - time.perf_counter_ns()
    count_ns = time.perf_counter_ns

    def quick() -> Instant:
        return Instant(count_ns() + offset)

    return quick


def _never() -> Instant:
    return NEVER


def _nothing() -> None:
    """Ring nowhere."""


class Alarm:
    """One deadline. `deadline` tells it as it stands; `ring` is called once it has come.

    `ring` runs in the task of the timers: it must not wait, nor raise.
    """

    __slots__ = ("_deadline", "_ring", "_timers", "armed_for", "now")

    def __init__(
        self, timers: "Timers", deadline: Callable[[], Instant], ring: Callable[[], None]
    ) -> None:
        self._timers = timers
        self._deadline = deadline
        self._ring = ring
        self.now = timers.now
        self.armed_for: Instant = NEVER
        """When it will be asked next; NEVER if nobody is to ask."""

    def look(self) -> None:
        """Take notice of the deadline as it stands. Call this whenever it may lie earlier."""
        deadline = self._deadline()
        if deadline < self.armed_for:
            self.armed_for = deadline
            self._timers.arm(deadline, self)

    def close(self) -> None:
        """Ring no more, and let go of whose deadline it is: what was armed waits on for its time."""
        self._deadline, self._ring = _never, _nothing
        self.armed_for = NEVER

    def due(self, asked_for: Instant, at: Instant) -> None:
        """Be asked, at `at`, because of what was armed for `asked_for`."""
        if asked_for != self.armed_for:
            return  # armed for an earlier time since, and asked then
        self.armed_for = NEVER
        if self._deadline() <= at:
            self._ring()
        self.look()


class Timers:
    """Asks alarms when they are due. One a worker; `run` is a task of its lifespan."""

    def __init__(self) -> None:
        """Begin in the Trio run whose time is meant."""
        self.now = clock()
        self._heap: list[tuple[Instant, int, Alarm]] = []
        self._number = count()
        self._earlier = trio.Event()

    @property
    def armed(self) -> int:
        """Entries that wait to be asked, those overtaken included."""
        return len(self._heap)

    def alarm(self, deadline: Callable[[], Instant], ring: Callable[[], None]) -> Alarm:
        """Return an alarm that is not armed yet."""
        return Alarm(self, deadline, ring)

    def arm(self, when: Instant, alarm: Alarm) -> None:
        """Ask `alarm` at `when`."""
        earlier = not self._heap or when < self._heap[0][0]
        heapq.heappush(self._heap, (when, next(self._number), alarm))
        if earlier:
            self._earlier.set()

    async def run(self) -> None:
        """Ask each alarm in time, for ever."""
        while True:
            self._earlier = trio.Event()
            with trio.CancelScope(deadline=self._next()):
                await self._earlier.wait()
            at = self.now()
            while self._heap and self._heap[0][0] <= at:
                when, _, alarm = heapq.heappop(self._heap)
                alarm.due(when, at)

    def _next(self) -> float:
        """Return when to wake: a little late, so that no rounding ever makes it early."""
        return (self._heap[0][0] + _LATE) / SECOND if self._heap else float("inf")
