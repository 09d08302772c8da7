"""Which variations the stored answers of a path tell, so that few places need be looked at.

A server is not to tell different ones over time (draft-ietf-httpbis-no-vary-search, section 7);
where it does, the latest few count, and answers of others are taken out: what can no longer be
found by all the URLs that it is for, could no longer be purged by them either.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .entry import BodyId
from .searching import Covered, Variation

VARIATIONS_MAX: Final = 4
"""Of one path, at once."""

_Bodies = dict[Variation, set[BodyId]]


@dataclass(slots=True)
class Coverings:
    """The stored answers that are for more than one URL, by the path that those share."""

    _by_base: dict[bytes, _Bodies] = field(default_factory=dict[bytes, _Bodies])

    def of(self, base: bytes) -> Iterable[Variation]:
        """Return the variations that answers of `base` tell, that of the latest answer last."""
        return self._by_base.get(base, ())

    def note(self, covered: Covered, body: BodyId) -> frozenset[BodyId]:
        """Note an answer; return those that are to go, since there are too many variations."""
        known = self._by_base.setdefault(covered.base, {})
        bodies = known.pop(covered.variation, set())
        bodies.add(body)
        known[covered.variation] = bodies  # the latest last
        if len(known) <= VARIATIONS_MAX:
            return frozenset()
        return frozenset(known[next(iter(known))])

    def forget(self, covered: Covered, body: BodyId) -> None:
        """Note that an answer is stored no longer."""
        known = self._by_base[covered.base]
        bodies = known[covered.variation]
        bodies.discard(body)
        if not bodies:
            del known[covered.variation]
        if not known:
            del self._by_base[covered.base]
