"""Thousands of compositions over failing services, in virtual time, from a seed."""

import random

import pytest

from gateway_core.clock import MILLISECOND, NEVER, SECOND, Duration, Instant, seconds
from gateway_core.composing import Expression
from gateway_core.composition import Answer, Composition
from gateway_core.refusal import Refusal
from gateway_core.simulation import Gathering, ServiceHabits, World, replay
from tests.compositions import begun, optional, part, plan

CONTENT = {"x": 1, "items": [{"n": 1}, {"n": 2}, {"n": 3}]}
PLAN = plan(
    part("a", "/{id}"),
    optional("b", "/{a.x}", default=0, timeout=Duration(30 * MILLISECOND)),
    optional("c", "/{item.n}", each=Expression.of("a.items"), parallel=2, default=-1),
    deadline=seconds(0.1),
)
BAD_DAY = ServiceHabits(fails=12, errs=12, babbles=20, hangs=15, content=CONTENT)
REQUESTS = 1000


def bad_day(seed: int) -> Gathering:
    gathering = Gathering(World(random.Random(seed)), PLAN, BAD_DAY, leaves=9)
    for _ in range(REQUESTS):
        when = Instant(gathering.world.dice.randrange(SECOND))
        gathering.world.at(when, lambda: gathering.request(begun()))
    gathering.world.run()
    return gathering


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_at_once_each_end_in_time_and_leave_nothing_running(seed: int) -> None:
    gathering = bad_day(seed)
    assert len(gathering.ended) == REQUESTS
    kinds = set[object]()
    for number, (ending, machine) in enumerate(
        zip(gathering.ended, gathering.machines, strict=True)
    ):
        assert machine.done
        assert machine.deadline == NEVER
        assert not ending.running
        assert not machine.running
        assert (ending.outcome is None) == ending.left
        entries = gathering.world.journal.of(f"c{number}")
        assert entries[-1].now - entries[0].now <= PLAN.deadline
        if isinstance(ending.outcome, Answer):
            kinds.add(ending.outcome.reason)
        elif isinstance(ending.outcome, Refusal):
            kinds.add(ending.outcome.status)
    assert {"", "incomplete-part-timeout", "incomplete-part-status", 502, 504} <= kinds


def test_the_same_seed_writes_the_same_journal() -> None:
    assert str(bad_day(7).world.journal) == str(bad_day(7).world.journal)


def test_a_journal_can_be_replayed_composition_by_composition() -> None:
    gathering = bad_day(5)
    for number, machine in enumerate(gathering.machines[:50]):
        entries = gathering.world.journal.of(f"c{number}")
        twin = Composition(PLAN)
        commands = replay([(entry.now, entry.event) for entry in entries], twin)  # type: ignore[misc]
        assert commands == [entry.commands for entry in entries]
        assert twin == machine


def test_parallel_parts_cost_the_slowest_and_not_the_sum() -> None:
    parts = [part(f"p{number}") for number in range(20)]
    services = ServiceHabits(think_max=Duration(100 * MILLISECOND))
    gathering = Gathering(World(random.Random(1)), plan(*parts), services)
    gathering.request(begun())
    gathering.world.run()
    told = [entry.now for entry in gathering.world.journal.entries]
    assert 0 < told[-1] <= 100 * MILLISECOND
    assert sum(told) > 800 * MILLISECOND
