"""Carries compositions out: parts as children of one nursery, each by its own exchange."""

from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeAlias, assert_never

import trio

from gateway_core.composing import part_route_name
from gateway_core.composition import (
    Abandoned,
    Answer,
    AskPart,
    Begun,
    Call,
    Command,
    Composition,
    DropPart,
    Event,
    Give,
    PartAnswered,
    PartFailed,
)
from gateway_core.exchange import Compose, Composed, NotComposed, Policies, Record
from gateway_core.machine import Tick
from gateway_core.refusal import Refusal

from ..drive import trio_time
from ..timers import now
from .part_client import PartClient

Ask: TypeAlias = Callable[[PartClient, str], Awaitable[Record]]
"""Carries out an exchange for a part, on the route of that name; returns its record.

Cancelled at any await, it gives back whatever it took.
"""

Compositor: TypeAlias = Callable[[Compose], Awaitable[Composed | NotComposed]]
"""Answers by composition; what `Composer.compose` is."""

_PASSED_ON: Final = frozenset({b"retry-after", b"proxy-status"})


def nobody_composes(command: Compose) -> NoReturn:
    """Stand in where nothing is composed: for a part, say."""
    raise AssertionError(f"{command} where nobody composes")


class Composer:
    """Answers by composition what the routes of `policies` compose."""

    def __init__(self, policies: Policies, ask: Ask) -> None:
        self._plans = policies.compositions
        self._ask = ask

    async def compose(self, command: Compose) -> Composed | NotComposed:
        """Ask all parts, and return what they make. Cancelled, it cancels all of them."""
        begun = Begun(
            command.head,
            command.params,
            command.client,
            command.request_id,
            command.consumer,
            command.claims,
        )
        machine = Composition(self._plans[command.route])
        outcome = await _Gathering(machine, command, self._ask).run(begun)
        if isinstance(outcome, Refusal):
            return NotComposed(outcome)
        return Composed(outcome.status, outcome.fields, outcome.body, outcome.reason)


class _Gathering:
    """Drives one composition. Its parts run at once, so each tells its own end."""

    def __init__(self, machine: Composition, command: Compose, ask: Ask) -> None:
        self._machine = machine
        self._route, self._consumer, self._told = command.route, command.consumer, command.told
        self._ask = ask
        self._limits = {part.name: part.body_max for part in machine.plan.parts}
        self._asking: dict[Call, trio.CancelScope] = {}
        self._waiting = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._outcome: Answer | Refusal | None = None

    async def run(self, begun: Begun) -> Answer | Refusal:
        machine = self._machine
        try:
            async with trio.open_nursery() as self._nursery:
                self._tell(begun)
                while not machine.done:
                    with trio.CancelScope(deadline=trio_time(machine.deadline)) as self._waiting:
                        await trio.sleep_forever()
                    self._tell(Tick())
        finally:
            machine.receive(Abandoned(), now())
        assert self._outcome is not None, "a composition that ends gives an answer"
        return self._outcome

    def _tell(self, event: Event) -> None:
        machine = self._machine
        for command in machine.receive(event, now()):
            self._perform(command)
        if machine.done:
            self._waiting.cancel()
        else:
            self._waiting.deadline = trio_time(machine.deadline)

    def _perform(self, command: Command) -> None:
        match command:
            case AskPart():
                assert self._nursery is not None
                scope = self._asking[command.call] = trio.CancelScope()
                self._nursery.start_soon(self._ask_part, command, scope)
            case DropPart():
                self._asking.pop(command.call).cancel()
            case Give():
                self._outcome = command.outcome
            case _:
                assert_never(command)

    async def _ask_part(self, command: AskPart, scope: trio.CancelScope) -> None:
        call = command.call
        bound = self._limits[call.part]
        head, body, consumer, told = command.head, command.body, self._consumer, self._told
        client = PartClient(head, body, bound, consumer=consumer, told=told)
        with scope:
            record = await self._ask(client, part_route_name(self._route, call.part))
            if self._asking.pop(call, None) is not None:  # else it was dropped as it ended
                self._tell(_ended(call, client, record))


def _ended(call: Call, client: PartClient, record: Record) -> PartAnswered | PartFailed:
    """Return how the exchange of a part ended."""
    head = client.answer
    if head is not None and client.flaw is not None:
        return PartAnswered(call, head.status, client.flaw, client.size)
    answered = head is not None and client.ended
    # A reason stands for an end of our own making; an answer in its stead is an answer.
    if head is None or not answered or (record.reason and head.status >= 300):
        told = head.fields if head is not None else ()
        fields = tuple(line for line in told if line[0] in _PASSED_ON)
        return PartFailed(call, record.status, record.reason, fields)
    content = client.document if 200 <= head.status < 300 else None
    return PartAnswered(call, head.status, content, client.size)
