"""How often somebody may try to sign in: per client, and per name whoever tries.

Attempts count, not failures: of a thousand at once none has failed yet. Who guesses one
name from a thousand addresses is held up by the name's limit, and so is, for that time, who
has the name: the price of not being guessed.
"""

from dataclasses import dataclass, field
from typing import Final

from .clock import SECOND, Duration, Instant
from .limiting import Limiter, PerKey, Rate, SlidingWindow, WhenFull, whole_seconds
from .limiting.keys import site
from .refusal import Refusal

ATTEMPTS_MAX: Final = 10
WINDOW: Final = Duration(60 * SECOND)
"""Ten a minute: 14,400 guesses a day, where the commonest passwords are some thousands; so
passwords must not be common, and a person who mistypes hardly notices."""
_KEYS_MAX: Final = 10_000
_NAME_MAX: Final = 255
"""Characters of a name that tell it from others: longer ones are nobody's."""


def _attempts() -> Limiter:
    return PerKey(SlidingWindow(Rate(ATTEMPTS_MAX, WINDOW)), _KEYS_MAX, WhenFull.FORGET)


@dataclass(slots=True)
class SignInLimits:
    """The two budgets. A policy."""

    by_client: Limiter = field(default_factory=_attempts)
    by_name: Limiter = field(default_factory=_attempts)

    def attempt(self, address: str, name: str, now: Instant) -> Refusal | None:
        """Take an attempt out of both budgets, or return why it is not looked at."""
        client, name = site(address), name[:_NAME_MAX]
        verdicts = self.by_client.judge(client, now), self.by_name.judge(name, now)
        if all(verdict.admitted for verdict in verdicts):
            self.by_client.take(client, now)
            self.by_name.take(name, now)
            return None
        wait = max(verdict.wait for verdict in verdicts if not verdict.admitted)
        seconds = whole_seconds(wait)
        detail = f"There were too many attempts to sign in. Try again in {seconds} s."
        return Refusal(429, "too-many-sign-ins", detail, ((b"retry-after", b"%d" % seconds),))
