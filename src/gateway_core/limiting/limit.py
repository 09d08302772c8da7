"""A limit by its name: a limiter, whose budgets it keeps, and how it is spoken of.

What stands under one name is one budget a key, however many routes use it.

Source: draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4; RFC 9651, 3.3.3.
"""

import enum
from dataclasses import dataclass, field
from typing import Final

from ..clock import SECOND
from ..errors import ConfigError
from .contract import Key, Limiter
from .keys import Asker, KeyPart

_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_CONCURRENT: Final = b';qu="concurrent-requests"'


class Told(enum.Enum):
    """Which fields tell clients of a limit. Retry-After is told in any case."""

    RATELIMIT = "ratelimit"
    """`RateLimit-Policy` and `RateLimit`, the draft's."""
    X_RATELIMIT = "x-ratelimit"
    """`X-RateLimit-Limit`, `-Remaining`, and `-Reset` in seconds: what clients of old know."""


STANDARD: Final = frozenset({Told.RATELIMIT})


@dataclass(frozen=True, slots=True)
class Limit:
    """A named limit. ConfigError for a name that cannot be told."""

    name: str
    limiter: Limiter
    key: tuple[KeyPart, ...]
    shadow: bool = False
    """Whether it is judged, counted and logged, and refuses nobody."""
    told: frozenset[Told] = STANDARD
    timed: bool = field(init=False, repr=False, compare=False)
    """Whether time gives back what was taken."""
    holds: bool = field(init=False, repr=False, compare=False)
    """Whether the request's end does."""
    is_told: bool = field(init=False, repr=False, compare=False)
    """Whether by the draft's fields."""
    is_told_of_old: bool = field(init=False, repr=False, compare=False)
    """Whether by `X-RateLimit-*`."""
    allows: str = field(init=False, repr=False, compare=False)
    """In words: "10 requests in 60 s"."""
    policy: bytes = field(init=False, repr=False, compare=False)
    """Its member of `RateLimit-Policy`: `"per-client";q=10;w=60`."""
    left: bytes = field(init=False, repr=False, compare=False)
    """Its member of `RateLimit`, as far as it is always the same: `"per-client";r=`."""
    _only: KeyPart | None = field(init=False, repr=False, compare=False)
    """The only part of its key, as nearly always."""

    def __post_init__(self) -> None:
        """Work out what every answer tells."""
        if not self.name or not _NAME.issuperset(self.name):
            raise ConfigError("name", f"{self.name!r} is no name: letters, digits, - _ and .")
        said = b'"%b"' % self.name.encode("ascii")
        object.__setattr__(self, "timed", self.limiter.window > 0)
        object.__setattr__(self, "holds", self.limiter.holds)
        object.__setattr__(self, "is_told", Told.RATELIMIT in self.told)
        object.__setattr__(self, "is_told_of_old", Told.X_RATELIMIT in self.told)
        object.__setattr__(self, "allows", self._allows())
        object.__setattr__(self, "left", said + b";r=")
        object.__setattr__(self, "policy", said + self._parameters())
        object.__setattr__(self, "_only", self.key[0] if len(self.key) == 1 else None)

    def key_of(self, asker: Asker) -> Key:
        """Return whose budget it is that a request of `asker` is taken from."""
        if self._only is not None:
            return self._only.of(asker)
        return tuple([part.of(asker) for part in self.key])

    def _parameters(self) -> bytes:
        quota, window = self.limiter.quota, self.limiter.window
        if not window:
            return b";q=%d%b" % (quota, _CONCURRENT)
        whole, rest = divmod(window, SECOND)
        # A window is told in whole seconds or not at all (section 3.1.3).
        return b";q=%d" % quota if rest else b";q=%d;w=%d" % (quota, whole)

    def _allows(self) -> str:
        quota, window = self.limiter.quota, self.limiter.window
        noun = "request" if quota == 1 else "requests"
        return f"{quota} {noun} in {window / SECOND:g} s" if window else f"{quota} {noun} at once"
