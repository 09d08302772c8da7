"""An exchange whose answer is composed, and the exchanges of its parts."""

import pytest

from gateway_core.clock import NEVER, Instant
from gateway_core.errors import ConfigError
from gateway_core.exchange import (
    Admission,
    CallUpstream,
    ClientLeft,
    Compose,
    Composed,
    Exchange,
    NotComposed,
    Policies,
    Record,
    RequestArrived,
    Respond,
)
from gateway_core.exchange.parts import admit_part, composed, to_compose
from gateway_core.forwarding import Client
from gateway_core.message import RequestHead, ResponseHead, value
from gateway_core.refusal import Refusal, refused
from gateway_core.routing import Match, Router
from tests.compositions import part, plan
from tests.exchanges import COMPOSING, DETAIL, UPSTREAM, get
from tests.script import Script

NOW = Instant(5)
TOLD = ((b"x-consumer-id", b"demo"),)
JSON = ((b"content-type", b"application/json"),)


def started(head: RequestHead) -> Script:
    command = Compose("detail", head, {"id": b"%2F"}, "192.0.2.1", "fresh")
    return Script(Exchange(COMPOSING)).at(0, RequestArrived(head, "fresh"), command)


def answer_head(length: int, body: int) -> ResponseHead:
    fields = (
        *JSON,
        (b"content-length", b"%d" % length),
        (b"x-request-id", b"fresh"),
        (b"x-team", b"a"),
    )
    return ResponseHead(200, fields, body)


def test_a_route_without_an_upstream_is_answered_by_composition() -> None:
    script = started(get(b"/detail/%2F?x=1"))
    script.at(1, Composed(200, JSON, b"{}"), Respond(answer_head(2, 2), b"{}", close=False))
    machine = script.machine
    assert isinstance(machine, Exchange)
    assert machine.done
    assert (machine.record.status, machine.record.reason) == (200, "")
    assert machine.record.bytes_out == 2
    assert machine.deadline == NEVER


def test_head_is_told_the_length_and_given_no_body() -> None:
    started(get(b"/detail/%2F", method="HEAD")).at(
        1, Composed(200, JSON, b"{}", "incomplete-x"), Respond(answer_head(2, 0), b"", close=False)
    )


def test_what_could_not_be_composed_is_refused_as_everything_else_is() -> None:
    refusal = Refusal(504, "part-timeout", "The part 'a' of this answer failed.")
    head, body = refused(refusal, "fresh", "GET")
    script = started(get(b"/detail/%2F"))
    script.at(2, NotComposed(refusal), Respond(head, body, close=False))
    assert script.machine.record.reason == "part-timeout"  # type: ignore[attr-defined]


def test_a_client_that_leaves_ends_it() -> None:
    script = started(get(b"/detail/%2F")).at(1, ClientLeft())
    assert script.machine.done
    script.at(2, Composed(200, JSON, b"{}"))


def test_a_part_goes_to_its_upstream_by_no_router_and_past_admission() -> None:
    machine = Exchange(COMPOSING)
    head = get(b"/9?q=1", fields=((b"x-request-id", b"outer-id"),))
    (command,) = machine.receive(RequestArrived(head, "fresh", part="detail/a"), NOW)
    assert isinstance(command, CallUpstream)
    assert command.upstream is UPSTREAM
    assert command.request.target == b"/9?q=1"
    assert value(command.request.fields, b"x-request-id") == b"outer-id"
    assert value(command.request.fields, b"x-forwarded-for") == b"192.0.2.1"
    assert (machine.record.route, machine.record.upstream) == ("detail/a", "service-a")


def test_the_admission_of_a_part_tells_the_record() -> None:
    record = Record()
    event = RequestArrived(get(b"/9?q=1"), "fresh", part="detail/a", consumer="demo", told=TOLD)
    admitted = admit_part(event, COMPOSING, record, NOW)
    assert admitted.match.path == b"/9"
    assert (admitted.consumer, record.consumer, admitted.told) == ("demo", "demo", TOLD)
    assert (record.started, record.client, record.request_id) == (NOW, "192.0.2.1", "fresh")


def test_who_asks_is_told_to_the_composition_and_what_was_counted_to_the_client() -> None:
    head = get(b"/detail/1")
    match = Match(DETAIL, b"/detail/1", b"/detail/1", {"id": b"1"}, b"gw.example")
    client = Client("192.0.2.1", "http", b"gw.example", ("192.0.2.1",))
    admission = Admission(client, match, "demo", ((b"ratelimit", b"x"),))
    record = Record(client="192.0.2.1", request_id="id")
    assert to_compose(admission, head, record).consumer == "demo"
    made = composed(Composed(200, JSON, b"{}"), head, admission, COMPOSING, record)
    assert value(made.head.fields, b"ratelimit") == b"x"


def test_a_part_whose_upstream_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="'up-a' is not defined"):
        Policies(Router((DETAIL,)), {}, compositions={"detail": plan(part("a"))})
