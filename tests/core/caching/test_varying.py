"""Which requests an answer is for: RFC 9111, 4.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.varying import NAMES_MAX, normalised, selecting_values, vary_names


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        pytest.param([], (), id="no Vary"),
        pytest.param([b"Foo"], (b"foo",), id="one name"),
        pytest.param([b"foo, BAR"], (b"bar", b"foo"), id="two, in any case and order"),
        pytest.param([b"foo", b"bar, foo"], (b"bar", b"foo"), id="on two lines"),
        pytest.param([b", foo ,,"], (b"foo",), id="empty members"),
        pytest.param([b"*"], None, id="12.5.5 *"),
        pytest.param([b"*, foo"], None, id="* among names"),
        pytest.param([b"", b"*"], None, id="* on another line"),
        pytest.param([b"foo, *, *"], None, id="two *"),
        pytest.param([b"foo bar"], None, id="what is no name matches nothing"),
        pytest.param([b"foo\xff"], None, id="beyond ASCII"),
        pytest.param([b"foo:"], None, id="a colon"),
        pytest.param([b",".join(b"n%d" % n for n in range(99))], None, id="a giant Vary"),
    ],
)
def test_what_an_answer_depends_on(lines: list[bytes], names: tuple[bytes, ...] | None) -> None:
    assert vary_names(tuple((b"vary", line) for line in lines)) == names


def test_what_it_always_depends_on() -> None:
    assert vary_names(((b"vary", b"b"),), (b"a", b"b")) == (b"a", b"b")
    assert vary_names(((b"vary", b"*"),), (b"a",)) is None
    most = tuple(b"n%02d" % n for n in range(NAMES_MAX))
    assert vary_names((), most) == most
    assert vary_names(((b"vary", b"x"),), most) is None


SAME = [
    pytest.param(b"foo", [b"1, 2"], [b"1", b"2"], id="5.3 lines are joined"),
    pytest.param(b"foo", [b" 1,2 "], [b"1 , 2"], id="5.6.1 white space around commas"),
    pytest.param(b"foo", [b"1,,2"], [b"1,2"], id="5.6.1 empty members"),
    pytest.param(b"origin", [b"HTTPS://A"], [b"https://a"], id="6454 case of an origin"),
    pytest.param(b"accept-language", [b"en, de"], [b"de, en"], id="12.4.2 order is no weight"),
    pytest.param(b"accept-language", [b"en, de"], [b"eN,De"], id="12.5.4 case"),
    pytest.param(b"accept-language", [b"en;q=1.0"], [b"en"], id="12.4.2 a weight of 1"),
    pytest.param(b"accept-language", [b"en;q=0.50"], [b"en ; q=0.5"], id="12.4.2 zeros behind"),
    pytest.param(b"accept-encoding", [b"gzip, gzip"], [b"gzip"], id="said twice"),
    pytest.param(b"accept", [b"a/b;q=0.5, c/d"], [b"C/D,a/b;Q=0.5"], id="sorted by weight"),
]
DIFFERENT = [
    pytest.param(b"foo", [b"1"], [b"2"], id="other values"),
    pytest.param(b"foo", [b"a"], [b"A"], id="5.5 case counts where nothing is known"),
    pytest.param(b"foo", [b"1 2"], [b"1  2"], id="white space within counts"),
    pytest.param(b"foo", [b'"a, b"'], [b'"a,b"'], id="5.6.4 nor is it white space within quotes"),
    pytest.param(b"foo", [], [b""], id="absent is not empty"),
    pytest.param(b"accept-language", [b"en"], [b"en;q=0"], id="12.4.2 not wanted"),
    pytest.param(b"accept-language", [b"en;q=0.5"], [b"en;q=0.4"], id="12.4.2 other weights"),
    pytest.param(b"accept-encoding", [b""], [], id="12.5.3 an empty one says something"),
    pytest.param(b"accept", [b"a/b;v=1"], [b"a/b;v=2"], id="12.5.1 parameters"),
    pytest.param(b"accept", [b'a/b;v="x,y"'], [b'a/b;v="x", y'], id="12.5.1 a comma in quotes"),
    pytest.param(b"accept", [b"a/b;q=2"], [b"a/b"], id="12.4.2 no weight"),
]


@pytest.mark.parametrize(("name", "one", "other"), SAME)
def test_what_means_the_same_is_the_same(name: bytes, one: list[bytes], other: list[bytes]) -> None:
    assert normalised(name, one) == normalised(name, other)


@pytest.mark.parametrize(("name", "one", "other"), DIFFERENT)
def test_what_may_mean_another_thing_is_another(
    name: bytes, one: list[bytes], other: list[bytes]
) -> None:
    assert normalised(name, one) != normalised(name, other)


def test_a_request_is_known_by_what_it_says_in_each_name() -> None:
    fields = ((b"a", b"1"), (b"b", b"2"), (b"a", b"3"))
    assert selecting_values((b"a", b"c"), fields) == (b"1,3", None)


@given(st.lists(st.text(alphabet='a,;q=0.51 "\\\t', max_size=20).map(str.encode), max_size=3))
def test_what_is_normal_stays_so(lines: list[bytes]) -> None:
    for name in (b"accept", b"foo"):
        once = normalised(name, lines)
        assert once is None if not lines else once is not None


@given(
    st.lists(st.sampled_from([b"en", b"de;q=0.5", b"fr;q=0.1"]), min_size=1, unique=True).flatmap(
        lambda members: st.tuples(st.just(members), st.permutations(members))
    )
)
def test_the_order_of_preferences_never_matters(pair: tuple[list[bytes], list[bytes]]) -> None:
    one, other = pair
    assert normalised(b"accept-language", [b",".join(one)]) == normalised(b"accept-language", other)
