"""Where an exchange can be, and how it can move on. The diagram stands in `exchange`."""

import enum
from typing import Final


class Phase(enum.Enum):
    __hash__ = object.__hash__  # Enum's own is slow, and phases are looked up at every move

    ROUTING = "routing"
    CALLING = "calling"
    STREAMING = "streaming"
    RELAYING = "relaying"
    """A WebSocket is open: a relay (`gateway_core.relay`) sees to it."""
    DONE = "done"


MOVES: Final = frozenset(
    {
        (Phase.ROUTING, Phase.CALLING),
        (Phase.ROUTING, Phase.DONE),
        (Phase.CALLING, Phase.STREAMING),
        (Phase.CALLING, Phase.RELAYING),
        (Phase.RELAYING, Phase.DONE),
        (Phase.CALLING, Phase.DONE),
        (Phase.STREAMING, Phase.DONE),
    }
)
