"""Values that nobody changes: equal by what they hold, whole as keys, small."""

import copy
from dataclasses import fields, replace

from gateway_core.frozen import frozen


@frozen
class Pair:
    left: int
    right: bytes = b""


@frozen
class OtherPair:
    left: int
    right: bytes = b""


def test_values_are_equal_where_all_they_hold_is() -> None:
    assert Pair(1, b"x") == Pair(left=1, right=b"x")
    assert Pair(1, b"x") != Pair(1, b"y")
    assert Pair(1) != OtherPair(1)
    assert Pair(1) != (1, b"")


def test_equal_values_are_one_key() -> None:
    assert {Pair(1, b"x"): "here"}[Pair(1, b"x")] == "here"
    assert len({Pair(1), Pair(1), Pair(2)}) == 2


def test_they_are_dataclasses_as_any_other() -> None:
    assert [field.name for field in fields(Pair)] == ["left", "right"]  # type: ignore[arg-type]
    assert replace(Pair(1, b"x"), left=2) == Pair(2, b"x")  # type: ignore[type-var]
    assert copy.deepcopy(Pair(1)) == Pair(1)
    assert repr(Pair(1)) == "Pair(left=1, right=b'')"


def test_they_hold_nothing_but_their_fields() -> None:
    assert not hasattr(Pair(1), "__dict__")
