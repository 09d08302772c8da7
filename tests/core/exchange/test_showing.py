"""What becomes of an answer between the cache and the client."""

from dataclasses import replace

import pytest

from gateway_core.caching import CachePolicy
from gateway_core.clock import NEVER, Instant, UnixTime, seconds
from gateway_core.composing import Flaw, Shape, field_template
from gateway_core.compressing import Compression
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    BodyEnded,
    ClientLeft,
    Cut,
    DocumentRead,
    Door,
    Exchange,
    InquiryEnded,
    Phase,
    Policies,
    ReadDocument,
    RequestArrived,
    RequestBodyRead,
    Respond,
    StreamBody,
    TokenVerified,
    UpstreamAnswered,
    UpstreamBroke,
)
from gateway_core.machine import Tick
from gateway_core.message import RequestHead, ResponseHead, value
from gateway_core.transforming import AnswerChange, Otherwise, Rewriting, StatusMap
from tests.exchanges import EVERY_POLICY, REWRITING, get
from tests.guards import WALL, guard, with_token
from tests.lab import Lab, Visit, says
from tests.tokens import token

JSON = (b"content-type", b"application/json")
SHAPE = Shape.of({"n": "body.name"})
PASSING = AnswerChange(rewriting=Rewriting(SHAPE, 100, Otherwise.PASS))


def answered(
    head: ResponseHead, asked: RequestHead | None = None, policies: Policies = REWRITING
) -> tuple[Exchange, list[object]]:
    exchange = Exchange(policies)
    exchange.receive(RequestArrived(asked or get(), "id"), Instant(0))
    event = UpstreamAnswered(head, UnixTime(1), UnixTime(2))
    return exchange, list(exchange.receive(event, Instant(1)))


def reading(policies: Policies = REWRITING, asked: RequestHead | None = None) -> Exchange:
    exchange, commands = answered(ResponseHead(200, (JSON, (b"etag", b'"x"'))), asked, policies)
    assert commands == [ReadDocument(100)]
    assert exchange.phase is Phase.READING
    return exchange


def test_what_the_client_is_told_in_its_place_is_logged_beside_what_was_said() -> None:
    exchange, (command,) = answered(ResponseHead(404, ((b"x-who", b"root"),), 3))
    assert isinstance(command, StreamBody)
    assert (command.head.status, command.head.body) == (410, 3)
    assert value(command.head.fields, b"x-who") == b"192.0.2.1"
    exchange.receive(BodyEnded(3), Instant(2))
    assert (exchange.record.status, exchange.record.upstream_status) == (410, 404)


def test_breakers_and_retries_go_by_what_the_upstream_said() -> None:
    change = AnswerChange(StatusMap({"5xx": 200}))
    policies = replace(REWRITING, upstreams={"service-a": EVERY_POLICY}, answers={"a": change})
    exchange, (command,) = answered(ResponseHead(503, ()), policies=policies)
    assert exchange.phase is Phase.BACKING_OFF
    assert not isinstance(command, StreamBody)


def test_a_document_is_read_whole_and_answered_anew() -> None:
    exchange = reading()
    (command,) = exchange.receive(DocumentRead({"name": "é", "pin": 1}, 20), Instant(2))
    assert isinstance(command, Respond)
    assert command.body == '{"n":"é"}'.encode()
    assert value(command.head.fields, b"content-length") == b"10"
    assert (value(command.head.fields, b"etag") or b"").startswith(b'W/"x;s')
    assert exchange.done
    assert exchange.deadline == NEVER
    assert exchange.record.bytes_out == 10


def test_it_is_compressed_afterwards() -> None:
    squeezing = replace(REWRITING, compressions={"a": Compression(("gzip",), size_min=5)})
    exchange = reading(squeezing, get(fields=((b"accept-encoding", b"gzip"),)))
    (command,) = exchange.receive(DocumentRead({}, 2), Instant(2))
    assert isinstance(command, Respond)
    assert command.coding == "gzip"
    assert value(command.head.fields, b"content-length") is None


def test_the_upstream_is_asked_for_bytes_that_can_be_read_and_for_all_of_them() -> None:
    exchange = Exchange(REWRITING)
    fields = ((b"accept-encoding", b"gzip"), (b"range", b"bytes=0-1"), (b"if-none-match", b'"x"'))
    (call,) = exchange.receive(RequestArrived(get(fields=fields), "id"), Instant(0))
    told = dict(call.request.fields)  # type: ignore[union-attr]
    assert told[b"accept-encoding"] == b"identity"
    assert {b"range", b"if-none-match"}.isdisjoint(told)


@pytest.mark.parametrize(
    "head",
    [
        ResponseHead(200, ((b"content-type", b"text/event-stream"),)),
        ResponseHead(404, (JSON,)),
        ResponseHead(200, (JSON,), 0),
    ],
    ids=["a stream", "an error", "nothing"],
)
def test_what_is_no_document_streams_unread(head: ResponseHead) -> None:
    exchange, (command,) = answered(head)
    assert isinstance(command, StreamBody)
    assert exchange.phase is Phase.STREAMING


@pytest.mark.parametrize(
    ("asked", "status"), [(get(method="HEAD"), 200), (get(), 304)], ids=["HEAD", "304"]
)
def test_a_head_alone_tells_of_what_would_be_made(asked: RequestHead, status: int) -> None:
    fields = (JSON, (b"content-length", b"9"), (b"etag", b'"x"'))
    _, (command,) = answered(ResponseHead(status, fields, 0), asked)
    assert isinstance(command, StreamBody)
    assert value(command.head.fields, b"content-length") is None
    assert (value(command.head.fields, b"etag") or b"").startswith(b'W/"x;s')


def test_what_is_hidden_stays_hidden_under_another_status() -> None:
    change = replace(REWRITING.answers["a"], statuses=StatusMap({"2xx": 404}))
    exchange, commands = answered(
        ResponseHead(200, (JSON,)), policies=replace(REWRITING, answers={"a": change})
    )
    assert commands == [ReadDocument(100)]
    (command,) = exchange.receive(DocumentRead({"name": 1}, 9), Instant(2))
    assert isinstance(command, Respond)
    assert (command.head.status, command.body) == (404, b'{"n":1}')
    assert (exchange.record.status, exchange.record.upstream_status) == (404, 200)


@pytest.mark.parametrize(
    ("fields", "body", "reason"),
    [
        ((JSON, (b"content-encoding", b"gzip")), -1, "answer-encoded"),
        ((JSON,), 101, "answer-too-large"),
    ],
)
def test_what_cannot_be_read_is_refused_before_a_byte_of_it(
    fields: tuple[tuple[bytes, bytes], ...], body: int, reason: str
) -> None:
    exchange, (command,) = answered(ResponseHead(200, fields, body))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (502, reason)
    passing = replace(REWRITING, answers={"a": PASSING})
    exchange, (command,) = answered(ResponseHead(200, fields, body), policies=passing)
    assert isinstance(command, StreamBody)
    assert command.head.fields[: len(fields)] == fields
    assert exchange.record.unwritten == reason


def test_what_is_no_json_is_refused_or_goes_as_it_came() -> None:
    exchange = reading()
    (command,) = exchange.receive(DocumentRead(Flaw.NOT_JSON, 9), Instant(2))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (502, "answer-not-json")
    exchange = reading(replace(REWRITING, answers={"a": PASSING}))
    (command,) = exchange.receive(DocumentRead(Flaw.NOT_JSON, 9), Instant(2))
    assert isinstance(command, StreamBody)
    assert value(command.head.fields, b"etag") == b'"x"'
    assert exchange.deadline == 2 + seconds(60)
    exchange.receive(BodyEnded(9), Instant(3))
    assert (exchange.record.reason, exchange.record.unwritten) == ("", "answer-not-json")


def test_a_document_that_drips_has_an_end() -> None:
    exchange = reading()
    assert exchange.deadline == 1 + seconds(15)
    assert exchange.receive(Tick(), Instant(seconds(15))) == ()
    (command,) = exchange.receive(Tick(), Instant(1 + seconds(15)))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (504, "upstream-response-timeout")


def test_a_document_that_breaks_off_is_a_failure_and_no_cut() -> None:
    exchange = reading()
    (command,) = exchange.receive(UpstreamBroke(FailureKind.RESET), Instant(2))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (502, "upstream-reset")
    passing = reading(replace(REWRITING, answers={"a": PASSING}))
    passing.receive(DocumentRead(Flaw.NOT_JSON, 9), Instant(2))
    assert passing.receive(UpstreamBroke(FailureKind.RESET), Instant(3)) == (Cut(),)


def test_a_body_that_grows_too_large_meanwhile_is_refused() -> None:
    exchange = reading(asked=get(method="POST", body=-1))
    (command,) = exchange.receive(RequestBodyRead(101), Instant(2))
    assert isinstance(command, Respond)
    assert command.head.status == 413


def test_a_client_that_leaves_meanwhile_gives_everything_back() -> None:
    exchange = reading(replace(REWRITING))
    assert exchange.receive(ClientLeft(), Instant(2)) == ()
    assert (exchange.done, exchange.record.status) == (True, 499)
    (member,) = exchange.policies.rosters["service-a"].members
    assert member.in_flight == 0


def caching(change: AnswerChange) -> Lab:
    lab = Lab(CachePolicy(ttl=60), answers={"r": change})
    lab.origin = says(
        body=b'{"name": "a", "pin": 1}', content_type=b"application/json", etag=b'"x"'
    )
    return lab


def test_the_cache_keeps_what_the_upstream_said() -> None:
    lab = caching(AnswerChange(rewriting=Rewriting(SHAPE)))
    first, hit = lab.get(), lab.get()
    assert first.body == hit.body == b'{"n":"a"}'
    assert (hit.x_cache, len(lab.requests)) == ("HIT", 1)
    assert list(lab.bodies.values()) == [b'{"name": "a", "pin": 1}']
    tag = hit.field(b"etag")
    assert tag is not None
    known = lab.get(if_none_match=tag)
    assert (known.status, known.field(b"etag")) == (304, tag)
    assert lab.get(if_none_match=b'"x"').status == 200
    assert lab.get(range=b"bytes=0-1").status == 200


def test_no_stored_answer_carries_one_clients_values_to_another() -> None:
    lab = caching(
        AnswerChange(
            StatusMap({"2xx": 203}),
            ((b"x-team", field_template("{headers.x_team}")),),
            rewriting=Rewriting(Shape.of({"n": "body.name", "team": "headers.x_team"})),
        )
    )
    red, blue, nobody = (
        lab.get(**fields) for fields in ({"x_team": b"red"}, {"x_team": b"blue"}, {})
    )
    assert [visit.field(b"x-team") for visit in (red, blue, nobody)] == [b"red", b"blue", None]
    assert blue.body == b'{"n":"a","team":"blue"}'
    assert nobody.body == b'{"n":"a","team":null}'
    assert (blue.x_cache, blue.status, blue.exchange.record.upstream_status) == ("HIT", 203, 200)
    assert blue.field(b"vary") == b"x-team"
    assert len(lab.requests) == 1


def test_a_stored_document_that_is_none_is_sent_as_it_is_kept() -> None:
    lab = Lab(CachePolicy(ttl=60), answers={"r": PASSING})
    lab.origin = says(body=b"{", content_type=b"application/json")
    assert [lab.get().body, lab.get().body] == [b"{", b"{"]
    assert len(lab.requests) == 1


@pytest.mark.parametrize("changes", [{"r": PASSING}, {}], ids=["rewritten", "as it came"])
def test_a_caller_who_is_found_out_first_may_be_answered_from_the_store(
    changes: dict[str, AnswerChange],
) -> None:
    lab = Lab(CachePolicy(ttl=60, partition=True), answers=changes)
    lab.origin = says(body=b'{"name": "a"}', content_type=b"application/json")

    def come() -> Visit:
        visit = lab.visit(replace(lab.policies, doors={"r": Door(guard())}))
        visit.exchange.receive(RequestArrived(with_token(token()), "id", WALL), lab.now)
        assert visit.exchange.phase is Phase.IDENTIFYING
        visit.tell(InquiryEnded(TokenVerified()))
        return visit

    first, second = come(), come()
    assert second.exchange.phase is Phase.WAITING
    lab.answer(first)
    assert (second.x_cache, come().x_cache) == ("HIT", "HIT")
