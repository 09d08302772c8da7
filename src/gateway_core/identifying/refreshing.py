"""When an issuer's keys are fetched: in the background, and when a token names an unknown one.

               the interval is over, or an unknown key was named
    RESTING ------------------------------------------------------> FETCHING
       ^       (not within the floor after the last fetch began)        |
       +----- fetched: new keys ------- failed, or too slow: the old ---+

A flood of tokens with made-up key ids costs one fetch a floor. An issuer that cannot be
reached takes nothing away: its last keys serve on, and it is asked again after a pause
that doubles up to the interval.

Source: OpenID Connect Core 1.0, section 10.1.1 (rotation of signing keys).
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias, assert_never

from ..clock import NEVER, SECOND, Duration, Instant, after
from ..errors import ConfigError
from ..machine import Tick
from .key_sets import PublicKey
from .remembering import VerifiedTokens

INTERVAL: Final = Duration(300 * SECOND)
"""Between fetches while all goes well: after which a withdrawn key serves no longer."""
FLOOR: Final = Duration(10 * SECOND)
"""Between the beginnings of two fetches, whatever is asked for."""
FETCH_TIMEOUT: Final = Duration(5 * SECOND)


class KeysWanted(NamedTuple):
    """Whoever lives by these keys has started."""


class KeyUnknown(NamedTuple):
    """A token named a key that is not among ours."""


class KeysFetched(NamedTuple):
    """The issuer's document was read."""

    keys: tuple[PublicKey, ...]


class FetchFailed(NamedTuple):
    """The issuer did not answer, or not with keys."""


class Stopped(NamedTuple):
    """Nobody needs the keys any more."""


class FetchKeys(NamedTuple):
    """Ask the issuer for its keys. Ends in KeysFetched or FetchFailed."""


Event: TypeAlias = KeysWanted | KeyUnknown | KeysFetched | FetchFailed | Stopped | Tick


class Phase(enum.Enum):
    RESTING = "resting"
    FETCHING = "fetching"
    STOPPED = "stopped"


@dataclass(slots=True)
class KeyRefresh:
    """The keys of one issuer, and when to ask for them. A machine: see the diagram.

    ConfigError where fetches would follow each other closer than the floor.
    """

    interval: Duration = INTERVAL
    floor: Duration = FLOOR
    timeout: Duration = FETCH_TIMEOUT
    phase: Phase = Phase.RESTING
    deadline: Instant = NEVER
    keys: tuple[PublicKey, ...] = ()
    verified: VerifiedTokens = field(default_factory=VerifiedTokens)
    """What was verified by these keys: forgotten when they change."""
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
        """Whether it is worth while to wait for keys."""
        return self.phase is Phase.FETCHING

    def receive(self, event: Event, now: Instant) -> Sequence[FetchKeys]:
        """Take `event` in, and say whether to fetch."""
        if self.done:
            return ()
        match event:
            case KeysWanted() | KeyUnknown():
                return self._fetch(now)
            case KeysFetched():
                self._on_fetched(event.keys, now)
            case FetchFailed():
                self._on_failure(now)
            case Stopped():
                self.phase, self.deadline = Phase.STOPPED, NEVER
            case Tick():
                return self._on_deadline(now)
            case _:
                assert_never(event)
        return ()

    def _fetch(self, now: Instant) -> Sequence[FetchKeys]:
        too_soon = self._not_before is not None and now < self._not_before
        if self.phase is Phase.FETCHING or too_soon:
            return ()
        self.phase = Phase.FETCHING
        self._not_before = after(now, self.floor)
        self.deadline = after(now, self.timeout)
        return (FetchKeys(),)

    def _on_fetched(self, keys: tuple[PublicKey, ...], now: Instant) -> None:
        if keys != self.keys:
            self.keys = keys
            self.verified.forget(self.verified.generation + 1)
        self._pause = Duration(0)
        self._rest(self.interval, now)

    def _on_failure(self, now: Instant) -> None:
        self._pause = Duration(min(max(self.floor, 2 * self._pause), self.interval))
        self._rest(self._pause, now)

    def _rest(self, pause: Duration, now: Instant) -> None:
        self.phase = Phase.RESTING
        self.deadline = after(now, pause)

    def _on_deadline(self, now: Instant) -> Sequence[FetchKeys]:
        if now < self.deadline:
            return ()
        if self.phase is Phase.FETCHING:
            self._on_failure(now)
            return ()
        return self._fetch(now)
