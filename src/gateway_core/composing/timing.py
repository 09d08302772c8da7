"""How long a composition may take at the most: the longest chain of parts that wait for another.

A part takes its timeout, where it has one, as often as its members are asked for one after
the other; without, nothing but the deadline of the whole ends it.
"""

from typing import NamedTuple

from ..clock import Duration
from .part import Part
from .plan import Plan


class Longest(NamedTuple):
    """The chain that ends last."""

    duration: Duration
    """Never more than the deadline of the whole."""
    chain: tuple[Part, ...]
    """In the order in which they are asked."""


def longest(plan: Plan) -> Longest:
    """Return the chain of parts that may take most time."""
    ends: dict[str, Longest] = {}
    for part in plan.order:
        before = max((ends[name] for name in sorted(plan.needs[part.name])), default=_NONE, key=_by)
        duration = Duration(min(before.duration + at_most(part, plan), plan.deadline))
        ends[part.name] = Longest(duration, (*before.chain, part))
    return max((ends[part.name] for part in plan.order), key=_by)


def at_most(part: Part, plan: Plan) -> Duration:
    """Return how long all requests of `part` may take together."""
    if part.timeout is None:
        return plan.deadline
    rounds = 1 if part.each is None else -(-part.items_max // part.parallel)
    return Duration(min(part.timeout * rounds, plan.deadline))


_NONE = Longest(Duration(0), ())


def _by(chain: Longest) -> tuple[int, int]:
    return chain.duration, len(chain.chain)
