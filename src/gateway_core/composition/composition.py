"""One answer out of many: asks what can be asked, takes what comes, answers once.

    NEW --begun--> GATHERING --all there, or one that must be is lost--> DONE
                       |                                                  ^
                       +------------ deadline, or nobody waits -----------+

All that waits for nothing is asked at once; every answer may let others be asked. A
required part that fails ends it all: its siblings are dropped, and the failure is the
answer. An optional one gives its default. When the deadline comes, what is not there has
failed in that way.

The machine sees documents, not bytes: whoever performs it reads a body, bounded, and by
`composing.read_document`.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from ..clock import NEVER, Instant, after
from ..composing import Budget, Document, Fault, Flaw, Part, Plan, is_false
from ..machine import Tick
from ..refusal import Refusal
from .answering import compose, refuse
from .asking import ask
from .failures import PartFailure, ended, fatal, judged, timed_out, unaskable
from .series import Series
from .vocabulary import (
    Abandoned,
    AskPart,
    Begun,
    Call,
    Command,
    DropPart,
    Event,
    Give,
    PartAnswered,
    PartFailed,
)


class Phase(enum.Enum):
    NEW = "new"
    GATHERING = "gathering"
    DONE = "done"


MOVES: Final = frozenset(
    {(Phase.NEW, Phase.GATHERING), (Phase.NEW, Phase.DONE), (Phase.GATHERING, Phase.DONE)}
)


@dataclass(slots=True)
class Composition:
    """One composed answer. See the module's diagram."""

    plan: Plan
    phase: Phase = Phase.NEW
    values: dict[str, Document] = field(default_factory=dict[str, Document])
    """What the parts stand for, those that are settled."""
    failures: list[PartFailure] = field(default_factory=list[PartFailure])
    """Of optional parts, as they came."""
    running: dict[Call, Instant] = field(default_factory=dict[Call, Instant])
    """What is being asked, and until when."""
    _begun: Begun | None = None
    _scope: dict[str, Document] = field(default_factory=dict[str, Document])
    _series: dict[str, Series] = field(default_factory=dict[str, Series])
    """The parts that were asked, and are not settled."""
    _budget: Budget = field(default_factory=Budget)
    _size: int = 0
    _until: Instant = NEVER

    @property
    def done(self) -> bool:
        return self.phase is Phase.DONE

    @property
    def deadline(self) -> Instant:
        """When to say Tick: that of the whole, or of the request that may wait least."""
        if self.phase is Phase.DONE:
            return NEVER
        return min(self.running.values(), default=self._until)

    @property
    def until(self) -> Instant:
        """When the time of the whole is over, once it has begun."""
        return self._until

    def receive(self, event: Event, now: Instant) -> Sequence[Command]:
        """Take `event` in, and say what to do."""
        if self.phase is Phase.DONE:
            return ()
        match event:
            case Begun():
                return self._on_begun(event, now)
            case PartAnswered():
                return self._on_answer(event, now)
            case PartFailed():
                return self._on_end(event.call, ended(event), now)
            case Abandoned():
                return self._finish()
            case Tick():
                return self._on_deadline(now)
            case _:
                assert_never(event)

    def _on_begun(self, event: Begun, now: Instant) -> Sequence[Command]:
        if self.phase is not Phase.NEW:
            return ()
        self._move_to(Phase.GATHERING)
        self._begun = event
        self._until = after(now, self.plan.deadline)
        self._scope = self.plan.scope(
            event.head,
            event.params,
            client=event.client,
            consumer=event.consumer,
            request_id=event.request_id,
            claims=event.claims,
            body=event.body,
        )
        return self._go_on(now)

    def _on_answer(self, event: PartAnswered, now: Instant) -> Sequence[Command]:
        call = event.call
        if call not in self.running:
            return ()
        part = self._part(call)
        failure = judged(part, event)
        if failure is not None:
            return self._on_end(call, failure, now)
        assert not isinstance(event.content, Flaw), "a flaw is a failure"
        del self.running[call]
        self._size += event.size
        self._take(part, call.item, event.content)
        return self._go_on(now)

    def _on_end(self, call: Call, failure: PartFailure, now: Instant) -> Sequence[Command]:
        """Do without the answer to `call`."""
        if call not in self.running:
            return ()
        del self.running[call]
        if self._lose(self._part(call), failure):
            return self._fail(failure)
        return self._go_on(now)

    def _on_deadline(self, now: Instant) -> Sequence[Command]:
        if now >= self._until:
            return self._out_of_time()
        late = [call for call, until in self.running.items() if until <= now]
        for call in late:
            del self.running[call]
        drops = tuple(DropPart(call) for call in late)
        for call in late:
            if self._lose(self._part(call), failure := timed_out(call)):
                return (*drops, *self._fail(failure))
        return (*drops, *self._go_on(now)) if late else ()

    def _out_of_time(self) -> Sequence[Command]:
        """Answer with what is there, if that is enough."""
        missing = [part for part in self.plan.order if part.name not in self.values]
        for part in missing:
            if part.required:
                return self._fail(timed_out(Call(part.name)))
        for part in missing:
            self.failures.append(timed_out(Call(part.name)))
            series = self._series.get(part.name)
            if part.each is None or series is None:
                self.values[part.name] = part.default
            else:
                self.values[part.name] = series.whole(part.default)
        return self._answer()

    def _go_on(self, now: Instant) -> Sequence[Command]:
        """Ask what can be asked by now; answer where nothing is missing."""
        commands: list[Command] = []
        known = tuple(self.running)
        for part in self.plan.order:
            if part.name in self.values or not self.plan.needs[part.name] <= self.values.keys():
                continue
            asked = self._ask_for(part, now)
            if isinstance(asked, PartFailure):
                # Nobody has heard yet of what would have been asked in this very turn.
                self.running = {call: self.running[call] for call in known}
                return self._fail(asked)
            commands += asked
        return self._answer() if len(self.values) == len(self.plan.order) else commands

    def _ask_for(self, part: Part, now: Instant) -> list[AskPart] | PartFailure:
        """Ask as much for `part` as may be asked at once; return a failure that ends it all."""
        if part.name not in self._series and (failure := self._begin(part)) is not None:
            return failure
        commands: list[AskPart] = []
        while (series := self._series.get(part.name)) is not None and series.may_ask(part.parallel):
            call = Call(part.name, series.asked)
            series.asked += 1
            asked = ask(part, call, self._request, self._seen(series, call), self._budget)
            if isinstance(asked, AskPart):
                self.running[call] = min(self._until, after(now, part.timeout or NEVER))
                commands.append(asked)
            elif self._lose(part, asked):
                return asked
        return commands

    def _begin(self, part: Part) -> PartFailure | None:
        """Find out what `part` is to be asked for; return a failure that ends it all."""
        if part.when is None and part.each is None:
            self._series[part.name] = Series([None])
            return None
        call = Call(part.name)
        scope = self._seen()
        if part.when is not None:
            wanted = part.when.search(scope, self._budget)
            if isinstance(wanted, Fault):
                return self._lost_whole(part, unaskable(call, f"of its condition, {wanted.value}"))
            if is_false(wanted):
                self.values[part.name] = part.default
                return None
        if part.each is None:
            self._series[part.name] = Series([None])
            return None
        items = part.each.search(scope, self._budget)
        if items is None:
            items = []
        if not isinstance(items, list):
            return self._lost_whole(part, unaskable(call, "what it is to be asked for is no list"))
        if len(items) > part.items_max:
            problem = f"it would be asked more than {part.items_max} times"
            return self._lost_whole(part, unaskable(call, problem))
        if items:
            self._series[part.name] = Series(items)
        else:
            self.values[part.name] = []
        return None

    def _lost_whole(self, part: Part, failure: PartFailure) -> PartFailure | None:
        """Do without `part`, before it was asked for anything."""
        if part.required:
            return failure
        self.failures.append(failure)
        self.values[part.name] = part.default
        return None

    def _lose(self, part: Part, failure: PartFailure) -> bool:
        """Do without one answer; tell whether that is impossible."""
        if part.required:
            return True
        self.failures.append(failure)
        self._take(part, failure.call.item, part.default)
        return False

    def _take(self, part: Part, item: int, document: Document) -> None:
        series = self._series[part.name]
        series.answers[item] = document
        if series.complete:
            del self._series[part.name]
            self.values[part.name] = series.whole(None) if part.each else document

    def _answer(self) -> Sequence[Command]:
        outcome = compose(
            self.plan,
            self._seen(),
            self._in_order(),
            self.failures,
            size=self._size,
            budget=self._budget,
        )
        if isinstance(outcome, Refusal):
            outcome = refuse(self.plan, outcome, self._request.request_id)
        return (*self._finish(), Give(outcome))

    def _fail(self, failure: PartFailure) -> Sequence[Command]:
        outcome = refuse(self.plan, fatal(failure), self._request.request_id)
        return (*self._finish(), Give(outcome))

    def _finish(self) -> Sequence[Command]:
        drops = tuple(DropPart(call) for call in self.running)
        self.running.clear()
        self._series.clear()
        self._until = NEVER
        self._move_to(Phase.DONE)
        return drops

    def _seen(self, series: Series | None = None, call: Call | None = None) -> dict[str, Document]:
        """Return the scope of an expression."""
        scope: dict[str, Document] = {**self._scope, **self.values, "parts": self.values}
        if series is not None and call is not None:
            scope["item"] = series.items[call.item]
        return scope

    def _in_order(self) -> dict[str, Document]:
        return {part.name: self.values[part.name] for part in self.plan.parts}

    def _part(self, call: Call) -> Part:
        return self.plan.named[call.part]

    @property
    def _request(self) -> Begun:
        assert self._begun is not None
        return self._begun

    def _move_to(self, phase: Phase) -> None:
        assert (self.phase, phase) in MOVES, (self.phase, phase)
        self.phase = phase
