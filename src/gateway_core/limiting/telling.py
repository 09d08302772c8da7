"""How clients are told of limits, on every answer.

    RateLimit-Policy: "per-client";q=10;w=60      what is allowed: always the same
    RateLimit: "per-client";r=0;t=6               what is left, and when there is more

Both are lists, so that lines of an upstream's own stand beside ours, and both hold.
Times are whole seconds, rounded up: never too early.

Source: draft-ietf-httpapi-ratelimit-headers-10; RFC 9110, 10.2.3 (delay-seconds).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ..clock import SECOND, Duration
from ..message import Fields
from .contract import Verdict
from .limit import Limit

POLICY: Final = b"ratelimit-policy"
RATELIMIT: Final = b"ratelimit"
X_LIMIT: Final = b"x-ratelimit-limit"
X_REMAINING: Final = b"x-ratelimit-remaining"
X_RESET: Final = b"x-ratelimit-reset"
X_NAMES: Final = frozenset({X_LIMIT, X_REMAINING, X_RESET})
"""Fields that have one value, so that ours replace an upstream's."""


def whole_seconds(wait: Duration) -> int:
    """Return `wait` in seconds, rounded up, at least 1."""
    return max(1, -(-wait // SECOND))


def policy_line(limits: Iterable[Limit]) -> Fields:
    """Return the line that tells what is allowed; none where no limit is told."""
    members = [limit.policy for limit in limits if limit.is_told]
    return ((POLICY, b", ".join(members)),) if members else ()


def ratelimit_line(judged: Sequence[tuple[Limit, Verdict]]) -> Fields:
    """Return the line that tells what is left; none where no limit is told."""
    members = [left(limit, verdict) for limit, verdict in judged if limit.is_told]
    return ((RATELIMIT, b", ".join(members)),) if members else ()


def left(limit: Limit, verdict: Verdict) -> bytes:
    """Return the member of `RateLimit` that tells what is left of one limit."""
    if not limit.timed:
        return b"%b%d" % (limit.left, verdict.remaining)
    return b"%b%d;t=%d" % (limit.left, verdict.remaining, -(-verdict.wait // SECOND) or 1)


def x_lines(limit: Limit, verdict: Verdict) -> Fields:
    """Return the lines of old, about the limit that binds."""
    lines = (
        (X_LIMIT, b"%d" % limit.limiter.quota),
        (X_REMAINING, b"%d" % verdict.remaining),
    )
    if not limit.timed:
        return lines
    return (*lines, (X_RESET, b"%d" % whole_seconds(verdict.wait)))
