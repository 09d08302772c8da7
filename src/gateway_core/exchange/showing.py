"""What becomes of an answer between the cache and the client.

    the upstream's, or what is stored of it
        status mapped, fields set by values of the request     transforming.answers
        what its admission adds                                admission
        its document made anew, read whole for that            transforming.rewriting
        compressed                                             compressing
    the client's

The cache, the breaker and the retries have had their say by then, about what the upstream
said itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..caching import BodyId
from ..clock import NEVER, Duration, Instant, after
from ..composing import Document, Flaw
from ..errors import FailureKind
from ..message import Fields, RequestHead, ResponseHead
from ..refusal import Refusal
from ..transforming import AnswerChange, Otherwise
from ..transforming.rewriting import flawed
from ..upstream import IDLE_TIMEOUT
from .admission import Admission
from .commands import Command, ReadDocument, Respond
from .encoding import encoded
from .ending import Ending
from .phases import Phase
from .policies import Policies
from .record import Record
from .refusals import upstream_failed
from .storage import SendStored
from .translation import Translation
from .vocabulary import DocumentRead, UpstreamBroke
from .waits import Wait

_ENCODINGS: Final = frozenset({b"accept-encoding"})
"""Of the client: the upstream is to give a document that can be read."""
_PLAIN: Final[Fields] = ((b"accept-encoding", b"identity"),)
_UPSTREAM_BODY: Final = Wait.UPSTREAM_BODY


class Outgoing(NamedTuple):
    """An answer that is to go out."""

    head: ResponseHead
    """Before it is compressed."""
    stored: SendStored | None = None
    """Where its body lies; None: the upstream's."""

    @property
    def body(self) -> BodyId | None:
        return None if self.stored is None else self.stored.body


def changed(
    head: ResponseHead,
    asked: RequestHead,
    admission: Admission,
    policies: Policies,
    record: Record,
) -> ResponseHead:
    """Return the head as `asked` is told it, and note both statuses in `record`."""
    change = policies.answers.get(admission.match.route.name)
    if change is not None:
        scope = scope_of(change, asked, admission, record) if change.sees_the_request else {}
        before, head = head.status, change.head(head, scope)
        if head.status != before:
            record.upstream_status = before
        rewriting = change.rewriting
        if rewriting is not None and (
            before == 304 or (asked.method == "HEAD" and rewriting.takes(before, head.fields))
        ):
            head = change.rewritten(head)  # of what it stands for (RFC 9110, 9.3.2 and 15.4.5)
    record.status = head.status
    return admission.told_on(head)


def scope_of(
    change: AnswerChange, asked: RequestHead, admission: Admission, record: Record
) -> dict[str, Document]:
    """Return what a route's templates and expressions see of the request."""
    return change.scope(
        asked,
        admission.match.params,
        admission.client,
        consumer=admission.consumer,
        request_id=record.request_id,
        claims=admission.claims,
    )


@dataclass(slots=True)
class Showing(Ending):
    """How an answer goes out, once it is known which."""

    _idle: Duration = IDLE_TIMEOUT
    """How long the upstream may be silent in the middle of a body."""
    _change: AnswerChange | None = None
    """What the route changes in its answers; None where that is nothing."""
    _sending: Outgoing | None = None
    """What is being read, to be rewritten."""

    def _ask_for_what_is_rewritten(self, route: str) -> None:
        """Mean the upstream's own bytes, where the client means what is made of them."""
        self._change = change = self.policies.answers.get(route)
        if change is not None and change.rewriting is not None:
            self._head = change.rewriting.asked(self.head)

    def _ask_for_what_can_be_read(self, told: Translation) -> None:
        """Let the upstream give the bytes of its document, if that is to be made anew."""
        if self._change is not None and self._change.rewriting is not None:
            told.drop, told.add = told.drop | _ENCODINGS, told.add + _PLAIN

    def _stream(self, head: ResponseHead, now: Instant) -> Sequence[Command]:
        """Let the upstream's answer go out, of which nothing is read."""
        raise NotImplementedError

    def _changed(self, head: ResponseHead) -> ResponseHead:
        assert self._admission is not None
        return changed(head, self.head, self._admission, self.policies, self.record)

    def _send(self, sending: Outgoing, now: Instant) -> Sequence[Command]:
        """Let an answer with a body go out: as it is, or as what is made of it."""
        change = self._to_rewrite(sending.head)
        if change is None:
            return self._as_it_came(sending, now)
        assert change.rewriting is not None
        self._sending = sending
        if (flaw := change.rewriting.flaw(sending.head)) is not None:
            return self._without_document(flawed(flaw), now)
        self._move_to(Phase.READING)
        # Nobody gets a byte meanwhile, so there is an end to it all, however it drips.
        upstream = self.policies.upstreams[self.record.upstream]
        self._wait_until(after(now, upstream.response_timeout))
        return (ReadDocument(change.rewriting.size_max, sending.body),)

    def _begin_sending(self, now: Instant) -> None:
        self._move_to(Phase.STREAMING)
        self._wait_until(NEVER)
        self._wait_download(_UPSTREAM_BODY, now, self.policies, self._idle)

    def _as_it_came(self, sending: Outgoing, now: Instant) -> Sequence[Command]:
        self._wait_until(NEVER)
        stored = sending.stored
        if stored is None:
            return self._stream(sending.head, now)
        self._begin_sending(now)
        assert self._admission is not None
        head, coding = encoded(sending.head, self.head, self._admission, self.policies)
        return (SendStored(head, stored.body, stored.start, stored.end, coding),)

    def _on_read(self, event: DocumentRead | UpstreamBroke, now: Instant) -> Sequence[Command]:
        if isinstance(event, UpstreamBroke):
            return self._on_broken(event.kind)
        return self._on_document(event, now)

    def _on_document(self, event: DocumentRead, now: Instant) -> Sequence[Command]:
        """Answer with what is made of the document; or pass it on, or refuse."""
        sending = self._sending
        assert sending is not None
        change = self._to_rewrite(sending.head)
        assert change is not None
        made = self._made(change, event)
        if not isinstance(made, Refusal):
            return self._answer_made(change.rewritten(sending.head), made)
        return self._without_document(made, now)

    def _without_document(self, refusal: Refusal, now: Instant) -> Sequence[Command]:
        """Pass on what cannot be rewritten, where the operator says so; else refuse."""
        assert self._sending is not None
        assert self._change is not None
        assert self._change.rewriting is not None
        if self._change.rewriting.otherwise is Otherwise.PASS:
            self.record.unwritten = refusal.reason
            return self._as_it_came(self._sending, now)
        return self._refuse(refusal)

    def _made(self, change: AnswerChange, event: DocumentRead) -> bytes | Refusal:
        if isinstance(event.content, Flaw):
            return flawed(event.content)
        assert self._admission is not None
        assert change.rewriting is not None
        scope = scope_of(change, self.head, self._admission, self.record)
        return change.rewriting.made(event.content, scope, event.size)

    def _answer_made(self, head: ResponseHead, body: bytes) -> Sequence[Command]:
        assert self._admission is not None
        fields = (*head.fields, (b"content-length", b"%d" % len(body)))
        head = ResponseHead(head.status, fields, len(body))
        head, coding = encoded(head, self.head, self._admission, self.policies)
        self.record.bytes_out = len(body)
        self._finish(head.status, "")
        return (Respond(head, body, close=False, coding=coding),)

    def _to_rewrite(self, head: ResponseHead) -> AnswerChange | None:
        """Return what makes the document behind `head` anew, if anything does."""
        change = self._change
        if change is None or change.rewriting is None or self.head.method == "HEAD":
            return None
        status = self.record.upstream_status or head.status  # not the one that is told for it
        return change if head.body and change.rewriting.takes(status, head.fields) else None

    def _on_broken(self, kind: FailureKind) -> Sequence[Command]:
        """The body of the answer will not come to its end."""
        if self.phase is not Phase.READING:
            return self._cut("upstream-broke")
        upstream = self.policies.upstreams[self.record.upstream]
        return self._refuse(upstream_failed(kind, upstream.name), upstream.fallback)
