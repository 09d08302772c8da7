"""All limits that one request stands under, judged together.

All are judged; then all take, or none: a request that one of them refuses takes nothing
from the others. What binds is reported: of those that refuse, the one with the longest
wait; else the one with the least left.
"""

import enum
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..clock import Duration, Instant
from ..errors import ConfigError
from ..frozen import frozen
from ..message import Fields
from .contract import Key, Limiter, Verdict
from .keys import Asker, ByHeader
from .limit import Limit
from .telling import RATELIMIT, X_NAMES, left, policy_line, ratelimit_line, x_lines

NO_NAMES: Final[frozenset[bytes]] = frozenset()


class Outcome(enum.Enum):
    """What the limits said."""

    __hash__ = object.__hash__  # Enum's own is slow, and each line of the log looks one up

    ADMITTED = "admitted"
    REFUSED = "refused"
    FULL = "full"
    """A limit knows as many keys as it may, and all of them are busy."""


# An enumeration's member costs several times what a name of the module does.
_ADMITTED: Final = Outcome.ADMITTED


class Held(NamedTuple):
    """What a request took, and has to give back when it ends."""

    limiter: Limiter
    key: Key


@frozen
class Judgement:
    """What was decided on one request, for its client and for the log."""

    outcome: Outcome
    binding: str
    """The name of the limit that decided, or comes nearest to it; "" if all are shadows."""
    allows: str
    """What that limit allows, in words; "" where the request is admitted."""
    remaining: int
    wait: Duration
    """Until more is left; of a refusal: until it would be admitted. See `contract.Verdict`."""
    shadowed: tuple[str, ...]
    """Names of the shadow limits that would have refused it."""
    fields: Fields
    """What to tell the client, whatever it is answered."""


_Judged = tuple[Limit, Key, Verdict]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one route. Shared limits are shared: they are the same objects elsewhere.

    ConfigError where one stands here twice: it would take twice.
    """

    limits: tuple[Limit, ...]
    replaces: frozenset[bytes] = field(init=False, repr=False, compare=False)
    """Fields that an upstream's answer may not have beside ours."""
    relied: frozenset[bytes] = field(init=False, repr=False, compare=False)
    """Names of fields that keys are made of."""
    _policy: Fields = field(init=False, repr=False, compare=False)
    _alone: Limit | None = field(init=False, repr=False, compare=False)
    """The only limit there is, if it is enforced: what most routes have, judged the short way."""

    def __post_init__(self) -> None:
        """Work out what every request asks for."""
        names = [limit.name for limit in self.limits]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ConfigError("limits", f"{twice!r} stands here twice: it would take twice")
        enforced = [limit for limit in self.limits if not limit.shadow]
        legacy = any(limit.is_told_of_old for limit in enforced)
        parts = [part for limit in self.limits for part in limit.key]
        headers = frozenset(part.name for part in parts if isinstance(part, ByHeader))
        object.__setattr__(self, "replaces", X_NAMES if legacy else NO_NAMES)
        object.__setattr__(self, "relied", headers)
        object.__setattr__(self, "_policy", policy_line(enforced))
        alone = enforced[0] if len(enforced) == len(self.limits) == 1 else None
        object.__setattr__(self, "_alone", alone)

    def admit(self, asker: Asker, now: Instant) -> tuple[Judgement, tuple[Held, ...]]:
        """Judge a request by all limits, and take it out of all budgets if it may pass.

        What is held is to be given back once, when the request has ended.
        """
        if self._alone is not None:
            return self._admit_alone(self._alone, asker, now)
        judged: list[_Judged] = []
        enforced: list[tuple[Limit, Verdict]] = []
        refused: list[tuple[Limit, Verdict]] = []
        shadowed: tuple[str, ...] = ()
        for limit in self.limits:
            key = limit.key_of(asker)
            verdict = limit.limiter.judge(key, now)
            judged.append((limit, key, verdict))
            if limit.shadow:
                if not verdict.admitted:
                    shadowed = (*shadowed, limit.name)
            else:
                enforced.append((limit, verdict))
                if not verdict.admitted:
                    refused.append((limit, verdict))
        if refused:
            return self._refusal(refused, shadowed), ()
        held = _take(judged, now)
        return self._admission(enforced, shadowed), held

    def _admit_alone(
        self, limit: Limit, asker: Asker, now: Instant
    ) -> tuple[Judgement, tuple[Held, ...]]:
        """Do what `admit` does, where there is one limit and it is no shadow."""
        key = limit.key_of(asker)
        verdict = limit.limiter.admit(key, now)
        if not verdict.admitted:
            return self._refusal([(limit, verdict)], ()), ()
        fields = self._policy
        if limit.is_told:
            fields += ((RATELIMIT, left(limit, verdict)),)
        if limit.is_told_of_old:
            fields += x_lines(limit, verdict)
        told = Judgement(_ADMITTED, limit.name, "", verdict.remaining, verdict.wait, (), fields)
        return told, (Held(limit.limiter, key),) if limit.holds else ()

    def _refusal(
        self, refused: list[tuple[Limit, Verdict]], shadowed: tuple[str, ...]
    ) -> Judgement:
        """Tell of those limits alone that refuse: `t` is then no later than Retry-After."""
        limit, verdict = max(refused, key=lambda pair: pair[1].wait)
        fields = self._policy + ratelimit_line(refused)
        if limit.is_told_of_old:
            fields += x_lines(limit, verdict)
        outcome = Outcome.FULL if verdict.full else Outcome.REFUSED
        return Judgement(outcome, limit.name, limit.allows, 0, verdict.wait, shadowed, fields)

    def _admission(
        self, enforced: list[tuple[Limit, Verdict]], shadowed: tuple[str, ...]
    ) -> Judgement:
        if not enforced:
            return Judgement(_ADMITTED, "", "", 0, Duration(0), shadowed, ())
        limit, verdict = enforced[0] if len(enforced) == 1 else min(enforced, key=_left)
        fields = self._policy + ratelimit_line(enforced)
        if limit.is_told_of_old:
            fields += x_lines(limit, verdict)
        remaining, wait = verdict.remaining, verdict.wait
        return Judgement(_ADMITTED, limit.name, "", remaining, wait, shadowed, fields)


def _left(pair: tuple[Limit, Verdict]) -> int:
    return pair[1].remaining


def _take(judged: list[_Judged], now: Instant) -> tuple[Held, ...]:
    held: tuple[Held, ...] = ()
    for limit, key, verdict in judged:
        if verdict.admitted:  # a shadow limit may have refused
            limit.limiter.take(key, now)
            if limit.holds:
                held = (*held, Held(limit.limiter, key))
    return held
