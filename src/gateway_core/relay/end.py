"""What a relay knows of one of its two sides."""

from dataclasses import dataclass

from ..clock import NEVER, Duration, Instant, after
from ..frames import ABNORMAL, Close


@dataclass(slots=True)
class End:
    """What is known of one side."""

    heard: Instant
    """When it last said something; times in which nobody listened do not count."""
    pinged: Instant = NEVER
    """When it was sent a ping of ours behind which nothing has come; NEVER: there is none."""
    inside: bool = False
    """Whether what it was sent ends inside a frame."""
    stalled: bool = False
    """Whether it takes nothing at the moment."""
    closed: Close | None = None
    """What it closed with."""
    silent: bool = False
    """Whether its Close is not waited for: it broke the rules."""
    verdict: Close | None = None
    """What it is told then, whatever the other side says."""
    owed: Close | None = None
    """A Close that waits for the end of a frame."""
    told: Close | None = None
    """The Close that it was sent."""
    lost: bool = False
    gone: bool = False
    """Whether its transport has ended, or was told to."""
    messages: int = 0
    """Passed on from it."""
    payload: int = 0

    def excuse(self, time: Duration, now: Instant) -> None:
        """Hold its silence during the last `time` not against it."""
        self.heard = min(after(self.heard, time), now)
        if self.pinged < NEVER:
            self.pinged = min(after(self.pinged, time), now)

    @property
    def deaf(self) -> bool:
        """Whether nothing can be passed on to it any more."""
        return self.gone or self.told is not None

    @property
    def finished(self) -> bool:
        """Whether both its directions are at their end."""
        return self.told is not None and (self.closed is not None or self.silent)

    @property
    def code(self) -> int:
        """What it closed with; 1006 if it was lost, 0 if it was sent away."""
        if self.closed is not None:
            return self.closed.code
        return ABNORMAL if self.lost else 0
