"""One WebSocket between a client and an upstream: the machine, what it is told, what it commands."""

from .phases import MOVES, Phase
from .relay import PASS, Relay
from .rules import (
    CLOSE_TIMEOUT,
    GRACE,
    IDLE_TIMEOUT,
    MESSAGE_MAX,
    PING_INTERVAL,
    Pace,
    RelayRules,
    drain_wait,
)
from .vocabulary import (
    Abandoned,
    Command,
    Drop,
    EndAsked,
    Event,
    Finish,
    Flowed,
    HangUp,
    Outcome,
    Pass,
    SendClose,
    SendPing,
    SideLost,
    Stalled,
)

__all__ = [
    "CLOSE_TIMEOUT",
    "GRACE",
    "IDLE_TIMEOUT",
    "MESSAGE_MAX",
    "MOVES",
    "PASS",
    "PING_INTERVAL",
    "Abandoned",
    "Command",
    "Drop",
    "EndAsked",
    "Event",
    "Finish",
    "Flowed",
    "HangUp",
    "Outcome",
    "Pace",
    "Pass",
    "Phase",
    "Relay",
    "RelayRules",
    "SendClose",
    "SendPing",
    "SideLost",
    "Stalled",
    "drain_wait",
]
