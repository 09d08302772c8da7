"""One simulated call: each habit has its outcome, and a call that was cancelled says nothing."""

import random

import pytest

from gateway_core.clock import MILLISECOND, Duration, Instant
from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.message import ResponseHead
from gateway_core.simulation import Call, EndpointHabits, World
from gateway_core.simulation.calls import Upload
from tests.exchanges import ENDPOINT

ALWAYS = 1


class Caller:
    """Makes calls, and keeps what it hears."""

    def __init__(self, habits: EndpointHabits, pieces=(), *, gives: bool = True) -> None:
        self.world = World(random.Random(1))
        self.habits, self.pieces, self.gives = habits, pieces, gives
        self.calls: list[Call] = []
        self.stages: list[Stage] = []
        self.outcomes: list[object] = []
        self.hints = 0

    def begin(self) -> Call:
        upload = Upload(self.pieces, self.stages.append, lambda _: self.gives)
        call = Call(
            self.world, self.calls, ENDPOINT, self.habits, upload, self.outcomes.append, self.hint
        )
        call.connect()
        return call

    def hint(self):
        self.hints += 1
        return lambda: None


@pytest.mark.parametrize(
    ("habits", "outcome", "stages"),
    [
        pytest.param(EndpointHabits(), 200, 2, id="well"),
        pytest.param(EndpointHabits(errs=ALWAYS), 503, 2, id="errs"),
        pytest.param(EndpointHabits(hints=ALWAYS), 200, 2, id="hints"),
        pytest.param(EndpointHabits(refuses=ALWAYS), FailureKind.REFUSED, 0, id="refuses"),
        pytest.param(EndpointHabits(resets=ALWAYS), FailureKind.RESET, 2, id="resets"),
        pytest.param(EndpointHabits(swallows=ALWAYS), None, 2, id="swallows"),
    ],
)
def test_each_habit_has_its_outcome(habits: EndpointHabits, outcome, stages: int) -> None:
    caller = Caller(habits, (10, 20))
    call = caller.begin()
    caller.world.run()
    heard = [each.status if isinstance(each, ResponseHead) else each for each in caller.outcomes]
    assert heard == ([] if outcome is None else [outcome])
    assert caller.stages == [Stage.SENDING, Stage.SENT][:stages]
    assert caller.hints == habits.hints
    assert call.over is (outcome is not None)
    assert len(caller.calls) == (outcome is None)


def test_a_client_that_gives_no_more_leaves_the_call_hanging() -> None:
    caller = Caller(EndpointHabits(), (10,), gives=False)
    caller.begin()
    caller.world.run()
    assert (caller.outcomes, caller.stages) == ([], [Stage.SENDING])


@pytest.mark.parametrize("when", [0, 1, 3, 20])
def test_a_call_that_was_cancelled_says_nothing_more(when: int) -> None:
    caller = Caller(EndpointHabits(hints=ALWAYS), (10,))
    call = caller.begin()
    caller.world.run(until=Instant(when * MILLISECOND))
    heard = len(caller.stages)
    call.cancel()
    call.cancel()
    caller.world.run()
    assert (caller.outcomes, caller.calls, len(caller.stages)) == ([], [], heard)


def test_a_service_that_has_more_than_it_bears_takes_longer() -> None:
    caller = Caller(EndpointHabits(bears=2, think_max=Duration(10 * MILLISECOND)))
    for _ in range(40):
        caller.begin()
    caller.world.run()
    assert len(caller.outcomes) == 40
    assert caller.world.now > 50 * MILLISECOND
