"""Where an exchange can be, and how it can move on. See `exchange`."""

import enum
from typing import Final


class Phase(enum.Enum):
    __hash__ = object.__hash__  # Enum's own is slow, and phases are looked up at every move

    ROUTING = "routing"
    IDENTIFYING = "identifying"
    """The caller must be asked about outside."""
    WAITING = "waiting"
    """Another exchange fetches what is asked for."""
    CALLING = "calling"
    COMPOSING = "composing"
    """An answer is made out of many: a composition (`gateway_core.composition`) sees to it."""
    BACKING_OFF = "backing-off"
    """Between two tries."""
    TAKING = "taking"
    """The client's body is read whole, since parts of a composition are made of it."""
    READING = "reading"
    """An answer is read whole, since its document is made anew."""
    STREAMING = "streaming"
    RELAYING = "relaying"
    """A WebSocket is open: a relay (`gateway_core.relay`) sees to it."""
    DONE = "done"


MOVES: Final = frozenset(
    {
        (Phase.ROUTING, Phase.IDENTIFYING),
        (Phase.ROUTING, Phase.CALLING),
        (Phase.ROUTING, Phase.COMPOSING),
        (Phase.COMPOSING, Phase.DONE),
        (Phase.ROUTING, Phase.DONE),
        (Phase.IDENTIFYING, Phase.CALLING),
        (Phase.IDENTIFYING, Phase.COMPOSING),
        (Phase.IDENTIFYING, Phase.WAITING),
        (Phase.IDENTIFYING, Phase.STREAMING),
        (Phase.IDENTIFYING, Phase.DONE),
        (Phase.CALLING, Phase.BACKING_OFF),
        (Phase.BACKING_OFF, Phase.CALLING),
        (Phase.BACKING_OFF, Phase.DONE),
        (Phase.ROUTING, Phase.WAITING),
        (Phase.ROUTING, Phase.STREAMING),
        (Phase.WAITING, Phase.WAITING),
        (Phase.WAITING, Phase.CALLING),
        (Phase.WAITING, Phase.STREAMING),
        (Phase.WAITING, Phase.DONE),
        (Phase.CALLING, Phase.CALLING),
        (Phase.CALLING, Phase.STREAMING),
        (Phase.CALLING, Phase.RELAYING),
        (Phase.RELAYING, Phase.DONE),
        (Phase.CALLING, Phase.DONE),
        (Phase.ROUTING, Phase.TAKING),
        (Phase.IDENTIFYING, Phase.TAKING),
        (Phase.TAKING, Phase.COMPOSING),
        (Phase.TAKING, Phase.DONE),
        (Phase.ROUTING, Phase.READING),
        (Phase.IDENTIFYING, Phase.READING),
        (Phase.WAITING, Phase.READING),
        (Phase.CALLING, Phase.READING),
        (Phase.READING, Phase.STREAMING),
        (Phase.READING, Phase.DONE),
        (Phase.STREAMING, Phase.DONE),
    }
)
