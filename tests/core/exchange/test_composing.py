"""An exchange that is answered out of many, and the client's body where parts are made of it."""

from dataclasses import replace

import pytest

from gateway_core.clock import Instant, seconds
from gateway_core.composing import Flaw, Shape
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    ClientLeft,
    Compose,
    Composed,
    DocumentRead,
    Exchange,
    NotComposed,
    Phase,
    ReadRequest,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    UpstreamBroke,
)
from gateway_core.machine import Tick
from gateway_core.message import UNKNOWN, Fields, RequestHead
from gateway_core.refusal import Refusal
from gateway_core.routing import Router
from tests.compositions import part, plan
from tests.exchanges import COMPOSING, DETAIL, get

TAKING = replace(
    COMPOSING,
    router=Router((replace(DETAIL, methods=frozenset(), body_max=50),)),
    compositions={
        "detail": plan(
            replace(part("a", "/{id}"), upstream="service-a"),
            body="[a, body.x]",
            request_max=40,
        )
    },
)
JSON: Fields = ((b"content-type", b"application/json"),)


def post(body: int = 9, fields: Fields = JSON) -> RequestHead:
    return get(b"/detail/1", method="POST", body=body, fields=fields)


def arrived(head: RequestHead) -> tuple[Exchange, object]:
    exchange = Exchange(TAKING)
    (command,) = exchange.receive(RequestArrived(head, "id"), Instant(0))
    return exchange, command


def taking() -> Exchange:
    exchange, command = arrived(post(UNKNOWN))
    assert command == ReadRequest(40)
    assert exchange.phase is Phase.TAKING
    return exchange


def test_the_clients_document_is_read_before_anybody_is_asked() -> None:
    exchange = taking()
    (command,) = exchange.receive(DocumentRead({"x": 1}, 9), Instant(1))
    assert isinstance(command, Compose)
    assert (command.body, exchange.phase) == ({"x": 1}, Phase.COMPOSING)
    (answer,) = exchange.receive(Composed(200, (), b"{}"), Instant(2))
    assert isinstance(answer, Respond)
    assert exchange.done


@pytest.mark.parametrize("head", [get(b"/detail/1"), post(0)], ids=["GET", "nothing"])
def test_where_there_is_none_it_is_null(head: RequestHead) -> None:
    exchange, command = arrived(head)
    assert isinstance(command, Compose)
    assert command.body is None
    (answer,) = exchange.receive(NotComposed(Refusal(502, "x", "y")), Instant(2))
    assert isinstance(answer, Respond)
    assert answer.head.status == 502


def test_a_plan_that_does_not_refer_to_it_reads_none() -> None:
    wanted = plan(replace(part("a", "/{id}"), upstream="service-a"))
    exchange = Exchange(replace(TAKING, compositions={"detail": wanted}))
    (command,) = exchange.receive(RequestArrived(post(fields=()), "id"), Instant(0))
    assert isinstance(command, Compose)


def test_a_part_may_be_made_of_it() -> None:
    assert plan(part("a", "/{body.id}")).takes_body
    assert plan(part("a", method="POST", body=Shape.of({"x": "body"}))).takes_body
    assert not plan(part("a")).takes_body


@pytest.mark.parametrize(
    ("fields", "body", "status", "reason"),
    [
        pytest.param((), 9, 415, "body-no-json", id="9110-15.5.16 no type"),
        pytest.param(((b"content-type", b"text/plain"),), 9, 415, "body-no-json", id="text"),
        pytest.param((*JSON, (b"content-encoding", b"gzip")), 9, 415, "body-no-json", id="coded"),
        pytest.param(JSON, 41, 413, "body-too-large", id="9110-15.5.14 too large"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_head(
    fields: Fields, body: int, status: int, reason: str
) -> None:
    exchange, command = arrived(post(body, fields))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (status, reason)


@pytest.mark.parametrize(
    ("flaw", "status", "reason"),
    [
        (Flaw.NOT_JSON, 400, "body-not-json"),
        (Flaw.TOO_DEEP, 400, "body-too-deep"),
        (Flaw.TOO_LARGE, 413, "body-too-large"),
    ],
)
def test_what_is_no_document_is_refused_by_name(flaw: Flaw, status: int, reason: str) -> None:
    exchange = taking()
    (command,) = exchange.receive(DocumentRead(flaw, 9), Instant(1))
    assert isinstance(command, Respond)
    assert (command.head.status, exchange.record.reason) == (status, reason)


def test_a_client_that_stops_in_the_middle_is_408() -> None:
    exchange = taking()
    assert exchange.deadline == seconds(30)
    exchange.receive(RequestBodyRead(5), Instant(1))
    exchange.receive(RequestBodySent(), Instant(2))
    assert exchange.deadline == 2 + seconds(30)
    (command,) = exchange.receive(Tick(), Instant(2 + seconds(30)))
    assert isinstance(command, Respond)
    assert command.head.status == 408


def test_a_body_that_outgrows_its_route_or_is_malformed_or_left_is_over() -> None:
    exchange = taking()
    (command,) = exchange.receive(RequestBodyRead(51), Instant(1))
    assert isinstance(command, Respond)
    assert command.head.status == 413
    exchange = taking()
    (command,) = exchange.receive(RequestBodyBroke(), Instant(1))
    assert isinstance(command, Respond)
    assert command.head.status == 400
    exchange = taking()
    assert exchange.receive(ClientLeft(), Instant(1)) == ()
    assert exchange.done


def test_whatever_else_breaks_is_an_answers() -> None:
    exchange = Exchange(COMPOSING)
    exchange.receive(RequestArrived(get(), "id"), Instant(0))
    assert exchange.receive(UpstreamBroke(FailureKind.RESET), Instant(1))
    assert exchange.done
