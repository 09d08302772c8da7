"""Stored bodies in virtual time: read while they come, broken off, pushed out, and waited for."""

import random
from dataclasses import replace

import pytest

from gateway_core.caching import CachePolicy, Store
from gateway_core.clock import Duration
from gateway_core.exchange import Cache, Policies
from gateway_core.message import ResponseHead
from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, World
from gateway_core.simulation.shelving import PIECE_BYTES
from tests.exchanges import POLICIES, get

ALWAYS = 1
MINUTE = ((b"cache-control", b"max-age=60, stale-while-revalidate=60"),)


def caching(capacity: int = 100_000, **more) -> Policies:
    cache = Cache(Store(capacity))
    return replace(POLICIES, cache=cache, caching={"unbound": CachePolicy(**more)})


def fleet_of(habits: EndpointHabits = EndpointHabits(), policies: Policies | None = None) -> Fleet:
    fleet = Fleet(World(random.Random(3)), policies or caching(), habits)
    fleet.origin = lambda _request: ResponseHead(200, MINUTE)
    return fleet


def ask(fleet: Fleet, at: int = 0) -> None:
    fleet.world.at(fleet.world.now + at, lambda: fleet.request(get(b"/unbound/x")))


def endings(fleet: Fleet) -> list[tuple[int, bool, int]]:
    return [(ending.status, ending.whole, ending.body) for ending in fleet.endings]


WHOLE = (200, True, 3 * PIECE_BYTES)


def test_what_came_once_is_sent_to_all_who_ask_while_it_comes_and_afterwards() -> None:
    fleet = fleet_of()
    for at in (0, 1_000_000, 45_000_000, 3_000_000_000):
        ask(fleet, at)
    fleet.world.run()
    assert endings(fleet) == [WHOLE] * 4
    assert fleet.called.total() == 1
    (body,) = fleet.shelf.bodies.values()
    assert (body.pieces, body.whole, body.readers) == (3, True, 0)


@pytest.mark.parametrize("habits", [{"breaks": ALWAYS}, {"stalls": ALWAYS}], ids=str)
def test_what_broke_off_is_nobodys_whole_answer_and_is_not_kept(habits: dict[str, int]) -> None:
    fleet = fleet_of(EndpointHabits(**habits))
    ask(fleet)
    ask(fleet, 1_000_000)
    fleet.world.run()
    assert [(status, whole) for status, whole, _ in endings(fleet)] == [(200, False)] * 2
    assert fleet.shelf.bodies == {}
    assert fleet.policies.cache.store.stats.entries == 0


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param(caching(max_entry=1024), id="larger than an entry may be"),
        pytest.param(caching(capacity=3000), id="larger than there is room"),
    ],
)
def test_what_is_let_go_of_while_it_comes_still_reaches_who_reads_it(policies: Policies) -> None:
    fleet = fleet_of(policies=policies)
    ask(fleet)
    fleet.world.run()
    assert endings(fleet) == [WHOLE]
    assert fleet.shelf.bodies == {}


def test_what_is_let_go_of_and_nobody_reads_comes_no_further() -> None:
    fleet = fleet_of(EndpointHabits(pieces=100, think_max=Duration(1)))
    fleet.clients = ClientHabits(leaves=ALWAYS, patience_max=60_000_000)
    ask(fleet)
    fleet.world.run(until=100_000_000)
    assert fleet.endings[0].left
    (body,) = fleet.shelf.bodies.values()
    fleet.policies.cache.purge_all()
    fleet.world.run()
    assert body.pieces < 100
    assert body.readers == 0


def test_who_waits_and_leaves_waits_no_longer() -> None:
    fleet = fleet_of(EndpointHabits(swallows=ALWAYS))
    ask(fleet)
    ask(fleet)
    fleet.world.run(until=10_000_000)
    assert fleet.shelf.waiting == 1
    fleet.clients = ClientHabits(leaves=ALWAYS)
    ask(fleet)
    fleet.world.run(until=200_000_000)
    assert fleet.endings[2].left
    assert fleet.shelf.waiting == 1
    fleet.world.run()
    assert fleet.shelf.waiting == 0
    assert [ending.status for ending in fleet.endings[:2]] == [504, 504]


def test_what_is_stale_is_sent_while_a_newer_one_is_fetched_by_nobody() -> None:
    fleet = fleet_of()
    ask(fleet)
    ask(fleet, 70_000_000_000)
    fleet.world.run()
    assert fleet.called.total() == 2
    assert endings(fleet)[:2] == [WHOLE] * 2
    assert endings(fleet)[2] == (0, False, 0), "an exchange without a client is told nothing"


def test_a_body_that_was_let_go_of_before_it_was_read_breaks_the_answer() -> None:
    fleet = fleet_of()
    ask(fleet)
    fleet.world.run()
    fleet.shelf.bodies.clear()
    ask(fleet, 1)
    fleet.world.run()
    assert endings(fleet)[1] == (200, False, 0)
