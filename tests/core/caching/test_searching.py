"""No-Vary-Search: draft-ietf-httpbis-no-vary-search, whose sections the cases cite."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.searching import (
    DEFAULT,
    NAMES_MAX,
    PARAMS_MAX,
    Covered,
    Search,
    Variation,
    equivalent,
    form,
    parse_pairs,
    readable,
    url_name,
    variation_of,
)


def without(*names: str, in_order: bool = True) -> Variation:
    return Variation(frozenset(names), in_order=in_order)


def only(*names: str, in_order: bool = True) -> Variation:
    return Variation(frozenset(names), only=True, in_order=in_order)


def told(*lines: bytes) -> Variation:
    return variation_of(tuple((b"no-vary-search", line) for line in lines))


UNORDERED = without(in_order=False)


@pytest.mark.parametrize(
    ("line", "variation"),
    [
        pytest.param(b'params=("a")', without("a"), id="5.2.1 params"),
        pytest.param(b'except=("x")', only("x"), id="5.2.1 except"),
        pytest.param(b"params=()", DEFAULT, id="5.2.1 no params are the default"),
        pytest.param(b"except=()", only(), id="5.2.1 no query counts"),
        pytest.param(b"key-order", UNORDERED, id="1 key-order"),
        pytest.param(b"key-order=?1", UNORDERED, id="5.2.1 key-order=?1"),
        pytest.param(b"key-order=?0", DEFAULT, id="5.2.1 key-order=?0"),
        pytest.param(
            b'except=("x"), key-order', only("x", in_order=False), id="5.2.1 in any order"
        ),
        pytest.param(
            b'params=("utm_source" "utm_medium")', without("utm_source", "utm_medium"), id="1 two"
        ),
        pytest.param(
            b'params=("a"), unknown=(1 2), other', without("a"), id="3 unknown keys say nothing"
        ),
        pytest.param(
            b'params=("%C3%A9+%E6%B0%97")', without("\u00e9 \u6c17"), id="5.3.1 an encoded name"
        ),
        pytest.param(b'params=("a%zz")', without("a%zz"), id="5.3 what is no escape stays"),
        pytest.param(b'params=("%ff")', without("\ufffd"), id="5.3 what is no UTF-8"),
        pytest.param(b'params=("a";q=1)', without("a"), id="3.1.2 of 9651: parameters say nothing"),
        pytest.param(b'params=("a"), params=("b")', without("b"), id="4.2.2 of 9651: the last"),
    ],
)
def test_what_an_answer_says(line: bytes, variation: Variation) -> None:
    assert told(line) == variation


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'key-order="not a boolean"', id="5.2.1 key-order is a string"),
        pytest.param(b'key-order=1, params=("a")', id="5.1 key-order is a number"),
        pytest.param(b'params="not an inner list"', id="5.2.1 params is a string"),
        pytest.param(b"params=(not-a-string)", id="5.2.1 params has a token"),
        pytest.param(b'params=("a" b)', id="5.1 one of params is a token"),
        pytest.param(b"params=(1)", id="5.1 params has a number"),
        pytest.param(b"params=?0", id="5.2.1 params=?0"),
        pytest.param(b"params=?1", id="5.2.1 params=?1"),
        pytest.param(b"params", id="5.1 params is a boolean, as it was in older drafts"),
        pytest.param(b'params=?1, except=("x")', id="5.2.1 params=?1 and except"),
        pytest.param(b'params=("a"), except=("x")', id="5.2.1 both"),
        pytest.param(b"params=(), except=()", id="5.2.1 both, and empty"),
        pytest.param(b'except="not an inner list"', id="5.2.1 except is a string"),
        pytest.param(b"except=(not-a-string)", id="5.2.1 except has a token"),
        pytest.param(b"except=?1", id="5.2.1 except=?1"),
        pytest.param(b"unknown-key", id="3 nothing that is known"),
        pytest.param(b"", id="an empty field"),
        pytest.param(b'params=("a"', id="4.2 of 9651: no dictionary"),
        pytest.param(b'Params=("a")', id="3.1.2 of 9651: keys are lower case"),
        pytest.param(b'params=("\xff")', id="3.3.3 of 9651: no string"),
        pytest.param(
            b"params=(%b)" % b" ".join(b'"n%d"' % n for n in range(NAMES_MAX + 1)),
            id="more names than are counted",
        ),
    ],
)
def test_what_is_malformed_says_nothing(line: bytes) -> None:
    assert told(line) == DEFAULT


def test_lines_are_one_dictionary_and_none_is_none() -> None:
    assert told(b"key-order", b'params=("a")') == without("a", in_order=False)
    assert told(b"key-order", b"=") == DEFAULT
    assert variation_of(()) == DEFAULT


ALIKE = [
    pytest.param(None, b"", id="6.1 a null query is an empty one"),
    pytest.param(b"a=x", b"%61=%78", id="6.1 escapes are decoded"),
    pytest.param(b"a=\xc3\xa9", b"a=%C3%A9", id="6.1 so are those beyond ASCII"),
    pytest.param(b"a=%f6", b"a=%ef%bf%bd", id="6.1 what is no UTF-8 is U+FFFD"),
    pytest.param(b"a=x&&&&", b"a=x", id="6.1 empty pieces"),
    pytest.param(b"a=", b"a", id="6.1 an empty value"),
    pytest.param(b"a=%20", b"a= &", id="6.1 a space"),
    pytest.param(b"a=+", b"a= &", id="6.1 a plus is a space"),
    pytest.param(b"a=b=c", b"a=b%3Dc", id="5.1 of URL: the first = parts"),
    pytest.param(b"a=%zz", b"a=%25zz", id="1.3 of URL: what is no escape stays"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
@pytest.mark.parametrize("variation", [UNORDERED, without("b"), only("a")], ids=str)
def test_queries_that_any_variation_makes_alike(
    one: bytes | None, other: bytes | None, variation: Variation
) -> None:
    assert equivalent(one, other, variation)
    assert not equivalent(one, other, DEFAULT), "6, step 2: then every byte counts"


@pytest.mark.parametrize(
    ("one", "other", "variation", "alike"),
    [
        pytest.param(b"a=1&b=2", b"b=2&a=1", UNORDERED, True, id="6 in any order of names"),
        pytest.param(b"a=1&b=2", b"b=2&a=1", without("c"), False, id="6 order counts"),
        pytest.param(b"a=1&a=2", b"a=2&a=1", UNORDERED, False, id="6 of one name, it always does"),
        pytest.param(b"b=0&a=1&a=2", b"a=1&b=0&a=2", UNORDERED, True, id="6 sorting is stable"),
        pytest.param(b"a=1&u=2", b"u=3&a=1", without("u"), True, id="6 without one"),
        pytest.param(b"a=1&u=2", b"a=2&u=2", without("u"), False, id="6 the others count"),
        pytest.param(b"a=1", b"a=1&b=2", without("u"), False, id="6 one more"),
        pytest.param(b"a=1", b"a=1&a=1", UNORDERED, False, id="6 once more"),
        pytest.param(b"p=1&x=2", b"y=3&p=1", only("p"), True, id="6 only one"),
        pytest.param(b"p=1", b"p=2", only("p"), False, id="6 that one counts"),
        pytest.param(b"x=1", None, only(), True, id="6 nothing counts"),
        pytest.param(b"U=1", b"", without("u"), False, id="6 names are case-sensitive"),
        pytest.param(b"a=1", b"a=1", DEFAULT, True, id="6, step 2 the same bytes"),
        pytest.param(None, b"", DEFAULT, False, id="6, step 2 null is not empty"),
        pytest.param(
            b"\xef\xbd\xa1=1&\xf0\x9f\x8d\xb0=2", b"\xf0\x9f\x8d\xb0=2&\xef\xbd\xa1=1",
            UNORDERED, True, id="6 beyond the basic plane",
        ),
    ],
)  # fmt: skip
def test_which_queries_are_alike(
    one: bytes | None, other: bytes | None, variation: Variation, alike: bool
) -> None:
    assert equivalent(one, other, variation) is alike
    assert equivalent(other, one, variation) is alike


QUERIES = st.lists(
    st.sampled_from([b"a", b"b=1", b"a=1", b"A=1", b"%61=1", b"u=x", b"+", b"", b"a=%C3%A9", b"="]),
    max_size=5,
).map(b"&".join)
VARIATIONS = st.builds(
    Variation,
    st.frozensets(st.sampled_from(["a", "b", "u", ""]), max_size=3),
    st.booleans(),
    st.booleans(),
)


@given(QUERIES, QUERIES, VARIATIONS)
def test_what_has_one_form_is_alike_and_nothing_else_is(
    one: bytes, other: bytes, variation: Variation
) -> None:
    first, second = readable(one), readable(other)
    assert first is not None
    assert second is not None
    forms = form(first, variation), form(second, variation)
    if None in forms:
        assert variation.only
        assert {"A", " "} & dict((*first, *second)).keys(), "which fold into names that count"
    elif variation != DEFAULT:
        assert (forms[0] == forms[1]) is equivalent(one, other, variation)


@given(QUERIES, QUERIES, QUERIES, VARIATIONS)
def test_being_alike_divides_queries_into_classes(
    one: bytes, two: bytes, three: bytes, variation: Variation
) -> None:
    assert equivalent(one, one, variation)
    if equivalent(one, two, variation) and equivalent(two, three, variation):
        assert equivalent(one, three, variation)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_a_query_and_a_field(query: bytes, line: bytes) -> None:
    variation = told(line)
    pairs = readable(query)
    assert pairs is None or pairs == parse_pairs(query)
    assert pairs is None or form(pairs, variation) == form(pairs, variation)
    assert equivalent(query, query, variation)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(b"u=x;a=2", id="some readers part at a semicolon"),
        pytest.param(b"u=%zz", id="a broken escape"),
        pytest.param(b"u=%f6", id="no UTF-8"),
        pytest.param(b"%f6=1", id="a name that is no UTF-8"),
        pytest.param(b"u%00a=1", id="a name with a NUL"),
        pytest.param(b"u%0Aa=1", id="a name over two lines"),
        pytest.param(b"a&" * PARAMS_MAX, id="more parameters than any page links to"),
    ],
)
def test_what_readers_disagree_about_is_alike_to_itself_alone(query: bytes) -> None:
    assert readable(query) is None
    assert url_name(b"http://a/p?" + query, without("u")) is None


@pytest.mark.parametrize("name", ["Id", "i.d", "i d", "i+d", "i[d", "I_d[x]", " i_d", "i-d"])
def test_what_may_be_taken_for_a_name_that_counts_is_alike_to_nothing(name: str) -> None:
    pairs = ((name, "2"),)
    folded = only("i_d") if name != "Id" else only("id")
    if name == "i[d":
        folded = only("i")
    assert form(pairs, folded) is None
    assert form(pairs, without("i_d", "id", "i")) is not None


def test_a_name_that_is_like_nothing_that_counts_does_not() -> None:
    assert form((("utm_source", "x"), ("i_d", "1")), only("i_d")) == form(
        (("i_d", "1"),), only("i_d")
    )


def test_an_answer_covers_the_urls_that_are_alike_and_lies_under_one_key_for_them() -> None:
    one = Search(b"k", b"http://a/p", (("a", "1"), ("u", "2")))
    other = Search(b"k", b"http://a/p", (("u", "3"), ("a", "1")))
    fields = ((b"no-vary-search", b'params=("u")'),)
    covered = one.covered(fields)
    assert isinstance(covered, Covered)
    assert covered == other.covered(fields)
    assert covered.base == b"http://a/p"
    assert one.key_for(covered.variation) == other.key_for(covered.variation)
    assert one.key_for(covered.variation) != one.key_for(without("a"))
    assert url_name(b"http://a/p?a=1&u=4", covered.variation) == covered.name
    assert url_name(b"http://a/p", covered.variation) != covered.name
    assert one.covered(()) is None
    assert one.covered(((b"no-vary-search", b"?"),)) is None


def test_an_answer_to_what_may_be_misread_is_for_its_own_url_alone() -> None:
    search = Search(b"k", b"http://a/p", (("Id", "2"),))
    fields = ((b"no-vary-search", b'except=("id")'),)
    assert search.covered(fields) is None
    assert search.key_for(only("id")) is None
