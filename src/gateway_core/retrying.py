"""Whether a request is tried again: who may, how soon, and how many at once.

Three questions, each with its own answer:

- **May it?** Not if that could do the client's work twice: only methods that may run twice
  (RFC 9110, 9.2.2), or a connection that was never made. Not if the body is gone: only one
  that was not begun, or that fits the replay buffer.
- **Is there room?** Retries are a share of the requests that are active, those that wait for
  their next try included. A service that fails everything thus gets a quarter more, never
  three times as much.
- **When?** After a wait drawn evenly from nothing to a bound that doubles, so that those who
  failed together do not come back together; later, if the upstream said so.

Sources: RFC 9110, 9.2.2 and 10.2.3 (Retry-After); Brooker, "Exponential backoff and jitter"
(2015), for the full jitter; Finagle's and Envoy's retry budgets.
"""

import enum
from dataclasses import dataclass
from typing import Final

from .chance import Dice
from .clock import MILLISECOND, SECOND, Duration, seconds
from .errors import FailureKind
from .message import IDEMPOTENT, Fields, value
from .ratio import Ratio, percent, share_of

TRIES: Final = 2
"""In all: one retry. Who needs more has another problem."""
TRIES_MAX: Final = 10
BUDGET: Final = percent(20)
BUDGET_MIN: Final = 3
"""Retries that are always allowed, or a quiet service would have none: Envoy's."""
BACKOFF: Final = Duration(25 * MILLISECOND)
BACKOFF_MAX: Final = Duration(250 * MILLISECOND)
REPLAY_MAX: Final = 1024 * 1024
"""Bytes of a body that are kept, so that they can be sent again."""
RETRY_AFTER_MAX: Final = seconds(1)
"""An upstream that asks for more is taken at its word: the client hears it, and we do not try."""

_RETRY_AFTER_DIGITS_MAX: Final = 9


class Cause(enum.Enum):
    """What a try may end in, so that there is another one; the operator's word for it."""

    CONNECT = "connect"
    """No connection was made: nothing can have happened."""
    RESET = "reset"
    """The connection ended before an answer."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """When to try again."""

    tries: int = TRIES
    causes: frozenset[Cause] = frozenset(Cause)
    statuses: frozenset[int] = frozenset({502, 503, 504})
    budget: Ratio = BUDGET
    budget_min: int = BUDGET_MIN
    backoff: Duration = BACKOFF
    backoff_max: Duration = BACKOFF_MAX
    replay_max: int = REPLAY_MAX


NO_RETRIES: Final = RetryRules(tries=1, causes=frozenset(), statuses=frozenset())


class NoRetry(enum.Enum):
    """Why a try that failed was the last; the value is the word for the log."""

    OFF = ""
    """Nobody asked for retries, or not for this."""
    TRIES = "tries-used"
    METHOD = "not-idempotent"
    BODY = "body-not-kept"
    BUDGET = "retry-budget"
    LATE = "out-of-time"
    ASKED = "retry-after"


def may_repeat(
    rules: RetryRules, method: str, body_read: int, kind: FailureKind | None
) -> NoRetry | None:
    """Return why a request cannot be sent again; None if it can.

    `body_read` bytes of its body were taken from the client. `kind` is how the call failed,
    None where it was answered.
    """
    untouched = kind is not None and kind.never_connected
    if not untouched and method not in IDEMPOTENT:
        return NoRetry.METHOD
    kept = rules.replay_max if method in IDEMPOTENT else 0
    return None if body_read <= kept else NoRetry.BODY


def retries_failure(rules: RetryRules, kind: FailureKind) -> bool:
    """Whether the operator wants another try where the call failed so.

    Not where our own queue was full: a retry would stand in it again.
    """
    if kind is FailureKind.OVERLOADED:
        return False
    if kind.never_connected:
        return Cause.CONNECT in rules.causes
    return kind is FailureKind.RESET and Cause.RESET in rules.causes


def backoff(rules: RetryRules, number: int, dice: Dice) -> Duration:
    """Return how long to wait before retry `number`, counted from 1."""
    longest = min(rules.backoff << min(number - 1, 62), rules.backoff_max)
    return Duration(dice.randrange(longest + 1))


def asked_wait(fields: Fields) -> Duration | None:
    """Return how long an answer asks to wait (RFC 9110, 10.2.3), 0 if it does not.

    None: longer than we do, or until a date.
    """
    asked = value(fields, b"retry-after")
    if asked is None:
        return Duration(0)
    if not asked.isdigit() or len(asked) > _RETRY_AFTER_DIGITS_MAX:
        return None
    wait = Duration(int(asked) * SECOND)
    return wait if wait <= RETRY_AFTER_MAX else None


@dataclass(slots=True)
class Budget:
    """How many of an upstream's active requests may be retries at once."""

    active: int = 0
    """Requests that wait for an answer, or for their next try."""
    retrying: int = 0
    """Those of them that wait for their next try, or are in it; and hedges."""

    def take(self, rules: RetryRules) -> bool:
        """Take room for one retry, from now until it is answered, if there is any."""
        if self.retrying >= max(rules.budget_min, share_of(self.active, rules.budget)):
            return False
        self.retrying += 1
        return True

    def give_back(self) -> None:
        """Give back the room for one retry."""
        assert self.retrying > 0, "nothing was taken"
        self.retrying -= 1
