"""How an exchange's dealings with the cache begin: what is asked for, for whom, under which key.

See `reuse` for what comes of them, and `caching.keying` for what a key is made of.
"""

from dataclasses import replace
from typing import Final

from ..caching.asking import PLAIN_GET, Bypass, what_is_asked
from ..caching.entry import Entry
from ..caching.keying import cache_url, make_key
from ..caching.policy import CachePolicy
from ..caching.searching import Search, readable
from ..caching.status import CacheNote, Forwarded, Verdict
from ..caching.validating import CONDITIONS, RANGES, confirmable
from ..coalescing import Flight
from ..message import Fields, RequestHead
from .admission import Admission
from .cache import Cache
from .reuse import Reuse

_AUTHORIZATION: Final = b"authorization"


def reuse_of(
    head: RequestHead, admission: Admission, cache: Cache, policy: CachePolicy, scheme: str = ""
) -> Reuse:
    """Begin: work out what is asked for, and by whom; `scheme` is which named the consumer."""
    match, client = admission.match, admission.client
    _, mark, query = match.target.partition(b"?")  # as it is forwarded: without a credential
    url = cache_url(
        policy,
        scheme=client.scheme,
        authority=client.authority,
        path=match.path,
        query=query if mark else None,
    )
    who, route = _who(admission, scheme), match.route.name
    key = make_key(policy, consumer=who, route=route, url=url, fields=head.fields)
    search = _search_of(policy, url, admission, who, head.fields)
    asked = what_is_asked(head)
    if isinstance(asked, Bypass):
        why = Forwarded.METHOD if asked is Bypass.METHOD else Forwarded.BYPASS
        detail = "" if asked is Bypass.METHOD else asked.value
        note = CacheNote(Verdict.BYPASS, why, detail)
        return Reuse(cache, policy, head, key, url, None, note=note)
    if asked.authorized and policy.partition and _AUTHORIZATION in admission.drops:
        # The credential was for us, and the upstream does not see it: what is stored is
        # for this consumer alone.
        asked = replace(asked, authorized=False)
    return Reuse(cache, policy, head, key, url, asked, search)


def _search_of(
    policy: CachePolicy, url: bytes, admission: Admission, consumer: str, fields: Fields
) -> Search | None:
    """Return the query, where No-Vary-Search is heeded and all readers understand it alike."""
    base, mark, query = url.partition(b"?")
    pairs = readable(query if mark else None) if policy.no_vary_search else None
    if pairs is None:
        return None
    route = admission.match.route.name
    key = make_key(policy, consumer=consumer, route=route, url=base, fields=fields)
    return Search(key, base, pairs)


def _who(admission: Admission, scheme: str) -> str:
    """Return whose answers may be shared: one consumer's, of whom the upstream is told the same.

    Two schemes may know two people by one name, and one consumer may come with other rights.
    """
    if not admission.consumer and not admission.told:
        return ""
    told = [f"{name!r}: {value!r}" for name, value in admission.told]
    return "\0".join([scheme, admission.consumer, *told])


def refreshing(reuse: Reuse, stored: Entry, flight: Flight) -> Reuse:
    """Begin to fetch, in the background, what is newer than `stored`; `flight` is to be led."""
    fields = tuple([line for line in reuse.head.fields if line[0] not in CONDITIONS | RANGES])
    head = replace(reuse.head, method="GET", fields=fields)
    return Reuse(
        reuse.cache,
        reuse.policy,
        head,
        reuse.key,
        reuse.url,
        PLAIN_GET,
        reuse.search,
        note=CacheNote(Verdict.MISS, Forwarded.STALE),
        stored=stored,
        confirming=confirmable(stored, reuse.url),
        shared=True,
        flight=flight,
        background=True,
    )
