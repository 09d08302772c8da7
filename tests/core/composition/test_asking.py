"""What a part's upstream is asked, and what it is not told."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway_core.composing import Budget, Document, Part, Shape, field_template, query_template
from gateway_core.composition import AskPart, Call
from gateway_core.composition.asking import ask
from gateway_core.composition.failures import PartFailure
from tests.compositions import asked, begun, part

CALL = Call("a")


def made(wanted: Part, start: Any = None, **scope: Document) -> AskPart | PartFailure:
    return ask(wanted, CALL, start or begun(), dict(scope), Budget())


def test_a_part_is_asked_as_if_by_the_client() -> None:
    command = made(part("a", "/p/{v}", query=(("q", query_template("{v}")),)), v="x y")
    assert command == AskPart(CALL, asked("/p/x%20y?q=x%20y"))


def test_trace_way_and_languages_are_passed_on_and_nothing_else() -> None:
    passed = (
        (b"accept-language", b"pt"),
        (b"forwarded", b"for=1.2.3.4"),
        (b"traceparent", b"00-1-2-01"),
        (b"via", b"1.1 other"),
        (b"x-forwarded-for", b"1.2.3.4"),
    )
    kept_back = (
        (b"authorization", b"Bearer s"),
        (b"cookie", b"s=1"),
        (b"if-none-match", b'"x"'),
        (b"range", b"bytes=0-1"),
        (b"accept-encoding", b"gzip"),
        (b"accept", b"text/html"),
        (b"content-type", b"text/plain"),
        (b"x-request-id", b"theirs"),
    )
    command = made(part("a"), begun(b"/x", *kept_back, *passed))
    assert command == AskPart(CALL, asked("/a", passed))


def test_a_part_says_which_fields_it_wants_and_what_is_missing_is_left_out() -> None:
    wanted = part(
        "a",
        fields=(
            (b"authorization", field_template("{headers.authorization}")),
            (b"accept", field_template("application/vnd.a+json")),
            (b"x-none", field_template("{headers.none}")),
        ),
    )
    command = made(wanted, headers={"authorization": "Bearer s\r\nX: y"})
    assert isinstance(command, AskPart)
    assert command.head.fields == (
        (b"host", b"gw.example"),
        (b"x-request-id", b"id-1"),
        (b"authorization", b"Bearer s%0D%0AX: y"),
        (b"accept", b"application/vnd.a+json"),
    )


def test_a_body_is_sent_as_json() -> None:
    wanted = part("a", method="POST", body=Shape.of({"sku": "b.sku", "none": "b.none"}))
    command = made(wanted, b={"sku": "é"})
    assert isinstance(command, AskPart)
    assert json.loads(command.body) == {"sku": "é", "none": None}
    assert command.head.method == "POST"
    assert command.head.body == len(command.body)
    assert (b"content-type", b"application/json") in command.head.fields
    assert (b"content-length", b"%d" % len(command.body)) in command.head.fields


@pytest.mark.parametrize("shape", ["length(b)", "b"])
def test_a_body_that_cannot_be_written_is_not_sent(shape: str) -> None:
    wanted = part("a", method="POST", body=Shape.of(shape))
    failure = made(wanted, b=[1.0] * 600_000 if shape == "b" else 1)
    assert isinstance(failure, PartFailure)
    assert failure.said == "what it is to be sent cannot be written"


@pytest.mark.parametrize(
    ("path", "status"), [("/{query.x}", 400), ("/{b.x}", 502), ("/{query.x || b.x}", 502)]
)
def test_a_value_that_does_not_fit_is_blamed_on_whom_it_comes_from(path: str, status: int) -> None:
    failure = made(part("a", path), query={}, b={})
    assert isinstance(failure, PartFailure)
    assert failure.status == status
    assert failure.said == "a value of its request is missing"


def test_queries_and_fields_that_cannot_be_filled_are_failures_too() -> None:
    for keys in (
        {"query": (("q", query_template("x{b}")),)},
        {"fields": ((b"x", field_template("x{b}")),)},
    ):
        assert isinstance(made(part("a", **keys)), PartFailure)  # type: ignore[arg-type]


def test_who_asks_and_how_is_the_clients() -> None:
    start = begun()
    start = replace(start, head=replace(start.head, scheme="https", peer="2001:db8::1"))
    command = made(part("a"), start)
    assert isinstance(command, AskPart)
    assert (command.head.scheme, command.head.peer) == ("https", "2001:db8::1")
