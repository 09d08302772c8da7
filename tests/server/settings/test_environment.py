"""Variables: what is replaced, what is not, and what is told of those that are missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.settings.environment import Substituted, Substitution

ENVIRON = {"A": "one", "EMPTY": "", "REF": "${A}"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("${A}", "one", id="whole"),
        pytest.param("x-${A}-${A}", "x-one-one", id="within, twice"),
        pytest.param("${NONE:-two}", "two", id="default"),
        pytest.param("${NONE:-}", "", id="an empty default"),
        pytest.param("${EMPTY:-two}", "two", id="a default helps the empty, as in a shell"),
        pytest.param("${EMPTY}", "", id="empty"),
        pytest.param("$${A}", "${A}", id="escaped"),
        pytest.param("$$${A}", "$${A}", id="escaped behind a dollar"),
        pytest.param("$A $ {A}", "$A $ {A}", id="nothing to replace"),
        pytest.param("${REF}", "${A}", id="never within a replacement"),
        pytest.param("${NONE:-a:-b$}", "a:-b$", id="the default goes up to the brace"),
    ],
)
def test_variables_are_replaced_inside_of_strings(text: str, value: str) -> None:
    substitution = Substitution(ENVIRON)
    assert substitution.replace(text) == value
    assert substitution.problems == []


def test_what_a_variable_brought_is_marked_and_what_the_file_says_is_not() -> None:
    replace = Substitution(ENVIRON).replace
    assert isinstance(replace("a${A}"), Substituted)
    assert isinstance(replace("${NONE:-x}"), Substituted)
    assert not isinstance(replace("$${A}"), Substituted)


def test_keys_numbers_and_structure_stay() -> None:
    tree = {"${A}": [1, True, None, 1.5, {"b": "${A}"}]}
    assert Substitution(ENVIRON).replace(tree) == {"${A}": [1, True, None, 1.5, {"b": "one"}]}


def test_every_missing_variable_is_told_with_its_path() -> None:
    substitution = Substitution({"DATABASE_URL": "x"})
    substitution.replace({"a": ["${DATABASE_ULR}", "${OTHER}"], "b": "${not-a-name}"})
    assert [(found.path, found.message) for found in substitution.problems] == [
        (("a", 0), "the environment variable DATABASE_ULR is not set"),
        (("a", 1), "the environment variable OTHER is not set"),
        (("b",), "`${` begins no variable here"),
    ]
    assert "DATABASE_URL is set: is that meant?" in substitution.problems[0].help
    assert "${OTHER:-...}" in substitution.problems[1].help


def test_halves_of_characters_are_no_text() -> None:
    substitution = Substitution({"RAW": "\udcff"})
    assert substitution.replace({"a": "\ud800", "b": "${RAW}", "\ud800": 1}) == {"a": "", "b": ""}
    assert [found.path for found in substitution.problems] == [(), ("a",), ("b",)]


def test_a_tree_that_is_too_deep_is_told_once() -> None:
    tree: object = "x"
    for _ in range(100):
        tree = [tree]
    substitution = Substitution({})
    substitution.replace(tree)
    assert [found.message for found in substitution.problems] == ["nested more than 64 deep"]


@given(st.text(st.sampled_from("${}:-A_a1"), max_size=30))
def test_any_text_is_replaced_or_told(text: str) -> None:
    substitution = Substitution(ENVIRON)
    value = substitution.replace(text)
    assert isinstance(value, str)
    if "${" not in text:
        assert value == text
