"""What is said in other words does the same, once, and only where it has to be said so."""

import ast

import pytest

from compiling.rewording import opened, reworded

DOING = [
    pytest.param("rest[send(rest):]", id="a call"),
    pytest.param("rest[:send(rest)]", id="a call, as the end"),
    pytest.param("rest[1:send(rest):2]", id="a call between"),
    pytest.param("rest[(n := send(rest)):n + 2]", id="a call that is named"),
    pytest.param("rest[len(rest) - send(rest):]", id="a call in a sum"),
]


@pytest.mark.parametrize("expression", DOING)
def test_a_bound_that_does_something_is_worked_out_as_an_argument(expression: str) -> None:
    written = reworded(expression)
    assert "slice(" in written
    assert not any(isinstance(x, ast.Slice) for x in ast.walk(ast.parse(written)))
    done: list[bytes] = []

    def send(data: bytes) -> int:
        done.append(data)
        return 3

    rest = memoryview(b"abcdef")
    expected = eval(expression, {"rest": rest, "send": send})
    assert eval(written, {"rest": rest, "send": send}) == expected
    assert len(done) == 2, "once each"


def test_an_awaited_bound_is_worked_out_as_an_argument() -> None:
    source = "async def write(rest):\n    rest = rest[await send(rest):]\n"
    assert "rest[slice(await send(rest), None, None)]" in reworded(source)


def test_a_part_that_is_changed_or_deleted_is_named_by_the_same_words() -> None:
    names = {"seen": [1, 2, 3, 4], "first": lambda: 2}
    exec(reworded("del seen[:first()]\nseen[first():] = [9]"), names)
    assert names["seen"] == [3, 4, 9]


@pytest.mark.parametrize(
    "source", ["x[1:]\n", "x[ a : b+1 ]\n", "x[len(y):]  # as it was\n", "x[f()]\n", "y = f(x)\n"]
)
def test_what_is_compiled_as_it_is_meant_stays_as_it_is_written(source: str) -> None:
    assert reworded(source) == source


def test_classes_that_are_inherited_from_outside_say_so_to_the_compiler_alone() -> None:
    source = "from abc import ABC\n\nclass A(ABC):\n    pass\n\nclass B:\n    pass\n"
    written = opened(source, {"A"})
    assert written.count("@mypyc_attr(allow_interpreted_subclasses=True)\nclass A(ABC)") == 1
    assert "if TYPE_CHECKING:\n    from mypy_extensions import mypyc_attr" in written
    assert "class B:\n" in written
    assert opened(source, {"C"}) == source
