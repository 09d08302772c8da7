"""Time as plain integers. The core never reads a clock: it is told the time.

An `Instant` is a count of nanoseconds on some monotonic clock; its zero means
nothing, only differences do. A `Duration` is a difference of two of them.
Integers, so that arithmetic is exact, tests compare with `==`, and a replayed
run takes the same branches on every machine.

Wall-clock time serves HTTP dates and logs alone (RFC 9110, section 5.6.7). It
is never a parameter: it arrives as data, on the event that it dates.
"""

from typing import Final, NewType

Instant = NewType("Instant", int)
"""Nanoseconds, monotonic."""

Duration = NewType("Duration", int)
"""Nanoseconds between two instants."""

UnixTime = NewType("UnixTime", int)
"""Whole seconds since 1970-01-01T00:00:00Z."""

MILLISECOND: Final = Duration(1_000_000)
SECOND: Final = Duration(1_000_000_000)

NEVER: Final = Instant(2**62)
"""Later than every deadline. Still an int, so `min()` and `<` need no special case."""


def after(start: Instant, wait: int) -> Instant:
    """Return the instant `wait` nanoseconds after `start`, never later than NEVER."""
    end = start + wait
    return Instant(end) if end < NEVER else NEVER


def seconds(count: float) -> Duration:
    """Return `count` seconds as a Duration, rounded to the nanosecond."""
    return Duration(round(count * SECOND))
