"""Expressions: what they compute, and what they may not cost."""

import copy
from typing import Any

import pytest

from gateway_core.composing.expressions import (
    CHARACTERS_MAX,
    Expression,
    Fault,
    is_false,
)
from gateway_core.composing.interpreting import Budget
from gateway_core.errors import ConfigError

SCOPE: dict[str, Any] = {
    "parts": {"p": {"name": "Lamp", "tags": ["a", "b"], "price": {"value": 3}}},
    "path": {"id": "1"},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("parts.p.name", "Lamp"),
        ("parts.p.nosuch.x", None),
        ("parts.p.name.x", None),
        ("path.id", "1"),
        ("parts.p.tags[1]", "b"),
        ("{n: parts.p.name, t: length(parts.p.tags)}", {"n": "Lamp", "t": 2}),
        ("parts.p.price.value > `2`", True),
        ("parts.nosuch || 'else'", "else"),
    ],
)
def test_an_expression_computes_what_jmespath_says(text: str, found: object) -> None:
    assert Expression.of(text).search(SCOPE, Budget()) == found


@pytest.mark.parametrize(
    "text", ["length(path.nosuch)", "sum(parts.p.tags)", "sort_by(parts.p.tags, &x)"]
)
def test_what_does_not_fit_the_data_is_a_fault_and_no_exception(text: str) -> None:
    assert Expression.of(text).search(SCOPE, Budget()) is Fault.MISFIT


@pytest.mark.parametrize("text", ["parts.p.name", "parts.p.tags[0]"])
def test_an_expression_ends_when_the_budget_is_spent(text: str) -> None:
    budget = Budget(4)
    expression = Expression.of(text)
    found = [expression.search(SCOPE, budget) for _ in range(3)]
    assert found[-1] is Fault.ENDLESS


def test_an_expression_that_explodes_is_refused_when_it_is_compiled() -> None:
    with pytest.raises(ConfigError, match="more than 256 times"):
        Expression.of(" | ".join(["[@, @]"] * 9))
    with pytest.raises(ConfigError, match=f"at most {CHARACTERS_MAX} characters"):
        Expression.of("a" * (CHARACTERS_MAX + 1))


def test_the_place_of_a_name_is_told_even_where_the_name_is_hidden_in_another() -> None:
    expression = Expression.of("aa || a.b")
    assert expression.place("a") == "'aa || a.b', character 7"
    assert expression.place("nosuch") == "'aa || a.b'"


def test_expressions_of_one_text_are_equal_and_can_be_copied() -> None:
    one = Expression.of("a[?b].c")
    assert copy.deepcopy(one) == one == Expression.of("a[?b].c")
    assert one != Expression.of("a[?b].d")


@pytest.mark.parametrize("document", [None, False, "", [], {}])
def test_jmespath_takes_what_is_empty_for_false(document: Any) -> None:
    assert is_false(document)


@pytest.mark.parametrize("document", [0, 0.0, True, "x", [None], {"a": None}])
def test_jmespath_takes_all_else_for_true_zero_included(document: Any) -> None:
    assert not is_false(document)
