"""Where an exchange can be, how it can move on, and on whom it waits. See `exchange`."""

import enum
from typing import Final

from ..errors import FailureKind
from .vocabulary import Stage


class Phase(enum.Enum):
    __hash__ = object.__hash__  # Enum's own is slow, and phases are looked up at every move

    ROUTING = "routing"
    IDENTIFYING = "identifying"
    """The caller must be asked about outside."""
    CALLING = "calling"
    COMPOSING = "composing"
    """An answer is made out of many: a composition (`gateway_core.composition`) sees to it."""
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
        (Phase.IDENTIFYING, Phase.DONE),
        (Phase.CALLING, Phase.STREAMING),
        (Phase.CALLING, Phase.RELAYING),
        (Phase.RELAYING, Phase.DONE),
        (Phase.CALLING, Phase.DONE),
        (Phase.STREAMING, Phase.DONE),
    }
)


class Wait(enum.Enum):
    """On whom a transfer waits; the value is the reason if it waits too long."""

    CLIENT_BODY = "client-body-timeout"
    UPSTREAM_WRITE = "upstream-write-timeout"
    UPSTREAM_BODY = "upstream-idle-timeout"
    CLIENT_READ = "client-write-timeout"


CALL_TIMEOUT: Final = {
    Stage.QUEUED: FailureKind.OVERLOADED,
    Stage.CONNECTING: FailureKind.CONNECT_TIMEOUT,
    Stage.SENDING: FailureKind.RESPONSE_TIMEOUT,
    Stage.SENT: FailureKind.RESPONSE_TIMEOUT,
}
"""How a call failed that took too long, by how far it was."""
