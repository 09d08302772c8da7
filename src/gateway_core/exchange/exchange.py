"""The life of one HTTP request, from its head to the last byte of its answer.

    ROUTING --call--> CALLING --head--> STREAMING --end, or cut--> DONE
     |   |               ^ |                                        ^
     |   +-> IDENTIFYING + +--101--> RELAYING --both sides closed---+
     |         |           |                                        |
     +---------+-refused---+-----------failed, too slow, too large--+
     +---------+-out of many--> COMPOSING --------------------------+

Bodies pass from socket to socket beside the machine; it is told how far they
are, and on whom they wait, so that each wait has its own time-out:

    waiting for                      at most              then
    a connection, its turn           connect_timeout      503 (turn), 504 (connection)
    the client's next bytes          body_timeout         408
    the upstream to take them        idle_timeout         504
    the answer's head                response_timeout     504; anew with each interim answer
    the answer's next bytes          idle_timeout         cut
    the client to take them          write_timeout        cut

A cut transfer never looks complete: chunked bodies lack their last chunk
(RFC 9112, 8), HTTP/2 streams end with RST_STREAM.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from ..clock import NEVER, Instant, after
from ..errors import FailureKind
from ..forwarding import (
    forward_request,
    forward_response,
)
from ..machine import Tick
from ..message import Fields, RequestHead, ResponseHead
from ..refusal import Refusal, refused
from ..upstream import Upstream
from .admission import Admission, Doubtful, admit, admit_told
from .identity import IDENTITY_TIMEOUT
from .parts import admit_part, composed, to_compose
from .phases import CALL_TIMEOUT, MOVES, Phase, Wait
from .policies import Policies
from .record import Record
from .refusals import MALFORMED_BODY, SLOW_BODY, too_large, upstream_failed
from .trailing import pass_trailers
from .upgrading import REBUILT, Handshake, handshake_of, may_open, switching_head
from .vocabulary import (
    Abandoned,
    BodyEnded,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Composed,
    Cut,
    Event,
    IdentityTold,
    IdentityUnavailable,
    Inform,
    InquiryEnded,
    InterimSent,
    NotComposed,
    RelayEnded,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    RequestTrailersRead,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    ResponseTrailersRead,
    Stage,
    StreamBody,
    SwitchProtocols,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
)

CLIENT_LEFT: Final = 499
"""Logged, never sent: nobody reads it any more."""

# An enumeration's member costs several times what a name of the module does.
_DONE: Final = Phase.DONE
_UPSTREAM_BODY: Final = Wait.UPSTREAM_BODY
_CLIENT_READ: Final = Wait.CLIENT_READ


@dataclass(slots=True)
class Exchange:
    """One request and its answer. See the module's diagram."""

    policies: Policies
    phase: Phase = Phase.ROUTING
    record: Record = field(default_factory=Record)
    _head: RequestHead | None = None
    _doubtful: Doubtful | None = None
    _admission: Admission | None = None
    _handshake: Handshake | None = None
    """What we ask of the upstream where a WebSocket is to be opened."""
    _asked: tuple[bytes, ...] = ()
    """The authorities by which the upstream may name itself in its answer."""
    _upstream: Upstream | None = None
    _takes_trailers: bool = False
    """Whether the client keeps what trails its answer."""
    _answer_fields: Fields = ()
    """Of the upstream's answer, as they came."""
    _stage: Stage = Stage.CONNECTING
    deadline: Instant = NEVER
    """When to say Tick: the nearest of the three below."""
    _call_deadline: Instant = NEVER
    _upload: Wait = Wait.CLIENT_BODY
    _upload_deadline: Instant = NEVER
    _download: Wait = Wait.UPSTREAM_BODY
    _download_deadline: Instant = NEVER

    @property
    def done(self) -> bool:
        return self.phase is _DONE

    def receive(self, event: Event, now: Instant) -> Sequence[Command]:  # noqa: C901, PLR0912 - the one dispatch
        """Take `event` in, and say what to do."""
        if self.phase is _DONE:
            return ()
        match event:
            case ResponseBodyRead():
                self.record.bytes_out += event.size
                self._wait_download(_CLIENT_READ, now)
            case ResponseBodySent():
                self._wait_download(_UPSTREAM_BODY, now)
            case RequestArrived():
                return self._on_arrival(event, now)
            case InquiryEnded():
                return self._on_inquiry(event.told, now)
            case CallProgressed():
                self._on_progress(event, now)
            case UpstreamAnswered():
                return self._on_answer(event, now)
            case BodyEnded():
                self.record.bytes_out += event.size
                self._finish(self.record.status, "")
            case RequestBodyRead():
                return self._on_request_body_read(event, now)
            case RequestBodySent():
                self._wait_upload(Wait.CLIENT_BODY, now)
            case UpstreamFailed():
                return self._on_failure(event.kind)
            case RelayEnded():
                self._on_relay_ended(event)
            case Composed() | NotComposed():
                return self._on_composed(event)
            case UpstreamBroke():
                return self._cut("upstream-broke")
            case RequestBodyBroke():
                return self._end_early(MALFORMED_BODY)
            case ClientLeft():
                self._finish(CLIENT_LEFT, "client-left")
            case Abandoned():
                self._finish(CLIENT_LEFT, "shut-down")
            case UpstreamInformed():
                return self._on_interim_answer(event, now)
            case InterimSent():
                self._download_deadline = NEVER
                self._wait_for_head(now)
            case RequestTrailersRead() | ResponseTrailersRead():
                return self._on_trailers(event)
            case Tick():
                return self._on_deadline(now)
            case _:
                assert_never(event)
        return ()

    def _on_arrival(self, event: RequestArrived, now: Instant) -> Sequence[Command]:
        self._head, policies, record = event.head, self.policies, self.record
        if event.part:
            return self._on_admission(admit_part(event, policies, record, now), now)
        if event.upgrade:
            self._handshake = handshake_of(event.head, event.fresh_id)
        wall, upgrade = event.wall, event.upgrade
        admitted = admit(
            event.head, event.fresh_id, policies, record, now, wall=wall, upgrade=upgrade
        )
        if isinstance(admitted, Doubtful):
            self._doubtful = admitted
            self.deadline = self._call_deadline = after(now, IDENTITY_TIMEOUT)
            self._move_to(Phase.IDENTIFYING)
            return (admitted.doubt.command,)
        return self._on_admission(admitted, now)

    def _on_inquiry(self, told: IdentityTold, now: Instant) -> Sequence[Command]:
        assert self._doubtful is not None
        admitted = admit_told(self._doubtful, told, self.policies, self.record, now)
        return self._on_admission(admitted, now)

    def _on_admission(self, admitted: Admission | Refusal, now: Instant) -> Sequence[Command]:
        if isinstance(admitted, Refusal):
            return self._refuse(admitted)
        self._admission = admitted
        if not admitted.match.route.upstream:
            self._call_deadline = self.deadline = NEVER
            self._move_to(Phase.COMPOSING)
            return (to_compose(admitted, self._head, self.record),)
        return self._call(now)

    def _call(self, now: Instant) -> Sequence[Command]:
        assert self._head is not None
        assert self._admission is not None
        admission, handshake = self._admission, self._handshake
        found = admission.match
        upstream = self.policies.upstreams[found.route.upstream]
        endpoint = upstream.endpoints[0]
        request = forward_request(
            self._head,
            admission.client,
            self.policies.plans[found.route.name],
            target=found.target,
            authority=(upstream.preserve_host and found.authority) or endpoint.authority,
            request_id=self.record.request_id,
            drop=admission.drops if handshake is None else admission.drops | REBUILT,
            add=admission.told if handshake is None else handshake.fields + admission.told,
        )
        self._asked = (request.authority, endpoint.authority)
        self._upstream, self._takes_trailers = upstream, request.takes_trailers
        self.record.endpoint, self.record.asked = endpoint.name, now
        self.record.attempts += 1
        self._stage = Stage.CONNECTING
        self.deadline = self._call_deadline = after(now, upstream.connect_timeout)
        self._move_to(Phase.CALLING)
        return (CallUpstream(upstream, endpoint, request, upgrade=handshake is not None),)

    def _on_progress(self, event: CallProgressed, now: Instant) -> None:
        assert self._upstream is not None
        self._stage = event.stage
        if event.stage is Stage.SENDING:
            self._call_deadline = NEVER
            self._wait_upload(Wait.UPSTREAM_WRITE, now)
        elif event.stage is Stage.SENT:
            self._upload_deadline = NEVER
            if self.phase is Phase.CALLING:
                self._call_deadline = after(now, self._upstream.response_timeout)
        elif self.phase is Phase.CALLING:
            self._call_deadline = after(now, self._upstream.connect_timeout)
        self._choose_deadline()

    def _on_request_body_read(self, event: RequestBodyRead, now: Instant) -> Sequence[Command]:
        assert self._admission is not None
        self.record.bytes_in += event.size
        limit = self._admission.match.route.body_max
        if limit is not None and self.record.bytes_in > limit:
            return self._end_early(too_large(limit))
        self._wait_upload(Wait.UPSTREAM_WRITE, now)
        return ()

    def _on_answer(self, event: UpstreamAnswered, now: Instant) -> Sequence[Command]:
        self.record.answered, self.record.status = now, event.head.status
        self._answer_fields = event.head.fields
        self._call_deadline = self._upload_deadline = NEVER
        assert self._head is not None
        if self._handshake is not None and may_open(event.head, self._head):
            return self._on_upgrade(event.head, self._handshake)
        self._move_to(Phase.STREAMING)
        self._wait_download(_UPSTREAM_BODY, now)
        return (StreamBody(self._forwarded(event.head, answer=True)),)

    def _forwarded(self, head: ResponseHead, *, answer: bool) -> ResponseHead:
        """Return what the client is told: of the final answer, with what its admission adds."""
        admission = self._admission
        assert admission is not None
        head = forward_response(
            head,
            admission.client,
            self.policies.plans[admission.match.route.name],
            asked=self._asked,
            request_id=self.record.request_id,
            takes_trailers=self._takes_trailers,
        )
        return admission.told_on(head) if answer else head

    def _on_interim_answer(self, event: UpstreamInformed, now: Instant) -> Sequence[Command]:
        """Pass it on, unless to HTTP/1.0, which knows none (RFC 9110, 15.2)."""
        assert self._head is not None
        assert self._admission is not None
        if self.phase is not Phase.CALLING:
            return ()
        if self._head.version == "1.0":
            self._wait_for_head(now)
            return ()
        self._call_deadline = NEVER
        self._wait_download(_CLIENT_READ, now)
        self._choose_deadline()
        return (Inform(self._forwarded(event.head, answer=False)),)

    def _wait_for_head(self, now: Instant) -> None:
        """Grant the time of a head anew: an upstream that says "wait" is alive."""
        assert self._upstream is not None
        if self._stage is Stage.SENT and self.phase is Phase.CALLING:
            self._call_deadline = after(now, self._upstream.response_timeout)
        self._choose_deadline()

    def _on_trailers(self, event: RequestTrailersRead | ResponseTrailersRead) -> Sequence[Command]:
        assert self._head is not None
        assert self._admission is not None
        plan = self.policies.plans[self._admission.match.route.name]
        answered = self._answer_fields if self._takes_trailers else None
        return pass_trailers(event, plan, self._head.fields, answered)

    def _on_upgrade(self, answer: ResponseHead, handshake: Handshake) -> Sequence[Command]:
        assert self._head is not None
        agreed = handshake.agreed(answer)
        if agreed is None:
            return self._on_failure(FailureKind.PROTOCOL)
        self._move_to(Phase.RELAYING)
        self.deadline = NEVER
        head = switching_head(self._forwarded(answer, answer=True), self._head)
        self.record.status = head.status
        return (SwitchProtocols(head, agreed.deflated, agreed.subprotocol),)

    def _on_relay_ended(self, event: RelayEnded) -> None:
        self.record.note_socket(event)
        self._finish(self.record.status, "")

    def _on_composed(self, event: Composed | NotComposed) -> Sequence[Command]:
        assert self._head is not None
        assert self._admission is not None
        if isinstance(event, NotComposed):
            return self._refuse(event.refusal)
        self._finish(event.status, event.reason)
        answer = composed(event, self._admission, self.policies, self.record, self._head.method)
        return (answer,)

    def _on_failure(self, kind: FailureKind) -> Sequence[Command]:
        return self._refuse(upstream_failed(kind, self.record.upstream))

    def _on_deadline(self, now: Instant) -> Sequence[Command]:
        if now < self.deadline:
            return ()
        if self.phase is Phase.IDENTIFYING:
            return self._on_inquiry(IdentityUnavailable("identity-timeout"), now)
        if now >= self._call_deadline:
            return self._on_failure(CALL_TIMEOUT[self._stage])
        if now >= self._download_deadline:
            return self._cut(self._download.value)
        if self._upload is Wait.UPSTREAM_WRITE:
            return self._on_failure(FailureKind.WRITE_TIMEOUT)
        return self._refuse(SLOW_BODY)

    def _wait_upload(self, wait: Wait, now: Instant) -> None:
        assert self._upstream is not None
        if self.phase is not Phase.CALLING:
            return  # once answered, whether the rest is sent is between client and upstream
        client = wait is Wait.CLIENT_BODY
        timeout = self.policies.body_timeout if client else self._upstream.idle_timeout
        self._upload, self._upload_deadline = wait, after(now, timeout)
        self._choose_deadline()

    def _wait_download(self, wait: Wait, now: Instant) -> None:
        assert self._upstream is not None
        client = wait is _CLIENT_READ
        timeout = self.policies.write_timeout if client else self._upstream.idle_timeout
        # Once streaming, no other wait is bounded.
        self._download = wait
        self.deadline = self._download_deadline = after(now, timeout)

    def _choose_deadline(self) -> None:
        self.deadline = min(self._call_deadline, self._upload_deadline, self._download_deadline)

    def _end_early(self, refusal: Refusal) -> Sequence[Command]:
        """Answer with `refusal` if the client has no head yet, else cut."""
        if self.phase is Phase.STREAMING:
            return self._cut(refusal.reason)
        return self._refuse(refusal)

    def _refuse(self, refusal: Refusal) -> Sequence[Command]:
        assert self._head is not None
        self._finish(refusal.status, refusal.reason)
        if self._admission is not None:
            refusal = refusal.with_fields(*self._admission.fields)
        head, body = refused(refusal, self.record.request_id, self._head.method)
        self.record.bytes_out = len(body)
        return (Respond(head, body, refusal.close),)

    def _cut(self, reason: str) -> Sequence[Command]:
        self._finish(self.record.status or CLIENT_LEFT, reason)
        return (Cut(),)

    def _finish(self, status: int, reason: str) -> None:
        self.record.status, self.record.reason = status, reason
        self._call_deadline = self._upload_deadline = self._download_deadline = NEVER
        self.deadline = NEVER
        if self._admission is not None:
            self._admission.release()
        self._move_to(_DONE)

    def _move_to(self, phase: Phase) -> None:
        assert (self.phase, phase) in MOVES, (self.phase, phase)
        self.phase = phase
