"""In turn, each as often as its share says, and spread out: of 3:1, A A B A, not A A A B.

Everybody is credited with his share each time; the one with most credit is chosen, and
pays what all were credited together.

Source: nginx's smooth weighted round robin (2012).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..chance import Dice
from .contract import Candidate


@dataclass(slots=True)
class RoundRobin:
    """See `contract.Balancer`. Remembers a credit for each candidate."""

    _credits: dict[str, int] = field(default_factory=dict[str, int])

    def choose(self, candidates: Sequence[Candidate], key: bytes, dice: Dice) -> int:  # noqa: ARG002
        """See `contract.Balancer.choose`."""
        credits_, total, chosen, most = self._credits, 0, 0, -1 << 63
        for place, candidate in enumerate(candidates):
            total += candidate.share
            credit = credits_.get(candidate.name, 0) + candidate.share
            credits_[candidate.name] = credit
            if credit > most:
                chosen, most = place, credit
        credits_[candidates[chosen].name] = most - total
        return chosen

    def forget(self, name: str) -> None:
        """See `contract.Balancer.forget`."""
        self._credits.pop(name, None)
