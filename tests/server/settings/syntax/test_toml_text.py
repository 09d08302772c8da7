"""TOML: what is told of a text that is none."""

import pytest

from gateway_server.settings.syntax import SyntaxFaultError, parse


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param('a = "b"\nc = tru\n', 2, 5, id="a word without quotes"),
        pytest.param("a = 1\na = 2\n", 2, 6, id="a key twice"),
        pytest.param("a = 1\n\nb = [1,\n", 3, 8, id="a list that never ends: where the text does"),
        pytest.param("[t]\n[t]\n", 2, 3, id="a table twice"),
        pytest.param('a = "\n', 1, 6, id="a string over its line"),
        pytest.param("name service\n", 1, 6, id="no ="),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(SyntaxFaultError) as caught:
        parse(text, ".toml")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.message.startswith("no TOML: ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "9" * 5000, id="a number of 5000 digits"),
        pytest.param("a = " + "[" * 5000, id="5000 lists"),
        pytest.param("a = 2026-02-30", id="a day that is none"),
        pytest.param("a" + ".a" * 200_000 + " = 1", id="a key of 200,000 parts"),
        pytest.param('"a"' + '.  "a"' * 5000 + " = 1", id="a quoted key of 5000 parts"),
    ],
)
def test_what_would_break_the_parser_is_a_mistake_like_others(text: str) -> None:
    with pytest.raises(SyntaxFaultError):
        parse(text, ".toml")


def test_a_long_word_costs_no_more_than_its_length() -> None:
    word = "x" * 1_000_000
    assert parse(f'a = "{word}"', ".toml").tree == {"a": word}
