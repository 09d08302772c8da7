"""The tries of one exchange at its upstream: whom to call, what is taken, and whether again.

    start -> a lease: the right to one call
      answered, failed -> settled -> again, after a wait? else that is the outcome
      hedge -> a second lease, beside the first; whoever answers first wins
    end -> every lease, and every place in the budget, is given back

Whatever is taken is noted here at once, and `end` gives it back: it is called when the
exchange is over, however that came.
"""

from dataclasses import dataclass
from typing import Final

from ..balancing import hash_key
from ..breaking import State
from ..clock import NEVER, Duration, Instant, after
from ..errors import FailureKind
from ..message import IDEMPOTENT, ResponseHead
from ..retrying import NoRetry, asked_wait, backoff, may_repeat, retries_failure
from ..roster import Lack, Lease, Roster, Unavailable
from ..upstream import Upstream
from .commands import (
    CallBeside,
    CallUpstream,
)
from .record import Record
from .translation import Translation

_CLOSED: Final = State.CLOSED
_HEDGED: Final = frozenset({"GET", "HEAD"})
"""Methods whose second call can do no harm at all: safe ones (RFC 9110, 9.2.1)."""

_UNWELCOME: Final = frozenset(range(500, 600))
"""Answers that do not end a race that another call may still win."""


@dataclass(slots=True)
class Attempts:
    """See the module's docstring."""

    roster: Roster
    upstream: Upstream
    """Whose endpoints are called, by the rules that held when the first call was made."""
    translation: Translation
    record: Record
    method: str
    key: bytes = b""
    """Which requests belong together, where endpoints are chosen by that."""
    lease: Lease | None = None
    second: Lease | None = None
    """Of the hedge."""
    tries: int = 0
    """Without hedges."""
    try_until: Instant = NEVER
    _give_up_at: Instant = NEVER
    """No try begins later."""
    _active: bool = False
    _retrying: bool = False
    _hedging: bool = False
    """Whether a place in the budget is taken for a second call, which may be the only one now."""

    def start(self, now: Instant) -> CallUpstream | Unavailable:
        """Take the right to the first call, and make it."""
        roster, upstream = self.roster, self.upstream
        if upstream.hash_on is not None:
            self.key = hash_key(upstream.hash_on, self.record.client, self.translation.head.fields)
        roster.budget.active += 1
        self._active = True
        self._give_up_at = after(now, upstream.response_timeout)
        return self._take(now, roster.take(self.key, now))

    def again(self, now: Instant) -> CallUpstream | Unavailable:
        """Take the right to another call, of another endpoint if there is one."""
        assert self.lease is not None, "the first call comes first"
        return self._take(now, self.roster.take(self.key, now, self.lease.member))

    def until(self, now: Instant, most: Duration) -> Instant:
        """Return when a wait of the try in flight ends that lasts `most` at most."""
        end, try_until = now + most, self.try_until  # which is NEVER at the latest
        return Instant(end) if end < try_until else try_until

    @property
    def hedging(self) -> bool:
        """Whether the younger of two calls is in flight, or both are."""
        return self._hedging

    def hedge(self, now: Instant) -> CallBeside | None:
        """Take the right to a call beside the first, if another endpoint and the budget allow."""
        roster, first = self.roster, self.lease
        if first is None or self.second is not None or len(roster.members) == 1:
            return None
        if not roster.budget.take(self.upstream.retries):
            self.record.retry = NoRetry.BUDGET.value
            return None
        lease = roster.take(self.key, now, first.member)
        if isinstance(lease, Unavailable) or lease.member is first.member:
            if isinstance(lease, Lease):
                roster.end(lease)
            roster.budget.give_back()
            return None
        self.second, self._hedging = lease, True
        self.record.hedge = "lost"
        return CallBeside(self._call(lease), _UNWELCOME)

    def lost(self, now: Instant, kind: FailureKind | None, status: int, *, hedge: bool) -> None:
        """Hear that one of two calls ended without the answer; the other one goes on."""
        if not hedge:
            self._second_leads()
        assert self.second is not None, "there are two calls"
        lease = self.second
        if kind is None:
            self.roster.answered(lease, status, now)
        else:
            self.roster.failed(lease, kind, now)
        self.roster.end(lease)
        self.second = None
        if hedge:
            self._end_hedge()

    def answered(
        self, head: ResponseHead, body_read: int, now: Instant, *, hedge: bool
    ) -> Duration | None:
        """Settle: the head of an answer is here. Return how long to wait, if it is to be dropped."""
        roster = self.roster
        if hedge:
            self.record.hedge = "won"
            if self.second is not None:
                self._second_leads()
        if self._hedging:
            self._end_hedge()
        assert self.lease is not None, "who answered was called"
        roster.answered(self.lease, head.status, now)
        wait = None
        if head.status in self.upstream.retries.statuses:
            wait = self._again(None, body_read, now, asked=asked_wait(head.fields))
        if wait is None:
            self._answer_stands()
        return wait

    def failed(self, kind: FailureKind, body_read: int, now: Instant) -> Duration | None:
        """Settle: the call failed. Return how long to wait, if there is to be another try."""
        timed_out = now >= self.try_until
        for lease in (self.lease, self.second):
            if lease is not None:
                self.roster.failed(lease, kind, now)
        self._end_hedge()
        if timed_out or retries_failure(self.upstream.retries, kind):
            return self._again(kind, body_read, now, asked=Duration(0))
        return None

    def end(self) -> None:
        """Give back whatever is still taken. Twice is once."""
        if self._hedging:
            self._end_hedge()
        if self.lease is not None:
            self.roster.end(self.lease)
        if self._active:
            self._answer_stands()

    def _take(self, now: Instant, lease: Lease | Unavailable) -> CallUpstream | Unavailable:
        if isinstance(lease, Unavailable):
            if lease.lack is Lack.BREAKER_OPEN:
                self.record.breaker = "open"
            return lease
        record, breaker = self.record, lease.breaker
        self.lease = lease
        self.tries += 1
        record.endpoint, record.asked = lease.member.name, now
        if breaker is not None:
            # Nearly always so, and a name costs less than the value of a member.
            record.breaker = "closed" if breaker.state is _CLOSED else breaker.state.value
        if (most := self.upstream.per_try_timeout) is not None:
            self.try_until = after(now, most)
        self.translation.asked = ()
        return self._call(lease)

    def _call(self, lease: Lease) -> CallUpstream:
        upstream, endpoint, translation = self.upstream, lease.member.endpoint, self.translation
        self.record.attempts += 1
        return CallUpstream(
            upstream,
            endpoint,
            translation.request(upstream, endpoint),
            translation.handshake is not None,
            self._keeps() if upstream.retries.tries > 1 else 0,
            None if upstream.hedge_after is None else self._hedge_after(),
        )

    def _keeps(self) -> int:
        """Return how many bytes of the request's body are to be kept, to be sent again."""
        return self.upstream.retries.replay_max if self.method in IDEMPOTENT else 0

    def _hedge_after(self) -> Duration | None:
        """Return how long to wait for an answer before `hedge` is asked; None: it is not."""
        translation = self.translation
        if self.method not in _HEDGED or translation.head.body or translation.handshake:
            return None
        return self.upstream.hedge_after

    def _again(
        self, kind: FailureKind | None, body_read: int, now: Instant, asked: Duration | None
    ) -> Duration | None:
        """Return how long to wait for the next try, with everything taken for it; None: no more."""
        upstream, roster = self.upstream, self.roster
        why_not = may_repeat(upstream.retries, self.method, body_read, kind)
        wait = backoff(upstream.retries, self.tries, roster.dice)
        if self.tries >= upstream.retries.tries:
            why_not = NoRetry.TRIES
        elif why_not is None and asked is None:
            why_not = NoRetry.ASKED
        elif why_not is None and now + (wait := max(wait, asked or wait)) >= self._give_up_at:
            why_not = NoRetry.LATE
        # Whoever waits for his third try is still the one retry that he was.
        room = why_not is not None or self._retrying or roster.budget.take(upstream.retries)
        if not room:
            why_not = NoRetry.BUDGET
        if why_not is not None:
            self.record.retry = why_not.value
            return None
        self._retrying = True
        self.try_until = NEVER
        assert self.lease is not None, "who failed was called"
        roster.end(self.lease)
        return wait

    def _second_leads(self) -> None:
        """Let the hedge be the call, and the first one the second."""
        assert self.lease is not None
        assert self.second is not None
        self.lease, self.second = self.second, self.lease
        self.record.endpoint, self.record.asked = self.lease.member.name, self.lease.since

    def _end_hedge(self) -> None:
        if self.second is not None:
            self.roster.end(self.second)
            self.second = None
        if self._hedging:
            self._hedging = False
            self.roster.budget.give_back()

    def _answer_stands(self) -> None:
        """Be no longer one of those who wait for an answer."""
        self.try_until = NEVER
        if self._active:
            self._active = False
            self.roster.budget.active -= 1
        if self._retrying:
            self._retrying = False
            self.roster.budget.give_back()
