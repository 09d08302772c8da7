"""The one shape of everything that lives over time."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from .clock import Instant

E_contra = TypeVar("E_contra", contravariant=True)
C_co = TypeVar("C_co", covariant=True)


class Tick(NamedTuple):
    """The machine's deadline has come. An early Tick is harmless."""


class Machine(Protocol[E_contra, C_co]):
    """Events in, commands out, one deadline. No I/O, no clock, no randomness.

    Laws (each a property test over every machine, in `tests/core/test_machine.py`):

    1. `receive` never waits, does bounded work, and raises for nothing that a
       peer can cause.
    2. `now` never goes back between calls.
    3. A `Tick` before `deadline` changes nothing and commands nothing.
    4. Once `done`, `deadline` is NEVER and every event commands nothing.
    5. The state is plain data: `copy.deepcopy(m) == m`, and the copy, told the
       same, commands the same.
    """

    @property
    def deadline(self) -> Instant: ...

    @property
    def done(self) -> bool: ...

    def receive(self, event: E_contra, now: Instant) -> Sequence[C_co]: ...
