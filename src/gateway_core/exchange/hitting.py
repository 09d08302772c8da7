"""The short road of what most requests to a cache are: a plain GET of what is stored and fresh.

It says what `reuse` and `answering` would say, of whom it is the common case made in one go;
whatever is not that (a condition, a range, a directive, a credential, an answer that is stale or
still grows, or is changed on its way out) is theirs.
"""

from functools import lru_cache
from typing import Final

from ..caching.age import AGE
from ..caching.asking import PLAIN_GET
from ..caching.entry import Entry
from ..caching.status import CacheNote, Verdict, hit_fields
from ..clock import Instant
from ..forwarding import REQUEST_ID
from ..message import Fields, ResponseHead
from .admission import Admission
from .reuse import Reuse
from .storage import SendStored

_TOLD_MAX: Final = 1024
"""Ages and lifetimes whose words are remembered: those of so many popular answers."""


def plain_hit(
    found: Entry, reuse: Reuse, admission: Admission, request_id: str, now: Instant
) -> SendStored | None:
    """Return how `found`, which the request selects, answers it; None where that is for `reuse`."""
    if reuse.asked is not PLAIN_GET or found.no_cache or found.length <= 0 or admission.replaces:
        return None
    age = found.age(now)
    ttl = found.lifetime.fresh - age
    if ttl <= 0:
        return None
    reuse.note, aged, told = _told(age, ttl)
    named = (REQUEST_ID, request_id.encode("ascii"))
    fields = (*found.fields, aged, named, *told, *admission.fields)
    head = ResponseHead(found.status, fields, found.length)
    return SendStored(head, found.body, 0, found.length)


@lru_cache(maxsize=_TOLD_MAX)
def _told(age: int, ttl: int) -> tuple[CacheNote, tuple[bytes, bytes], Fields]:
    """Return what log and answer tell; remembered, since within a second it stays the same."""
    return CacheNote(Verdict.HIT, ttl=ttl), (AGE, b"%d" % age), hit_fields(ttl)
