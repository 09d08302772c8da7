"""How an exchange ends: what its client is told, and that everything is given back.

Whatever an exchange takes, it gives back in `_finish`, which every end passes through.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..caching.status import note_fields
from ..clock import NEVER
from ..message import RequestHead
from ..refusal import Refusal
from ..upstream import Fallback
from .admission import Admission
from .attempts import Attempts
from .commands import Command, Cut, Respond
from .phases import Phase
from .policies import Policies
from .record import Record
from .refusals import answer_of
from .reuse import Reuse
from .waits import Waits

CLIENT_LEFT: Final = 499
"""Logged, never sent: nobody reads it any more."""

_DONE: Final = Phase.DONE


@dataclass(slots=True)
class Ending(Waits):
    """What an exchange holds until its end."""

    policies: Policies
    record: Record = field(default_factory=Record)
    _head: RequestHead | None = None
    _admission: Admission | None = None
    _attempts: Attempts | None = None
    """Whom to call, and what is taken for that."""
    _reuse: Reuse | None = None
    """Its dealings with the cache; None where its route has none."""

    @property
    def head(self) -> RequestHead:
        """What is asked for; known once it has arrived."""
        assert self._head is not None
        return self._head

    def _end_early(self, refusal: Refusal) -> Sequence[Command]:
        """Answer with `refusal` if the client has no head yet, else cut."""
        if self.phase is Phase.STREAMING:
            return self._cut(refusal.reason)
        return self._refuse(refusal)

    def _refuse(self, refusal: Refusal, fallback: Fallback | None = None) -> Sequence[Command]:
        """Answer with `refusal`; with `fallback` in its place, where an upstream is to blame."""
        assert self._head is not None
        self._finish(fallback.status if fallback else refusal.status, refusal.reason)
        if self._admission is not None:
            refusal = refusal.with_fields(*self._admission.fields)
        if self._reuse is not None:
            refusal = refusal.with_fields(*note_fields(self._reuse.note))
        request_id, method = self.record.request_id, self._head.method
        head, body = answer_of(refusal, fallback, request_id, method)
        self.record.bytes_out = len(body)
        return (Respond(head, body, refusal.close),)

    def _cut(self, reason: str) -> Sequence[Command]:
        self._finish(self.record.status or CLIENT_LEFT, reason)
        return (Cut(),)

    def _finish(self, status: int, reason: str) -> None:
        self.record.status, self.record.reason = status, reason
        self._wait_until(NEVER)
        if self._attempts is not None:
            self._attempts.end()
        if self._admission is not None and self._admission.held:
            self._admission.release()
        if self._reuse is not None:
            self._reuse.end()
            self.record.cache = self._reuse.note
        self._move_to(_DONE)
