"""Two calls for one request: the first good answer wins, and the other call is cancelled.

Whether there is a second call at all, and of whom, the exchange says when it is asked; which
answers are good, its command. Here is only who was first.
"""

from collections.abc import Callable, Sequence
from functools import partial

import trio

from gateway_core.clock import SECOND
from gateway_core.exchange import (
    CallBeside,
    CallLost,
    CallProgressed,
    CallUpstream,
    Command,
    Event,
    HedgeDue,
    Stage,
    UpstreamAnswered,
    UpstreamFailed,
)

from .request_body import no_body
from .upstream import Answer, CallFailedError, UpstreamClient


class Race:
    """Performs one CallUpstream that may be hedged. Such requests have no body."""

    def __init__(
        self,
        client: UpstreamClient,
        tell: Callable[[Event], None],
        consult: Callable[[Event], Sequence[Command]],
        own: Callable[[Answer], None],
    ) -> None:
        """`own` is given the answer that won at once, so that it is closed whatever comes."""
        self._client = client
        self._tell = tell
        self._consult = consult
        self._own = own
        self._calls = 0
        """In flight."""
        self._ended: Event | None = None
        self._unwelcome: frozenset[int] = frozenset()

    async def run(self, first: CallUpstream) -> Event:
        """Return the event in which `first` ended, or the call beside it."""
        assert first.hedge_after is not None
        async with trio.open_nursery() as nursery:
            self._begin(nursery, first, hedge=False)
            await trio.sleep(first.hedge_after / SECOND)
            for command in self._consult(HedgeDue()):
                assert isinstance(command, CallBeside)
                self._unwelcome = command.unwelcome
                self._begin(nursery, command.call, hedge=True)
        assert self._ended is not None, "every call ends"
        return self._ended

    def _begin(self, nursery: trio.Nursery, command: CallUpstream, *, hedge: bool) -> None:
        self._calls += 1
        nursery.start_soon(self._call, nursery.cancel_scope, command, hedge)

    async def _call(self, scope: trio.CancelScope, command: CallUpstream, hedge: bool) -> None:  # noqa: FBT001 - Trio passes by position
        progress = partial(self._progressed, hedge=hedge)
        try:
            answer = await self._client.call(command, no_body, progress)
        except CallFailedError as error:
            self._calls -= 1
            if self._calls:
                self._tell(CallLost(hedge, error.kind))
            elif self._ended is None:
                self._end(scope, UpstreamFailed(error.kind))
            return
        self._calls -= 1
        if self._ended is not None:
            answer.drop()  # both came at once, and the other one was first
        elif self._calls and answer.head.status in self._unwelcome:
            answer.drop()
            self._tell(CallLost(hedge, None, answer.head.status))
        else:
            self._own(answer)
            asked_at, answered_at = answer.asked_at, answer.answered_at
            self._end(scope, UpstreamAnswered(answer.head, asked_at, answered_at, hedge))

    def _end(self, scope: trio.CancelScope, event: Event) -> None:
        self._ended = event
        scope.cancel()

    def _progressed(self, stage: Stage, *, hedge: bool) -> None:
        self._tell(CallProgressed(stage, hedge))
