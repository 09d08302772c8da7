"""What a relay holds both sides to, and how fast a client's messages may come.

Source: ITU-T I.371, the generic cell rate algorithm in its form of virtual scheduling.
"""

from dataclasses import dataclass
from typing import Final

from ..clock import SECOND, Duration, Instant, after

IDLE_TIMEOUT: Final = Duration(300 * SECOND)
"""Without a frame either way, our own pings and their pongs aside."""
PING_INTERVAL: Final = Duration(30 * SECOND)
"""Half of the minute after which common balancers and NATs forget a silent connection."""
CLOSE_TIMEOUT: Final = Duration(5 * SECOND)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `messages` at once, and `messages` in every `per` in the long run; both positive."""

    messages: int
    per: Duration


@dataclass(frozen=True, slots=True)
class RelayRules:
    """What holds for every socket of a route. NEVER stands for no bound on a time."""

    idle_timeout: Duration | Instant = IDLE_TIMEOUT
    ping_interval: Duration | Instant = PING_INTERVAL
    """A side that was silent for so long is sent a ping; silent as long again, it is lost."""
    close_timeout: Duration = CLOSE_TIMEOUT
    """From the first Close to the end of both sides, whatever they do."""
    rate: Rate | None = None
    """Of a client's messages and pings together."""
    rate_waits: bool = False
    """Whether a client that is too fast is read no faster, or sent away with 1008."""


@dataclass(slots=True)
class Pace:
    """A token bucket, kept as the time at which it will be full again."""

    rate: Rate
    _full_at: Instant = Instant(0)

    def wait(self, count: int, now: Instant) -> int:
        """Take `count` (at most `rate.messages`) and return 0, or return how long they must wait.

        Nothing is taken where they must wait.
        """
        interval = -(-self.rate.per // self.rate.messages)  # rounded up: never more than promised
        full_at = max(self._full_at, now) + count * interval
        wait = full_at - interval * self.rate.messages - now
        if wait > 0:
            return wait
        self._full_at = after(now, full_at - now)
        return 0
