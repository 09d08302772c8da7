"""One request and its answer, conversation by conversation."""

import dataclasses
import json

import pytest

from gateway_core.adapting import AdaptiveRules
from gateway_core.clock import NEVER, Instant, UnixTime
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    Abandoned,
    BodyEnded,
    CallBeside,
    CallLost,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Compose,
    Composed,
    Cut,
    DropCall,
    Event,
    Exchange,
    HedgeDue,
    Inform,
    InquiryEnded,
    InterimSent,
    NotComposed,
    PassTrailers,
    Phase,
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
    TokenRefused,
    TokenVerified,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
    VerifyToken,
    accept_token,
)
from gateway_core.machine import Tick
from gateway_core.message import UNKNOWN, RequestHead, ResponseHead, value
from gateway_core.refusal import Refusal
from gateway_core.routing import Pattern, Route, Router
from gateway_core.upstream import Fallback
from tests.exchanges import (
    COMPOSING,
    ENDPOINT,
    POLICIES,
    UPSTREAM,
    at_once,
    get,
    limited_policies,
    protected,
    windowed,
)
from tests.guards import WALL, guarded, with_token
from tests.script import Script
from tests.tokens import token

OK = UpstreamAnswered(ResponseHead(200, ((b"server", b"x"),)), UnixTime(1), UnixTime(2))
HEAD = ResponseHead(200, ((b"server", b"x"), (b"x-request-id", b"id")))
CONNECTING, SENDING, SENT, QUEUED = (
    CallProgressed(stage) for stage in (Stage.CONNECTING, Stage.SENDING, Stage.SENT, Stage.QUEUED)
)


def called(exchange: Exchange) -> CallUpstream:
    """The command that calls the upstream for what the exchange was asked."""
    twin = Exchange(POLICIES)
    assert exchange._head is not None
    (command,) = twin.receive(RequestArrived(exchange._head, "id"), Instant(0))
    assert isinstance(command, CallUpstream)
    return command


def calling(head=None, *, at: float = 0) -> Script:
    """A script that stands where the upstream is being called."""
    exchange = Exchange(POLICIES)
    arrived = RequestArrived(head or get(), "id")
    (command,) = Exchange(POLICIES).receive(arrived, Instant(0))
    return Script(exchange).at(at, arrived, command)


def stream(script: Script, when: float) -> Script:
    """Let the upstream answer 200 at `when`."""
    return script.at(when, OK, StreamBody(HEAD))


def ends_in(script: Script, when: float, event: Event | Tick) -> Respond:
    """Tell `event`; return the only command, an answer of the gateway's own."""
    (command,) = script.machine.receive(event, Instant(round(when * 1e9)))
    assert isinstance(command, Respond)
    assert script.machine.done
    assert script.machine.deadline == NEVER
    assert json.loads(command.body)["status"] == command.head.status
    return command


# The good road


def test_a_request_is_called_streamed_and_done() -> None:
    script = calling()
    stream(script.at(0.1, SENT), 1)
    script.at(1.1, ResponseBodyRead(10)).at(1.2, ResponseBodySent()).at(1.3, ResponseBodyRead(5))
    script.at(1.4, ResponseBodySent()).at(1.5, BodyEnded())
    record = script.machine.record
    assert script.machine.done
    assert (record.status, record.reason, record.bytes_out) == (200, "", 15)
    assert (record.route, record.upstream, record.endpoint) == (
        "a",
        "service-a",
        "http://10.0.0.1:8001",
    )
    assert (record.client, record.request_id, record.attempts) == ("192.0.2.1", "id", 1)
    assert (record.started, record.asked, record.answered) == (0, 0, 1_000_000_000)


def test_an_answer_in_one_piece_is_told_with_its_end() -> None:
    script = calling()
    stream(script.at(0.1, SENT), 1).at(1.1, BodyEnded(15))
    record = script.machine.record
    assert (record.status, record.reason, record.bytes_out) == (200, "", 15)


def test_what_is_called_is_the_route_s_target_at_its_endpoint() -> None:
    command = called(calling(get(b"/a/x?q=1")).machine)
    assert (command.upstream, command.endpoint) == (UPSTREAM, ENDPOINT)
    assert (command.request.target, command.request.authority) == (b"/x?q=1", b"gw.example")
    assert value(command.request.fields, b"x-forwarded-prefix") == b"/a"


@pytest.mark.parametrize(
    ("authority", "preserve", "expected"),
    [
        (b"gw.example", True, b"gw.example"),
        (b"gw.example", False, b"10.0.0.1:8001"),
        (b"", True, b"10.0.0.1:8001"),
    ],
)
def test_the_host_that_the_upstream_sees(authority: bytes, preserve: bool, expected: bytes) -> None:
    upstream = dataclasses.replace(UPSTREAM, preserve_host=preserve)
    policies = dataclasses.replace(POLICIES, upstreams={"service-a": upstream})
    head = dataclasses.replace(get(), authority=authority)
    (command,) = Exchange(policies).receive(RequestArrived(head, "id"), Instant(0))
    assert isinstance(command, CallUpstream)
    assert command.request.authority == expected


def test_a_sane_request_id_of_the_client_is_kept_on_the_answer() -> None:
    script = calling(get(fields=((b"x-request-id", b"mine"),)))
    (command,) = script.machine.receive(OK, Instant(5))
    assert isinstance(command, StreamBody)
    assert value(command.head.fields, b"x-request-id") == b"mine"
    assert script.machine.record.request_id == "mine"


def test_an_answer_may_come_before_the_request_was_sent_whole() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0.1, SENDING).at(0.2, RequestBodyRead(1))
    stream(script, 0.3).at(0.4, RequestBodySent()).at(0.5, RequestBodyRead(2)).at(0.6, SENT)
    script.at(0.7, BodyEnded())
    assert script.machine.record.bytes_in == 3


# What admission says goes with every answer


def told(fields=((b"ratelimit", b'"x";r=1'),)) -> Script:
    """A script whose request was admitted with something to tell."""
    script = calling()
    script.machine._admission.fields = fields
    return script


def test_what_admission_tells_is_on_the_upstream_s_answer() -> None:
    told().at(1, OK, StreamBody(ResponseHead(200, (*HEAD.fields, (b"ratelimit", b'"x";r=1')))))


def test_what_admission_tells_is_on_the_gateway_s_own_answer() -> None:
    command = ends_in(told(), 1, UpstreamFailed(FailureKind.REFUSED))
    assert value(command.head.fields, b"ratelimit") == b'"x";r=1'


def test_the_request_over_the_limit_never_reaches_the_upstream() -> None:
    policies = limited_policies(windowed(2))
    for _ in range(2):
        (command,) = Exchange(policies).receive(RequestArrived(get(), "id"), Instant(0))
        assert isinstance(command, CallUpstream)
    script: Script = Script(Exchange(policies))
    command = ends_in(script, 4, RequestArrived(get(), "id"))
    assert (command.head.status, command.close) == (429, False)
    assert value(command.head.fields, b"retry-after") == b"6"
    assert json.loads(command.body)["type"] == "urn:gateway-problem:limit-exceeded"
    assert script.machine.record.endpoint == ""


ENDINGS = {
    "the answer ends": [OK, BodyEnded()],
    "the call fails": [UpstreamFailed(FailureKind.RESET)],
    "the answer breaks": [OK, UpstreamBroke(FailureKind.RESET)],
    "the client leaves": [ClientLeft()],
    "the client leaves in mid-answer": [OK, ClientLeft()],
    "the worker goes down": [Abandoned()],
    "the body is malformed": [RequestBodyBroke()],
    "the body grows too large": [RequestBodyRead(101)],
    "the upstream is too slow": [Tick()],
}


@pytest.mark.parametrize("events", ENDINGS.values(), ids=ENDINGS)
def test_what_is_held_is_given_back_when(events) -> None:
    policies = limited_policies(at_once(1))
    first, second = Exchange(policies), Exchange(policies)
    first.receive(RequestArrived(get(), "id"), Instant(0))
    (refused,) = second.receive(RequestArrived(get(), "id"), Instant(1))
    assert isinstance(refused, Respond)
    assert refused.head.status == 429
    for event in events:
        first.receive(event, Instant(10**12))
    assert first.done
    (called,) = Exchange(policies).receive(RequestArrived(get(), "id"), Instant(10**12))
    assert isinstance(called, CallUpstream)


# Refused before any upstream is asked


@pytest.mark.parametrize(
    ("head", "status", "reason"),
    [
        pytest.param(get(b"/nowhere"), 404, "no-route", id="no route"),
        pytest.param(get(b"/get", method="POST"), 405, "method-not-allowed", id="method"),
        pytest.param(get(b"/a/../../x"), 400, "bad-target", id="climbs"),
        pytest.param(get(method="POST", body=101), 413, "body-too-large", id="declared too large"),
        pytest.param(
            get(fields=((b"via", b", ".join([b"1.1 gateway"] * 8)),)),
            508,
            "loop-detected",
            id="loop",
        ),
    ],
)
def test_a_request_that_is_refused_at_once(head, status: int, reason: str) -> None:
    script: Script = Script(Exchange(POLICIES))
    command = ends_in(script, 0, RequestArrived(head, "id"))
    assert command.head.status == status
    assert (script.machine.record.status, script.machine.record.reason) == (status, reason)
    assert value(command.head.fields, b"x-request-id") == b"id"
    assert script.machine.record.bytes_out == len(command.body)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(get(b"*", method="OPTIONS"), id="OPTIONS *"),
        pytest.param(
            get(method="OPTIONS", fields=((b"max-forwards", b"0"),)), id="9110-7.6.2 last hop"
        ),
    ],
)
def test_options_that_are_the_gateway_s_to_answer(head) -> None:
    (command,) = Exchange(POLICIES).receive(RequestArrived(head, "id"), Instant(0))
    assert isinstance(command, Respond)
    assert (command.head.status, command.body, command.close) == (204, b"", False)
    assert value(command.head.fields, b"allow")


def test_a_body_of_exactly_the_limit_passes() -> None:
    calling(get(method="POST", body=100)).at(0, SENDING).at(0, RequestBodyRead(100)).at(0, SENT)


def test_a_route_without_a_bound_takes_any_body() -> None:
    calling(get(b"/unbound", method="POST", body=10**15)).at(0, RequestBodyRead(10**15))


# The upstream fails


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failed_call_is_answered_with_its_kind(kind: FailureKind) -> None:
    script = calling()
    command = ends_in(script, 1, UpstreamFailed(kind))
    assert command.head.status == kind.status
    assert value(command.head.fields, b"proxy-status") == b"gateway; error=" + kind.value.encode()
    assert (value(command.head.fields, b"retry-after") is not None) == (kind.status == 503)
    said = command.body.decode()
    assert "service-a" in said
    assert "10.0.0.1" not in said


@pytest.mark.parametrize(
    ("progress", "when", "kind"),
    [
        pytest.param([], 2, FailureKind.CONNECT_TIMEOUT, id="never connected"),
        pytest.param([(1, QUEUED)], 3, FailureKind.OVERLOADED, id="never got its turn"),
        pytest.param(
            [(1, QUEUED), (2, CONNECTING)],
            4,
            FailureKind.CONNECT_TIMEOUT,
            id="its turn, then nothing",
        ),
        pytest.param([(1, SENT)], 16, FailureKind.RESPONSE_TIMEOUT, id="never answered"),
        pytest.param([(1, SENDING)], 61, FailureKind.WRITE_TIMEOUT, id="never took the head"),
        pytest.param(
            [(1, SENDING), (2, RequestBodySent()), (3, RequestBodyRead(9))],
            63,
            FailureKind.WRITE_TIMEOUT,
            id="stopped taking the body",
        ),
    ],
)
def test_each_wait_for_the_upstream_has_its_own_end(
    progress, when: float, kind: FailureKind
) -> None:
    script = calling(get(method="POST", body=UNKNOWN))
    for at, event in progress:
        script.at(at, event)
    assert script.machine.deadline == when * 1_000_000_000
    script.at(when - 0.001, Tick())
    command = ends_in(script, when, Tick())
    assert value(command.head.fields, b"proxy-status") == b"gateway; error=" + kind.value.encode()


def test_an_upstream_that_breaks_in_mid_answer_is_cut_not_completed() -> None:
    script = stream(calling().at(0, SENT), 1).at(2, UpstreamBroke(FailureKind.RESET), Cut())
    assert script.machine.done
    assert (script.machine.record.status, script.machine.record.reason) == (200, "upstream-broke")


def test_an_upstream_that_falls_silent_in_mid_answer_is_cut() -> None:
    script = stream(calling().at(0, SENT), 1).at(2, ResponseBodyRead(1)).at(3, ResponseBodySent())
    script.at(62.9, Tick()).at(63, Tick(), Cut())
    assert script.machine.record.reason == "upstream-idle-timeout"


def test_a_transfer_that_moves_has_no_end() -> None:
    script = stream(calling().at(0, SENT), 1)
    for when in range(2, 100_000, 50):
        script.at(when, ResponseBodyRead(1)).at(when + 5, ResponseBodySent())
    script.at(100_020, BodyEnded())


# The client fails


@pytest.mark.parametrize("progress", [[], [SENDING], [SENT], [SENT, OK]], ids=len)
def test_a_client_may_leave_at_any_time(progress) -> None:
    script = calling()
    for event in progress:
        script.machine.receive(event, Instant(1))
    script.at(1, ClientLeft())
    assert script.machine.done
    assert (script.machine.record.status, script.machine.record.reason) == (499, "client-left")


def test_an_exchange_whose_worker_goes_down_says_so() -> None:
    script = calling().at(1, Abandoned())
    assert (script.machine.record.status, script.machine.record.reason) == (499, "shut-down")


def test_a_client_that_left_before_it_was_served_is_not_served() -> None:
    Script(Exchange(POLICIES)).at(0, ClientLeft()).at(0, RequestArrived(get(), "id"))


def test_a_client_that_stops_sending_is_told_so() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0, SENDING).at(1, RequestBodySent())
    command = ends_in(script.at(30.9, Tick()), 31, Tick())
    assert (command.head.status, command.close) == (408, True)


def test_a_client_that_stops_reading_is_cut() -> None:
    script = stream(calling().at(0, SENT), 1).at(2, ResponseBodyRead(1))
    script.at(21.9, Tick()).at(22, Tick(), Cut())
    assert script.machine.record.reason == "client-write-timeout"


def test_a_body_that_grows_beyond_the_limit_is_refused() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0, SENDING).at(0, RequestBodyRead(100))
    command = ends_in(script.at(0, RequestBodySent()), 0, RequestBodyRead(1))
    assert (command.head.status, command.close) == (413, True)


def test_a_body_that_grows_beyond_the_limit_after_the_answer_began_is_cut() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0, SENDING)
    stream(script, 1).at(2, RequestBodyRead(101), Cut())
    assert script.machine.record.reason == "body-too-large"


def test_a_malformed_body_is_refused_before_the_answer_and_cut_after() -> None:
    command = ends_in(calling(get(method="POST", body=UNKNOWN)), 1, RequestBodyBroke())
    assert (command.head.status, command.close) == (400, True)
    stream(calling(get(method="POST", body=UNKNOWN)), 1).at(2, RequestBodyBroke(), Cut())


# Laws that this machine's own tests can say best


def test_once_answered_only_the_answer_s_progress_counts() -> None:
    script = stream(calling(get(method="POST", body=UNKNOWN)).at(0, SENDING), 1)
    script.at(2, RequestBodySent())
    assert script.machine.deadline == 61_000_000_000


def test_a_record_keeps_the_status_that_the_client_saw() -> None:
    script = stream(calling(), 1)
    assert script.machine.phase is Phase.STREAMING
    assert script.machine.record.status == 200


# Interim answers (RFC 9110, 15.2)

HINTS = UpstreamInformed(ResponseHead(103, ((b"link", b"</a>"), (b"keep-alive", b"x")), 0))
HINTED = Inform(ResponseHead(103, ((b"link", b"</a>"), (b"x-request-id", b"id")), 0))


def test_an_interim_answer_passes_cleaned_and_is_not_the_answer() -> None:
    script = calling().at(0, SENT).at(1, HINTS, HINTED).at(1.1, InterimSent())
    assert script.machine.record.status == 0
    stream(script, 2).at(3, BodyEnded())
    assert script.machine.record.status == 200


def test_an_interim_answer_is_none_to_http_1_0() -> None:
    script = calling(dataclasses.replace(get(), version="1.0")).at(0, SENT).at(1, HINTS)
    stream(script, 2)


def test_each_interim_answer_grants_the_head_its_time_anew() -> None:
    script = calling().at(0, SENT)
    for number in range(1, 4):
        script.at(14 * number, HINTS, HINTED).at(14 * number, InterimSent())
    script.at(56.9, Tick())
    assert ends_in(script, 57, Tick()).head.status == 504


def test_http_1_0_waits_as_long_though_it_hears_nothing() -> None:
    script = calling(dataclasses.replace(get(), version="1.0")).at(0, SENT).at(14, HINTS)
    script.at(28.9, Tick())
    assert ends_in(script, 29, Tick()).head.status == 504


def test_a_client_that_does_not_take_an_interim_answer_is_cut() -> None:
    """And the upstream, which may have answered meanwhile, is not blamed."""
    script = calling().at(0, SENT).at(1, HINTS, HINTED).at(20.9, Tick()).at(21, Tick(), Cut())
    record = script.machine.record
    assert (record.status, record.reason) == (499, "client-write-timeout")


def test_an_interim_answer_in_mid_upload_leaves_the_upload_its_time() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0, SENDING).at(0, RequestBodySent())
    script.at(25, HINTS, HINTED)
    assert script.machine.deadline == Instant(30 * 10**9)
    script.at(26, InterimSent())
    assert ends_in(script, 30, Tick()).head.status == 408


def test_an_interim_answer_behind_the_answer_is_none() -> None:
    stream(calling().at(0, SENT), 1).at(2, HINTS).at(3, BodyEnded())


# Trailers (RFC 9110, 6.5)

SUM = ((b"x-sum", b"6"),)
CLEANED = ((b"x-sum", b"6"), (b"host", b"evil.example"))


def test_request_trailers_pass_cleaned() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0, SENDING)
    script.at(1, RequestTrailersRead(CLEANED), PassTrailers(SUM)).at(1, SENT)
    stream(script, 2).at(3, RequestTrailersRead(SUM), PassTrailers(SUM)).at(4, BodyEnded())


def test_request_trailers_of_which_none_may_pass_are_none() -> None:
    script = calling(get(method="POST", body=UNKNOWN)).at(0, SENDING)
    script.at(1, RequestTrailersRead(((b"content-length", b"1"),)))


def test_response_trailers_pass_to_a_client_that_takes_them() -> None:
    script = calling(get(fields=((b"te", b"trailers"),))).at(0, SENT)
    stream(script, 1).at(2, ResponseTrailersRead(CLEANED), PassTrailers(SUM)).at(3, BodyEnded())


def test_response_trailers_do_not_pass_unasked() -> None:
    """RFC 9110, 6.5.1: they may be discarded, and nobody waits for them."""
    stream(calling().at(0, SENT), 1).at(2, ResponseTrailersRead(SUM)).at(3, BodyEnded())


def test_what_the_answer_calls_hop_by_hop_does_not_trail_it() -> None:
    script = calling(get(fields=((b"te", b"trailers"),))).at(0, SENT)
    answered = UpstreamAnswered(
        ResponseHead(200, ((b"connection", b"x-hop"),)), UnixTime(1), UnixTime(2)
    )
    (command,) = script.machine.receive(answered, Instant(10**9))
    assert isinstance(command, StreamBody)
    script.at(2, ResponseTrailersRead((*SUM, (b"x-hop", b"1"))), PassTrailers(SUM))


def test_trailers_are_announced_only_to_who_takes_them() -> None:
    announced = UpstreamAnswered(
        ResponseHead(200, ((b"trailer", b"x-sum"),)), UnixTime(1), UnixTime(2)
    )
    for fields, seen in [((), None), (((b"te", b"trailers"),), b"x-sum")]:
        script = calling(get(fields=fields)).at(0, SENT)
        (command,) = script.machine.receive(announced, Instant(10**9))
        assert isinstance(command, StreamBody)
        assert value(command.head.fields, b"trailer") == seen


# WebSockets

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = get(
    b"/a/ws",
    fields=(
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", KEY),
        (b"sec-websocket-protocol", b"chat"),
        (b"cookie", b"a=b"),
    ),
)
ENDED = RelayEnded(3, 4, 30, 40, "client", 1000, 1000, 1000)


def handshake(head: RequestHead = UPGRADE) -> tuple[Exchange, CallUpstream]:
    exchange = Exchange(POLICIES)
    (command,) = exchange.receive(RequestArrived(head, "id", upgrade=True), Instant(0))
    assert isinstance(command, CallUpstream)
    return exchange, command


def switched(
    call: CallUpstream, status: int = 101, *, key: bytes | None = None
) -> UpstreamAnswered:
    asked = key or value(call.request.fields, b"sec-websocket-key")
    assert asked is not None
    fields = (
        (b"upgrade", b"websocket"),
        (b"connection", b"upgrade"),
        (b"sec-websocket-accept", accept_token(asked)),
        (b"sec-websocket-protocol", b"chat"),
        (b"server", b"x"),
    )
    return UpstreamAnswered(ResponseHead(status, fields), UnixTime(1), UnixTime(2))


def test_a_handshake_is_asked_afresh_and_what_is_between_the_ends_passes() -> None:
    _, call = handshake()
    fields = call.request.fields
    assert call.upgrade
    assert (call.request.method, call.request.target) == ("GET", b"/ws")
    assert [name for name, _ in fields].count(b"sec-websocket-key") == 1
    assert value(fields, b"sec-websocket-key") != KEY
    assert value(fields, b"upgrade") == b"websocket"
    assert value(fields, b"sec-websocket-protocol") == b"chat"
    assert value(fields, b"cookie") == b"a=b"


def test_a_websocket_is_opened_and_ends_in_one_line() -> None:
    exchange, call = handshake()
    (command,) = exchange.receive(switched(call), Instant(1))
    assert isinstance(command, SwitchProtocols)
    assert command.head.status == 101
    assert value(command.head.fields, b"sec-websocket-accept") == accept_token(KEY)
    assert (command.deflated, command.subprotocol) == (False, b"chat")
    assert (exchange.phase, exchange.deadline) == (Phase.RELAYING, NEVER)
    assert exchange.receive(ENDED, Instant(9)) == ()
    record = exchange.record
    assert exchange.done
    assert (record.status, record.reason, record.socket) == (101, "", ENDED)
    assert (record.bytes_in, record.bytes_out) == (30, 40)


def test_a_websocket_holds_its_place_until_it_is_over() -> None:
    policies = limited_policies(at_once(1))

    def ask() -> tuple[Exchange, object]:
        exchange = Exchange(policies)
        (command,) = exchange.receive(RequestArrived(UPGRADE, "id", upgrade=True), Instant(0))
        return exchange, command

    first, call = ask()
    assert isinstance(call, CallUpstream)
    first.receive(switched(call), Instant(1))
    _, refused = ask()
    assert isinstance(refused, Respond)
    assert refused.head.status == 429
    first.receive(ENDED, Instant(2))
    assert isinstance(ask()[1], CallUpstream)


@pytest.mark.parametrize("event", [ClientLeft(), Abandoned()])
def test_a_websocket_whose_driver_goes_is_over(event: Event) -> None:
    exchange, call = handshake()
    exchange.receive(switched(call), Instant(1))
    assert exchange.receive(event, Instant(2)) == ()
    assert exchange.done


def test_an_upstream_that_proves_nothing_is_not_believed() -> None:
    exchange, call = handshake()
    (command,) = exchange.receive(switched(call, key=b"wrong"), Instant(1))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (502, "upstream-protocol")


@pytest.mark.parametrize("status", [200, 401, 404, 503])
def test_any_other_answer_to_a_handshake_reaches_the_client(status: int) -> None:
    exchange, _ = handshake()
    (command,) = exchange.receive(
        UpstreamAnswered(ResponseHead(status, ()), UnixTime(1), UnixTime(2)), Instant(1)
    )
    assert isinstance(command, StreamBody)
    assert command.head.status == status


def test_over_http_2_no_answer_but_an_open_websocket_may_pass_for_one() -> None:
    head = dataclasses.replace(UPGRADE, version="2", fields=UPGRADE.fields[2:4])
    exchange, call = handshake(head)
    (command,) = exchange.receive(switched(call, 200), Instant(1))
    assert isinstance(command, Respond)
    assert command.head.status == 502


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (dataclasses.replace(UPGRADE, fields=()), "websocket-version"),
        (dataclasses.replace(UPGRADE, target=b"/nowhere"), "no-route"),
        (dataclasses.replace(UPGRADE, target=b"/closed/ws"), "websocket-refused"),
    ],
)
def test_a_handshake_is_refused_before_anybody_is_called(head: RequestHead, reason: str) -> None:
    closed = Route("closed", Pattern.prefix("/closed"), "service-a", websocket=False)
    some = dataclasses.replace(POLICIES, router=Router((*POLICIES.router.routes, closed)))
    exchange = Exchange(some)
    (command,) = exchange.receive(RequestArrived(head, "id", upgrade=True), Instant(0))
    assert isinstance(command, Respond)
    assert exchange.record.reason == reason


# Callers


def doubtful(head: RequestHead | None = None) -> Script:
    """A script that stands where the caller is being asked about."""
    exchange = Exchange(guarded())
    arrived = RequestArrived(head or with_token(token()), "id", WALL)
    (command,) = Exchange(guarded()).receive(arrived, Instant(0))
    assert isinstance(command, VerifyToken)
    return Script(exchange).at(0, arrived, command)


def test_a_caller_is_found_out_before_the_upstream_is_called() -> None:
    script = doubtful()
    assert script.machine.phase is Phase.IDENTIFYING
    (command,) = script.machine.receive(InquiryEnded(TokenVerified()), Instant(1))
    assert isinstance(command, CallUpstream)
    fields = command.request.fields
    assert value(fields, b"x-consumer-id") == b"ada"
    assert value(fields, b"authorization") is None
    assert script.machine.record.asked == 1


def test_what_a_client_says_of_its_caller_is_not_passed_on() -> None:
    forged = ((b"x-consumer-id", b"root"), (b"x_consumer_id", b"root"), (b"x-api-key", b"k"))
    exchange = Exchange(guarded())
    (command,) = exchange.receive(RequestArrived(get(fields=forged), "id", WALL), Instant(0))
    assert isinstance(command, CallUpstream)
    told = [line for line in command.request.fields if line[0].startswith(b"x-consumer-id")]
    assert told == [(b"x-consumer-id", b"ada")]
    assert value(command.request.fields, b"x_consumer_id") is None


def test_a_token_that_is_refused_ends_the_request() -> None:
    ended = ends_in(doubtful(), 1, InquiryEnded(TokenRefused("token-signature")))
    assert ended.head.status == 401
    assert value(ended.head.fields, b"www-authenticate") is not None


def test_an_inquiry_that_takes_too_long_ends_the_request() -> None:
    script = doubtful().at(4.9, Tick())
    ended = ends_in(script, 5, Tick())
    assert ended.head.status == 503
    assert script.machine.record.identity == "identity-timeout"


@pytest.mark.parametrize("event", [ClientLeft(), Abandoned()])
def test_a_client_that_leaves_is_asked_about_no_longer(event: Event) -> None:
    script = doubtful().at(1, event)
    assert script.machine.done
    script.at(2, InquiryEnded(TokenVerified()))


def test_a_time_that_nobody_told_makes_every_token_too_old() -> None:
    exchange = Exchange(guarded())
    (command,) = exchange.receive(RequestArrived(with_token(token()), "id"), Instant(0))
    assert isinstance(command, Respond)
    assert exchange.record.identity == "token-expired"


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        pytest.param(Composed(200, (), b"{}"), 200, id="composed"),
        pytest.param(NotComposed(Refusal(504, "part-timeout", "Too late.")), 504, id="refused"),
        pytest.param(ClientLeft(), 499, id="left"),
        pytest.param(Abandoned(), 499, id="shut down"),
    ],
)
def test_a_route_without_an_upstream_is_composed_and_waits_for_nothing_else(
    ended: Event, status: int
) -> None:
    exchange = Exchange(COMPOSING)
    (command,) = exchange.receive(RequestArrived(get(b"/detail/1"), "id"), Instant(0))
    assert isinstance(command, Compose)
    assert exchange.phase is Phase.COMPOSING
    assert exchange.deadline == NEVER
    exchange.receive(ended, Instant(1))
    assert exchange.done
    assert exchange.record.status == status


# Tries and hedges: what `test_attempts` tells case by case, as phases and waits of the machine


def test_a_try_that_failed_is_followed_by_another_after_a_back_off() -> None:
    exchange = Exchange(protected(hedge_after=None, per_try_timeout=None))
    exchange.receive(RequestArrived(get(), "id"), Instant(0))
    assert exchange.receive(UpstreamFailed(FailureKind.RESET), Instant(1)) == (DropCall(),)
    assert exchange.phase is Phase.BACKING_OFF
    assert exchange.receive(SENT, Instant(1)) == ()
    (call,) = exchange.receive(Tick(), exchange.deadline)
    assert isinstance(call, CallUpstream)
    dropped = dataclasses.replace(OK, head=ResponseHead(503, ()))
    assert exchange.receive(dropped, exchange.deadline) == (DropCall(),)


def test_two_calls_and_their_waits() -> None:
    exchange = Exchange(protected(per_try_timeout=None))
    assert exchange.receive(HedgeDue(), Instant(0)) == ()
    exchange.receive(RequestArrived(get(), "id"), Instant(0))
    (beside,) = exchange.receive(HedgeDue(), Instant(1))
    assert isinstance(beside, CallBeside)
    assert exchange.receive(HedgeDue(), Instant(1)) == ()
    assert exchange.deadline == 2_000_000_001
    exchange.receive(SENT, Instant(2))
    exchange.receive(CallLost(hedge=True, kind=FailureKind.RESET), Instant(3))
    assert exchange.deadline == 15_000_000_002
    exchange.receive(CallLost(hedge=True, kind=FailureKind.RESET), Instant(4))
    assert isinstance(exchange.receive(OK, Instant(5))[0], StreamBody)


def test_where_nobody_may_be_called_the_client_is_told_or_gets_the_fallback() -> None:
    for fallback, status in ((None, 503), (Fallback(200, b"{}", b"application/json"), 200)):
        policies = protected(adaptive=AdaptiveRules(limit_min=1), fallback=fallback)
        Exchange(policies).receive(RequestArrived(get(), "id"), Instant(0))
        exchange = Exchange(policies)
        (answer,) = exchange.receive(RequestArrived(get(), "id"), Instant(0))
        assert isinstance(answer, Respond)
        assert answer.head.status == exchange.record.status == status
        assert exchange.record.reason == "overload"
