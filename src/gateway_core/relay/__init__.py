"""One WebSocket between a client and an upstream: the machine, what it is told, what it commands."""

from .relay import MOVES, Phase, Relay
from .rules import CLOSE_TIMEOUT, IDLE_TIMEOUT, PING_INTERVAL, Pace, Rate, RelayRules
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
    "IDLE_TIMEOUT",
    "MOVES",
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
    "Rate",
    "Relay",
    "RelayRules",
    "SendClose",
    "SendPing",
    "SideLost",
    "Stalled",
]
