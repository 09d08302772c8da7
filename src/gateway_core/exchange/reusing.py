"""What an exchange does about what the cache says: serves, waits, asks, or passes on.

What the cache says: `reuse`. What is commanded for it: `serving`, `storage`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from ..caching.asking import PLAIN_GET
from ..caching.entry import Entry
from ..clock import Instant, after
from ..message import ResponseHead
from .admission import Admission
from .commands import Command, StreamBody
from .composing import Composing
from .encoding import encoded
from .hitting import plain_hit
from .keyed import refreshing
from .outcomes import Ask, Await, Deny, Failed, Judged, Keep, Looked, PassOn, Serve
from .phases import Phase
from .refusals import upstream_failed
from .reuse import Reuse
from .serving import keeping, request_id_line, sending
from .showing import Outgoing
from .storage import AwaitFlight, Refresh, SendStored
from .waits import Wait

_UPSTREAM_BODY: Final = Wait.UPSTREAM_BODY


@dataclass(slots=True)
class Reusing(Composing):
    """How an exchange comes to its answer, where that may be stored."""

    def _ask(self, now: Instant) -> Sequence[Command]:
        """Begin to ask the upstream."""
        raise NotImplementedError

    def _stream(self, head: ResponseHead, now: Instant) -> Sequence[Command]:
        self._move_to(Phase.STREAMING)
        self._wait_download(_UPSTREAM_BODY, now, self.policies, self._idle)
        admission = self._admission
        assert admission is not None
        if not self.policies.compressions:
            return (StreamBody(head),)
        return (StreamBody(*encoded(head, self.head, admission, self.policies)),)

    def _look_up(self, reuse: Reuse, admission: Admission, now: Instant) -> Sequence[Command]:
        """Ask the cache at first: most of what it is asked for, it has."""
        found = reuse.find() if reuse.asked is PLAIN_GET else None
        plain = self._change is None and self.record.route not in self.policies.compressions
        if isinstance(found, Entry) and plain:
            sent = plain_hit(found, reuse, admission, self.record.request_id, now)
            if sent is not None:
                self.record.status = found.status
                self._begin_sending(now)
                return (sent,)
        return self._follow(reuse, reuse.look_up(now, found), now)

    def _follow(
        self, reuse: Reuse, told: Looked | Judged, now: Instant, shown: ResponseHead | None = None
    ) -> Sequence[Command]:
        """Do what the cache says; `shown` is the upstream's answer, if there is one."""
        admission, record = self._admission, self.record
        assert admission is not None
        upstream = self.policies.upstreams[record.upstream]
        match told:
            case Serve() | Keep():
                return self._serve(told, reuse, admission, now)
            case Ask():
                return self._ask(now)
            case PassOn() if reuse.background:
                return self._cut(reuse.note.reason)
            case PassOn():
                assert shown is not None
                return self._send(Outgoing(self._changed(reuse.noted(shown))), now)
            case Await():
                self._move_to(Phase.WAITING)
                longest = upstream.connect_timeout + upstream.response_timeout
                self._wait_until(after(now, longest))
                return (AwaitFlight(told.flight.number),)
            case Deny():
                return self._refuse(told.refusal)
            case Failed():
                return self._refuse(upstream_failed(told.kind, upstream.name), upstream.fallback)
            case _:
                assert_never(told)

    def _serve(
        self, told: Serve | Keep, reuse: Reuse, admission: Admission, now: Instant
    ) -> Sequence[Command]:
        """Answer from an entry; where it has just come, let its body be read in."""
        beside = keeping(told, reuse, self._idle)
        if isinstance(told, Serve) and told.refresh is not None:
            beside = (Refresh(self._refreshing(refreshing(reuse, told.entry, told.refresh))),)
        if reuse.background:
            self._finish(self.record.status, "cache-refresh")
            return beside
        answer = reuse.answer(told, now, request_id_line(self.record.request_id))
        sent = sending(told, answer._replace(head=self._changed(answer.head)))
        if isinstance(sent, SendStored):
            return (*beside, *self._send(Outgoing(sent.head, sent), now))
        head, _ = encoded(sent.head, self.head, admission, self.policies)
        self._finish(head.status, "")
        return (*beside, replace(sent, head=head))

    def _refreshing(self, reuse: Reuse) -> "Reusing":
        """Return the exchange, without a client, that fetches what is newer."""
        assert self._admission is not None
        return type(self)(
            self.policies,
            replace(self.record, bytes_out=0),
            _head=reuse.head,
            _admission=replace(self._admission, held=()),
            _reuse=reuse,
            _idle=self._idle,
            _change=self._change,
        )
