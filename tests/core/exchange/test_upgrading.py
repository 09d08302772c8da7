"""A handshake is refused for the first reason that there is."""

import dataclasses

import pytest

from gateway_core.clock import Instant
from gateway_core.exchange import Record, refuse_upgrade
from gateway_core.message import value
from gateway_core.routing import Pattern, Route, Router
from tests.exchanges import POLICIES, at_once, get, limited_policies, windowed

CLOSED = Route("closed", Pattern.prefix("/closed"), "service-a", websocket=False)
SOME = dataclasses.replace(POLICIES, router=Router((*POLICIES.router.routes, CLOSED)))


@pytest.mark.parametrize(
    ("head", "status", "reason"),
    [
        (get(b"/a/ws"), 501, "websocket-not-relayed"),
        (get(b"/closed/ws"), 403, "websocket-refused"),
        (get(b"/nowhere"), 404, "no-route"),
        (get(b"/a/%zz"), 400, "bad-target"),
        (get(b"*", method="OPTIONS"), 204, "server-options"),
    ],
)
def test_why_a_handshake_is_refused(head, status: int, reason: str) -> None:
    record = Record()
    refusal = refuse_upgrade(head, "id", SOME, record, Instant(3))
    assert (refusal.status, refusal.reason) == (status, reason)
    assert (record.status, record.reason) == (status, reason)
    assert (record.client, record.request_id, record.started) == ("192.0.2.1", "id", 3)


def test_a_handshake_counts_once_and_holds_nothing_once_it_is_refused() -> None:
    policies = limited_policies(windowed(1), at_once(1))
    first = refuse_upgrade(get(), "id", policies, Record(), Instant(0))
    second = refuse_upgrade(get(), "id", policies, Record(), Instant(0))
    assert (first.status, second.status) == (501, 429)
    assert value(first.fields, b"ratelimit") == b'"per-client";r=0;t=10, "at-once";r=0'
    assert value(second.fields, b"ratelimit") == b'"per-client";r=0;t=10'
