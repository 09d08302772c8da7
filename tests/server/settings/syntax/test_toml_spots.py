"""Where TOML's values stand: the scanner agrees with tomllib on every path."""

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway_server.settings.places import KeyPath, Span
from gateway_server.settings.syntax.toml_spots import locate

EVERYTHING = '''\
# a comment with [brackets] and = signs
title = "x" # another
"quoted key"."b.c" = 'literal \\'
a.b.c = 1
dates = [1979-05-27T07:32:00Z, 1979-05-27 07:32:00, 07:32:00]
numbers = [
  1, # one
  -2.5e3, inf,   # ]
  0xf_f,
]
text = """
one "" two ] }
three \\""" four"""""
literal = \'\'\'a'b''c\'\'\'
inline = { x = 1, "y" = { z = [ { w = 2 } ] }, p.q = true }
empty = {}
none = []

[table]
key = "v"
[table.inner."deep.er"]
k = 1

[[list]]
n = 1
[list.sub]
m = 2
[[list.subs]]
[[list]]
n = 2
[[list.subs]]
o = 3
  [  spaced . out  ]
  x=1
"\\u00e9" = 2
'''


def paths(tree: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from paths(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from paths(value, (*path, index))


def cut(text: str, at: Span) -> str:
    lines = text.split("\n")
    if at.line == at.end_line:
        return lines[at.line - 1][at.column - 1 : at.end_column - 1]
    middle = lines[at.line : at.end_line - 1]
    first, last = lines[at.line - 1][at.column - 1 :], lines[at.end_line - 1][: at.end_column - 1]
    return "\n".join([first, *middle, last])


def test_every_value_of_the_tree_has_its_spot_and_no_other_has() -> None:
    spots = [path for path, _ in locate(EVERYTHING).walk()]
    assert sorted(map(str, spots)) == sorted(map(str, paths(tomllib.loads(EVERYTHING))))


def test_crlf_and_tabs_change_no_path() -> None:
    text = EVERYTHING.replace("\n", "\r\n").replace(" = ", "\t=\t")
    spots = [path for path, _ in locate(text).walk()]
    assert sorted(map(str, spots)) == sorted(map(str, paths(tomllib.loads(text))))


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        pytest.param(("title",), "title", '"x"', id="plain"),
        pytest.param(("quoted key", "b.c"), '"b.c"', "'literal \\'", id="quoted keys"),
        pytest.param(("a", "b"), "b", "b", id="a table that dotted keys imply"),
        pytest.param(("a", "b", "c"), "c", "1", id="dotted"),
        pytest.param(("dates", 1), None, "1979-05-27 07:32:00", id="a date with a space"),
        pytest.param(("numbers", 2), None, "inf", id="a list over lines, with comments"),
        pytest.param(("literal",), "literal", "'''a'b''c'''", id="a literal over lines"),
        pytest.param(("inline", "y", "z", 0, "w"), "w", "2", id="deep in a line"),
        pytest.param(("inline", "p", "q"), "q", "true", id="dotted in a line"),
        pytest.param(("table",), "table", "[table]", id="a header"),
        pytest.param(("table", "inner", "deep.er", "k"), "k", "1", id="below a quoted header"),
        pytest.param(("list", 1), None, "[[list]]", id="a second table of a list"),
        pytest.param(("list", 0, "sub", "m"), "m", "2", id="a table within a list's table"),
        pytest.param(("list", 1, "subs", 0, "o"), "o", "3", id="a list within a list's table"),
        pytest.param(("spaced", "out", "x"), "x", "1", id="spaces in a header"),
        pytest.param(("spaced", "out", "é"), '"\\u00e9"', "2", id="an escape in a key"),
    ],
)
def test_a_spot_spans_what_is_written(path: KeyPath, key: str | None, value: str) -> None:
    spot, found = locate(EVERYTHING).nearest(path)
    assert found == path
    assert cut(EVERYTHING, spot.value) == value
    assert (None if spot.key is None else cut(EVERYTHING, spot.key)) == key


def test_a_text_over_lines_spans_them() -> None:
    spot, _ = locate(EVERYTHING).nearest(("text",))
    assert cut(EVERYTHING, spot.value).startswith('"""\none')
    assert cut(EVERYTHING, spot.value).endswith('four"""""')


@example("a = [" * 500)
@example('a = """x')
@example("[[a]\n")
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(st.sampled_from("[]{}=.,\"'\\#\n ab1-"), max_size=60),
    )
)
def test_no_text_makes_the_scanner_raise(text: str) -> None:
    lines = text.count("\n") + 1
    for _, spot in locate(text).walk():
        assert 1 <= spot.value.line <= spot.value.end_line <= lines


@given(st.integers(0, len(EVERYTHING)), st.integers(0, len(EVERYTHING)))
def test_what_is_still_toml_after_a_cut_is_still_located(start: int, end: int) -> None:
    text = EVERYTHING[:start] + EVERYTHING[max(start, end) :]
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    spots = [path for path, _ in locate(text).walk()]
    assert sorted(map(str, spots)) == sorted(map(str, paths(tree)))
