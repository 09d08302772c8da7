"""A route's `cache` as the core's policy, and what is wrong with it."""

import pytest

from gateway_core.caching import CachePolicy, QueryKey
from gateway_server.settings import SettingsError
from gateway_server.settings.caching import build_caching
from tests.configurations import ROUTE, read


def policy(cache: str) -> CachePolicy:
    return build_caching(read(f"{ROUTE}cache = {cache}\n"))["a"]


def test_a_route_without_one_stores_nothing() -> None:
    assert build_caching(read(ROUTE)) == {}


def test_an_empty_one_stores_what_the_origin_allows() -> None:
    assert policy("{}") == CachePolicy()


def test_every_key() -> None:
    assert policy(
        '{ ttl = "30s", force = true, vary = ["B", "a"], stale_while_revalidate = "1m", '
        'stale_if_error = "0s", max_entry = "1MiB", set_cookie = "store", partition = "none", '
        "no_vary_search = true, "
        'key = { query = ["q", "p"], headers = "X-A", cookies = ["c"] } }'
    ) == CachePolicy(
        ttl=30,
        force=True,
        vary=(b"a", b"b"),
        query=QueryKey.NAMED,
        query_names=frozenset({b"p", b"q"}),
        key_headers=(b"x-a",),
        key_cookies=(b"c",),
        stale_while_revalidate=60,
        stale_if_error=0,
        max_entry=2**20,
        store_cookies=True,
        partition=False,
        no_vary_search=True,
    )


@pytest.mark.parametrize(("query", "which"), [("all", QueryKey.ALL), ("none", QueryKey.NONE)])
def test_the_query_may_count_whole_or_not_at_all(query: str, which: QueryKey) -> None:
    assert policy(f'{{ key = {{ query = "{query}" }} }}').query is which


@pytest.mark.parametrize(
    ("cache", "path", "said"),
    [
        ('{ ttl = "1500ms" }', "routes[0].cache.ttl", "whole seconds"),
        ("{ ttl = 30 }", "routes[0].cache.ttl", "is no duration"),
        ("{ force = true }", "routes[0].cache.force", "nothing to force"),
        ('{ vary = ["a b"] }', "routes[0].cache.vary[0]", "no name of a field"),
        ('{ key = { headers = ["é"] } }', "routes[0].cache.key.headers[0]", "no name of a field"),
        (
            '{ key = { cookies = ["a=b"] } }',
            "routes[0].cache.key.cookies[0]",
            "no name of a cookie",
        ),
        ('{ key = { query = "some" } }', "routes[0].cache.key.query", "no choice of parameters"),
        ("{ key = { query = [1] } }", "routes[0].cache.key.query", "no choice of parameters"),
        ('{ set_cookie = "yes" }', "routes[0].cache.set_cookie", '"pass" or "store"'),
        ('{ tll = "30s" }', "routes[0].cache.tll", "unknown key"),
        ("true", "routes[0].cache", "must be a table"),
    ],
)
def test_a_mistake_is_told_with_its_place(cache: str, path: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(f"{ROUTE}cache = {cache}\n")
    (problem,) = raised.value.problems
    assert problem.path == path
    assert said in problem.message


def test_what_is_composed_is_not_stored() -> None:
    with pytest.raises(SettingsError) as raised:
        read(
            """
            [upstreams.a]
            endpoints = ["http://127.0.0.1:1"]
            [[routes]]
            name = "c"
            path = "/c"
            cache = {}
            [routes.compose]
            deadline = "1s"
            parts.p = { upstream = "a", path = "/p" }
            body = { x = "p" }
            """
        )
    assert any("what is composed is not stored" in each.message for each in raised.value.problems)
