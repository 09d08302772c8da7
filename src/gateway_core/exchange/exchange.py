"""The life of one HTTP request, from its head to the last byte of its answer.

    ROUTING --call--> CALLING --head--> STREAMING --end, or cut--> DONE
     |   |             ^ | ^ |                                      ^
     |   +-IDENTIFYING-+ | | +--101--> RELAYING --both sides closed-+
     |   +-WAITING-------+ | |    (for another's fetch)             |
     |   +-----+--stored---|-+--> STREAMING                         |
     |         |  failed v |                                        |
     |         |       BACKING_OFF --nobody may be called-----------+
     +-refused-+-------------+---------failed, too slow, too large--+
     +---------+-out of many--> COMPOSING --------------------------+

READING stands before STREAMING, or in its place, where an answer's document is made anew;
TAKING before COMPOSING, where parts are made of the client's.

Bodies pass from socket to socket beside the machine; it is told how far they are,
and on whom they wait (`waits`). Whom to call, and whether again, `attempts` says;
what each side is told of the other, `translation`; what is stored, `reuse`.

A cut transfer never looks complete: chunked bodies lack their last chunk
(RFC 9112, 8), HTTP/2 streams end with RST_STREAM.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from ..caching.storing import Answered
from ..clock import NEVER, Duration, Instant, after
from ..errors import FailureKind
from ..machine import Tick
from ..message import ResponseHead
from ..refusal import Refusal
from ..roster import Unavailable
from .admission import Admission, Doubtful, admit, admit_told
from .attempts import Attempts
from .commands import (
    CallUpstream,
    Command,
    DropCall,
    Inform,
    SwitchProtocols,
)
from .ending import CLIENT_LEFT
from .identity import IDENTITY_TIMEOUT
from .keyed import reuse_of
from .parts import admit_part
from .phases import Phase
from .refusals import (
    MALFORMED_BODY,
    SLOW_BODY,
    too_large,
    unavailable,
    upstream_failed,
)
from .reusing import Reusing
from .showing import Outgoing
from .storage import FlightLanded, RefreshStarted
from .translation import Translation
from .upgrading import Handshake, handshake_of, may_open, switching_head
from .vocabulary import (
    Abandoned,
    BodyEnded,
    CallLost,
    CallProgressed,
    ClientLeft,
    Composed,
    DocumentRead,
    Event,
    HedgeDue,
    IdentityTold,
    IdentityUnavailable,
    InquiryEnded,
    InterimSent,
    NotComposed,
    RelayEnded,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    RequestTrailersRead,
    ResponseBodyRead,
    ResponseBodySent,
    ResponseTrailersRead,
    Stage,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
)
from .waits import CALL_TIMEOUT, Wait

# An enumeration's member costs several times what a name of the module does.
_CALLING: Final = Phase.CALLING
_DONE: Final = Phase.DONE
_CONNECTING: Final = Stage.CONNECTING
_SENT: Final = Stage.SENT
_UPSTREAM_BODY: Final = Wait.UPSTREAM_BODY
_CLIENT_READ: Final = Wait.CLIENT_READ


@dataclass(slots=True)
class Exchange(Reusing):
    """One request and its answer. See the module's diagram."""

    _handshake: Handshake | None = None
    """What we ask of the upstream where a WebSocket is to be opened."""
    _doubtful: Doubtful | None = None
    _translation: Translation | None = None

    @property
    def done(self) -> bool:
        return self.phase is _DONE

    def receive(self, event: Event, now: Instant) -> Sequence[Command]:  # noqa: C901, PLR0912 - the one dispatch
        """Take `event` in, and say what to do."""
        if self.phase is _DONE:
            return ()
        match event:  # what each small answer tells comes first: every case costs those behind it
            case RequestArrived():
                return self._on_arrival(event, now)
            case CallProgressed():
                self._on_progress(event, now)
            case UpstreamAnswered():
                return self._on_answer(event, now)
            case BodyEnded():
                self.record.bytes_out += event.size
                self._finish(self.record.status, "")
            case ResponseBodyRead():
                self.record.bytes_out += event.size
                self._wait_download(_CLIENT_READ, now, self.policies, self._idle)
            case ResponseBodySent():
                self._wait_download(_UPSTREAM_BODY, now, self.policies, self._idle)
            case InquiryEnded():
                return self._on_inquiry(event.told, now)
            case FlightLanded():
                assert self._reuse is not None
                return self._follow(self._reuse, self._reuse.landed(now), now)
            case RefreshStarted():
                return self._ask(now)
            case RequestBodyRead():
                return self._on_request_body_read(event, now)
            case RequestBodySent():
                self._wait_upload(Wait.CLIENT_BODY, now, self.policies, self._idle)
            case UpstreamFailed():
                return self._on_failure(event.kind, now)
            case HedgeDue():
                return self._on_hedge_due(now)
            case CallLost():
                self._on_call_lost(event, now)
            case RelayEnded():
                self._on_relay_ended(event)
            case Composed() | NotComposed():
                return self._on_composed(event)
            case DocumentRead() | UpstreamBroke():
                return self._on_read(event, now)
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
        self._admission, route = admitted, admitted.match.route
        if not route.upstream:
            return self._compose(admitted, now)
        upstream, caching = self.policies.upstreams[route.upstream], self.policies.caching
        self._idle = upstream.idle_timeout
        self._ask_for_what_is_rewritten(route.name)
        if route.name not in caching or self._handshake is not None:
            return self._ask(now)
        cache = self.policies.cache
        scheme = admitted.seen_as(self.record.identity, self.policies)
        self._reuse = reuse_of(self.head, admitted, cache, caching[route.name], scheme)
        return self._look_up(self._reuse, admitted, now)

    def _ask(self, now: Instant) -> Sequence[Command]:
        """Begin to ask the upstream."""
        admission, record, head = self._admission, self.record, self._head
        assert admission is not None
        assert head is not None
        route = admission.match.route
        plan, handshake = self.policies.plans[route.name], self._handshake
        told = Translation(head, admission, plan, record.request_id, handshake)
        told.change = self.policies.transformations.get(route.name)
        if self._reuse is not None:
            told.drop, told.add = self._reuse.drop, self._reuse.add
        self._ask_for_what_can_be_read(told)
        if self._attempts is not None:
            self._attempts.end()
        self._translation, roster = told, self.policies.rosters[route.upstream]
        self._attempts = Attempts(roster, roster.upstream, told, record, head.method)
        return self._call(self._attempts, self._attempts.start(now), now)

    def _call(
        self, attempts: Attempts, call: CallUpstream | Unavailable, now: Instant
    ) -> Sequence[Command]:
        upstream = attempts.upstream
        if isinstance(call, Unavailable):
            if self._reuse and (stand_in := self._reuse.unreachable(now)):
                return self._follow(self._reuse, stand_in, now)
            return self._refuse(unavailable(call, upstream.name), upstream.fallback)
        self._stage = _CONNECTING
        self._wait_until(attempts.until(now, upstream.connect_timeout))
        self._move_to(_CALLING)
        return (call,)

    def _on_hedge_due(self, now: Instant) -> Sequence[Command]:
        attempts = self._attempts
        beside = attempts.hedge(now) if attempts and self.phase is Phase.CALLING else None
        if attempts is None or beside is None:
            return ()
        # From now on the younger call's waits count; the older one's again, if that one is lost.
        self._older_deadline = self._call_deadline
        self._wait_until(attempts.until(now, attempts.upstream.connect_timeout))
        return (beside,)

    def _on_call_lost(self, event: CallLost, now: Instant) -> None:
        attempts = self._attempts
        if attempts is not None and attempts.hedging and self.phase is Phase.CALLING:
            attempts.lost(now, event.kind, event.status, hedge=event.hedge)
            if event.hedge:
                self._wait_until(self._older_deadline)

    def _on_progress(self, event: CallProgressed, now: Instant) -> None:
        attempts = self._attempts
        assert attempts is not None
        phase, stage, upstream = self.phase, event.stage, attempts.upstream
        calling = phase is _CALLING
        if not calling and phase is Phase.BACKING_OFF:
            return  # of a call that was given up
        if attempts.hedging and not event.hedge:
            self._older_deadline = attempts.until(now, upstream.response_timeout)
            return
        self._stage = stage
        if stage is _SENT:
            self._upload_deadline = NEVER
            if calling:
                self._call_deadline = attempts.until(now, upstream.response_timeout)
        elif stage is Stage.SENDING:
            self._call_deadline = attempts.try_until
            self._wait_upload(Wait.UPSTREAM_WRITE, now, self.policies, self._idle)
        elif calling:
            self._call_deadline = attempts.until(now, upstream.connect_timeout)
        self._choose_deadline()

    def _on_request_body_read(self, event: RequestBodyRead, now: Instant) -> Sequence[Command]:
        assert self._admission is not None
        self.record.bytes_in += event.size
        limit = self._admission.match.route.body_max
        if limit is not None and self.record.bytes_in > limit:
            return self._end_early(too_large(limit))
        self._wait_upload(Wait.UPSTREAM_WRITE, now, self.policies, self._idle)
        return ()

    def _on_answer(self, event: UpstreamAnswered, now: Instant) -> Sequence[Command]:
        assert self._attempts is not None
        assert self._translation is not None
        read = self.record.bytes_in
        wait = self._attempts.answered(event.head, read, now, hedge=event.hedge)
        if wait is not None:
            return self._back_off(wait, now)
        self.record.answered, self.record.status = now, event.head.status
        self._translation.answer_fields = event.head.fields
        self._call_deadline = self._upload_deadline = NEVER
        assert self._head is not None
        if self._handshake is not None and may_open(event.head, self._head):
            return self._on_upgrade(event.head, self._handshake, now)
        if self._reuse is not None:
            shown = self._translation.answer(event.head, final=False)
            answered = Answered(event.head, shown, event.asked_at, event.answered_at, now)
            judged = self._reuse.answered(answered, now)
            return self._follow(self._reuse, judged, now, shown)
        if self._change is None:
            return self._stream(self._translation.answer(event.head, final=True), now)
        shown = self._translation.answer(event.head, final=False)
        return self._send(Outgoing(self._changed(shown)), now)

    def _on_interim_answer(self, event: UpstreamInformed, now: Instant) -> Sequence[Command]:
        """Pass it on, unless to HTTP/1.0, which knows none (RFC 9110, 15.2)."""
        assert self._head is not None
        assert self._translation is not None
        if self.phase is not Phase.CALLING:
            return ()
        if self._head.version == "1.0":
            self._wait_for_head(now)
            return ()
        self._call_deadline = NEVER
        self._wait_download(_CLIENT_READ, now, self.policies, self._idle)
        self._choose_deadline()
        return (Inform(self._translation.answer(event.head, final=False)),)

    def _wait_for_head(self, now: Instant) -> None:
        """Grant the time of a head anew: an upstream that says "wait" is alive."""
        attempts = self._attempts
        assert attempts is not None
        if self._stage is Stage.SENT and self.phase is Phase.CALLING:
            self._call_deadline = attempts.until(now, attempts.upstream.response_timeout)
        self._choose_deadline()

    def _on_trailers(self, event: RequestTrailersRead | ResponseTrailersRead) -> Sequence[Command]:
        assert self._translation is not None
        return self._translation.trailers(event)

    def _on_upgrade(
        self, answer: ResponseHead, handshake: Handshake, now: Instant
    ) -> Sequence[Command]:
        assert self._head is not None
        assert self._translation is not None
        agreed = handshake.agreed(answer)
        if agreed is None:
            return self._on_failure(FailureKind.PROTOCOL, now)
        self._move_to(Phase.RELAYING)
        self.deadline = NEVER
        head = switching_head(self._translation.answer(answer, final=True), self._head)
        self.record.status = head.status
        return (SwitchProtocols(head, agreed.deflated, agreed.subprotocol),)

    def _on_relay_ended(self, event: RelayEnded) -> None:
        self.record.note_socket(event)
        self._finish(self.record.status, "")

    def _on_failure(self, kind: FailureKind, now: Instant) -> Sequence[Command]:
        attempts = self._attempts
        assert attempts is not None
        wait = attempts.failed(kind, self.record.bytes_in, now)
        if wait is not None:
            return self._back_off(wait, now)
        if self._reuse and (stand_in := self._reuse.failed(kind, now)):
            return self._follow(self._reuse, stand_in, now)
        upstream = attempts.upstream
        return self._refuse(upstream_failed(kind, upstream.name), upstream.fallback)

    def _back_off(self, wait: Duration, now: Instant) -> Sequence[Command]:
        self._wait_until(after(now, wait))
        self._move_to(Phase.BACKING_OFF)
        return (DropCall(),)

    def _on_deadline(self, now: Instant) -> Sequence[Command]:
        if now < self.deadline:
            return ()
        if self.phase is Phase.IDENTIFYING:
            return self._on_inquiry(IdentityUnavailable("identity-timeout"), now)
        if self.phase is Phase.BACKING_OFF:
            assert self._attempts is not None
            return self._call(self._attempts, self._attempts.again(now), now)
        if self.phase is Phase.WAITING:
            return self.receive(FlightLanded(), now)
        if self.phase is Phase.TAKING:
            return self._refuse(SLOW_BODY)
        if self.phase is Phase.READING:
            return self._on_broken(FailureKind.RESPONSE_TIMEOUT)
        if now >= self._call_deadline:
            return self._on_failure(CALL_TIMEOUT[self._stage], now)
        if now >= self._download_deadline:
            return self._cut(self._download.value)
        if self._upload is Wait.UPSTREAM_WRITE:
            return self._on_failure(FailureKind.WRITE_TIMEOUT, now)
        return self._refuse(SLOW_BODY)
