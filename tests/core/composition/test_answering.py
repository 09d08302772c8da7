"""The body that is made of all parts, its mark, and its envelope."""

import json
from typing import Any

import pytest

from gateway_core.composing import ANSWER_MAX, Budget, Document
from gateway_core.composition import Answer, Call
from gateway_core.composition.answering import compose, refuse
from gateway_core.composition.failures import PartFailure, timed_out
from gateway_core.refusal import Refusal
from tests.compositions import optional, part, plan

VALUES: dict[str, Document] = {"a": {"v": 1}, "b": None}


def made(
    *failures: PartFailure, values: dict[str, Document] = VALUES, size: int = 10, **keys: Any
) -> Answer | Refusal:
    scope: dict[str, Document] = {**values, "parts": values}
    wanted = plan(part("a"), optional("b"), **keys)
    return compose(wanted, scope, values, list(failures), size=size, budget=Budget())


def answer(outcome: Answer | Refusal) -> tuple[Any, dict[bytes, bytes]]:
    assert isinstance(outcome, Answer)
    return json.loads(outcome.body), dict(outcome.fields)


def test_a_whole_answer_says_so() -> None:
    body, fields = answer(made(body={"x": "a.v"}))
    assert body == {"x": 1}
    assert fields == {b"content-type": b"application/json", b"x-gateway-completed": b"true"}


def test_an_answer_that_lacks_something_says_so_and_is_not_stored() -> None:
    body, fields = answer(made(timed_out(Call("b"))))
    assert body == {"a": {"v": 1}, "b": None}
    assert fields[b"x-gateway-completed"] == b"false"
    assert fields[b"cache-control"] == b"no-store"


def test_an_envelope_wraps_the_answer_and_lists_what_failed() -> None:
    body, _ = answer(made(envelope=True))
    whole = {"a": {"v": 1}, "b": None}
    assert body == {"status_code": 200, "message": "OK", "data": whole, "error": None}
    body, _ = answer(made(timed_out(Call("b")), envelope=True))
    assert [told["part"] for told in body["errors"]] == ["b"]


def test_an_envelope_wraps_a_refusal_too() -> None:
    refusal = Refusal(504, "part-timeout", "Too late.", ((b"retry-after", b"1"),))
    assert refuse(plan(part("a")), refusal, "id-1") is refusal
    outcome = refuse(plan(part("a"), envelope=True), refusal, "id-1")
    body, fields = answer(outcome)
    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.reason) == (504, "part-timeout")
    assert fields[b"retry-after"] == b"1"
    assert body == {
        "status_code": 504,
        "message": "Gateway Timeout",
        "data": None,
        "error": {
            "type": "urn:gateway-problem:part-timeout",
            "title": "Gateway Timeout",
            "status": 504,
            "detail": "Too late.",
            "request_id": "id-1",
        },
    }


@pytest.mark.parametrize(
    ("shape", "place"), [({"n": {"m": "length(a.v)"}}, "body.n.m"), ("length(a.v)", "body")]
)
def test_an_expression_that_does_not_fit_is_named_by_its_place(shape: Any, place: str) -> None:
    outcome = made(body=shape)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "composition-misfit"
    assert f"at {place}, it does not fit" in outcome.detail


def test_an_answer_is_bounded_before_it_is_made() -> None:
    values: dict[str, Document] = {"a": "x" * (ANSWER_MAX // 2), "b": None}
    outcome = made(values=values, size=ANSWER_MAX // 2, body="[a, a, a]")
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "composition-too-large"
