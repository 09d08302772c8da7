"""Unguessable names for requests, drawn from the system many at a time."""

import secrets
from typing import Final

_BYTES: Final = 16
_DRAWN: Final = 256
"""Ids a draw: the system's randomness costs as much for one as for many."""


class _Ids:
    def __init__(self) -> None:
        self._drawn: list[str] = []

    def fresh(self) -> str:
        """Return 32 hexadecimal digits that nobody can guess, and nobody got before."""
        if not self._drawn:
            digits = secrets.token_hex(_BYTES * _DRAWN)
            size = _BYTES * 2
            self._drawn = [digits[at : at + size] for at in range(0, len(digits), size)]
        return self._drawn.pop()


fresh_id: Final = _Ids().fresh
