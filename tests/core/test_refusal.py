"""What the gateway answers in its own name (RFC 9457)."""

import json

from gateway_core.refusal import Refusal, problem, refused

NO_ROUTE = Refusal(404, "no-route", 'Nothing is served at "/x".', ((b"x-hint", b"1"),))


def test_a_problem_tells_type_title_status_detail_and_request_id() -> None:
    assert json.loads(problem(NO_ROUTE, "abc")) == {
        "type": "urn:gateway-problem:no-route",
        "title": "Not Found",
        "status": 404,
        "detail": 'Nothing is served at "/x".',
        "request_id": "abc",
    }


def test_a_refusal_bears_its_type_length_request_id_and_own_fields() -> None:
    head, body = refused(NO_ROUTE, "abc", "GET")
    assert head.status == 404
    assert head.body == len(body)
    assert dict(head.fields) == {
        b"content-type": b"application/problem+json",
        b"content-length": b"%d" % len(body),
        b"x-request-id": b"abc",
        b"x-hint": b"1",
    }


def test_head_gets_the_same_head_and_no_body() -> None:
    get, _ = refused(NO_ROUTE, "abc", "GET")
    head, body = refused(NO_ROUTE, "abc", "HEAD")
    assert head.fields == get.fields
    assert (head.body, body) == (0, b"")


def test_204_has_neither_body_nor_length() -> None:
    head, body = refused(Refusal(204, "options", "", ((b"allow", b"GET"),)), "abc", "OPTIONS")
    assert (head.body, body) == (0, b"")
    assert head.fields == ((b"x-request-id", b"abc"), (b"allow", b"GET"))


def test_fields_can_be_added_behind_its_own() -> None:
    assert NO_ROUTE.with_fields((b"a", b"b")).fields == ((b"x-hint", b"1"), (b"a", b"b"))
