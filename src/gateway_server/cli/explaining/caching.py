"""Whether the answer may come from the cache, and go into it."""

from collections.abc import Iterator

from gateway_core.clock import SECOND

from ...settings.places import KeyPath
from ...settings.schema.values import spell_duration, spell_size
from .case import Case
from .contract import Fact

_STORED = frozenset({"GET", "HEAD"})


def caching(case: Case) -> Iterator[Fact]:
    """Tell what the route lets the cache do; what an origin says of its answers nobody knows yet."""
    if case.match is None or (cache := case.wanted.cache) is None:
        return
    path: KeyPath = ("routes", case.place, "cache")
    if case.is_handshake:
        yield Fact("a WebSocket's handshake is never answered from it", path)
        return
    if case.head.method not in _STORED:
        yield Fact(f"{case.head.method} is never answered from it", path)
        return
    yield Fact("as RFC 9111 lets a shared cache", path)
    if cache.ttl is not None:
        whose = "whatever the origin says" if cache.force else "where the origin says nothing"
        yield Fact(f"fresh for {spell_duration(cache.ttl * SECOND)}, {whose}", (*path, "ttl"), 1)
    if case.wanted.auth and cache.partition == "consumer":
        yield Fact("for each consumer apart", (*path, "partition"), 1)
    yield Fact(f"bodies of at most {spell_size(cache.max_entry)}", (*path, "max_entry"), 1)
