"""Run a machine under Trio.

One task performs what the machine commands; whatever else happens meanwhile is
told by `tell`, from within a command or from another task. Time-outs, progress
and clients that leave are thus one mechanism:

- the machine's deadline is the scope's: when it comes, what is being performed
  is cancelled, and the machine hears Tick;
- what a `tell` commands, or a `tell` that ends the machine, overtakes: what is
  being performed is cancelled, and its answer, if it still comes, is dropped.
  Whoever performs owns what it opened, and closes it;
- what is met in the middle of a command and needs a word without ending it is asked
  by `consult`: whoever asks performs what the machine says to it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import trio

from gateway_core.clock import NEVER, SECOND, Instant
from gateway_core.machine import Machine, Tick

from .timers import Alarm, now

E = TypeVar("E")
C = TypeVar("C")

_LATE: Final = 500
"""Nanoseconds that a scope outlasts its deadline, so that a float's rounding never makes it early."""


def trio_time(instant: Instant) -> float:
    """Return the deadline of a cancel scope that ends at `instant`."""
    return float("inf") if instant >= NEVER else (instant + _LATE) / SECOND


class Driver(Generic[E, C]):
    """Feeds one machine until it is done.

    `perform` carries out one command and returns the event in which it ended,
    or None. A machine waits for one command at a time: the last of a batch.
    `abandoned` is what the machine hears if the driver itself is cancelled, so
    that whatever the machine took is given back.
    """

    __slots__ = ("_abandoned", "_machine", "_overtaking", "_perform", "_scope", "clock")

    def __init__(
        self,
        machine: Machine[E | Tick, C],
        perform: Callable[[C], Awaitable[E | None]],
        abandoned: E,
        clock: Callable[[], Instant] = now,
    ) -> None:
        self._machine = machine
        self._perform = perform
        self._abandoned = abandoned
        self.clock = clock
        self._scope: trio.CancelScope | None = None
        self._overtaking: Sequence[C] | None = None

    async def run(self, first: E) -> None:
        """Tell `first`, and go on until the machine is done and its last command performed."""
        machine = self._machine
        try:
            commands = machine.receive(first, self.clock())
            while commands or not machine.done:
                commands = await self._perform_on(commands)
        finally:
            if not machine.done:
                machine.receive(self._abandoned, self.clock())

    def tell(self, event: E) -> None:
        """Tell the machine what happened beside the command being performed."""
        machine = self._machine
        if machine.done:
            return
        commands = machine.receive(event, self.clock())
        scope = self._scope
        if commands or machine.done:
            self._overtaking = [*(self._overtaking or ()), *commands]
            if scope is not None:
                scope.cancel()
        elif scope is not None:
            scope.deadline = trio_time(machine.deadline)

    def consult(self, event: E) -> Sequence[C]:
        """Tell the machine what the command being performed has met; return what it says.

        The caller performs that as a part of the command, which goes on.
        """
        machine = self._machine
        if machine.done:
            return ()
        commands = machine.receive(event, self.clock())
        assert not machine.done, "to be consulted ends no machine"
        if self._scope is not None:
            self._scope.deadline = trio_time(machine.deadline)
        return commands

    async def _perform_on(self, commands: Sequence[C]) -> Sequence[C]:
        """Perform `commands` and what follows, until something overtakes; return what to do then.

        One scope serves for as long as nothing ends it: to open one costs more than to move
        its deadline.
        """
        machine = self._machine
        answer: E | None = None
        with trio.CancelScope(deadline=trio_time(machine.deadline)) as scope:
            self._scope = scope
            while True:
                answer = None
                for command in commands:
                    assert answer is None, "a machine waits for the last command of a batch"
                    answer = await self._perform(command)
                if answer is None and not machine.done:
                    await trio.sleep_forever()
                if answer is None or self._overtaking is not None or scope.cancel_called:
                    break
                commands = machine.receive(answer, self.clock())
                if not commands and machine.done:
                    answer = None
                    break
                scope.deadline = trio_time(machine.deadline)
        self._scope = None
        overtaking, self._overtaking = self._overtaking, None
        if overtaking is not None:
            return overtaking
        return machine.receive(Tick() if answer is None else answer, self.clock())


class Interruptible(Protocol):
    """Whose task a lane's driver runs in. See `front.contract.Lane`."""

    def interrupt(self) -> None: ...
    @property
    def alarm(self) -> Alarm: ...


class LaneDriver(Generic[E, C]):
    """The same rules, for a connection that serves one machine after the other.

    It opens no scope and sets no timer: the lane's `interrupt` cancels what the connection's
    task is in the middle of, whereupon that task calls `drive` again; the lane's alarm
    looks whenever the deadline lies earlier than it is armed for, and whoever keeps the
    time calls `tick` once it has come.
    """

    __slots__ = ("_alarm", "_awaited", "_commands", "_lane", "_machine", "overtaking")

    def __init__(
        self, machine: Machine[E | Tick, C], lane: Interruptible, awaited: Callable[[C], bool]
    ) -> None:
        """`awaited`: whether the machine waits for what a command ends in."""
        self._machine = machine
        self._lane = lane
        self._awaited = awaited
        self._alarm = lane.alarm
        self._commands: Sequence[C] | None = None
        """What `drive` begins with; None where it was called already."""
        self.overtaking: Sequence[C] | None = None
        """What is commanded by what was told meanwhile: `drive` goes on with that."""

    def tell_first(self, event: E) -> Sequence[C]:
        """Tell what it begins with; return what is commanded.

        `drive` performs that, unless it could be performed at once, and the machine is done.
        """
        self._commands = commands = self._machine.receive(event, self._alarm.now())
        return commands

    def begin_with(self, commands: Sequence[C]) -> None:
        """Have `drive` begin with what is left of what `tell_first` returned."""
        self._commands = commands

    async def drive(self, perform: Callable[[C], Awaitable[E | None]]) -> None:
        """Perform `_commands`, or go on after an interruption; return once all is performed.

        `perform` is not held on to: a circle of the two would outlive each request until the
        collector came by.
        """
        machine, alarm = self._machine, self._alarm
        now = alarm.now
        commands, self._commands = self._commands, None
        if commands is not None and self.overtaking is not None:
            self.overtaking = [*self._left_of(commands), *self.overtaking]
            commands = None
            await trio.lowlevel.checkpoint()  # interrupted here, unless told so already
        if commands is None:
            # Whatever else cancels the lane would lose the command that was being performed.
            assert self.overtaking is not None, "interrupted, and nothing overtook"
            commands, self.overtaking = self.overtaking, None
        while True:
            if machine.deadline < alarm.armed_for:
                alarm.look()
            answer: E | None = None
            for command in commands:
                answer = await perform(command)
            if self.overtaking is not None:
                # Interrupted, and not told so yet, since nothing was awaited meanwhile.
                await trio.lowlevel.checkpoint()
            if machine.done:
                return
            while answer is None:
                await trio.sleep_forever()
            commands = machine.receive(answer, now())

    def tell(self, event: E | Tick) -> None:
        """Tell the machine what happened beside the command being performed."""
        machine = self._machine
        if machine.done:
            return
        commands = machine.receive(event, self._alarm.now())
        if commands or machine.done:
            self.overtaking = [*self._left_of(self.overtaking or ()), *commands]
            self._lane.interrupt()
        elif machine.deadline < self._alarm.armed_for:
            self._alarm.look()

    def _left_of(self, commands: Sequence[C]) -> Sequence[C]:
        """Return what is still to be performed of what was overtaken before it began.

        Not what the machine waited for: nothing would end that, and nobody hear of it.
        """
        return [command for command in commands if not self._awaited(command)]

    def consult(self, event: E) -> Sequence[C]:
        """See `Driver.consult`."""
        machine = self._machine
        if machine.done:
            return ()
        commands = machine.receive(event, self._alarm.now())
        assert not machine.done, "to be consulted ends no machine"
        if machine.deadline < self._alarm.armed_for:
            self._alarm.look()
        return commands

    def tick(self) -> None:
        """Tell that the deadline has come."""
        self.tell(Tick())

    def abandon(self, event: E) -> None:
        """Tell the machine, which will not be driven on, why."""
        if not self._machine.done:
            self._machine.receive(event, self._alarm.now())
