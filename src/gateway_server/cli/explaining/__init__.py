"""What becomes of one request, section by section: one line here registers a section.

A section is a function from a Case to its facts, in a file of its own. A fact names the
key of the configuration that says so; where that stands is looked up for it.
"""

from typing import Final

from .body import body
from .caching import caching
from .case import Case, Question, take_up
from .client import client
from .composing import composing
from .contract import Fact, Section
from .forwarding import forwarding
from .identity import identity
from .limits import limits
from .protection import protection
from .routes import routes
from .telling import pieces
from .upstream import upstream
from .websockets import websockets

SECTIONS: Final[tuple[tuple[str, Section], ...]] = (
    ("who asks", client),
    ("which route", routes),
    ("its body", body),
    ("who may", identity),
    ("limits", limits),
    ("from the cache", caching),
    ("what the upstream is asked", forwarding),
    ("what is composed", composing),
    ("where", upstream),
    ("how it is protected", protection),
    ("as a WebSocket", websockets),
)
"""In the order in which the gateway decides. A section without facts is left out."""

__all__ = ["SECTIONS", "Case", "Fact", "Question", "Section", "pieces", "take_up"]
