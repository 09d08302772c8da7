"""All stored answers: found, replaced, bounded, purged; and bodies let go of exactly once."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.covering import VARIATIONS_MAX, Coverings
from gateway_core.caching.entry import BodyId, Entry
from gateway_core.caching.searching import Search, Variation
from gateway_core.caching.status import Forwarded
from gateway_core.caching.store import MARK_LASTS, MARKS_MAX, VARIANTS_MAX, Store
from gateway_core.clock import Instant
from gateway_core.message import UNKNOWN, values
from tests.core.caching.entries import entry

EN, DE = ((b"lang", b"en"),), ((b"lang", b"de"),)


def stored(store: Store, **changes: Any) -> Entry:
    made = entry(body=store.new_body(), **changes)
    store.put(made)
    return made


def of_language(store: Store, language: bytes, **changes: Any) -> Entry:
    return stored(store, vary=(b"lang",), selecting=(language,), **changes)


def test_what_was_stored_is_found() -> None:
    store = Store()
    assert store.find(b"key", ()) is Forwarded.URI_MISS
    made = stored(store)
    assert store.find(b"key", EN) == made
    assert store.get(made.body) == made
    assert store.find(b"another", ()) is Forwarded.URI_MISS
    assert store.stats.entries == 1
    assert store.stats.bytes == made.size


def test_what_is_stored_for_others_is_not_found() -> None:
    store = Store()
    english, german = of_language(store, b"en"), of_language(store, b"de")
    assert store.find(b"key", EN) == english
    assert store.find(b"key", DE) == german
    assert store.find(b"key", ()) is Forwarded.VARY_MISS
    assert store.vary_of(b"key") == (b"lang",)
    assert store.vary_of(b"another") == ()


def test_of_two_that_answer_the_newer_does() -> None:
    store = Store()
    of_language(store, b"en")
    newest = stored(store)
    assert store.find(b"key", EN) == newest
    of_language(store, b"de")
    assert store.find(b"key", EN) == newest


def test_what_answers_the_same_requests_takes_its_place() -> None:
    store = Store()
    older, newer = of_language(store, b"en"), of_language(store, b"en")
    assert store.find(b"key", EN) == newer
    assert store.dropped == [older.body]
    assert store.get(older.body) is None
    assert store.stats.entries == 1


def test_an_answer_that_is_confirmed_for_other_requests_stands_for_those_alone() -> None:
    store = Store()
    made = stored(store)
    store.put(replace(made, vary=(b"lang",), selecting=(b"en",)))
    assert store.find(b"key", DE) is Forwarded.VARY_MISS
    assert store.stats.entries == 1
    assert store.purge_url(made.url) == 1
    assert store.dropped == [made.body]


def test_a_confirmed_answer_keeps_its_body() -> None:
    store = Store()
    older = stored(store)
    store.put(entry(body=older.body, initial_age=5))
    assert store.dropped == []
    found = store.find(b"key", ())
    assert isinstance(found, Entry)
    assert found.initial_age == 5


def test_variants_of_one_key_are_bounded() -> None:
    store = Store()
    made = [of_language(store, b"%d" % number) for number in range(VARIANTS_MAX + 1)]
    assert store.dropped == [made[0].body]
    assert store.stats.entries == VARIANTS_MAX


def test_a_body_that_grows_is_counted_as_it_does() -> None:
    store = Store()
    made = stored(store, length=UNKNOWN, complete=False)
    before = store.stats.bytes
    assert store.grow(made.body, 500)
    assert store.stats.bytes == before + 500
    assert store.complete(made.body, 700)
    found = store.find(b"key", ())
    assert isinstance(found, Entry)
    assert (found.length, found.complete) == (700, True)
    assert values(found.fields, b"content-length") == [b"10", b"700"]
    assert store.stats.bytes == found.size


def test_a_body_whose_length_was_told_is_counted_from_the_start() -> None:
    store = Store()
    made = stored(store, length=700, complete=False)
    assert store.grow(made.body, 500)
    assert store.stats.bytes == made.size
    assert store.complete(made.body, 700)
    assert values(made.fields, b"content-length") == [b"10"]


def test_a_204_is_not_given_a_length() -> None:
    store = Store()
    made = stored(store, length=UNKNOWN, status=204, fields=())
    store.complete(made.body, 0)
    found = store.find(b"key", ())
    assert isinstance(found, Entry)
    assert found.fields == ()


@pytest.mark.parametrize("length", [699, 701])
def test_a_body_of_another_length_than_was_told_is_never_whole(length: int) -> None:
    store = Store()
    made = stored(store, length=700, complete=False)
    assert not store.complete(made.body, length)
    assert store.find(b"key", ()) is Forwarded.URI_MISS
    assert store.dropped == [made.body]


def test_what_is_gone_does_not_grow() -> None:
    store = Store()
    assert not store.grow(BodyId(9), 5)
    assert not store.complete(BodyId(9), 5)
    store.remove(BodyId(9))
    made = stored(store)
    store.remove(made.body)
    assert store.find(b"key", ()) is Forwarded.URI_MISS


def test_what_grows_beyond_all_room_goes() -> None:
    store = Store(capacity=10_000)
    made = stored(store, length=UNKNOWN, complete=False)
    assert not store.grow(made.body, 20_000)
    assert store.dropped == [made.body]
    assert store.stats.evicted == 1
    assert store.stats.capacity == 10_000
    completed = stored(store, length=UNKNOWN, complete=False)
    assert not store.complete(completed.body, 20_000)


def test_room_is_made_by_what_is_not_asked_for() -> None:
    store = Store(capacity=10_000)
    made = [stored(store, key=b"k%d" % number, length=1000) for number in range(20)]
    assert store.stats.bytes <= 10_000
    assert set(store.dropped) < {one.body for one in made}
    assert len(store.dropped) == store.stats.evicted == 20 - store.stats.entries


def test_what_cannot_be_stored_is_known_for_a_while() -> None:
    store = Store()
    store.mark(b"key", Instant(0))
    assert store.is_marked(b"key", Instant(MARK_LASTS - 1))
    assert not store.is_marked(b"another", Instant(0))
    assert not store.is_marked(b"key", Instant(MARK_LASTS))
    assert not store.is_marked(b"key", Instant(0))


def test_what_was_stored_after_all_is_no_longer_marked() -> None:
    store = Store()
    store.mark(b"key", Instant(0))
    stored(store)
    assert not store.is_marked(b"key", Instant(1))


def test_marks_are_bounded() -> None:
    store = Store()
    for number in range(MARKS_MAX + 1):
        store.mark(b"%d" % number, Instant(0))
    assert not store.is_marked(b"0", Instant(1))
    assert store.is_marked(b"1", Instant(1))


def test_purging_a_url_takes_all_that_it_has_for_anyone() -> None:
    store = Store()
    mine, yours = stored(store, key=b"me"), stored(store, key=b"you")
    of_language(store, b"en", key=b"me")
    other = stored(store, key=b"other", url=b"http://a/q")
    assert store.purge_url(b"http://a/p") == 3
    assert {mine.body, yours.body} < set(store.dropped)
    assert store.find(b"other", ()) == other
    assert store.purge_url(b"http://a/p") == 0


def test_purging_a_prefix_takes_all_below_it() -> None:
    store = Store()
    for key, url in ((b"1", b"http://a/p"), (b"2", b"http://a/p/x"), (b"3", b"http://a/q")):
        stored(store, key=key, url=url)
    assert store.purge_prefix(b"http://a/p") == 2
    assert store.stats.entries == 1


def test_purging_a_tag_takes_all_that_bear_it() -> None:
    store = Store()
    stored(store, key=b"1", tags=(b"x", b"y"))
    stored(store, key=b"2", tags=(b"y",))
    stored(store, key=b"3")
    assert store.purge_tag(b"x") == 1
    assert store.purge_tag(b"x") == 0
    assert store.purge_tag(b"y") == 1
    assert store.stats.entries == 1


def test_purging_all_forgets_marks_too() -> None:
    store = Store()
    stored(store)
    store.mark(b"key", Instant(0))
    assert store.purge_all() == 1
    assert not store.is_marked(b"key", Instant(1))
    assert store.stats.bytes == 0


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "grow", "complete", "remove", "url", "tag", "prefix"]),
        st.sampled_from([b"a", b"b", b"ab"]),
        st.sampled_from([b"en", b"de"]),
        st.integers(0, 4000),
    ),
    max_size=40,
)


@given(steps)
def test_every_body_is_either_found_or_let_go_of_once(
    steps: list[tuple[str, bytes, bytes, int]],
) -> None:
    store, made = Store(capacity=12_000), list[Entry]()
    for step, name, language, size in steps:
        body = made[size % len(made)].body if made else BodyId(0)
        match step:
            case "put":
                made.append(
                    of_language(
                        store, language, key=name, url=b"http://" + name, tags=(name,), length=size
                    )
                )
            case "grow":
                store.grow(body, size)
            case "complete":
                store.complete(body, size)
            case "remove":
                store.remove(body)
            case "url":
                store.purge_url(b"http://" + name)
            case "prefix":
                store.purge_prefix(b"http://a")
            case _:
                store.purge_tag(name)
        held = [one.body for one in made if store.get(one.body) is not None]
        assert sorted(held + store.dropped) == [one.body for one in made]
        assert store.stats.entries == len(held)
        assert store.stats.bytes <= 12_000
        assert copy.deepcopy(store) == store
    store.purge_all()
    assert sorted(store.dropped) == [one.body for one in made]
    assert not store._urls
    assert not store._tags
    assert not store._resources
    assert not store._named


U = Variation(frozenset({"u"}))
A = Variation(frozenset({"a"}))


def search(*pairs: tuple[str, str]) -> Search:
    return Search(b"k", b"http://a/p", pairs)


def covering(store: Store, asked: Search, variation: Variation, **changes: Any) -> Entry:
    """Store an answer to what is asked, which tells `variation`."""
    key = asked.key_for(variation)
    covers = asked.covered(((b"no-vary-search", b'params=("%b")' % min(variation.names).encode()),))
    assert covers is not None
    assert covers.variation == variation
    return stored(store, key=key, covers=covers, **changes)


def test_what_covers_other_queries_is_found_by_them_and_purged_by_their_urls() -> None:
    store, one, other = Store(), search(("u", "1")), search(("u", "2"))
    made = covering(store, one, U)
    assert store.find(b"other", (), other) == made
    assert store.find(b"other", ()) is Forwarded.URI_MISS
    assert store.find(b"other", (), search(("b", "1"))) is Forwarded.URI_MISS
    assert store.key_of(b"other", other) == made.key
    assert store.key_of(b"other", None) == b"other"
    assert store.purge_url(b"http://a/p?b=1") == 0
    assert store.purge_url(b"http://a/p?u;2") == 0, "which it never answers"
    assert store.purge_url(b"http://a/p?u=2") == 1
    assert store.find(b"other", (), other) is Forwarded.URI_MISS
    assert store.key_of(b"other", other) == b"other"
    assert store._covering == Coverings()


def test_what_selects_among_what_is_alike_is_told_as_ever() -> None:
    store, asked = Store(), search(("u", "1"))
    german = covering(store, asked, U, vary=(b"lang",), selecting=(b"de",))
    assert store.find(b"other", DE, asked) == german
    assert store.find(b"other", EN, asked) is Forwarded.VARY_MISS


@pytest.mark.parametrize("newer", ["its own", "one alike"])
def test_of_two_answers_that_may_be_used_the_later_one_is(newer: str) -> None:
    store, asked = Store(), search(("u", "1"))
    ages = {"its own": 0, "one alike": 0, newer: 5}
    own = stored(store, key=b"own", received=Instant(ages["its own"]))
    alike = covering(store, asked, U, received=Instant(ages["one alike"]))
    assert store.find(b"own", (), asked) == (own if newer == "its own" else alike)


def test_what_is_alike_to_nothing_stored_is_found_by_its_own_key() -> None:
    store = Store()
    own = stored(store, key=b"own")
    covering(store, search(("a", "1"), ("u", "1")), A)
    assert store.find(b"own", (), search(("u", "2"))) == own
    assert store.key_of(b"own", search(("u", "2"))) != b"own"


def test_answers_of_too_many_variations_are_taken_out_oldest_first() -> None:
    store = Store()
    made = [
        covering(store, search(("b", str(number))), Variation(frozenset({f"n{number}"})))
        for number in range(VARIATIONS_MAX + 1)
    ]
    assert store.dropped == [made[0].body]
    assert store.stats.entries == VARIATIONS_MAX


@pytest.mark.parametrize(
    ("prefix", "gone"),
    [(b"http://a/", 1), (b"http://a/p?", 1), (b"http://a/p?x=", 1), (b"http://a/q?", 0)],
)
def test_a_prefix_within_a_query_is_met_by_whatever_covers_queries(
    prefix: bytes, gone: int
) -> None:
    store = Store()
    covering(store, search(("u", "1")), U)
    assert store.purge_prefix(prefix) == gone
