"""Each habit of an endpoint and of a client has the ending that it must have."""

import copy
import random
from dataclasses import replace

import pytest

from gateway_core.caching import CachePolicy
from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant
from gateway_core.exchange import Cache, Policies
from gateway_core.message import ResponseHead, value
from gateway_core.retrying import RetryRules
from gateway_core.roster import Lease
from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, World
from tests.exchanges import COMPOSING, ENDPOINT, POLICIES, get, protected

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


def test_what_is_stored_answers_who_asks_again_and_is_refreshed_by_an_exchange_of_nobody() -> None:
    caching = {"unbound": CachePolicy(stale_while_revalidate=60)}
    fleet = Fleet(World(random.Random(3)), replace(POLICIES, cache=Cache(), caching=caching))
    fleet.origin = lambda _request: ResponseHead(200, ((b"cache-control", b"max-age=9"),))
    for at in (0, 0, 20 * SECOND):
        fleet.world.at(Instant(at), lambda: fleet.request(get(b"/unbound")))
    fleet.world.run()
    assert [value(ending.fields, b"x-cache") for ending in fleet.endings] == [
        b"MISS",
        b"HIT",
        b"STALE",
        None,
    ]
    assert [ending.begun // SECOND for ending in fleet.endings[:3]] == [0, 0, 20]
    assert fleet.called.total() == 2


# Several endpoints, each in its own weather


def fleet_of(policies: Policies, *habits: EndpointHabits, **clients) -> Fleet:
    """A fleet whose endpoints have `habits`, in order; one request was made, and is over."""
    fleet = Fleet(World(random.Random(3)), policies, clients=ClientHabits(**clients))
    endpoints = policies.upstreams["service-a"].endpoints
    for endpoint, its in zip(endpoints, habits, strict=True):
        fleet.weather[endpoint.name] = [(Instant(0), its)]
    fleet.request(get(b"/unbound", method="PUT" if clients else "GET"))
    fleet.world.run()
    return fleet


TWO = protected().upstreams["service-a"].endpoints[:2]


def test_an_endpoint_behaves_as_its_weather_says() -> None:
    fleet = Fleet(World(random.Random(3)), POLICIES)
    fleet.weather = {ENDPOINT.name: [(Instant(5), EndpointHabits(refuses=ALWAYS))]}
    assert fleet.habits(ENDPOINT) == EndpointHabits()
    fleet.world.at(Instant(5), lambda: None)
    fleet.world.run()
    assert fleet.habits(ENDPOINT) == EndpointHabits(refuses=ALWAYS)


def test_what_one_endpoint_refuses_another_one_serves_body_and_all() -> None:
    policies = protected(endpoints=TWO, retries=RetryRules(tries=5), adaptive=None)
    resets = EndpointHabits(resets=ALWAYS)
    for habits in ((resets, EndpointHabits()), (EndpointHabits(), resets)):
        fleet = fleet_of(policies, *habits, body=(10, 20))
        assert (fleet.endings[0].status, fleet.endings[0].whole) == (200, True)
        assert fleet.exchanges[0].record.bytes_in == 30, "read once, however often it was sent"
        assert not fleet.running
        assert not fleet.calls


SLOW = EndpointHabits(think_max=Duration(12 * SECOND))
QUICK = EndpointHabits(think_max=Duration(MILLISECOND))


def hedged(first: EndpointHabits, second: EndpointHabits) -> Fleet:
    """A fleet of which an endpoint with the habits `first` was called, then one with `second`."""
    policies = protected(endpoints=TWO, retries=RetryRules(tries=1), per_try_timeout=None)
    called = policies.rosters["service-a"]
    twin = copy.deepcopy(called).take(b"", Instant(0))
    assert isinstance(twin, Lease)
    habits = (first, second) if twin.member.endpoint == TWO[0] else (second, first)
    return fleet_of(policies, *habits)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(QUICK, id="answers"),
        pytest.param(EndpointHabits(errs=ALWAYS), id="errs"),
        pytest.param(EndpointHabits(refuses=ALWAYS), id="refuses"),
    ],
)
def test_a_call_beside_a_slow_one_wins_if_it_is_answered_well(second: EndpointHabits) -> None:
    fleet = hedged(SLOW, second)
    assert (fleet.called.total(), fleet.endings[0].status) == (2, 200)
    assert fleet.exchanges[0].record.hedge == ("won" if second is QUICK else "lost")
    assert not fleet.calls


def test_a_call_that_is_quick_enough_has_none_beside_it() -> None:
    fleet = hedged(QUICK, QUICK)
    assert (fleet.called.total(), fleet.exchanges[0].record.hedge) == (1, "")


def test_an_interim_answer_passes_and_one_of_a_hedged_call_does_not() -> None:
    hints = EndpointHabits(hints=ALWAYS)
    plain = protected(endpoints=TWO, hedge_after=None)
    assert fleet_of(plain, hints, hints).endings[0].hints == 1
    assert hedged(hints, hints).endings[0].hints == 0
