"""Which requests ask for one thing, and which never do."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.keying import cache_url, cookies, has_unkeyed_cookie, make_key, names_of
from gateway_core.caching.policy import CachePolicy, QueryKey

PLAIN = CachePolicy()


@pytest.mark.parametrize(
    ("policy", "query", "url"),
    [
        pytest.param(PLAIN, None, b"http://a.example/p", id="no query"),
        pytest.param(PLAIN, b"", b"http://a.example/p?", id="an empty one is another"),
        pytest.param(PLAIN, b"b=1&a=2", b"http://a.example/p?b=1&a=2", id="byte for byte"),
        pytest.param(CachePolicy(query=QueryKey.NONE), b"a=1", b"http://a.example/p", id="none"),
        pytest.param(
            CachePolicy(query=QueryKey.NAMED, query_names=frozenset({b"a", b"c"})),
            b"c=3&b=2&a=1&a=0&a",
            b"http://a.example/p?c=3&a=1&a=0&a",
            id="those that are named, in their order",
        ),
        pytest.param(
            CachePolicy(query=QueryKey.NAMED, query_names=frozenset({b"a"})),
            b"b=2",
            b"http://a.example/p",
            id="none of those that are named",
        ),
    ],
)
def test_the_url_of_an_answer(policy: CachePolicy, query: bytes | None, url: bytes) -> None:
    made = cache_url(policy, scheme="http", authority=b"A.example", path=b"/p", query=query)
    assert made == url


def key(
    policy: CachePolicy, consumer: str = "", route: str = "r", url: bytes = b"u", **fields: bytes
) -> bytes:
    lines = tuple((name.replace("_", "-").encode(), told) for name, told in fields.items())
    return make_key(policy, consumer=consumer, route=route, url=url, fields=lines)


def test_another_route_or_url_is_another_thing() -> None:
    assert len({key(PLAIN), key(PLAIN, route="s"), key(PLAIN, url=b"v")}) == 3


def test_a_partitioned_route_keeps_consumers_apart() -> None:
    shared = CachePolicy(partition=False)
    assert key(PLAIN, "ann") != key(PLAIN, "ben") != key(PLAIN)
    assert key(shared, "ann") == key(shared, "ben") == key(shared)


def test_fields_of_the_key_count_byte_for_byte() -> None:
    policy = CachePolicy(key_headers=(b"x-a", b"x-b"))
    keys = [
        key(policy),
        key(policy, x_a=b""),
        key(policy, x_a=b"1"),
        key(policy, x_b=b"1"),
        key(policy, x_a=b"1", x_b=b"1"),
        key(policy, x_a=b"1:1"),
    ]
    assert len(set(keys)) == len(keys)
    assert key(policy, x_c=b"1") == key(policy)


def test_cookies_of_the_key_count_alone() -> None:
    policy = CachePolicy(key_cookies=(b"lang",))
    assert key(policy, cookie=b"lang=en; s=1") == key(policy, cookie=b"s=2;lang=en")
    assert key(policy, cookie=b"lang=en") != key(policy, cookie=b"lang=de")
    assert key(policy, cookie=b"lang=en") != key(policy)
    assert key(policy, cookie=b"lang=en; lang=de") != key(policy, cookie=b"lang=en")


def test_the_cookies_of_a_request() -> None:
    fields = ((b"cookie", b"a=1; b=2 ;junk;=x"), (b"cookie", b"a=3"))
    assert cookies(fields) == {b"a": [b"1", b"3"], b"b": [b"2"], b"": [b"x"]}


@pytest.mark.parametrize(
    ("policy", "line", "unkeyed"),
    [
        pytest.param(PLAIN, b"s=1", True, id="one that the key does not know"),
        pytest.param(CachePolicy(key_headers=(b"cookie",)), b"s=1", False, id="all are the key's"),
        pytest.param(CachePolicy(key_cookies=(b"s",)), b"s=1", False, id="this one is"),
        pytest.param(CachePolicy(key_cookies=(b"s",)), b"s=1; t=2", True, id="another is not"),
    ],
)
def test_cookies_that_the_key_does_not_know(
    policy: CachePolicy, line: bytes, unkeyed: bool
) -> None:
    assert has_unkeyed_cookie(policy, ((b"cookie", line),)) is unkeyed
    assert not has_unkeyed_cookie(policy, ())


def test_what_the_key_depends_on_must_reach_the_origin() -> None:
    policy = CachePolicy(key_headers=(b"a",), vary=(b"b",), key_cookies=(b"c",))
    assert list(names_of(policy)) == [b"a", b"b", b"cookie"]
    assert list(names_of(PLAIN)) == []


parts = st.tuples(
    st.text(max_size=4), st.sampled_from(["r", "s"]), st.binary(max_size=4), st.binary(max_size=4)
)


@given(st.lists(parts, min_size=2, max_size=6, unique=True))
def test_no_two_askers_share_a_key_by_a_trick_of_bytes(
    askers: list[tuple[str, str, bytes, bytes]],
) -> None:
    """Whatever bytes stand in a consumer's name, a field or a cookie."""
    policy = CachePolicy(partition=True, key_headers=(b"x-a", b"x-b"))
    made = {
        make_key(
            policy,
            consumer=who,
            route=route,
            url=b"http://a/",
            fields=((b"x-a", one), (b"x-b", two)),
        )
        for who, route, one, two in askers
    }
    assert len(made) == len(askers)
    assert all(a != b for a, b in itertools.combinations(made, 2))
