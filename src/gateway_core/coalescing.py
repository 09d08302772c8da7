"""Many who ask for one thing at once, and one who fetches it for all.

    nobody ----first asks----> FETCHING ----the answer is here, or never comes----> landed
                                  ^ |
       a waiter takes its place   | | the leader leaves
                                  +-+

The first who asks leads: it fetches. Who comes meanwhile waits for the flight to land, and
then looks again: at what was stored, at a mark that nothing can be, at the failure that the
leader met, or at an empty place that it may take itself. So no fetch is shared by more than
can use it, and nobody waits for one who has gone.

The same idea: Go's singleflight, Varnish's busy objects, nginx's proxy_cache_lock.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NewType

from .errors import FailureKind

FlightId = NewType("FlightId", int)


class Landing(enum.Enum):
    """How a flight ended."""

    STORED = "stored"
    """What was fetched can be read, as far as it has come."""
    UNCACHEABLE = "uncacheable"
    """What was fetched is for the leader alone: everybody fetches for themselves."""
    FAILED = "failed"
    """There is no answer, for nobody."""
    LEFT = "left"
    """The leader is gone: another may lead."""


@dataclass(slots=True)
class Flight:
    """One fetch, for all who ask for `name`."""

    number: FlightId
    name: bytes
    url: bytes
    base: bytes = b""
    """Its URL without the query, where its answer may turn out to be for other queries, too."""
    waiting: int = 0
    doomed: bool = False
    """Whether what it fetches was changed meanwhile: for those who wait, but not to be kept."""
    landing: Landing | None = None
    failure: FailureKind | None = None
    status: int | None = None
    """Of the error that was answered, where it FAILED by one."""


@dataclass(slots=True)
class Flights:
    """The fetches under way. Whoever leads one lands it, whatever happens."""

    landed: list[FlightId] = field(default_factory=list[FlightId])
    """Whoever lets the waiting wait takes these out, and wakes them."""
    _by_name: dict[bytes, Flight] = field(default_factory=dict[bytes, Flight])
    _alone: dict[FlightId, Flight] = field(default_factory=dict[FlightId, Flight])
    """Those that nobody can wait for."""
    _numbers: int = 0

    def __len__(self) -> int:
        return len(self._by_name)

    def under_way(self, name: bytes) -> Flight | None:
        """Return the flight that fetches `name`, if there is one."""
        return self._by_name.get(name)

    def lead(self, name: bytes, url: bytes, base: bytes = b"") -> Flight:
        """Begin to fetch `name`, which nobody does."""
        assert name not in self._by_name
        self._numbers += 1
        flight = Flight(FlightId(self._numbers), name, url, base)
        self._by_name[name] = flight
        return flight

    def alone(self, url: bytes, base: bytes = b"") -> Flight:
        """Begin to fetch `url` for oneself, beside whatever is under way: only doom can meet it."""
        self._numbers += 1
        flight = Flight(FlightId(self._numbers), b"", url, base)
        self._alone[flight.number] = flight
        return flight

    def land(self, flight: Flight, landing: Landing, failure: FailureKind | None = None) -> None:
        """End `flight`, once; a second time does nothing."""
        if flight.landing is None:
            flight.landing, flight.failure = landing, failure
            if self._by_name.get(flight.name) is flight:
                del self._by_name[flight.name]
            self._alone.pop(flight.number, None)
            if flight.waiting:
                self.landed.append(flight.number)

    def doom(self, meant: Callable[[Flight], bool]) -> None:
        """Let nothing be kept of flights that are `meant`: they began before a change.

        Who asks from now on waits for none of them, and fetches anew.
        """
        for flight in [flight for flight in self._by_name.values() if meant(flight)]:
            flight.doomed = True
            del self._by_name[flight.name]
        for flight in self._alone.values():
            flight.doomed = flight.doomed or meant(flight)
