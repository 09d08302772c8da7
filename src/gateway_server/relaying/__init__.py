"""The gateway's side of open WebSockets: two ends, and what carries between them."""

from .carrying import Carrying
from .message_ends import Load
from .relays import Relays

__all__ = ["Carrying", "Load", "Relays"]
