"""Active health checks of one endpoint: ask in time, count, tell what changed.

             time to ask            answered, failed, too late
    RESTING ------------> ASKING ------------------------------> RESTING
       |                     |
       +------ stopped ------+------> DONE

An endpoint counts as well until it has failed `unhealthy` times in a row, and as ill until
it has passed `healthy` times: it begins well, so that a gateway that starts serves at once,
and one check that was lost on the way changes nothing. Only changes are told.

Checks come an interval apart, up to a tenth sooner or later by chance, so that workers that
started together do not ask together.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias, assert_never

from .chance import Dice
from .clock import NEVER, Duration, Instant, after, seconds
from .machine import Tick

INTERVAL: Final = seconds(10)
TIMEOUT: Final = seconds(2)
HEALTHY: Final = 2
UNHEALTHY: Final = 3
_JITTER: Final = 10
"""An interval is up to a tenth shorter or longer."""


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """What is asked, how often, and what counts."""

    path: bytes
    interval: Duration = INTERVAL
    """From the end of one check to the start of the next."""
    timeout: Duration = TIMEOUT
    healthy: int = HEALTHY
    unhealthy: int = UNHEALTHY


class Phase(enum.Enum):
    RESTING = "resting"
    ASKING = "asking"
    DONE = "done"


MOVES: Final = frozenset(
    {
        (Phase.RESTING, Phase.ASKING),
        (Phase.ASKING, Phase.RESTING),
        (Phase.RESTING, Phase.DONE),
        (Phase.ASKING, Phase.DONE),
    }
)


# Events: what happened, in the past tense.
class ProbeStarted(NamedTuple):
    """Somebody watches from now on."""


class ProbeAnswered(NamedTuple):
    """The endpoint answered; any 2xx is well."""

    status: int


class ProbeFailed(NamedTuple):
    """No answer came."""


class ProbeStopped(NamedTuple):
    """Nobody wants to know any more."""


Event: TypeAlias = ProbeStarted | ProbeAnswered | ProbeFailed | ProbeStopped | Tick


# Commands: what to do, in the imperative.
class AskHealth(NamedTuple):
    """GET `path` of the endpoint. Ends in ProbeAnswered or ProbeFailed."""

    path: bytes


class ReportHealth(NamedTuple):
    """Say that the endpoint is well again, or no longer. Ends in nothing."""

    well: bool


Command: TypeAlias = AskHealth | ReportHealth


@dataclass(slots=True)
class Probe:
    """Watches one endpoint. See the module's diagram."""

    rules: ProbeRules
    dice: Dice
    phase: Phase = Phase.RESTING
    well: bool = True
    deadline: Instant = NEVER
    _against: int = 0
    """Checks in a row that spoke against what is believed."""

    @property
    def done(self) -> bool:
        return self.phase is Phase.DONE

    def receive(self, event: Event, now: Instant) -> Sequence[Command]:
        """Take `event` in, and say what to do."""
        if self.phase is Phase.DONE:
            return ()
        match event:
            case ProbeStarted():
                if self.phase is Phase.RESTING and self.deadline == NEVER:
                    # At some moment of the first interval, each worker at its own.
                    self.deadline = after(now, self.dice.randrange(self.rules.interval))
                return ()
            case ProbeAnswered():
                return self._on_check(now, passed=200 <= event.status < 300)
            case ProbeFailed():
                return self._on_check(now, passed=False)
            case ProbeStopped():
                self.deadline = NEVER
                self._move_to(Phase.DONE)
                return ()
            case Tick():
                return self._on_deadline(now) if now >= self.deadline else ()
            case _:
                assert_never(event)

    def _on_deadline(self, now: Instant) -> Sequence[Command]:
        if self.phase is Phase.ASKING:
            return self._on_check(now, passed=False)
        self.deadline = after(now, self.rules.timeout)
        self._move_to(Phase.ASKING)
        return (AskHealth(self.rules.path),)

    def _on_check(self, now: Instant, *, passed: bool) -> Sequence[Command]:
        if self.phase is not Phase.ASKING:
            return ()
        self._move_to(Phase.RESTING)
        spread = self.rules.interval // _JITTER
        jitter = self.dice.randrange(2 * spread + 1) - spread
        self.deadline = after(now, self.rules.interval + jitter)
        self._against = 0 if passed == self.well else self._against + 1
        if self._against < (self.rules.unhealthy if self.well else self.rules.healthy):
            return ()
        self.well, self._against = passed, 0
        return (ReportHealth(passed),)

    def _move_to(self, phase: Phase) -> None:
        assert (self.phase, phase) in MOVES, (self.phase, phase)
        self.phase = phase
