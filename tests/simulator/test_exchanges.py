"""Hundreds of exchanges against a failing fleet, in milliseconds, from a seed."""

import random

import pytest

from gateway_core.clock import NEVER, SECOND, Instant
from gateway_core.exchange import Exchange
from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, World, replay
from tests.exchanges import POLICIES, get

BAD_DAY = EndpointHabits(refuses=9, resets=9, swallows=20, errs=9, breaks=15, stalls=40)
IMPATIENT = ClientHabits(leaves=6, dawdles=50, body=(10, 20, 30))
REQUESTS = 300


def bad_day(seed: int) -> Fleet:
    fleet = Fleet(World(random.Random(seed)), POLICIES, BAD_DAY, IMPATIENT)
    for _ in range(REQUESTS):
        when = Instant(fleet.world.dice.randrange(10 * SECOND))
        fleet.world.at(when, lambda: fleet.request(get(method="POST")))
    fleet.world.run()
    return fleet


@pytest.mark.parametrize("seed", range(20))
def test_every_client_that_stayed_has_exactly_one_answer_and_every_exchange_ends(seed: int) -> None:
    fleet = bad_day(seed)
    assert len(fleet.endings) == REQUESTS
    for ending, exchange in zip(fleet.endings, fleet.exchanges, strict=True):
        assert exchange.done
        assert exchange.deadline == NEVER
        assert ending.answers == 1 or (ending.left and ending.answers == 0)
        if ending.whole:
            assert exchange.record.status == ending.status
    statuses = {ending.status for ending in fleet.endings}
    assert {0, 200, 408, 502, 503, 504} <= statuses


def test_the_same_seed_writes_the_same_journal() -> None:
    assert str(bad_day(7).world.journal) == str(bad_day(7).world.journal)
    assert str(bad_day(7).world.journal) != str(bad_day(8).world.journal)


def test_a_journal_can_be_replayed_exchange_by_exchange() -> None:
    fleet = bad_day(5)
    for number, exchange in enumerate(fleet.exchanges[:50]):
        entries = fleet.world.journal.of(f"x{number}")
        twin = Exchange(POLICIES)
        commands = replay([(entry.now, entry.event) for entry in entries], twin)  # type: ignore[misc]
        assert commands == [entry.commands for entry in entries]
        assert twin == exchange
