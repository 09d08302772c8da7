"""Where a relay can be, and how it can move on. See `relay`."""

import enum
from typing import Final


class Phase(enum.Enum):
    __hash__ = object.__hash__  # Enum's own is slow

    OPEN = "open"
    CLOSING = "closing"
    DONE = "done"


MOVES: Final = frozenset(
    {(Phase.OPEN, Phase.CLOSING), (Phase.OPEN, Phase.DONE), (Phase.CLOSING, Phase.DONE)}
)
