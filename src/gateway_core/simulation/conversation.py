"""One machine driven in virtual time, by the rules of the real driver.

What is told beside a command, and commands something or ends the machine,
overtakes: the answer of the overtaken command is dropped when it comes. The
deadline overtakes likewise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from ..clock import NEVER
from ..machine import Machine, Tick
from .journal import Entry
from .world import World

E = TypeVar("E")
C = TypeVar("C")

Reply: TypeAlias = Callable[[E], None]
"""Tells how a command ended; too late, it says nothing."""


@dataclass(slots=True)
class Conversation(Generic[E, C]):
    """Drives `machine`; `perform` starts a command, and may reply at once, later or never."""

    world: World
    name: str
    machine: Machine[E | Tick, C]
    perform: Callable[[C, Reply[E]], None]
    _turn: int = 0
    """Counts what the machine was told with effect; an answer to an older turn is late."""

    def begin(self, first: E) -> None:
        """Tell the machine the first event."""
        self._receive(first)

    def tell(self, event: E) -> None:
        """Tell what happened beside the command being performed."""
        if not self.machine.done:
            commands = self._note(event)
            if commands or self.machine.done:
                self._perform(commands)
            else:
                self._watch_deadline()

    def consult(self, event: E) -> Sequence[C]:
        """Tell what the command being performed has met; return what is said to it."""
        if self.machine.done:
            return ()
        commands = self._note(event)
        self._watch_deadline()
        return commands

    def _receive(self, event: E | Tick) -> None:
        self._perform(self._note(event))

    def _note(self, event: E | Tick) -> Sequence[C]:
        now = self.world.now
        commands = self.machine.receive(event, now)
        self.world.journal.note(Entry(now, self.name, event, tuple(commands)))
        return commands

    def _perform(self, commands: Sequence[C]) -> None:
        self._turn += 1
        turn = self._turn

        def reply(event: E) -> None:
            if turn == self._turn and not self.machine.done:
                self._receive(event)

        self._watch_deadline()
        for command in commands:
            self.perform(command, reply)

    def _watch_deadline(self) -> None:
        deadline = self.machine.deadline
        if deadline < NEVER:
            self.world.at(max(deadline, self.world.now), self._on_deadline)

    def _on_deadline(self) -> None:
        # Deadlines move; only one that has come, and still stands, is told.
        if not self.machine.done and self.machine.deadline <= self.world.now:
            self._receive(Tick())
