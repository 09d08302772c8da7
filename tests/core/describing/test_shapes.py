"""The table of what may stand where."""

from gateway_core.describing.reading import SECTIONS
from gateway_core.describing.shapes import SECTION_SHAPES, SHAPES


def test_whatever_the_table_names_is_in_it() -> None:
    inside = {each.shape for shape in SHAPES.values() for each in shape.members.values()}
    assert inside - {""} <= SHAPES.keys()
    assert SECTION_SHAPES.keys() == set(SECTIONS)


def test_what_speaks_of_other_ways_than_through_the_gateway_is_not_in_it() -> None:
    named = {name for shape in SHAPES.values() for name in shape.members}
    assert named.isdisjoint({"servers", "security", "callbacks", "links", "externalValue"})
