"""What would be compiled to something else is found, and nothing else is."""

import pytest

from compiling.refusing import visited_twice, worked_out_twice

DOING = [
    pytest.param("rest[send(rest):]", id="a call"),
    pytest.param("rest[:send(rest)]", id="a call, as the end"),
    pytest.param("rest[1:send(rest):2]", id="a call between"),
    pytest.param("rest[(n := send(rest)):n + 2]", id="a call that is named"),
    pytest.param("rest[len(rest) - send(rest):]", id="a call in a sum"),
    pytest.param("del rest[:first()]", id="what is deleted"),
    pytest.param("rest[first():] = more", id="what is changed"),
]
HARMLESS = ["x[1:]", "x[a:b + 1]", "x[len(y):]", "x[f()]", "y = f(x)"]


@pytest.mark.parametrize("source", DOING)
def test_a_bound_that_does_something_is_named_with_its_line(source: str) -> None:
    (found,) = worked_out_twice(f"pass\n{source}")
    assert found.startswith("line 2: rest[")


def test_so_is_one_that_is_awaited() -> None:
    source = "async def write(rest):\n    rest = rest[await send(rest):]"
    assert worked_out_twice(source) == ["line 2: rest[await send(rest):]"]


@pytest.mark.parametrize("source", HARMLESS)
def test_what_may_be_worked_out_twice_is_let_be(source: str) -> None:
    assert worked_out_twice(source) == []


ONCE = """\
static int
gateway_server___talk___Means_traverse(gateway_server___talk___MeansObject *self, visitproc visit, void *arg)
{
    Py_VISIT(self->_clients);
    if (CPyTagged_CheckLong(self->__size)) {
        Py_VISIT(CPyTagged_LongAsObject(self->__size));
    }
    Py_VISIT(self->__span.f0);
    Py_VISIT(self->__span.f1);
    int rv = 0;
    return rv;
}

static int
gateway_server___talk___Means_clear(gateway_server___talk___MeansObject *self)
{
    Py_CLEAR(self->_clients);
    Py_VISIT(self->_clients);
}
"""


def test_attributes_that_are_visited_once_are_as_they_should_be() -> None:
    assert visited_twice(ONCE) == []


def test_the_same_name_in_two_classes_is_two_attributes() -> None:
    assert visited_twice(ONCE + ONCE.replace("Means", "Talk")) == []


def test_an_attribute_that_is_visited_twice_is_named_with_its_class() -> None:
    line = "    Py_VISIT(self->_clients);\n"
    assert visited_twice(ONCE.replace(line, line * 2, 1)) == ["gateway_server.talk.Means: clients"]


def test_so_is_an_integer_and_a_part_of_a_tuple() -> None:
    size = "    Py_VISIT(CPyTagged_LongAsObject(self->__size));\n"
    span = "    Py_VISIT(self->__span.f1);\n"
    source = ONCE.replace(size, size * 2).replace(span, span * 2)
    assert visited_twice(source) == [
        "gateway_server.talk.Means: _size",
        "gateway_server.talk.Means: _span.f1",
    ]
