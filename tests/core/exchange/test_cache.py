"""What exchanges share about caching: purging takes out, and keeps nothing that was under way."""

from collections.abc import Callable

import pytest

from gateway_core.coalescing import Landing
from gateway_core.exchange import Cache
from tests.core.caching.entries import entry


def filled() -> Cache:
    cache = Cache()
    cache.store.put(entry(tags=(b"t",)))
    return cache


@pytest.mark.parametrize(
    ("purge", "gone", "doomed"),
    [
        (lambda cache: cache.purge_url(b"http://a/p"), 1, True),
        (lambda cache: cache.purge_url(b"http://a/q"), 0, False),
        (lambda cache: cache.purge_prefix(b"http://a/"), 1, True),
        (lambda cache: cache.purge_prefix(b"http://b/"), 0, False),
        (lambda cache: cache.purge_tag(b"t"), 1, True),
        (lambda cache: cache.purge_tag(b"u"), 0, True),
        (lambda cache: cache.purge_all(), 1, True),
    ],
    ids=["url", "another url", "prefix", "another prefix", "tag", "another tag", "all"],
)
def test_purging(purge: Callable[[Cache], int], gone: int, doomed: bool) -> None:
    cache = filled()
    flight = cache.flights.lead(b"name", b"http://a/p")
    assert purge(cache) == gone
    assert flight.doomed is doomed
    assert cache.store.stats.entries == 1 - gone


def test_what_was_let_go_of_is_told_once() -> None:
    cache = filled()
    assert not cache.has_let_go
    cache.purge_all()
    flight = cache.flights.lead(b"name", b"u")
    flight.waiting = 1
    cache.flights.land(flight, Landing.LEFT)
    assert cache.has_let_go
    assert cache.let_go() == ([1], [flight.number])
    assert cache.let_go() == ([], [])
    assert not cache.has_let_go
