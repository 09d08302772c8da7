"""What is known of an expression before it is evaluated."""

import pytest

from gateway_core.composing.syntax import check_functions, copies, names, parse, references
from gateway_core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", {("a",)}),
        ("parts.a.b[0].c", {("parts", "a", "b")}),
        ("parts.a[*].b", {("parts", "a")}),
        ("a.b || c", {("a", "b"), ("c",)}),
        ("a && !b", {("a",), ("b",)}),
        ("a == `1`", {("a",)}),
        ("{x: a.b, y: [c, d]}", {("a", "b"), ("c",), ("d",)}),
        ("a | b", {("a",)}),
        ("a[?b == 'x'].c", {("a",)}),
        ("a.*.b", {("a",)}),
        ("a[].b", {("a",)}),
        ("a[1:2]", {("a",)}),
        ("a[::-1].{b: c}", {("a",)}),
        ("[::2]", {()}),
        ("a.[b, c]", {("a",)}),
        ("map(&b, a.c)", {("a", "c")}),
        ("length(keys(@))", {()}),
        ("@.parts.a", {()}),
        ("[0]", {()}),
        ("*.a", {()}),
        ('`{"a": 1}`', set()),
    ],
)
def test_an_expression_refers_to_the_names_that_begin_it(
    text: str, found: set[tuple[str, ...]]
) -> None:
    assert set(references(parse(text))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("a.b.c", ("a", "b", "c")), ("a", ("a",)), ("a.b[0]", ()), ("a.b || c", ()), ("a.[b]", ())],
)
def test_an_expression_that_only_names_a_member_is_known(text: str, found: tuple[str, ...]) -> None:
    assert names(parse(text)) == found


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("a.b[0].c", 1),
        ("[@, @]", 2),
        ("[@, @] | [@, @]", 4),
        ("a.[b, c].{d: e, f: g}", 4),
        ("a[*].{b: c, d: [e, f]}", 3),
        ("a[?b && c].d", 1),
        ("a.* | [@, @]", 2),
        ("map(&[@, @], [a, b])", 4),
        ("merge(a, a, a)", 3),
        ("not_null(a, b)", 2),
        ("`1`", 1),
        (" | ".join(["[@, @]"] * 100), 2**100),
    ],
)
def test_how_often_an_expression_says_its_input_again_is_bounded(text: str, times: int) -> None:
    assert copies(parse(text)) == times


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must not be empty"),
        ("a.b..c", "'a.b..c', character 5: '.' cannot stand here"),
        ("a.", "'a.', character 3: the end cannot stand here"),
        ("a ||", "'a ||', character 5: the expression is not complete"),
        ("a ~ b", "'a ~ b', character 3: Unknown token ~"),
        ("a 'x", "character 3: Unclosed ' delimiter"),
        ("(" * 5000 + "a" + ")" * 5000, "nests too deep"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse(text)
    assert problem in told.value.problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a || nosuch(b)", "character 6: there is no function 'nosuch'"),
        ("length()", "character 1: length() takes 1 arguments, not 0"),
        ("length(a, b)", "character 1: length() takes 1 arguments, not 2"),
        ("[merge()]", "character 2: merge() takes 1 or more arguments, not 0"),
    ],
)
def test_a_function_that_cannot_be_called_is_told_before_it_is(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match="character") as told:
        check_functions(parse(text), text)
    assert problem in told.value.problem


def test_functions_may_take_many_arguments() -> None:
    check_functions(parse("merge(a, b, c) | join(', ', keys(@))"), "merge join keys")


@pytest.mark.parametrize("text", ["&a", "[&a]", "to_array(&a)", "not_null(b, &a)", "{a: &b}"])
def test_an_expression_that_is_not_applied_is_no_value(text: str) -> None:
    with pytest.raises(ConfigError, match="& stands for an argument"):
        check_functions(parse(text), text)


@pytest.mark.parametrize("text", ["sort_by(a, &b)", "map(&sum(b), a)", "a[1:2] | [::-1]"])
def test_expressions_that_are_applied_and_slices_are_taken(text: str) -> None:
    check_functions(parse(text), text)
    assert copies(parse(text)) >= 1
