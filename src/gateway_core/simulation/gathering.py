"""Services that fail in every way, and clients that leave: performers of a composition.

Chances are "one in so many", as everywhere in this package.
"""

from dataclasses import dataclass, field

from ..chance import Dice, one_in
from ..clock import MILLISECOND, Duration
from ..composing import Document, Flaw, Plan
from ..composition import (
    Abandoned,
    Answer,
    AskPart,
    Begun,
    Call,
    Command,
    Composition,
    DropPart,
    Event,
    PartAnswered,
    PartFailed,
)
from ..refusal import Refusal
from .conversation import Conversation, Reply
from .world import World


@dataclass(frozen=True, slots=True)
class ServiceHabits:
    """How the services behind all parts behave."""

    fails: int = 0
    errs: int = 0
    """Answers 500."""
    babbles: int = 0
    """Answers what is no document."""
    hangs: int = 0
    think_max: Duration = Duration(40 * MILLISECOND)
    content: Document = None
    """What it answers else."""


@dataclass(slots=True)
class Gathered:
    """How one composition ended for its client."""

    outcome: Answer | Refusal | None = None
    left: bool = False
    asked: int = 0
    running: set[Call] = field(default_factory=set[Call])
    """What is being asked still: empty once it is over."""


@dataclass(slots=True)
class Gathering:
    """Runs compositions in a world, and keeps how each ended."""

    world: World
    plan: Plan
    services: ServiceHabits = ServiceHabits()
    leaves: int = 0
    """Clients that leave before they are answered, one in so many."""
    patience_max: Duration = Duration(100 * MILLISECOND)
    ended: list[Gathered] = field(default_factory=list[Gathered])
    machines: list[Composition] = field(default_factory=list[Composition])

    def request(self, begun: Begun) -> None:
        """Let a client ask now."""
        machine, ending = Composition(self.plan), Gathered()
        talk = _Talk(self.world, self.services, f"c{len(self.ended)}", machine, ending)
        self.machines.append(machine)
        self.ended.append(ending)
        talk.conversation.begin(begun)
        if self.leaves and one_in(self.world.dice, self.leaves):
            wait = self.world.dice.randrange(self.patience_max + 1)
            self.world.soon(wait, talk.leave)


class _Talk:
    """Performs the commands of one composition."""

    def __init__(
        self,
        world: World,
        services: ServiceHabits,
        name: str,
        machine: Composition,
        ending: Gathered,
    ) -> None:
        self._world, self._services, self._ending = world, services, ending
        self.conversation: Conversation[Event, Command] = Conversation(
            world, name, machine, self._perform
        )

    def leave(self) -> None:
        if not self.conversation.machine.done:
            self._ending.left = True
            self.conversation.tell(Abandoned())

    def _perform(self, command: Command, _reply: Reply[Event]) -> None:
        if isinstance(command, AskPart):
            self._ask(command.call)
        elif isinstance(command, DropPart):
            self._ending.running.remove(command.call)
        else:
            assert self._ending.outcome is None, "a client is answered once"
            self._ending.outcome = command.outcome

    def _ask(self, call: Call) -> None:
        self._ending.asked += 1
        self._ending.running.add(call)
        event = self._event(call, self._world.dice)
        if event is not None:
            wait = self._world.dice.randrange(self._services.think_max + 1)
            self._world.soon(wait, lambda: self._end(call, event))

    def _end(self, call: Call, event: Event) -> None:
        """Many parts run at once: each ends for itself, beside the others."""
        if call in self._ending.running:
            self._ending.running.remove(call)
            self.conversation.tell(event)

    def _event(self, call: Call, dice: Dice) -> Event | None:
        services = self._services
        if services.hangs and one_in(dice, services.hangs):
            return None
        if services.fails and one_in(dice, services.fails):
            return PartFailed(call, 502, "upstream-reset")
        if services.errs and one_in(dice, services.errs):
            return PartAnswered(call, 500)
        if services.babbles and one_in(dice, services.babbles):
            return PartAnswered(call, 200, Flaw.NOT_JSON, 10)
        return PartAnswered(call, 200, services.content, 10)
