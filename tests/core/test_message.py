"""Heads and their field lines."""

import pytest

from gateway_core.message import FieldEdits, Fields, members, value, values

COOKIES: Fields = ((b"set-cookie", b"a=1"), (b"server", b"x"), (b"set-cookie", b"b=2"))


def test_values_keep_order_and_duplicates() -> None:
    assert values(COOKIES, b"set-cookie") == [b"a=1", b"b=2"]
    assert values(COOKIES, b"date") == []


def test_value_is_the_first_line_s() -> None:
    assert value(COOKIES, b"set-cookie") == b"a=1"
    assert value(COOKIES, b"date") is None


def test_members_of_a_list_field_span_its_lines_and_skip_empty_ones() -> None:
    fields = ((b"connection", b"close, ,\tte "), (b"x", b"no"), (b"connection", b"foo,"))
    assert list(members(fields, b"connection")) == [b"close", b"te", b"foo"]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(FieldEdits(), COOKIES, id="nothing"),
        pytest.param(
            FieldEdits(remove=frozenset({b"set-cookie"})), ((b"server", b"x"),), id="remove"
        ),
        pytest.param(
            FieldEdits(set=((b"set-cookie", b"c=3"),)),
            ((b"server", b"x"), (b"set-cookie", b"c=3")),
            id="set replaces every line of the name",
        ),
        pytest.param(
            FieldEdits(add=((b"server", b"y"),)), (*COOKIES, (b"server", b"y")), id="add keeps"
        ),
        pytest.param(
            FieldEdits(frozenset({b"x"}), ((b"x", b"1"),), ((b"x", b"2"),)),
            (*COOKIES, (b"x", b"1"), (b"x", b"2")),
            id="remove, then set, then add",
        ),
    ],
)
def test_edits(edits: FieldEdits, expected: Fields) -> None:
    assert edits.apply(COOKIES) == expected


def test_edits_that_do_nothing_cost_nothing() -> None:
    assert FieldEdits().apply(COOKIES) is COOKIES
