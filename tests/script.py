"""A script: what a machine is told, and what it must command, in the order of events."""

from __future__ import annotations

import difflib
from typing import Generic, TypeVar

from gateway_core.clock import Instant, seconds
from gateway_core.machine import Machine, Tick

E = TypeVar("E")
C = TypeVar("C")


class Script(Generic[E, C]):
    """`at(seconds, event, *commands)`, a line each. Plain calls, no operator tricks."""

    def __init__(self, machine: Machine[E | Tick, C]) -> None:
        self.machine = machine
        self._past: list[str] = []

    def at(self, when: float, event: E | Tick, *expected: C) -> Script[E, C]:
        got = list(self.machine.receive(event, Instant(seconds(when))))
        if got != list(expected):
            diff = difflib.ndiff([f"<- {c}" for c in expected], [f"<- {c}" for c in got])
            raise AssertionError("\n".join([*self._past, f"{when}s -> {event}", *diff]))
        self._past += [f"{when}s -> {event}", *(f"      <- {command}" for command in got)]
        return self
