"""When what others publish is fetched anew: the keys of an issuer, the document of a service.

               the interval is over, or something was missed in it
    RESTING ------------------------------------------------------> FETCHING
       ^       (not within the floor after the last fetch began)        |
       +----- fetched: the new -------- failed, or too slow: the old ---+

Whoever cannot be reached takes nothing away: what was fetched last serves on, and they are
asked again after a pause that doubles from the floor up to the interval.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar, assert_never

from .clock import NEVER, Duration, Instant, after
from .errors import ConfigError
from .machine import Tick

T = TypeVar("T")


class Wanted(NamedTuple):
    """Whoever lives by it has started."""


class Missed(NamedTuple):
    """Something was looked for in what is held, and is not there."""


class Fetched(NamedTuple, Generic[T]):
    """It was fetched, and can be read."""

    held: T


class FetchFailed(NamedTuple):
    """Whoever publishes it did not answer, or with something else."""


class Stopped(NamedTuple):
    """Nobody needs it any more."""


class Fetch(NamedTuple):
    """Ask for it. Ends in Fetched or FetchFailed."""


Event: TypeAlias = Wanted | Missed | Fetched[T] | FetchFailed | Stopped | Tick


class Phase(enum.Enum):
    RESTING = "resting"
    FETCHING = "fetching"
    STOPPED = "stopped"


@dataclass(slots=True)
class Refresh(Generic[T]):
    """What was fetched last, and when to ask again. A machine: see the diagram.

    ConfigError where fetches would follow each other closer than the floor.
    """

    held: T
    interval: Duration
    """Between fetches while all goes well."""
    floor: Duration
    """Between the beginnings of two fetches, whatever is asked for."""
    timeout: Duration
    """Of one fetch."""
    generation: int = 0
    """Of what is held: one more each time that something else was fetched."""
    phase: Phase = Phase.RESTING
    deadline: Instant = NEVER
    _not_before: Instant | None = None
    """Until then no further fetch begins."""
    _pause: Duration = Duration(0)
    """After the last failure; 0 where the last fetch went well."""

    def __post_init__(self) -> None:
        """See to it that the floor is over whenever a rest is."""
        if not 0 < self.floor <= self.interval:
            raise ConfigError("refresh", "must not be shorter than the floor between fetches")

    @property
    def done(self) -> bool:
        return self.phase is Phase.STOPPED

    @property
    def fetching(self) -> bool:
        """Whether it is worth while to wait."""
        return self.phase is Phase.FETCHING

    def anew(self) -> "Refresh[T]":
        """Return a machine that has not begun, and holds the same."""
        return Refresh(self.held, self.interval, self.floor, self.timeout, self.generation)

    def receive(self, event: Event[T], now: Instant) -> Sequence[Fetch]:
        """Take `event` in, and say whether to fetch."""
        if self.done:
            return ()
        match event:
            case Wanted() | Missed():
                return self._fetch(now)
            case Fetched():
                self._on_fetched(event.held, now)
            case FetchFailed():
                self._on_failure(now)
            case Stopped():
                self.phase, self.deadline = Phase.STOPPED, NEVER
            case Tick():
                return self._on_deadline(now)
            case _:
                assert_never(event)
        return ()

    def _fetch(self, now: Instant) -> Sequence[Fetch]:
        too_soon = self._not_before is not None and now < self._not_before
        if self.phase is Phase.FETCHING or too_soon:
            return ()
        self.phase = Phase.FETCHING
        self._not_before = after(now, self.floor)
        self.deadline = after(now, self.timeout)
        return (Fetch(),)

    def _on_fetched(self, held: T, now: Instant) -> None:
        if held != self.held:
            self.held = held
            self.generation += 1
        self._pause = Duration(0)
        self._rest(self.interval, now)

    def _on_failure(self, now: Instant) -> None:
        self._pause = Duration(min(max(self.floor, 2 * self._pause), self.interval))
        self._rest(self._pause, now)

    def _rest(self, pause: Duration, now: Instant) -> None:
        self.phase = Phase.RESTING
        self.deadline = after(now, pause)

    def _on_deadline(self, now: Instant) -> Sequence[Fetch]:
        if now < self.deadline:
            return ()
        if self.phase is Phase.FETCHING:
            self._on_failure(now)
            return ()
        return self._fetch(now)
