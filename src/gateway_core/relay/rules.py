"""What a relay holds both sides to, and how fast a client's messages may come.

Source: ITU-T I.371, the generic cell rate algorithm in its form of virtual scheduling.
"""

from dataclasses import dataclass
from typing import Final

from ..chance import Dice
from ..clock import SECOND, Duration, Instant, after
from ..limiting import Rate

IDLE_TIMEOUT: Final = Duration(300 * SECOND)
"""Without a frame either way, our own pings and their pongs aside."""
PING_INTERVAL: Final = Duration(30 * SECOND)
"""Half of the minute after which common balancers and NATs forget a silent connection."""
CLOSE_TIMEOUT: Final = Duration(5 * SECOND)
GRACE: Final = Duration(2 * SECOND)
MESSAGE_MAX: Final = 16 * 1024 * 1024
"""Bytes: Hypercorn's bound; browsers have none, and chat and telemetry stay far below."""


@dataclass(frozen=True, slots=True)
class RelayRules:
    """What holds for every socket of a route. NEVER stands for no bound on a time."""

    message_max: int = MESSAGE_MAX
    """Bytes of one message: as they are on the wire where frames are relayed, else inflated."""
    idle_timeout: Duration | Instant = IDLE_TIMEOUT
    ping_interval: Duration | Instant = PING_INTERVAL
    """A side that was silent for so long is sent a ping; silent as long again, it is lost."""
    close_timeout: Duration = CLOSE_TIMEOUT
    """From the first Close to the end of both sides, whatever they do."""
    grace: Duration = GRACE
    """How long a socket may go on, at least, once the gateway is to end."""
    rate: Rate | None = None
    """Of a client's messages and pings together: so many at once, and in the long run."""
    rate_waits: bool = False
    """Whether a client that is too fast is read no faster, or sent away with 1008."""


@dataclass(slots=True)
class Pace:
    """A token bucket, kept as the time at which it will be full again."""

    rate: Rate
    _full_at: Instant = Instant(0)

    def wait(self, count: int, now: Instant) -> int:
        """Take `count` (at most the quota) and return 0, or return how long they must wait.

        Nothing is taken where they must wait.
        """
        interval = -(-self.rate.window // self.rate.quota)  # rounded up: never more than promised
        full_at = max(self._full_at, now) + count * interval
        wait = full_at - interval * self.rate.quota - now
        if wait > 0:
            return wait
        self._full_at = after(now, full_at - now)
        return 0


def drain_wait(grace: Duration, close_timeout: Duration, drain: Duration, dice: Dice) -> Duration:
    """Return how long a socket may go on in a drain that ends in `drain`.

    Between the grace and twice as long, at a moment of its own, so that clients which come
    back at once do not all come at once; but early enough for both ends to close in time.
    """
    latest = max(drain - close_timeout - SECOND, 0)
    return Duration(min(grace + dice.randrange(grace + 1), latest))
