"""A budget of steps, and texts of bounded size."""

from typing import Any

import pytest

from gateway_core.composing.interpreting import TEXT_MAX, Budget, EndlessError, Interpreter
from gateway_core.composing.syntax import parse


def search(text: str, scope: Any, budget: Budget | None = None) -> object:
    return Interpreter(budget or Budget()).visit(parse(text), scope)


def test_steps_are_counted_over_all_that_one_budget_pays_for() -> None:
    budget = Budget(1000)
    for _ in range(3):
        assert search("a[*].b", {"a": [{"b": 1}] * 10}, budget) == [1] * 10
    assert 900 < budget.steps < 970


def test_a_long_list_costs_what_it_takes_to_make_it() -> None:
    budget = Budget()
    search("a[]", {"a": [list(range(16_000))]}, budget)
    assert budget.steps < 50_000 - 1000


def test_no_list_however_long_is_worked_on_for_ever() -> None:
    with pytest.raises(EndlessError):
        search("a[*].b", {"a": [{"b": 1}] * 100_000})


def test_a_joined_text_is_bounded_before_it_is_made() -> None:
    assert search("join('-', a)", {"a": ["x", "y"]}) == "x-y"
    with pytest.raises(EndlessError):
        search("join(b, a)", {"a": ["x"] * 2000, "b": "y" * 1000})


def test_a_written_document_is_bounded_before_it_is_made() -> None:
    doubled: object = "x" * 1000
    for _ in range(12):
        doubled = [doubled, doubled]
    with pytest.raises(EndlessError):
        search("to_string(a)", {"a": doubled})
    assert search("to_string(a)", {"a": [1]}) == "[1]"
    assert search("to_string(a)", {"a": "x" * TEXT_MAX}) == "x" * TEXT_MAX


@pytest.mark.parametrize("text", ["join(a, b)", "join('x', a)"])
def test_arguments_that_do_not_fit_are_left_to_the_function(text: str) -> None:
    with pytest.raises(ValueError, match="invalid type"):
        search(text, {"a": 1, "b": ["x"]})
