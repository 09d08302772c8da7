"""No-Vary-Search through whole exchanges: draft-ietf-httpbis-no-vary-search, section 7."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core.caching import CachePolicy
from gateway_core.caching.covering import VARIATIONS_MAX
from gateway_core.caching.searching import DEFAULT, equivalent, url_name, variation_of
from gateway_core.exchange import Cache, Phase
from gateway_core.exchange.keyed import reuse_of
from gateway_core.message import UpstreamRequest, value
from tests.core.exchange.test_hitting import admission
from tests.exchanges import get
from tests.lab import Lab, Said, says

HEEDED = CachePolicy(no_vary_search=True)
WITHOUT_U = says(cache_control=b"max-age=60", no_vary_search=b'params=("u")', etag=b'"a"')


def lab(policy: CachePolicy = HEEDED, origin=WITHOUT_U) -> Lab:
    made = Lab(policy)
    made.origin = origin
    return made


def test_one_answer_is_for_all_queries_that_are_alike() -> None:
    one = lab()
    assert one.get(b"/p?a=1&u=2").cache_status == "gateway; fwd=uri-miss; stored"
    for target in (b"/p?a=1&u=3", b"/p?u=4&a=1", b"/p?a=1", b"/p?%61=1&u&u=9"):
        assert one.get(target).x_cache == "HIT", target
    for target in (b"/p?a=2&u=2", b"/p?a=1&b=1", b"/q?a=1", b"/p"):
        assert one.get(target).x_cache == "MISS", target


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        pytest.param(CachePolicy(), b'params=("u")', id="the route does not heed it"),
        pytest.param(HEEDED, b'params="u"', id="5.1 malformed"),
        pytest.param(HEEDED, b'params=("u"', id="5.2 no dictionary"),
    ],
)
def test_else_every_byte_of_a_query_counts(policy: CachePolicy, told: bytes) -> None:
    one = lab(policy, says(cache_control=b"max-age=60", no_vary_search=told))
    one.get(b"/p?a=1&u=2")
    assert one.get(b"/p?a=1&u=3").x_cache == "MISS"
    assert one.get(b"/p?a=1&u=2").x_cache == "HIT"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(b"/p?u=x;a=2", b"/p", id="a parameter behind a semicolon"),
        pytest.param(b"/p", b"/p?u=x;a=2", id="the same, asked for later"),
        pytest.param(b"/p?u=%f6", b"/p?u=%fc", id="bytes that are no UTF-8"),
    ],
)
def test_what_readers_may_take_for_something_else_is_not_answered_alike(
    first: bytes, second: bytes
) -> None:
    one = lab()
    one.get(first)
    assert one.get(second).x_cache == "MISS"
    assert one.get(first).x_cache == "HIT"


def test_a_name_that_may_be_taken_for_one_that_counts_poisons_nothing() -> None:
    one = lab(origin=says(cache_control=b"max-age=60", no_vary_search=b'except=("id")'))
    one.get(b"/p?ID=2")
    assert one.get(b"/p").x_cache == "MISS"
    assert one.get(b"/p?utm=3").x_cache == "HIT"


def test_vary_selects_among_what_is_alike() -> None:
    one = lab(origin=says(cache_control=b"max-age=60", no_vary_search=b"except=()", vary=b"lang"))
    one.get(b"/p?a", lang=b"en")
    assert one.get(b"/p?b", lang=b"en").x_cache == "HIT"
    assert one.get(b"/p?b", lang=b"de").cache_status == "gateway; fwd=vary-miss; stored"
    assert one.get(b"/p?c", lang=b"de").x_cache == "HIT"


def test_of_several_answers_that_may_be_used_the_most_recent_is() -> None:
    one = lab(origin=says(body=b"old", cache_control=b"max-age=600"))
    one.get(b"/p?u=1")
    one.wait(5)
    one.origin = says(body=b"new", cache_control=b"max-age=600", no_vary_search=b'params=("u")')
    one.get(b"/p?u=2")
    assert one.get(b"/p?u=1").body == b"new"
    one.wait(5)
    one.origin = says(body=b"newest", cache_control=b"max-age=600", no_vary_search=b"except=()")
    one.get(b"/p?x=1")
    assert one.get(b"/p?u=2").body == b"newest"


def test_answers_of_variations_that_were_told_long_ago_are_taken_out() -> None:
    one = lab()
    for number in range(VARIATIONS_MAX + 1):
        told = b'params=("n%d")' % number
        one.origin = says(cache_control=b"max-age=600", no_vary_search=told)
        one.get(b"/p?n%d=x&a=%d" % (number, number))
    assert one.get(b"/p?n1=y&a=1").x_cache == "HIT"
    assert one.get(b"/p?n0=y&a=0").x_cache == "MISS"


def test_an_answer_is_confirmed_by_its_own_url_alone() -> None:
    one = lab()
    one.get(b"/p?u=1")
    one.wait(61)
    one.get(b"/p?u=2")
    assert value(one.requests[1].fields, b"if-none-match") is None, "RFC 9111, 4.3.1"
    one.wait(61)
    one.origin = says(304, etag=b'"a"', cache_control=b"max-age=60", no_vary_search=b'params=("u")')
    assert one.get(b"/p?u=2").x_cache == "REVALIDATED"
    assert value(one.requests[2].fields, b"if-none-match") == b'"a"'
    assert one.get(b"/p?u=3").x_cache == "HIT"


def test_what_is_stale_is_refreshed_in_the_background_by_whoever_asks() -> None:
    one = lab(
        origin=says(
            cache_control=b"max-age=1, stale-while-revalidate=60",
            no_vary_search=b'params=("u")', etag=b'"a"',
        )
    )  # fmt: skip
    one.get(b"/p?u=1")
    one.wait(2)
    assert one.get(b"/p?u=2").x_cache == "STALE"
    assert value(one.requests[1].fields, b"if-none-match") is None
    assert one.get(b"/p?u=1").x_cache == "HIT"
    assert len(one.requests) == 2


def test_a_304_may_change_what_is_alike() -> None:
    one = lab()
    one.get(b"/p?u=1")
    one.wait(61)
    one.origin = says(304, etag=b'"a"', cache_control=b"max-age=60", no_vary_search=b"key-order")
    assert one.get(b"/p?u=1").x_cache == "REVALIDATED"
    assert one.get(b"/p?u=2").x_cache == "MISS"


def test_a_head_tells_nothing_of_another_url() -> None:
    one = lab()
    one.get(b"/p?u=1")
    one.wait(61)
    one.get(b"/p?u=2", method="HEAD")
    assert one.get(b"/p?u=1").x_cache == "MISS", "still as stale as it was"
    assert one.get(b"/p?u=2", method="HEAD").x_cache == "HIT"


def test_a_purge_of_one_url_takes_out_what_answers_it() -> None:
    one = lab()
    one.get(b"/p?a=1&u=1")
    assert one.cache.purge_url(b"http://gw.example/p?a=2&u=1") == 0
    assert one.cache.purge_url(b"http://gw.example/p?a=1;u=1") == 0
    assert one.cache.purge_url(b"http://gw.example/p?u=7&a=1") == 1
    assert one.get(b"/p?a=1&u=1").x_cache == "MISS"


@pytest.mark.parametrize(
    ("prefix", "gone"),
    [
        (b"http://gw.example/p", 1),
        (b"http://gw.example/p?a=", 1),
        (b"http://gw.example/p?b=", 1),
        (b"http://gw.example/p/", 0),
        (b"http://gw.example/?a=", 0),
    ],
)
def test_a_purge_by_prefix_takes_out_rather_too_much(prefix: bytes, gone: int) -> None:
    one = lab()
    one.get(b"/p?a=1")
    assert one.cache.purge_prefix(prefix) == gone


def test_a_change_of_one_url_takes_out_what_answers_it() -> None:
    one = lab()
    one.get(b"/p?a=1&u=1")
    one.get(b"/p?a=1&u=2", method="POST")
    assert one.get(b"/p?a=1&u=1").x_cache == "MISS"


@pytest.mark.parametrize("purge", [b"/p?a=1", b"/p?a=1&u=8"])
def test_what_is_fetched_while_something_alike_is_purged_is_not_kept(purge: bytes) -> None:
    one = lab()
    early = one.ask(b"/p?a=1&u=1")
    one.cache.purge_url(b"http://gw.example" + purge)
    one.answer(early)
    assert early.cache_status == "gateway; fwd=uri-miss; detail=invalidated-meanwhile"
    assert one.get(b"/p?a=1").x_cache == "MISS"


def test_what_is_fetched_while_a_prefix_within_its_path_is_purged_is_not_kept() -> None:
    one = lab()
    early = one.ask(b"/p?a=1&u=1")
    one.cache.purge_prefix(b"http://gw.example/p?a=2")
    one.answer(early)
    assert one.get(b"/p?a=1&u=1").x_cache == "MISS"


def test_those_who_ask_alike_at_once_are_one_fetch_once_it_is_known_that_they_do() -> None:
    one = lab()
    one.get(b"/p?u=0")
    one.wait(61)
    asking = [one.ask(b"/p?u=%d" % number) for number in range(1, 4)]
    assert [visit.exchange.phase for visit in asking] == [Phase.CALLING] + [Phase.WAITING] * 2
    one.answer(asking[0])
    assert [visit.x_cache for visit in asking] == ["MISS", "HIT", "HIT"]
    assert len(one.requests) == 2


def test_who_waited_for_what_turns_out_not_to_be_alike_asks_for_himself() -> None:
    one = lab()
    one.get(b"/p?u=0")
    one.wait(61)
    asking = [one.ask(b"/p?u=%d" % number) for number in (1, 2)]
    one.origin = says(cache_control=b"max-age=60")
    one.answer(asking[0])
    assert asking[1].exchange.phase is Phase.CALLING
    one.answer(asking[1])
    assert [visit.status for visit in asking] == [200, 200]
    assert len(one.requests) == 3


def test_what_one_consumer_is_told_is_alike_for_no_other() -> None:
    made = [
        reuse_of(get(b"/p?u=1"), admission(consumer=name), Cache(), HEEDED, "scheme").search
        for name in ("ann", "ben", "")
    ]
    assert len({search.key for search in made if search is not None}) == 3


QUERIES = [b"", b"?", b"?a=1", b"?u=1", b"?u=2", b"?a=1&u=1", b"?u=1&a=1", b"?A=1", b"?u=x;a=1"]
TOLD = [b"", b'params=("u")', b"key-order", b'except=("a")', b'key-order, params=("u" "a")', b"?"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["get", "purge", "wait", "tell"]),
            st.sampled_from(QUERIES),
            st.sampled_from(TOLD),
        ),
        max_size=25,
    )
)
def test_no_answer_is_anothers_unless_it_said_so_itself(
    steps: list[tuple[str, bytes, bytes]],
) -> None:
    """Each answer names the query it was made for; purges of what is alike are obeyed."""
    one, told, made = lab(), b"", 0
    purged: dict[bytes, int] = {}

    def origin(request: UpstreamRequest) -> Said:
        nonlocal made
        made += 1
        body = b"%d %b" % (made, request.target[2:])
        lines = ((b"cache-control", b"max-age=30"), (b"no-vary-search", told))
        return Said(200, body, lines)

    one.origin = origin
    for step, query, line in steps:
        if step == "wait":
            one.wait(7)
        elif step == "tell":
            told = line
        elif step == "purge":
            one.cache.purge_url(b"http://gw.example/p" + query)
            purged[query] = made
        else:
            visit = one.get(b"/p" + query)
            number, _, asked = visit.body.partition(b" ")
            variation = variation_of(
                tuple(x for x in visit.head.fields if x[0] == b"no-vary-search")
            )
            assert asked == query or equivalent(_query(asked), _query(query), variation)
            for gone, before in purged.items():
                same = gone == asked or (
                    variation != DEFAULT
                    and url_name(asked, variation) == url_name(gone, variation) is not None
                )
                assert int(number) > before or not same


def _query(text: bytes) -> bytes | None:
    _, mark, query = text.partition(b"?")
    return query if mark else None
