"""What an exchange leaves behind: with its events, all that a log line tells."""

from dataclasses import dataclass

from ..caching import CacheNote
from ..clock import NEVER, Instant
from ..limiting import Judgement
from .vocabulary import RelayEnded


@dataclass(slots=True)
class Record:
    """What was decided, and why."""

    client: str = ""
    request_id: str = ""
    route: str = ""
    upstream: str = ""
    consumer: str = ""
    """Who asked, as a credential proved it."""
    identity: str = ""
    """By which scheme; or why nobody was named: more than the client is told."""
    endpoint: str = ""
    attempts: int = 0
    """Calls that were made, hedges included."""
    breaker: str = ""
    """State of the endpoint's breaker when it was last asked; "" where there is none."""
    retry: str = ""
    """Why a try that failed was the last one; "" where that was nobody's question."""
    hedge: str = ""
    """Whether a call beside the first one "won" or "lost"; "" where there was none."""
    status: int = 0
    """What the client was told."""
    upstream_status: int = 0
    """What the upstream said, where the route told the client another."""
    reason: str = ""
    unwritten: str = ""
    """Why a document passed as it came that was to be rewritten; "" where none did."""
    bytes_in: int = 0
    bytes_out: int = 0
    socket: RelayEnded | None = None
    """What became of a WebSocket; None where none was opened."""
    started: Instant = NEVER
    asked: Instant = NEVER
    answered: Instant = NEVER
    limits: Judgement | None = None
    """What the limits said; None where the route has none, or nobody asked them."""
    cache: CacheNote | None = None
    """What the cache did; None where the route has none."""

    def note_socket(self, ended: RelayEnded) -> None:
        """Note what became of a WebSocket, and the bytes of its messages."""
        self.socket = ended
        self.bytes_in += ended.bytes_in
        self.bytes_out += ended.bytes_out
