"""Tokens that were verified, so that the next request with one costs a look-up.

Kept by the SHA-256 of the whole token, never as they are; bounded, the least recently
used goes first; forgotten all at once when the issuer's keys change, since one of them
may have been withdrawn.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ..clock import UnixTime
from .caller import Caller
from .claims import Claimed

REMEMBERED_MAX: Final = 10_000
"""Tokens a scheme, a worker: about 1 KiB each."""


@dataclass(slots=True)
class VerifiedTokens:
    """Whom the tokens name that were verified. A policy: it answers at once."""

    capacity: int = REMEMBERED_MAX
    generation: int = 0
    """Of the keys by which they were verified."""
    _claimed: OrderedDict[bytes, Claimed] = field(
        default_factory=OrderedDict[bytes, Claimed], repr=False
    )
    """The one that was used last is last."""

    def recall(self, token: bytes, wall: UnixTime) -> Caller | None:
        """Return whom `token` names, if it was verified before and is valid now."""
        digest = sha256(token).digest()
        claimed = self._claimed.get(digest)
        if claimed is None:
            return None
        if wall >= claimed.until:
            del self._claimed[digest]
            return None
        self._claimed.move_to_end(digest)
        return claimed.caller if wall >= claimed.since else None

    def remember(self, token: bytes, claimed: Claimed, generation: int) -> None:
        """Keep what was verified by the keys of `generation`, unless those are gone."""
        if generation != self.generation or self.capacity == 0:
            return
        while len(self._claimed) >= self.capacity:
            self._claimed.popitem(last=False)
        self._claimed[sha256(token).digest()] = claimed

    def forget(self, generation: int) -> None:
        """Forget all that was verified by other keys than those of `generation`."""
        if generation != self.generation:
            self.generation = generation
            self._claimed.clear()

    def __len__(self) -> int:
        return len(self._claimed)
