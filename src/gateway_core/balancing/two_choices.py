"""The less busy of two candidates drawn by chance.

To ask the least busy of all would send every worker, and every new request, to the same
one at once; two draws already keep the longest queue at log log n.

With weights the draws follow the shares, and load is compared in proportion to them. At
rest, where nobody is busier, the first draw stands: so shares are kept exactly.

Source: Mitzenmacher, "The power of two choices in randomized load balancing" (2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..chance import Dice
from .contract import Candidate


@dataclass(slots=True)
class TwoChoices:
    """See `contract.Balancer`. Remembers nothing."""

    def choose(self, candidates: Sequence[Candidate], key: bytes, dice: Dice) -> int:  # noqa: ARG002
        """See `contract.Balancer.choose`."""
        if len(candidates) == 1:
            return 0
        total = 0
        for candidate in candidates:
            total += candidate.share
        first = _drawn(candidates, dice.randrange(total))
        one = candidates[first]
        if not one.in_flight:
            return first  # nobody is less busy
        second = _drawn(candidates, dice.randrange(total - one.share), without=first)
        other = candidates[second]
        return second if other.in_flight * one.share < one.in_flight * other.share else first

    def forget(self, name: str) -> None:
        """See `contract.Balancer.forget`."""


def _drawn(candidates: Sequence[Candidate], number: int, without: int = -1) -> int:
    """Return whose share `number` falls into, if all shares but one's are laid end to end."""
    for place, candidate in enumerate(candidates):
        if place != without:
            number -= candidate.share
            if number < 0:
                return place
    raise AssertionError("the number is beyond the sum of the shares")
