"""Each habit of an endpoint and of a client has the ending that it must have."""

import random

import pytest

from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, World
from tests.exchanges import COMPOSING, POLICIES, get

ALWAYS = 1


def one(endpoints: EndpointHabits = EndpointHabits(), clients: ClientHabits = ClientHabits()):
    fleet = Fleet(World(random.Random(3)), POLICIES, endpoints, clients)
    fleet.request(get())
    fleet.world.run()
    (ending,) = fleet.endings
    return ending, fleet.exchanges[0].record


@pytest.mark.parametrize(
    ("habits", "status", "whole"),
    [
        pytest.param(EndpointHabits(), 200, True, id="well"),
        pytest.param(EndpointHabits(refuses=ALWAYS), 502, True, id="refuses"),
        pytest.param(EndpointHabits(resets=ALWAYS), 502, True, id="resets"),
        pytest.param(EndpointHabits(hints=ALWAYS), 200, True, id="hints"),
        pytest.param(EndpointHabits(swallows=ALWAYS), 504, True, id="swallows"),
        pytest.param(EndpointHabits(errs=ALWAYS), 503, True, id="errs"),
        pytest.param(EndpointHabits(breaks=ALWAYS), 200, False, id="breaks"),
        pytest.param(EndpointHabits(stalls=ALWAYS), 200, False, id="stalls"),
    ],
)
def test_what_an_endpoint_does(habits: EndpointHabits, status: int, whole: bool) -> None:
    ending, record = one(habits)
    assert (ending.status, ending.whole, ending.answers) == (status, whole, 1)
    assert record.status == status


def test_a_hint_comes_before_the_answer_and_is_none() -> None:
    ending, record = one(EndpointHabits(hints=ALWAYS))
    assert (ending.hints, ending.answers, record.status) == (1, 1, 200)


@pytest.mark.parametrize(
    ("habits", "status"),
    [
        pytest.param(ClientHabits(body=(40, 40)), 200, id="sends a body"),
        pytest.param(ClientHabits(body=(90, 90)), 413, id="sends too much"),
        pytest.param(ClientHabits(body=(1, 1), dawdles=ALWAYS), 408, id="dawdles"),
    ],
)
def test_what_a_client_does(habits: ClientHabits, status: int) -> None:
    ending, _ = one(clients=habits)
    assert ending.status == status


def test_a_client_that_leaves_has_no_answer_and_leaves_no_exchange() -> None:
    ending, record = one(EndpointHabits(swallows=ALWAYS), ClientHabits(leaves=ALWAYS, body=()))
    assert ending.left
    assert (ending.status, record.status) == (0, 499)


def test_a_client_whose_patience_outlasts_the_answer_has_it_whole() -> None:
    ending, _ = one(EndpointHabits(refuses=ALWAYS), ClientHabits(leaves=ALWAYS))
    assert ending.whole
    assert not ending.left


def test_a_fleet_has_no_parts_and_answers_a_composition_at_once() -> None:
    fleet = Fleet(World(random.Random(3)), COMPOSING)
    fleet.request(get(b"/detail/1"))
    (ending,) = fleet.endings
    assert (ending.status, ending.whole) == (200, True)
