"""Statuses in the place of others: `404 = 410`, `"5xx" = 502`.

Mapped is what the client is told, never what the gateway goes by: breakers, retries and the
cache judge the status that the upstream said.

Some statuses are no labels but speak of the message itself: of its framing (1xx, 204, 205),
or of what the client asked for (206 of a range, 304 of a condition). They are neither
mapped, by a class of theirs either, nor mapped to.

Source: RFC 9110, sections 15.2 to 15.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import ConfigError

FIXED: Final = frozenset({204, 205, 206, 304})
"""Final statuses that say how the message itself is to be read."""
_CLASSES: Final = {f"{digit}xx": digit for digit in range(2, 6)}


@dataclass(frozen=True, slots=True)
class StatusMap:
    """By a status, "404", or a class, "5xx". ConfigError, with the key as its path."""

    wanted: Mapping[str, int] = field(default_factory=dict[str, int])
    _by_status: dict[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what becomes of each status; one by itself goes before its class."""
        by_status: dict[int, int] = {}
        for key, told in sorted(self.wanted.items(), key=lambda rule: rule[0] not in _CLASSES):
            _check(key, told)
            found = _CLASSES.get(key)
            meant = [int(key)] if found is None else range(100 * found, 100 * found + 100)
            by_status.update((status, told) for status in meant if status not in FIXED)
        object.__setattr__(self, "_by_status", by_status)

    def told(self, status: int) -> int:
        """Return what the client is told in the place of `status`."""
        return self._by_status.get(status, status)


def _check(key: str, told: int) -> None:
    if key not in _CLASSES:
        if not (len(key) == 3 and key.isascii() and key.isdigit() and 200 <= int(key) <= 599):
            raise ConfigError(key, f"{key!r} is no final status: write 200 to 599, or a class, 5xx")
        if int(key) in FIXED:
            raise ConfigError(key, f"{key} says how the message is to be read, and stays")
    if not 200 <= told <= 599 or told in FIXED:
        raise ConfigError(key, f"{told} cannot be told in the place of another status")
