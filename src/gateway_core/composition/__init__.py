"""The machine that carries a plan of `composing` out: what it is told, what it commands."""

from .answering import COMPLETED
from .composition import MOVES, Composition, Phase
from .failures import PartFailure
from .vocabulary import (
    Abandoned,
    Answer,
    AskPart,
    Begun,
    Call,
    Command,
    DropPart,
    Event,
    Give,
    PartAnswered,
    PartFailed,
)

__all__ = [
    "COMPLETED",
    "MOVES",
    "Abandoned",
    "Answer",
    "AskPart",
    "Begun",
    "Call",
    "Command",
    "Composition",
    "DropPart",
    "Event",
    "Give",
    "PartAnswered",
    "PartFailed",
    "PartFailure",
    "Phase",
]
