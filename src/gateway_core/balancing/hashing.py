"""The same endpoint for the same key, as long as it is there and not far busier than others.

Each candidate draws a lot for the key by a hash; the highest lot wins. When one leaves, only
its keys move; when one joins, it takes its share from all and nobody else's keys move. The
lots are stretched by weight so that each wins in proportion to it.

A popular key would drown its endpoint. So nobody takes more than 1.25 times its part of what
is in flight: the next highest lot gets what is beyond.

Sources: Thaler, Ravishankar, "Using name-based mappings to increase hit rates" (1998), for
the lots; Schindelhauer, Schomaker, "Weighted distributed hash tables" (2005), for weights;
Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads" (2016).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal

from ..chance import Dice, mix
from ..message import Fields, value
from .contract import Candidate
from .two_choices import TwoChoices

_OVER: Final = 5
_EVEN: Final = 4
"""Nobody takes more than 5/4 of its part: a good balance of evenness and moved keys, says the paper."""
_LARGEST: Final = float(1 << 64)


@dataclass(frozen=True, slots=True)
class HashOn:
    """What of a request says where it belongs."""

    what: Literal["client", "header", "cookie"]
    name: bytes = b""
    """Of the field, in lower case, or of the cookie."""


def hash_key(on: HashOn, client: str, fields: Fields) -> bytes:
    """Return what requests that belong together have in common; b"" if it is missing."""
    if on.what == "client":
        return client.encode("latin-1", "replace")
    if on.what == "header":
        return value(fields, on.name) or b""
    for name, cookies in fields:
        if name == b"cookie":
            for pair in cookies.split(b";"):
                found, _, text = pair.strip(b" \t").partition(b"=")
                if found == on.name:
                    return text
    return b""


@dataclass(slots=True)
class BoundedHash:
    """See `contract.Balancer`. Remembers the hash of each name; without a key, chance chooses."""

    _hashes: dict[str, int] = field(default_factory=dict[str, int])

    def choose(self, candidates: Sequence[Candidate], key: bytes, dice: Dice) -> int:
        """See `contract.Balancer.choose`."""
        if not key:
            return TwoChoices().choose(candidates, key, dice)
        busy = 1 + sum([candidate.in_flight for candidate in candidates])
        weights = sum([candidate.weight for candidate in candidates])
        hashed, chosen, highest = _hash(key), -1, 0.0
        for place, candidate in enumerate(candidates):
            # in_flight + 1 <= ceil(5/4 * busy * weight / weights), in whole numbers.
            if candidate.in_flight * _EVEN * weights >= _OVER * busy * candidate.weight:
                continue
            lot = self._lot(candidate, hashed)
            if lot > highest:
                chosen, highest = place, lot
        assert chosen >= 0, "all bounds together are more than what is in flight"
        return chosen

    def forget(self, name: str) -> None:
        """See `contract.Balancer.forget`."""
        self._hashes.pop(name, None)

    def _lot(self, candidate: Candidate, key: int) -> float:
        name = self._hashes.get(candidate.name)
        if name is None:
            name = self._hashes[candidate.name] = _hash(candidate.name.encode())
        # Above 0 and below 1, so that the logarithm is below 0.
        fraction = (mix(key ^ name) + 0.5) / (_LARGEST * (1 + 1e-15))
        return candidate.weight / -math.log(fraction)


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest())
