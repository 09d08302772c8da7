"""A machine in virtual time is driven by the real driver's rules."""

import random
from dataclasses import dataclass, field

from gateway_core.clock import NEVER, Instant, after
from gateway_core.machine import Tick
from gateway_core.simulation import Conversation, World


@dataclass
class Notes:
    """Notes what it hears; answers and waits as told."""

    answers: dict[str, list[str]]
    waits: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[int, str]] = field(default_factory=list)
    deadline: Instant = NEVER
    done: bool = False

    def receive(self, event: str | Tick, now: Instant) -> list[str]:
        word = "tick" if isinstance(event, Tick) else event
        self.heard.append((now, word))
        if word in self.waits:
            self.deadline = after(now, self.waits[word])
        if word == "end":
            self.done, self.deadline = True, NEVER
        return self.answers.get(word, [])


def talk(machine: Notes, *told: tuple[int, str]) -> World:
    """`reply:N:EVENT` replies after N; `told` is told beside."""
    world = World(random.Random(0))

    def perform(command: str, reply) -> None:
        _, wait, event = command.split(":")
        world.soon(int(wait), lambda: reply(event))

    conversation: Conversation[str, str] = Conversation(world, "m", machine, perform)
    for when, event in told:
        world.at(Instant(when), lambda event=event: conversation.tell(event))
    conversation.begin("go")
    world.run()
    return world


def test_a_reply_is_the_next_event() -> None:
    machine = Notes({"go": ["reply:3:end"]})
    world = talk(machine)
    assert machine.heard == [(0, "go"), (3, "end")]
    assert str(world.journal) == "0 m: 'go' -> 'reply:3:end'\n3 m: 'end' -> nothing\n"


def test_the_deadline_overtakes_and_the_late_reply_is_dropped() -> None:
    machine = Notes({"go": ["reply:9:late"], "tick": ["reply:9:end"]}, {"go": 5, "tick": 100})
    talk(machine)
    assert machine.heard == [(0, "go"), (5, "tick"), (14, "end")]


def test_a_tell_that_commands_overtakes() -> None:
    machine = Notes({"go": ["reply:9:late"], "stop": ["reply:1:end"]})
    talk(machine, (4, "stop"), (50, "more"))
    assert machine.heard == [(0, "go"), (4, "stop"), (5, "end")]


def test_a_tell_that_commands_nothing_moves_the_deadline_alone() -> None:
    machine = Notes({"go": ["reply:9:end"]}, {"go": 5, "progress": 20})
    talk(machine, (4, "progress"))
    assert machine.heard == [(0, "go"), (4, "progress"), (9, "end")]


def test_a_tell_that_ends_the_machine_drops_the_reply() -> None:
    machine = Notes({"go": ["reply:9:late"]})
    talk(machine, (4, "end"))
    assert machine.heard == [(0, "go"), (4, "end")]


def test_a_deadline_is_told_once_though_it_was_noted_twice() -> None:
    machine = Notes({"go": ["reply:50:end"]}, {"go": 5, "progress": 3, "tick": NEVER})
    talk(machine, (2, "progress"))
    assert machine.heard == [(0, "go"), (2, "progress"), (5, "tick"), (50, "end")][:3]
    assert not machine.done


def test_who_consults_is_told_and_overtakes_nothing() -> None:
    machine = Notes({"go": ["reply:9:end"], "met": ["do that"]}, {"go": 99, "met": 50})
    world = World(random.Random(0))
    said: list[str] = []

    def perform(command: str, reply) -> None:
        world.soon(3, lambda: said.extend(conversation.consult("met")))
        world.soon(9, lambda: reply("end"))
        world.soon(12, lambda: said.extend(conversation.consult("met")))

    conversation: Conversation[str, str] = Conversation(world, "m", machine, perform)
    conversation.begin("go")
    world.run()
    assert machine.heard == [(0, "go"), (3, "met"), (9, "end")]
    assert said == ["do that"], "once it is done, nothing is said any more"
