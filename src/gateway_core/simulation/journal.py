"""A journal of what machines were told and what they commanded; and its replay."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from ..clock import Instant
from ..machine import Machine

E = TypeVar("E")
C = TypeVar("C")


class Entry(NamedTuple):
    now: Instant
    machine: str
    """The name of the machine in its world."""
    event: object
    commands: tuple[object, ...]

    def __str__(self) -> str:
        said = ", ".join(repr(command) for command in self.commands)
        return f"{self.now} {self.machine}: {self.event!r} -> {said or 'nothing'}"


@dataclass(slots=True)
class Journal:
    entries: list[Entry] = field(default_factory=list[Entry])

    def note(self, entry: Entry) -> None:
        self.entries.append(entry)

    def of(self, machine: str) -> list[Entry]:
        """Return the entries of one machine, in order."""
        return [entry for entry in self.entries if entry.machine == machine]

    def __str__(self) -> str:
        return "".join(f"{entry}\n" for entry in self.entries)


def replay(told: Sequence[tuple[Instant, E]], machine: Machine[E, C]) -> list[tuple[C, ...]]:
    """Tell `machine` what another was told, and return what it commanded each time."""
    return [tuple(machine.receive(event, now)) for now, event in told]
