"""Which of several endpoints takes the next request. One contract, an algorithm a file."""

from collections.abc import Callable, Mapping
from typing import Final

from .contract import Balancer, Candidate
from .hashing import BoundedHash, HashOn, hash_key
from .round_robin import RoundRobin
from .two_choices import TwoChoices

BALANCERS: Final[Mapping[str, Callable[[], Balancer]]] = {
    "two-choices": TwoChoices,
    "round-robin": RoundRobin,
    "hash": BoundedHash,
}
"""By the operator's word. A further algorithm is a file, a line here, and the contract's tests."""

__all__ = [
    "BALANCERS",
    "Balancer",
    "BoundedHash",
    "Candidate",
    "HashOn",
    "RoundRobin",
    "TwoChoices",
    "hash_key",
]
