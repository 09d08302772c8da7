"""What the exchanges of one worker share about caching: what is stored, and what is being fetched."""

from dataclasses import dataclass, field

from ..caching.entry import BodyId
from ..caching.store import Store
from ..coalescing import FlightId, Flights


@dataclass(slots=True)
class Cache:
    """The store and the flights. Whoever keeps bodies, and lets exchanges wait, asks `let_go`."""

    store: Store = field(default_factory=Store)
    flights: Flights = field(default_factory=Flights)

    def let_go(self) -> tuple[list[BodyId], list[FlightId]]:
        """Return the bodies that nobody will ask for any more, and the flights that have landed."""
        bodies, self.store.dropped = self.store.dropped, []
        flights, self.flights.landed = self.flights.landed, []
        return bodies, flights

    @property
    def has_let_go(self) -> bool:
        """Whether `let_go` would return anything."""
        return bool(self.store.dropped or self.flights.landed)

    def purge_url(self, url: bytes) -> int:
        """Take out what is stored of `url`, and keep nothing that is being fetched of it.

        Nor of its path, where the answer may say that it is for `url` as well.
        """
        base = url.partition(b"?")[0]
        self.flights.doom(lambda flight: flight.url == url or flight.base == base)
        return self.store.purge_url(url)

    def purge_prefix(self, prefix: bytes) -> int:
        """The same for all URLs that begin with `prefix`."""
        path, query, _ = prefix.partition(b"?")
        self.flights.doom(
            lambda flight: flight.url.startswith(prefix) or (bool(query) and flight.base == path)
        )
        return self.store.purge_prefix(prefix)

    def purge_tag(self, tag: bytes) -> int:
        """The same for all answers that bear `tag`; what is being fetched has shown none yet."""
        self.flights.doom(lambda _flight: True)
        return self.store.purge_tag(tag)

    def purge_all(self) -> int:
        """The same for everything."""
        self.flights.doom(lambda _flight: True)
        return self.store.purge_all()
