"""What an exchange says to whoever keeps bodies is plain, comparable data."""

import copy

import pytest

from gateway_core.caching import BodyId
from gateway_core.clock import seconds
from gateway_core.coalescing import FlightId
from gateway_core.exchange import AwaitFlight, FlightLanded, KeepBody, Refresh, SendStored
from gateway_core.exchange.commands import Command
from gateway_core.exchange.vocabulary import Event
from gateway_core.message import ResponseHead

SAID: list[object] = [
    AwaitFlight(FlightId(1)),
    KeepBody(BodyId(1), 10, seconds(1)),
    SendStored(ResponseHead(200, ()), BodyId(1), 0, 10),
    Refresh("an exchange"),
    FlightLanded(),
]


@pytest.mark.parametrize("said", SAID, ids=lambda said: type(said).__name__)
def test_what_is_said_can_be_copied_and_compared(said: object) -> None:
    assert copy.deepcopy(said) == said
    assert isinstance(said, Command | Event)
