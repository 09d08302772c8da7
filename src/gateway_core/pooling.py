"""When a connection to an upstream may be used again, and when a request sent twice.

Both ends may close an idle connection at any moment. What we send may therefore meet a
connection that the upstream has already closed: the stale-connection race. Such a request
is sent once more where that cannot do the client's work twice.

Source: RFC 9110, section 9.2.2 (idempotent methods); RFC 9112, sections 9.3 to 9.5
(persistence, retrying, closing); RFC 2068, section 19.7.1.1 (the Keep-Alive field, which no
later one defines and every server sends).
"""

from typing import Final, NamedTuple

from .clock import SECOND, Duration, seconds
from .message import IDEMPOTENT, Fields, members, value

IDLE_LIFETIME: Final = seconds(4)
"""Connections rest this long at most: common servers close theirs after 5 s."""

INFORMATIONAL_MAX: Final = 32
"""Interim answers (1xx) to one request: more is a flood, or a server gone mad."""

_SOONER: Final = SECOND
"""How much sooner than the upstream we let go of a connection."""
_TIMEOUT_DIGITS_MAX: Final = 9


class LostRequest(NamedTuple):
    """A request whose connection ended before its answer was complete."""

    method: str
    reused: bool
    """Whether the connection had carried an exchange before."""
    written: int
    """Bytes of this request that the connection took."""
    body_begun: bool
    """Whether bytes of its body were taken from the client."""
    answer_begun: bool
    """Whether a byte came back."""
    unprocessed: bool = False
    """Whether the upstream said that it has not acted upon it (RFC 9113, 8.7)."""


def may_resend(lost: LostRequest) -> bool:
    """Tell whether `lost` may go out once more, on a fresh connection (RFC 9112, 9.3.1).

    A fresh connection that ends is the upstream's failure, not a race; a byte of an answer
    means that the upstream acted. What was never written may go out whatever it is; what
    was needs a method that may run twice, and no byte of its body spent. Over HTTP/2 an
    upstream can say that it has not acted upon a request: then any method may run.
    """
    if lost.unprocessed:
        return not lost.body_begun
    if not lost.reused or lost.answer_begun:
        return False
    if lost.written == 0:
        return True
    return lost.method in IDEMPOTENT and not lost.body_begun


def idle_lifetime(fields: Fields, longest: Duration = IDLE_LIFETIME) -> Duration:
    """Return how long the connection that brought `fields` may rest: `longest`, or less.

    The upstream's `Keep-Alive: timeout=` counts from when it saw the last byte, we count
    from when we did: so a second less, and half of what is shorter than two. 0: not at all.
    """
    return longest if value(fields, b"keep-alive") is None else _told_lifetime(fields, longest)


def _told_lifetime(fields: Fields, longest: Duration) -> Duration:
    lifetime = int(longest)
    for member in members(fields, b"keep-alive"):
        name, _, digits = member.partition(b"=")
        digits = digits.strip(b' \t"')
        if name.rstrip(b" \t").lower() != b"timeout" or not digits.isdigit():
            continue
        if len(digits) <= _TIMEOUT_DIGITS_MAX:
            timeout = int(digits) * SECOND
            lifetime = min(lifetime, timeout - min(_SOONER, timeout // 2))
    return Duration(lifetime)
