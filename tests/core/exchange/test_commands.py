"""Each command says how it ends."""

import re
import typing

import pytest

from gateway_core.exchange import AWAITED, Command
from tests.interpreted import interpreted


@interpreted
@pytest.mark.parametrize("command", typing.get_args(Command))
def test_a_command_says_in_what_it_ends_or_of_which_one_it_is_a_part(command: type) -> None:
    assert command.__doc__ is not None
    assert re.search(r"Ends in [A-Z]|Ends in nothing|Ends the exchange|Part of a", command.__doc__)


@interpreted
@pytest.mark.parametrize("command", typing.get_args(Command))
def test_a_command_that_ends_in_an_event_is_awaited(command: type) -> None:
    assert command.__doc__ is not None
    assert bool(re.search(r"Ends in [A-Z]", command.__doc__)) is (command in AWAITED)
