"""The commands that give an answer, compressed or not."""

from dataclasses import replace

from gateway_core.clock import Instant, UnixTime
from gateway_core.compressing import Compression
from gateway_core.exchange import (
    Admission,
    Composed,
    Exchange,
    RequestArrived,
    Respond,
    StreamBody,
    UpstreamAnswered,
)
from gateway_core.exchange.encoding import encoded, respond
from gateway_core.forwarding import Client
from gateway_core.message import UNKNOWN, RequestHead, ResponseHead, value
from gateway_core.routing import Match
from tests.exchanges import COMPOSING, POLICIES, ROUTES, get

RULE = Compression(codings=("gzip",))
SQUEEZING = replace(COMPOSING, compressions={"a": RULE, "detail": RULE})
TEXT = ((b"content-type", b"text/plain"), (b"content-length", b"5000"))
ASKING = ((b"accept-encoding", b"gzip"),)
CLIENT = Client("192.0.2.1", "http", b"gw.example", ("192.0.2.1",))
ADMITTED = Admission(CLIENT, Match(ROUTES[0], b"/x", b"/a/x", {}, b"gw.example"))


def answered(head: RequestHead, status: int = 200) -> StreamBody:
    exchange = Exchange(SQUEEZING)
    exchange.receive(RequestArrived(head, "id"), Instant(0))
    event = UpstreamAnswered(ResponseHead(status, TEXT, 5000), UnixTime(1), UnixTime(2))
    (command,) = exchange.receive(event, Instant(1))
    assert isinstance(command, StreamBody)
    return command


def test_an_upstreams_answer_is_compressed_on_a_route_that_says_so() -> None:
    command = answered(get(fields=ASKING))
    assert command.coding == "gzip"
    assert command.head.body == UNKNOWN
    assert value(command.head.fields, b"content-encoding") == b"gzip"
    assert value(command.head.fields, b"content-length") is None


def test_who_asks_for_no_coding_is_told_that_there_is_another() -> None:
    command = answered(get())
    assert command.coding == ""
    assert command.head.body == 5000
    assert value(command.head.fields, b"vary") == b"Accept-Encoding"


def test_head_is_told_what_get_would_be_and_given_nothing() -> None:
    command = answered(get(method="HEAD", fields=ASKING))
    assert command.coding == ""
    assert command.head.body == 0
    assert value(command.head.fields, b"content-encoding") == b"gzip"


def test_on_other_routes_nothing_changes() -> None:
    head = ResponseHead(200, TEXT, 5000)
    assert encoded(head, get(fields=ASKING), ADMITTED, POLICIES) == (head, "")
    assert respond(head, b"x", get(), ADMITTED, POLICIES) == Respond(head, b"x", close=False)


def composed(head: RequestHead, body: bytes) -> Respond:
    exchange = Exchange(SQUEEZING)
    exchange.receive(RequestArrived(head, "id"), Instant(0))
    event = Composed(200, ((b"content-type", b"application/json"),), body)
    (command,) = exchange.receive(event, Instant(1))
    assert isinstance(command, Respond)
    return command


def test_a_composed_answer_is_compressed_likewise() -> None:
    long = b'"%b"' % (b"x" * 2000)
    command = composed(get(b"/detail/1", fields=ASKING), long)
    assert (command.coding, command.body, command.head.body) == ("gzip", long, UNKNOWN)
    assert value(command.head.fields, b"content-length") is None
    command = composed(get(b"/detail/1", fields=ASKING), b"{}")
    assert (command.coding, command.head.body) == ("", 2)
    command = composed(get(b"/detail/1", method="HEAD", fields=ASKING), long)
    assert (command.coding, command.body, command.head.body) == ("", b"", 0)
    assert value(command.head.fields, b"content-encoding") == b"gzip"
