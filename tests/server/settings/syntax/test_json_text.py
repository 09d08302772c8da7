"""JSON: places of values, keys written twice, and what is told of a text that is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.settings.places import Span
from gateway_server.settings.syntax import SyntaxFaultError, parse

TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


@given(TREES, st.sampled_from([None, 0, 3]))
def test_every_value_is_found_at_its_place(tree: object, indent: int | None) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=False)
    lines = text.split("\n")
    parsed = parse(text, ".json")
    assert parsed.tree == tree
    for path, spot in parsed.spot.walk():
        node: object = tree
        for step in path:
            node = node[step]
        start, end = spot.value[:2], spot.value[2:]
        if start[0] == end[0]:
            assert json.loads(lines[start[0] - 1][start[1] - 1 : end[1] - 1]) == node
        if spot.key is not None:
            at = spot.key
            assert json.loads(lines[at.line - 1][at.column - 1 : at.end_column - 1]) == path[-1]


def test_a_key_that_is_written_twice_is_a_fault_and_the_rest_is_read() -> None:
    parsed = parse('{"a": 1,\n "b": {"c": 1, "c": 2}, "a": 3}', ".json")
    assert parsed.tree == {"a": 3, "b": {"c": 2}}
    assert [(fault.path, fault.at, fault.help) for fault in parsed.faults] == [
        (("b", "c"), Span(2, 16, 2, 19), "it is in line 2 already"),
        (("a",), Span(2, 25, 2, 28), "it is in line 1 already"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "cure"),
    [
        pytest.param('{"a": 1,\n}', 2, 1, "", id="a comma too many"),
        pytest.param('{\n// x\n"a": 1}', 2, 1, "no comments", id="a comment"),
        pytest.param('{"a": NaN}', 0, 0, "", id="NaN"),
        pytest.param("[" * 100_000, 0, 0, "", id="100,000 lists"),
        pytest.param("[" * 65 + "]" * 65, 1, 65, "", id="65 lists"),
        pytest.param('{"a": ' + "9" * 5000 + "}", 0, 0, "", id="5000 digits"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, column: int, cure: str) -> None:
    with pytest.raises(SyntaxFaultError) as caught:
        parse(text, ".json")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert cure in caught.value.cure
