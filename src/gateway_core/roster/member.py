"""One endpoint on duty, and the right to one call of it."""

from dataclasses import dataclass, field
from typing import Final

from ..adapting import Adaptive
from ..breaking import Breaker, Permit
from ..clock import Duration, Instant
from ..ejecting import Standing
from ..upstream import Endpoint
from ..warming import share, warm_share


@dataclass(slots=True)
class Member:
    """An endpoint, and all that is remembered of it. See `balancing.Candidate`."""

    endpoint: Endpoint
    breaker: Breaker | None = None
    standing: Standing | None = None
    """Among its fellows, where outliers are ejected."""
    well: bool = True
    """What active checks say."""
    in_flight: int = 0
    """Calls, until the last byte of their answers."""
    warming: bool = False
    warming_since: Instant = Instant(0)
    """While it warms up. Later than now while it is ejected."""
    name: str = field(init=False)
    weight: int = field(init=False)
    share: int = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.weight = self.endpoint.name, self.endpoint.weight
        self.share = warm_share(self.weight)

    def fits(self, now: Instant) -> bool:
        """Whether it is neither ill nor ejected."""
        return self.well and (self.standing is None or now >= self.standing.out_until)

    def warm_up(self, since: Instant) -> None:
        """Begin with a small share at `since`."""
        self.warming, self.warming_since = True, since

    def warm(self, window: Duration, now: Instant) -> None:
        """Work out the share as it stands now."""
        self.share = share(self.weight, self.warming_since, window, now)
        self.warming = now - self.warming_since < window


_NONE: Final = Permit(0)


@dataclass(slots=True)
class Lease:
    """The right to one call of `member`. Settle it once its outcome is known; then end it."""

    member: Member
    since: Instant
    breaker: Breaker | None = None
    permit: Permit = _NONE
    """Of `breaker`, if there is one."""
    bound: Adaptive | None = None
    """In which it has a place until it is settled."""
    settled: bool = False
    ended: bool = False
