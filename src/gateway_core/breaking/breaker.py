"""A circuit breaker: it leaves a service that fails alone for a while, then probes it.

             too many failures             open time over
    CLOSED ---------------------> OPEN ---------------------> HALF_OPEN
      ^                            ^                            |   |
      |                            +------- a probe failed -----+   |
      +----------------------- enough probes succeeded -------------+

Words: as in electricity, CLOSED lets calls through and OPEN does not.

Who calls takes a permit before and settles it after: `succeeded`, `failed`, or
`released` where nothing was learnt, as when the client left. A permit bears the
generation of the state in which it was given. Each move begins a new generation, so
an answer that comes after a move, to a call of before it, counts no more: the calls
that were in flight when a breaker opened cannot decide how the probes went.

The time open doubles while probes fail. Time alone opens nothing and closes nothing:
a breaker goes to HALF_OPEN when it is asked after its time, and needs no timer.

Source: Nygard, "Release It!" (2007), 5.2; generations and released permits after
resilience4j's state machine.
"""

import enum
from dataclasses import dataclass, field
from typing import Final, NewType

from ..clock import Duration, Instant, after
from ..ratio import reaches
from .rules import BreakerRules
from .window import Window

Permit = NewType("Permit", int)
"""The right to one call: the generation in which it was given."""


class State(enum.Enum):
    __hash__ = object.__hash__  # Enum's own is slow, and moves are looked up

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


MOVES: Final = frozenset(
    {
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.OPEN),
        (State.HALF_OPEN, State.CLOSED),
    }
)

# An enumeration's member costs several times what a name of the module does.
_CLOSED: Final = State.CLOSED
_HALF_OPEN: Final = State.HALF_OPEN


@dataclass(slots=True)
class Breaker:
    """Guards one endpoint. See the module's diagram."""

    rules: BreakerRules
    state: State = State.CLOSED
    half_open_at: Instant = Instant(0)
    """While OPEN: when the next call is let through."""
    probing: int = 0
    """While HALF_OPEN: permits that are out."""
    _passed: int = 0
    """While HALF_OPEN: probes that succeeded."""
    _generation: Permit = Permit(0)
    _failures: int = 0
    """In a row."""
    _openings: int = 0
    """In a row, without closing in between."""
    _window: Window | None = field(init=False)

    def __post_init__(self) -> None:
        self._window = Window(self.rules.window) if self.rules.counts else None

    def admit(self, now: Instant) -> Permit | None:
        """Take a permit for one call; None if there is to be none. Settle it once."""
        if self.state is _CLOSED:
            return self._generation
        if self.state is State.OPEN:
            if now < self.half_open_at:
                return None
            self._move_to(_HALF_OPEN)
        if self.probing >= self.rules.probes:
            return None
        self.probing += 1
        return self._generation

    def would_admit(self, now: Instant) -> bool:
        """Whether `admit` would give a permit."""
        if self.state is _CLOSED:
            return True
        if self.state is State.OPEN:
            return now >= self.half_open_at
        return self.probing < self.rules.probes

    def succeeded(self, permit: Permit, took: Duration, now: Instant) -> bool:
        """Settle `permit`: an answer came that is no failure, after `took`.

        Return whether that closed the breaker.
        """
        return self._settle(permit, took, now, failed=False)

    def failed(self, permit: Permit, took: Duration, now: Instant) -> None:
        """Settle `permit`: no answer came, or one that is a failure, after `took`."""
        self._settle(permit, took, now, failed=True)

    def released(self, permit: Permit) -> None:
        """Settle `permit`, of which nothing was learnt. A probe's place is free again."""
        if permit == self._generation and self.state is _HALF_OPEN:
            self.probing -= 1

    def _settle(self, permit: Permit, took: Duration, now: Instant, *, failed: bool) -> bool:
        """Count an outcome, and move if it says so; tell whether that closed the breaker."""
        if permit != self._generation:
            return False
        rule = self.rules.slow
        slow = rule is not None and took > rule.over
        if self.state is _CLOSED:
            self._failures = self._failures + 1 if failed else 0
            if self._window is not None:
                self._window.add(now, failed=failed, slow=slow)
            if (failed or slow) and self._trips(failed=failed, slow=slow):
                self._open(now)
            return False
        # No permit is given while OPEN, so this one was a probe's.
        assert self.state is _HALF_OPEN
        self.probing -= 1
        if failed or slow:
            self._open(now)
            return False
        self._passed += 1
        if self._passed < self.rules.probes_to_close:
            return False
        self._openings = 0
        self._move_to(_CLOSED)
        return True

    def _trips(self, *, failed: bool, slow: bool) -> bool:
        """Whether the bad call that was just counted is one too many."""
        rules, window = self.rules, self._window
        most = rules.consecutive_failures
        if failed and most is not None and self._failures >= most:
            return True
        if window is None or window.calls < rules.minimum:
            return False
        ratio, slow_rule = rules.failure_ratio, rules.slow
        if failed and ratio is not None and reaches(window.failures, window.calls, ratio):
            return True
        return (
            slow and slow_rule is not None and reaches(window.slow, window.calls, slow_rule.ratio)
        )

    def _open(self, now: Instant) -> None:
        longest = max(self.rules.open_for, self.rules.open_for_max)
        # The exponent is bounded, so that a service that is down for a year makes no huge number.
        wait = min(self.rules.open_for << min(self._openings, 62), longest)
        self.half_open_at = after(now, wait)
        self._openings += 1
        self._move_to(State.OPEN)

    def _move_to(self, state: State) -> None:
        assert (self.state, state) in MOVES, (self.state, state)
        self.state = state
        self._generation = Permit(self._generation + 1)
        self._failures = self._passed = self.probing = 0
        if self._window is not None:
            self._window.clear()
