"""Each habit of a service and of a client has the ending that it must have."""

import random

import pytest

from gateway_core.clock import MILLISECOND, Duration, seconds
from gateway_core.composition import Answer
from gateway_core.refusal import Refusal
from gateway_core.simulation import Gathered, Gathering, ServiceHabits, World
from tests.compositions import begun, optional, part, plan

ALWAYS = 1
PLAN = plan(part("a"), optional("b", "/{a.x || '1'}"), deadline=seconds(1))


def one(services: ServiceHabits, leaves: int = 0) -> tuple[Gathered, Gathering]:
    gathering = Gathering(World(random.Random(3)), PLAN, services, leaves)
    gathering.request(begun())
    gathering.world.run()
    return gathering.ended[0], gathering


@pytest.mark.parametrize(
    ("services", "status", "reason"),
    [
        pytest.param(ServiceHabits(fails=ALWAYS), 502, "upstream-reset", id="fails"),
        pytest.param(ServiceHabits(errs=ALWAYS), 502, "part-status", id="errs"),
        pytest.param(ServiceHabits(babbles=ALWAYS), 502, "part-not-json", id="babbles"),
        pytest.param(ServiceHabits(hangs=ALWAYS), 504, "part-timeout", id="hangs"),
    ],
)
def test_a_service_that_fails_fails_in_its_way(
    services: ServiceHabits, status: int, reason: str
) -> None:
    ending, gathering = one(services)
    assert isinstance(ending.outcome, Refusal)
    assert (ending.outcome.status, ending.outcome.reason) == (status, reason)
    assert not ending.running
    assert gathering.machines[0].done


def test_services_that_answer_make_an_answer() -> None:
    ending, _ = one(ServiceHabits(content={"x": 7}))
    assert isinstance(ending.outcome, Answer)
    assert ending.outcome.body == b'{"a":{"x":7},"b":{"x":7}}'
    assert ending.asked == 2


def test_a_client_that_leaves_has_no_answer_and_leaves_nothing_running() -> None:
    slow = ServiceHabits(think_max=Duration(10_000 * MILLISECOND), hangs=ALWAYS)
    ending, _ = one(slow, leaves=ALWAYS)
    assert ending.left
    assert ending.outcome is None
    assert not ending.running


def test_a_client_that_wanted_to_leave_and_was_quicker_answered_has_its_answer() -> None:
    gathering = Gathering(World(random.Random(3)), PLAN, leaves=ALWAYS)
    gathering.services = ServiceHabits(think_max=Duration(0))
    gathering.request(begun())
    gathering.world.run()
    assert isinstance(gathering.ended[0].outcome, Answer)
    assert not gathering.ended[0].left


def test_what_was_dropped_is_not_heard_of_any_more() -> None:
    slow = ServiceHabits(think_max=Duration(5_000 * MILLISECOND), content={"x": 1})
    ending, gathering = one(slow)
    assert isinstance(ending.outcome, Refusal)
    assert ending.outcome.status == 504
    assert [type(entry.event).__name__ for entry in gathering.world.journal.entries] == [
        "Begun",
        "Tick",
    ]
