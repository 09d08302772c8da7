"""What every balancer promises: one of the candidates, at once, by what it is told alone."""

from collections.abc import Sequence
from typing import Protocol

from ..chance import Dice


class Candidate(Protocol):
    """An endpoint that may take the next request."""

    @property
    def name(self) -> str:
        """Its own among all candidates, and the same in every worker."""
        ...

    @property
    def weight(self) -> int:
        """Its part of the requests, against that of the others: 1 or more."""
        ...

    @property
    def share(self) -> int:
        """Its part as it stands now: less than its weight's, while it warms up. 1 or more."""
        ...

    @property
    def in_flight(self) -> int:
        """Requests that it is busy with."""
        ...


class Balancer(Protocol):
    """Chooses. What it remembers of a candidate, it remembers by name."""

    def choose(self, candidates: Sequence[Candidate], key: bytes, dice: Dice) -> int:
        """Return the place of the chosen one among `candidates`, of which there is at least one.

        `key` says what requests belong together; b"" if nothing does.
        """
        ...

    def forget(self, name: str) -> None:
        """Drop what is remembered of a candidate that is gone for good."""
        ...
