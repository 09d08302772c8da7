"""Events and commands are values: equal, frozen, and cheap where they come per chunk."""

import dataclasses
import typing

import pytest

from gateway_core.exchange import Command
from gateway_core.exchange import vocabulary as v
from tests.interpreted import interpreted


@interpreted
@pytest.mark.parametrize("type_", typing.get_args(v.Event) + typing.get_args(Command))
def test_events_and_commands_cannot_be_changed(type_: type) -> None:
    if dataclasses.is_dataclass(type_):
        made = type_.__dataclass_params__  # type: ignore[attr-defined]
        assert made.frozen or made.unsafe_hash, "by `gateway_core.frozen`: see there who guards it"
        assert hasattr(type_, "__slots__")
    else:
        assert issubclass(type_, tuple)


def test_what_comes_with_every_piece_of_a_body_is_a_tuple() -> None:
    assert v.ResponseBodyRead(3) == (3,)
    assert v.RequestBodyRead(3).size == 3
