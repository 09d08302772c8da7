"""What a route's operator decides about caching."""

import enum
from dataclasses import dataclass
from typing import Final

from ..errors import ConfigError

ENTRY_BYTES_MAX: Final = 8 * 2**20
"""Bytes of the largest body that is stored, unless a route says otherwise (`max_entry`)."""
UNREACHABLE_SECONDS: Final = 60
"""How long beyond its lifetime an answer is used whose origin gives none at all.

RFC 9111, 4.2.4 allows it to a cache that is disconnected. A minute bridges a restart.
"""


class QueryKey(enum.Enum):
    """Which of a query's parameters tell two URLs apart."""

    ALL = "all"
    """The whole query, byte for byte."""
    NONE = "none"
    NAMED = "named"
    """Those that the route names, in the order in which they are sent."""


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """One route's caching. Seconds are whole. ConfigError, with the field as its path."""

    ttl: int | None = None
    """How long an answer is fresh whose origin says nothing; None: as heuristics guess."""
    force: bool = False
    """Whether `ttl` goes before what the origin says, except where it forbids storing."""
    vary: tuple[bytes, ...] = ()
    """Fields that select an answer on this route, whatever Vary says. Lower case."""
    query: QueryKey = QueryKey.ALL
    query_names: frozenset[bytes] = frozenset()
    key_headers: tuple[bytes, ...] = ()
    """Fields whose values, byte for byte, are part of the key. Lower case."""
    key_cookies: tuple[bytes, ...] = ()
    """Cookies whose values are part of the key."""
    stale_while_revalidate: int | None = None
    """Where the origin says nothing of it; None: not at all."""
    stale_if_error: int | None = None
    """Where the origin says nothing of it; None: UNREACHABLE_SECONDS where there is no answer."""
    max_entry: int = ENTRY_BYTES_MAX
    store_cookies: bool = False
    """Whether an answer that sets a cookie may be stored."""
    partition: bool = True
    """Whether each consumer has answers of its own, where the route asks who it is."""
    no_vary_search: bool = False
    """Whether the origin's No-Vary-Search is heeded: see `searching`."""

    def __post_init__(self) -> None:
        if self.force and self.ttl is None:
            raise ConfigError("force", "without a ttl there is nothing to force; give one")
