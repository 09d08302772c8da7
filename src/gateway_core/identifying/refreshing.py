"""An issuer's keys as they change: what was verified by keys that are gone is forgotten.

A flood of tokens with made-up key ids costs one fetch a floor: see `refresh`.

Source: OpenID Connect Core 1.0, section 10.1.1 (rotation of signing keys).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ..clock import SECOND, Duration, Instant
from ..refresh import Event, Fetch, Refresh
from .key_sets import PublicKey
from .remembering import VerifiedTokens

INTERVAL: Final = Duration(300 * SECOND)
"""Between fetches while all goes well: after which a withdrawn key serves no longer."""
FLOOR: Final = Duration(10 * SECOND)
"""Between the beginnings of two fetches, whatever is asked for."""
FETCH_TIMEOUT: Final = Duration(5 * SECOND)

PublicKeys: TypeAlias = tuple[PublicKey, ...]


def key_refresh(
    interval: Duration = INTERVAL, floor: Duration = FLOOR, timeout: Duration = FETCH_TIMEOUT
) -> Refresh[PublicKeys]:
    """Return what fetches an issuer's keys, of which none are known. ConfigError."""
    return Refresh[PublicKeys]((), interval, floor, timeout)


@dataclass(slots=True)
class KeyRefresh:
    """The keys of one issuer, and what was verified by them. A machine, within another."""

    refresh: Refresh[PublicKeys] = field(default_factory=key_refresh)
    verified: VerifiedTokens = field(default_factory=VerifiedTokens)

    @property
    def keys(self) -> PublicKeys:
        """Those that were fetched last."""
        return self.refresh.held

    @property
    def deadline(self) -> Instant:
        return self.refresh.deadline

    @property
    def done(self) -> bool:
        return self.refresh.done

    def anew(self) -> "KeyRefresh":
        """Return a machine that has not begun, and knows the same."""
        return KeyRefresh(self.refresh.anew(), self.verified)

    def receive(self, event: Event[PublicKeys], now: Instant) -> Sequence[Fetch]:
        """Take `event` in, and say whether to fetch."""
        commands = self.refresh.receive(event, now)
        self.verified.forget(self.refresh.generation)
        return commands
