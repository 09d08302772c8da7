"""The driver: answers, deadlines, what is told beside a command, and being cancelled itself."""

from dataclasses import dataclass, field

import pytest
import trio

from gateway_core.clock import NEVER, Instant, after, seconds
from gateway_core.machine import Tick
from gateway_server.drive import Driver, LaneDriver, trio_time
from gateway_server.timers import Timers, now


@dataclass
class Notes:
    """A machine that notes what it hears, and commands what it was told to."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    """event -> commands"""
    waits: dict[str, float] = field(default_factory=dict)
    """event -> seconds from then to the deadline"""
    heard: list[tuple[float, str]] = field(default_factory=list)
    deadline: Instant = NEVER
    done: bool = False
    began: Instant = field(default_factory=now)

    def receive(self, event: str | Tick, at: Instant) -> list[str]:
        if self.done:
            return []
        word = "tick" if isinstance(event, Tick) else event
        self.heard.append((round((at - self.began) / 1e9, 3), word))
        if word in self.waits:
            self.deadline = after(at, seconds(self.waits[word]))
        if word in ("end", "left"):
            self.done, self.deadline = True, NEVER
        return self.answers.get(word, [])


class Stage:
    """Performs: `sleep:N:EVENT` sleeps and answers, anything else is noted and answers nothing."""

    def __init__(self, machine: Notes) -> None:
        self.done: list[str] = []
        self.cancelled: list[str] = []
        self.driver: Driver[str, str] = Driver(machine, self.perform, "left")

    async def perform(self, command: str) -> str | None:
        try:
            if command.startswith("sleep:"):
                _, wait, event = command.split(":")
                await trio.sleep(float(wait))
                self.done.append(command)
                return event
        except trio.Cancelled:
            self.cancelled.append(command)
            raise
        self.done.append(command)
        return None


async def test_the_answer_of_a_command_is_the_next_event(autojump_clock) -> None:
    machine = Notes({"go": ["note", "sleep:2:more"], "more": ["sleep:1:end"]})
    stage = Stage(machine)
    await stage.driver.run("go")
    assert machine.heard == [(0.0, "go"), (2.0, "more"), (3.0, "end")]
    assert stage.done == ["note", "sleep:2:more", "sleep:1:end"]


async def test_the_deadline_cancels_what_is_performed_and_is_told_as_tick(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:10:late"], "tick": ["sleep:1:end"]}, waits={"go": 2})
    machine.waits["tick"] = 100
    stage = Stage(machine)
    await stage.driver.run("go")
    assert machine.heard == [(0.0, "go"), (2.0, "tick"), (3.0, "end")]
    assert stage.cancelled == ["sleep:10:late"]


async def test_the_commands_of_the_last_event_are_performed_though_the_machine_is_done(
    autojump_clock,
) -> None:
    machine = Notes({"go": ["sleep:1:end"], "end": ["goodbye"]})
    stage = Stage(machine)
    await stage.driver.run("go")
    assert stage.done == ["sleep:1:end", "goodbye"]


async def test_progress_that_commands_nothing_only_moves_the_deadline(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:end"]}, waits={"go": 2, "progress": 4})
    stage = Stage(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.driver.run, "go")
        await trio.sleep(1.5)
        stage.driver.tell("progress")
    assert machine.heard == [(0.0, "go"), (1.5, "progress"), (5.0, "end")]


async def test_what_a_tell_commands_overtakes_and_the_old_answer_is_dropped(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"], "stop": ["sleep:1:end"]})
    stage = Stage(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.driver.run, "go")
        await trio.sleep(1)
        stage.driver.tell("stop")
    assert machine.heard == [(0.0, "go"), (1.0, "stop"), (2.0, "end")]
    assert stage.cancelled == ["sleep:5:late"]


async def test_an_answer_that_comes_with_the_overtaking_event_is_dropped(autojump_clock) -> None:
    machine = Notes({"go": ["both"], "stop": ["sleep:1:end"]})
    stage = Stage(machine)

    async def both(command: str) -> str | None:
        if command != "both":
            return await stage.perform(command)
        stage.driver.tell("stop")
        return "late"

    stage.driver = Driver(machine, both, "left")
    await stage.driver.run("go")
    assert [word for _, word in machine.heard] == ["go", "stop", "end"]


async def test_a_tell_that_ends_the_machine_ends_the_drive(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"]})
    stage = Stage(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.driver.run, "go")
        await trio.sleep(1)
        stage.driver.tell("left")
        stage.driver.tell("more")
    assert machine.heard == [(0.0, "go"), (1.0, "left")]
    assert trio.current_time() - machine.began / 1e9 == pytest.approx(1.0)


async def test_what_ends_before_the_drive_began_is_never_driven(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"]})
    stage = Stage(machine)
    stage.driver.tell("left")
    await stage.driver.run("go")
    assert machine.heard == [(0.0, "left")]
    assert stage.done == []


async def test_a_tell_during_the_last_command_does_not_disturb_it(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:1:end"], "end": ["sleep:1:none"]})
    stage = Stage(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.driver.run, "go")
        await trio.sleep(1.5)
        stage.driver.tell("left")
    assert stage.done == ["sleep:1:end", "sleep:1:none"]


async def test_a_cancelled_driver_tells_the_machine_that_it_was_abandoned(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"]})
    stage = Stage(machine)
    with trio.move_on_after(1):
        await stage.driver.run("go")
    assert machine.heard == [(0.0, "go"), (1.0, "left")]
    assert machine.done


async def test_a_performer_that_breaks_leaves_no_machine_behind(autojump_clock) -> None:
    machine = Notes({"go": ["boom"]})

    async def perform(command: str) -> str | None:
        raise ValueError(command)

    with pytest.raises(ValueError, match="boom"):
        await Driver(machine, perform, "left").run("go")
    assert machine.done


async def test_a_scope_never_ends_before_the_deadline_that_it_was_given(autojump_clock) -> None:
    for _ in range(200):
        deadline = after(now(), 12_345_678_901)
        with trio.CancelScope(deadline=trio_time(deadline)):
            await trio.sleep_forever()
        assert now() >= deadline


def test_a_deadline_of_never_is_no_deadline() -> None:
    assert trio_time(NEVER) == float("inf")


# The lane: the same rules without a scope and a timer of its own.


class Lane:
    """What a connection does around its driver: one scope, entered again when interrupted."""

    def __init__(self, machine: Notes) -> None:
        self.machine = machine
        self.timers = Timers()
        self.alarm = self.timers.alarm(lambda: machine.deadline, lambda: self.driver.tick())
        self.scope = trio.CancelScope()
        self.stage = Stage(machine)
        self.perform = self.stage.perform
        self.driver: LaneDriver[str, str] = LaneDriver(
            machine, self, lambda command: command.startswith("sleep:")
        )
        self.interruptions = 0
        self.told_first = lambda: None
        """What happens between the first event and the task's turn."""

    def interrupt(self) -> None:
        self.scope.cancel()

    async def run(self, first: str) -> None:
        self.driver.tell_first(first)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.timers.run)
            while True:
                with trio.CancelScope() as self.scope:
                    told_first, self.told_first = self.told_first, lambda: None
                    told_first()
                    await self.driver.drive(self.perform)
                    break
                self.interruptions += 1
            nursery.cancel_scope.cancel()


async def test_a_lane_goes_from_answer_to_answer_without_an_interruption(autojump_clock) -> None:
    machine = Notes({"go": ["note", "sleep:2:more"], "more": ["sleep:1:end"], "end": ["bye"]})
    lane = Lane(machine)
    await lane.run("go")
    assert machine.heard == [(0.0, "go"), (2.0, "more"), (3.0, "end")]
    assert lane.stage.done == ["note", "sleep:2:more", "sleep:1:end", "bye"]
    assert lane.interruptions == 0


async def test_a_deadline_interrupts_a_lane(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:10:late"], "tick": ["sleep:1:end"]}, {"go": 2, "tick": 100})
    lane = Lane(machine)
    await lane.run("go")
    assert machine.heard == [(0.0, "go"), (2.0, "tick"), (3.0, "end")]
    assert lane.stage.cancelled == ["sleep:10:late"]
    assert lane.interruptions == 1


async def test_progress_moves_a_lane_s_deadline_and_interrupts_nothing(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:end"]}, {"go": 2, "progress": 4})
    lane = Lane(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.run, "go")
        await trio.sleep(1.5)
        lane.driver.tell("progress")
    assert machine.heard == [(0.0, "go"), (1.5, "progress"), (5.0, "end")]
    assert lane.interruptions == 0


async def test_what_overtakes_in_a_lane_is_performed_after_the_interruption(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"], "stop": ["sleep:1:end"], "end": ["bye"]})
    lane = Lane(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.run, "go")
        await trio.sleep(1)
        lane.driver.tell("stop")
    assert machine.heard == [(0.0, "go"), (1.0, "stop"), (2.0, "end")]
    assert lane.stage.done == ["sleep:1:end", "bye"]


async def test_what_overtakes_before_a_lane_has_begun_is_performed_in_place_of_the_wait(
    autojump_clock,
) -> None:
    machine = Notes({"go": ["note", "sleep:5:late"], "stop": ["sleep:1:end"], "end": ["bye"]})
    lane = Lane(machine)
    lane.told_first = lambda: lane.driver.tell("stop")
    await lane.run("go")
    assert machine.heard == [(0.0, "go"), (0.0, "stop"), (1.0, "end")]
    assert lane.stage.done == ["note", "sleep:1:end", "bye"]
    assert lane.interruptions == 1


@pytest.mark.parametrize(
    ("then", "done"), [("stop", ["note", "cut", "sleep:1:end"]), ("left", ["note", "cut"])]
)
async def test_what_overtook_and_is_overtaken_itself_before_it_began_waits_for_nothing(
    then, done, autojump_clock
) -> None:
    """As of a retry that is due, whose client leaves, or whose time is up, in the same turn."""
    machine = Notes(
        {"go": ["note", "sleep:5:late"], "retry": ["cut", "sleep:7:late"], "stop": ["sleep:1:end"]}
    )
    lane = Lane(machine)

    def tell_both() -> None:
        lane.driver.tell("retry")
        lane.driver.tell(then)

    lane.told_first = tell_both
    began = trio.current_time()
    await lane.run("go")
    assert lane.stage.done == done
    assert trio.current_time() - began < 2


async def test_what_overtook_is_performed_likewise_where_its_interruption_was_met_before(
    autojump_clock,
) -> None:
    machine = Notes({"go": ["note", "sleep:5:late"], "stop": ["sleep:1:end"], "end": ["bye"]})
    lane = Lane(machine)
    lane.driver.tell_first("go")
    lane.driver.tell("stop")  # interrupts a scope that nothing is in
    await lane.driver.drive(lane.perform)
    assert machine.heard == [(0.0, "go"), (0.0, "stop"), (1.0, "end")]
    assert lane.stage.done == ["note", "sleep:1:end", "bye"]


async def test_an_answer_that_comes_with_the_interruption_is_dropped(autojump_clock) -> None:
    machine = Notes({"go": ["both"], "stop": ["sleep:1:end"]})
    lane = Lane(machine)

    async def both(command: str) -> str | None:
        if command != "both":
            return await lane.stage.perform(command)
        lane.driver.tell("stop")
        return "late"

    lane.perform = both
    await lane.run("go")
    assert [word for _, word in machine.heard] == ["go", "stop", "end"]
    assert lane.interruptions == 1


async def test_a_tell_that_ends_a_machine_frees_its_lane(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"]})
    lane = Lane(machine)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane.run, "go")
        await trio.sleep(1)
        lane.driver.tell("left")
        lane.driver.tell("more")
    assert machine.heard == [(0.0, "go"), (1.0, "left")]


async def test_a_lane_that_ends_tells_its_machine(autojump_clock) -> None:
    machine = Notes({"go": ["sleep:5:late"]})
    lane = Lane(machine)
    with trio.move_on_after(1):
        await lane.run("go")
    assert not machine.done
    lane.driver.abandon("left")
    lane.driver.abandon("left")
    assert [word for _, word in machine.heard] == ["go", "left"]


# To be consulted in the middle of a command.


async def test_who_consults_performs_what_is_said_and_its_command_goes_on(autojump_clock) -> None:
    machine = Notes({"go": ["both"], "met": ["do that"]}, {"go": 5, "met": 20})
    stage = Stage(machine)
    said: list[str] = []

    async def both(command: str) -> str | None:
        await trio.sleep(4)
        said.extend(driver.consult("met"))
        await trio.sleep(10)
        return "end"

    driver: Driver[str, str] = Driver(machine, both, "left")
    assert list(driver.consult("met")) == ["do that"], "before it runs there is no scope to move"
    await driver.run("go")
    assert machine.heard[1:] == [(0.0, "go"), (4.0, "met"), (14.0, "end")]
    assert said == ["do that"]
    assert stage.done == []
    assert list(driver.consult("met")) == [], "the machine is done"


async def test_to_be_consulted_may_bring_a_deadline_nearer(autojump_clock) -> None:
    machine = Notes({"go": ["both"], "tick": ["sleep:0:end"]}, {"go": 100, "met": 2, "tick": 50})

    async def both(command: str) -> str | None:
        if command == "both":
            driver.consult("met")
            await trio.sleep(60)
        return "end"

    driver: Driver[str, str] = Driver(machine, both, "left")
    await driver.run("go")
    assert machine.heard == [(0.0, "go"), (0.0, "met"), (2.0, "tick"), (2.0, "end")]


async def test_a_lane_is_consulted_alike(autojump_clock) -> None:
    machine = Notes(
        {"go": ["both"], "met": ["do that"], "tick": ["note", "sleep:0:end"]},
        {"go": 100, "met": 2, "tick": 50},
    )
    lane = Lane(machine)
    said: list[str] = []

    async def both(command: str) -> str | None:
        if command != "both":
            return await lane.stage.perform(command)
        said.extend(lane.driver.consult("met"))
        await trio.sleep(60)
        return "late"

    lane.perform = both
    await lane.run("go")
    assert machine.heard == [(0.0, "go"), (0.0, "met"), (2.0, "tick"), (2.0, "end")]
    assert said == ["do that"]
    assert lane.interruptions == 1
    assert list(lane.driver.consult("met")) == []
