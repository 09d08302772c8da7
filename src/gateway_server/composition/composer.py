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

It ends soon after the client has left. Cancelled at any await, it gives back whatever it took.
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
            command.body,
        )
        machine = Composition(self._plans[command.route])
        outcome = await _Gathering(machine, command, self._ask).run(begun)
        if isinstance(outcome, Refusal):
            return NotComposed(outcome)
        return Composed(outcome.status, outcome.fields, outcome.body, outcome.reason)


class _Gathering:
    """Drives one composition. Its parts run at once, so each tells its own end.

    Whoever tells what lets another part be asked asks it: only what goes on beside has a
    task of its own.
    """

    def __init__(self, machine: Composition, command: Compose, ask: Ask) -> None:
        self._machine = machine
        self._route, self._consumer, self._told = command.route, command.consumer, command.told
        self._ask = ask
        self._asking: dict[Call, PartClient] = {}
        self._nursery: trio.Nursery | None = None
        self._outcome: Answer | Refusal | None = None

    async def run(self, begun: Begun) -> Answer | Refusal:
        machine = self._machine
        try:
            async with trio.open_nursery() as self._nursery:
                first = self._tell(begun)
                self._nursery.cancel_scope.deadline = trio_time(machine.until)
                await self._ask_on(first)
            if not machine.done:  # the time of the whole is over, and that of each part with it
                self._tell(Tick())
        finally:
            machine.receive(Abandoned(), now())
        assert self._outcome is not None, "a composition that ends gives an answer"
        return self._outcome

    def _tell(self, event: Event) -> AskPart | None:
        """Tell the machine, and do what it says, but for a part that the caller is to ask."""
        left: AskPart | None = None
        for command in self._machine.receive(event, now()):
            match command:
                case AskPart():
                    self._asking[command.call] = self._client(command)
                    if left is not None:
                        assert self._nursery is not None
                        self._nursery.start_soon(self._ask_on, left)
                    left = command
                case DropPart():
                    self._asking.pop(command.call).leave()
                case Give():
                    self._outcome = command.outcome
                case _:
                    assert_never(command)
        return left

    async def _ask_on(self, part: AskPart | None) -> None:
        """Ask `part`, then what its end lets be asked, until that is left to others."""
        while part is not None:
            part = await self._ask_part(part)

    async def _ask_part(self, command: AskPart) -> AskPart | None:
        """Ask, tell what came of it, and return what is to be asked next, here."""
        call, machine = command.call, self._machine
        client = self._asking.get(call)
        if client is None:
            return None  # dropped before its turn came
        name, until = part_route_name(self._route, call.part), machine.running[call]
        record: Record | None = None
        if until >= machine.until:
            record = await self._ask(client, name)
        else:
            with trio.CancelScope(deadline=trio_time(until)):
                record = await self._ask(client, name)
        if client.left:
            return None
        if record is None:  # its own time is over
            return self._tell(Tick())
        del self._asking[call]
        return self._tell(_ended(call, client, record))

    def _client(self, command: AskPart) -> PartClient:
        bound = self._machine.plan.named[command.call.part].body_max
        consumer, told = self._consumer, self._told
        return PartClient(command.head, command.body, bound, consumer=consumer, told=told)


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
