"""Shapes: objects of expressions."""

import pytest

from gateway_core.composing.expressions import Fault
from gateway_core.composing.interpreting import Budget
from gateway_core.composing.shape import NESTING_MAX, Misfit, Shape, Wanted
from gateway_core.errors import ConfigError


def test_a_shape_is_filled_in_the_order_in_which_it_is_written() -> None:
    shape = Shape.of({"z": "a.b", "inner": {"y": "nosuch"}, "all": "[a.b, a.b]"})
    document = shape.fill({"a": {"b": 1}}, Budget())
    assert document == {"z": 1, "inner": {"y": None}, "all": [1, 1]}
    assert isinstance(document, dict)
    assert list(document) == ["z", "inner", "all"]


def test_an_expression_alone_is_a_shape() -> None:
    assert Shape.of("a").fill({"a": [1]}, Budget()) == [1]
    assert Shape.of({}).fill({}, Budget()) == {}


def test_what_does_not_fit_is_told_with_the_names_that_lead_there() -> None:
    shape = Shape.of({"a": {"b": "length(x)"}})
    assert shape.fill({"x": 1}, Budget()) == Misfit("a.b", Fault.MISFIT)
    assert Shape.of({"a": "length(x)"}).fill({"x": 1}, Budget()) == Misfit("a", Fault.MISFIT)
    assert Shape.of("x").fill({"x": 1}, Budget(0)) == Misfit("", Fault.ENDLESS)


def test_a_mistake_has_the_names_that_lead_there_as_its_path() -> None:
    with pytest.raises(ConfigError) as told:
        Shape.of({"a": {"b": "x."}})
    assert told.value.path == "a.b"
    deep: Wanted = "a"
    for _ in range(NESTING_MAX + 1):
        deep = {"a": deep}
    with pytest.raises(ConfigError, match="within each other"):
        Shape.of(deep)


def test_a_shape_knows_what_its_expressions_refer_to_and_may_repeat() -> None:
    shape = Shape.of({"x": "a.b", "y": {"z": "[c, c]"}})
    assert shape.references == {("a", "b"), ("c",)}
    assert [place for place, _ in shape.expressions] == ["x", "y.z"]
    assert [place for place, _ in Shape.of("a").expressions] == [""]
    assert shape.copies == 3
