"""How dealings with the cache begin: whose answers, under which key, and how they are refreshed."""

import pytest

from gateway_core.caching import CachePolicy
from gateway_core.caching.asking import PLAIN_GET
from gateway_core.caching.status import Verdict
from gateway_core.exchange import Admission, Cache
from gateway_core.exchange.keyed import refreshing, reuse_of
from gateway_core.forwarding import Client
from gateway_core.message import Fields, RequestHead
from gateway_core.routing import Match, Pattern, Route
from tests.core.caching.entries import entry
from tests.core.exchange.test_hitting import admission


def key_of(
    consumer: str, scheme: str = "keys", told: Fields = (), target: bytes = b"/x?q"
) -> bytes:
    match = Match(Route("r", Pattern.prefix("/"), "u"), target, b"/x", {}, b"a")
    client = Client("192.0.2.1", "http", b"a", ())
    admission = Admission(client, match, consumer, told=told)
    head = RequestHead("GET", b"/x?q&key=secret", b"a", ())
    return reuse_of(head, admission, Cache(), CachePolicy(), scheme).key


def test_answers_are_one_consumers_as_the_upstream_was_told_of_him() -> None:
    told = ((b"x-roles", b"admin"),)
    keys = [
        key_of(""),
        key_of("ann"),
        key_of("ben"),
        key_of("ann", "tokens"),
        key_of("ann", told=told),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of("ann") == key_of("ann")


def test_a_credential_in_the_query_is_not_part_of_the_key() -> None:
    assert b"secret" not in key_of("ann")


@pytest.mark.parametrize(("partition", "stored"), [(True, True), (False, False)])
def test_a_credential_for_the_gateway_alone_lets_its_consumers_answers_be_stored(
    partition: bool, stored: bool
) -> None:
    match = Match(Route("r", Pattern.prefix("/"), "u"), b"/x", b"/x", {}, b"a")
    admission = Admission(
        Client("192.0.2.1", "http", b"a", ()), match, "ann", drops=frozenset({b"authorization"})
    )
    head = RequestHead("GET", b"/x", b"a", ((b"authorization", b"Bearer x"),))
    reuse = reuse_of(head, admission, Cache(), CachePolicy(ttl=9, partition=partition))
    assert reuse.asked is not None
    assert reuse.asked.authorized is not stored


@pytest.mark.parametrize(
    ("target", "base", "pairs"),
    [
        (b"/p", b"http://a/p", ()),
        (b"/p?", b"http://a/p", ()),
        (b"/p?b=2&a=%20", b"http://a/p", (("b", "2"), ("a", " "))),
    ],
)
def test_the_query_is_taken_apart_where_no_vary_search_is_heeded(
    target: bytes, base: bytes, pairs: tuple[tuple[str, str], ...]
) -> None:
    admitted, head = admission(), RequestHead("GET", target, b"a", ())
    admitted.match = admitted.match._replace(target=target)
    assert reuse_of(head, admitted, Cache(), CachePolicy()).search is None
    search = reuse_of(head, admitted, Cache(), CachePolicy(no_vary_search=True)).search
    assert search is not None
    assert (search.base, search.pairs) == (base, pairs)


def test_what_readers_disagree_about_is_not_taken_apart() -> None:
    admitted, head = admission(), RequestHead("GET", b"/p?a;b", b"a", ())
    admitted.match = admitted.match._replace(target=b"/p?a;b")
    assert reuse_of(head, admitted, Cache(), CachePolicy(no_vary_search=True)).search is None


def test_a_method_that_no_cache_answers_is_told_as_such_and_other_reasons_by_name() -> None:
    posted = reuse_of(RequestHead("POST", b"/p", b"a", ()), admission(), Cache(), CachePolicy())
    assert (posted.asked, posted.note.verdict, posted.note.reason) == (
        None,
        Verdict.BYPASS,
        "method",
    )
    upgrade = RequestHead("GET", b"/p", b"a", ((b"upgrade", b"x"),))
    assert reuse_of(upgrade, admission(), Cache(), CachePolicy()).note.reason == "upgrade"


@pytest.mark.parametrize(
    ("url", "confirming"),
    [(b"http://a/p", True), pytest.param(b"http://a/p?u=1", False, id="9111, 4.3.1 another URL's")],
)
def test_a_refresh_asks_as_a_get_without_the_clients_conditions(
    url: bytes, confirming: bool
) -> None:
    fields = ((b"range", b"bytes=0-1"), (b"if-none-match", b'"b"'), (b"x", b"1"))
    head, cache = RequestHead("HEAD", b"/p", b"a", fields), Cache()
    reuse = reuse_of(head, admission(), cache, CachePolicy())
    flight = cache.flights.lead(b"n", b"u")
    fresh = refreshing(reuse, entry(etag=b'"a"', url=url), flight)
    assert (fresh.head.method, fresh.head.fields) == ("GET", ((b"x", b"1"),))
    assert (fresh.asked, fresh.background, fresh.flight) == (PLAIN_GET, True, flight)
    assert (fresh.key, fresh.search) == (reuse.key, reuse.search)
    assert fresh.confirming is confirming
