"""YAML: plain words, anchors within bounds, places, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.settings.places import KeyPath, Span
from gateway_server.settings.syntax import SyntaxFaultError, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("off", "off", id="off is a word"),
        pytest.param("No", "No", id="no is a word: Norway"),
        pytest.param("true", True, id="true"),
        pytest.param("FALSE", False, id="FALSE"),
        pytest.param("~", None, id="nothing"),
        pytest.param("", None, id="nothing at all"),
        pytest.param("1:30", "1:30", id="no number of base 60"),
        pytest.param("012", 12, id="no octal number"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("0xfF", 255, id="hexadecimal"),
        pytest.param("-1.5e3", -1500.0, id="a fraction"),
        pytest.param("2026-11-21", "2026-11-21", id="no date"),
        pytest.param("'1'", "1", id="quoted"),
        pytest.param("!!str 1", "1", id="tagged as text"),
        pytest.param("1" * 401, "1" * 401, id="too many digits for a number"),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says(text: str, value: object) -> None:
    tree = parse(f"a: {text}", ".yaml").tree
    assert tree == {"a": value}
    assert isinstance(tree, dict)
    assert type(tree["a"]) is type(value)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.sampled_from("abc<1"), min_size=1, max_size=4), inner)
    ),
    max_leaves=20,
)


@given(TREES)
def test_json_is_read_as_json_reads_it(tree: object) -> None:
    text = json.dumps(tree, indent=1)
    parsed, oracle = parse(text, ".yml"), parse(text, ".json")
    assert parsed.tree == oracle.tree == tree
    assert parsed.spot == oracle.spot


BLOCK = """\
# routes
routes:
  - name: a
    prefix: "/a"
  -   &x
      name: b
text: |
  one
  two
more: *x
"""


@pytest.mark.parametrize(
    ("path", "at"),
    [
        pytest.param(("routes", 0, "prefix"), Span(4, 13, 4, 17), id="a value"),
        pytest.param(("text",), Span(7, 7, 10, 1), id="a block of text"),
        pytest.param(("more",), Span(10, 7, 10, 9), id="an alias, where it is used"),
        pytest.param(
            ("more", "name"), Span(6, 13, 6, 14), id="behind an alias, where it is written"
        ),
    ],
)
def test_a_value_has_its_place(path: KeyPath, at: Span) -> None:
    spot, found = parse(BLOCK, ".yaml").spot.nearest(path)
    assert (found, spot.value) == (path, at)


def test_mappings_are_merged_and_their_own_keys_win() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: {<<: *b}\n"
    tree = parse(text, ".yaml").tree
    assert isinstance(tree, dict)
    assert tree["c"] == {"x": 3, "y": 1, "z": 2}
    assert tree["d"] == {"y": 2, "z": 2}
    assert parse("'<<': 1", ".yaml").tree == {"<<": 1}


def test_a_key_that_is_written_twice_is_a_fault() -> None:
    parsed = parse("a:\n  b: 1\n  c: 2\n  b: 3\n", ".yaml")
    assert [(fault.path, fault.at) for fault in parsed.faults] == [(("a", "b"), Span(4, 3, 4, 4))]
    assert parsed.faults[0].help == "it is in line 2 already"


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a: [1,\n", 2, "no YAML", id="a list that never ends"),
        pytest.param("a: b: c\n", 1, "mapping values", id="two colons"),
        pytest.param("a:\n\t- b\n", 2, "cannot start any token", id="a tab"),
        pytest.param("a: !!python/object:os.system x", 1, "tags", id="a tag"),
        pytest.param("? [a]\n: b", 1, "a key is a word", id="a list as key"),
        pytest.param("a: &a b\n*a : c", 2, "a key is a word", id="an alias as key"),
        pytest.param("a: *b", 1, "names no anchor", id="an alias of nothing"),
        pytest.param("a: &a [*a]", 1, "names no anchor", id="an alias of itself"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "second document", id="two documents"),
        pytest.param("<<: 1", 1, "takes a mapping", id="a merge of a number"),
        pytest.param("- " * 70 + "x", 1, "nested more than 64", id="deep"),
        pytest.param(LAUGHS, 15, "more than 100000", id="a thousand million laughs"),
        pytest.param("a: \x07", 0, "no YAML", id="a control character"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(SyntaxFaultError) as caught:
        parse(text, ".yaml")
    assert caught.value.line == line
    assert words in caught.value.message


def test_depth_behind_aliases_counts() -> None:
    deep = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30
    with pytest.raises(SyntaxFaultError, match="nested more than 64 deep"):
        parse(deep, ".yaml")


def test_an_empty_document_is_nothing() -> None:
    assert parse("# only a comment\n", ".yaml").tree is None


@given(st.text(st.sampled_from("a:- \n&*{}[],<?!|>'\"#"), max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        parse(text, ".yaml")
    except SyntaxFaultError:
        pass
