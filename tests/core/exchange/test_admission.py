"""What a request passes before anything is done for it, and in which order."""

import dataclasses

import pytest

from gateway_core.clock import Instant
from gateway_core.exchange import Admission, Record, admit
from gateway_core.forwarding import ForwardingRules
from gateway_core.forwarding.trust import parse_trusted
from gateway_core.message import RequestHead
from gateway_core.refusal import Refusal
from gateway_core.routing import Pattern, Route, Router
from tests.exchanges import POLICIES, get

CLOSED = Route("closed", Pattern.prefix("/closed"), "service-a", websocket=False, body_max=9)
SOME = dataclasses.replace(POLICIES, router=Router((*POLICIES.router.routes, CLOSED)))
NOW = Instant(3)
LOOP = (b"via", b", ".join([b"1.1 gateway"] * 8))


def judged(head: RequestHead, *, upgrade: bool = False) -> tuple[Admission | Refusal, Record]:
    record = Record()
    return admit(head, "fresh", SOME, record, NOW, upgrade=upgrade), record


def test_an_admission_says_who_asks_and_where_it_leads() -> None:
    admitted, record = judged(get(b"/a/x?q=1"))
    assert isinstance(admitted, Admission)
    assert admitted.client.address == "192.0.2.1"
    assert (admitted.match.route.name, admitted.match.target) == ("a", b"/x?q=1")
    assert (admitted.consumer, admitted.fields) == ("", ())
    assert (record.client, record.request_id, record.started) == ("192.0.2.1", "fresh", NOW)
    assert (record.route, record.upstream, record.status) == ("a", "service-a", 0)


@pytest.mark.parametrize(
    ("head", "upgrade", "reason"),
    [
        pytest.param(get(b"/a/%zz"), False, "bad-target", id="no target"),
        pytest.param(get(b"/nowhere"), False, "no-route", id="no route"),
        pytest.param(get(b"/get", method="PUT"), False, "method-not-allowed", id="method"),
        pytest.param(get(b"*", method="OPTIONS"), False, "server-options", id="9110-9.3.7"),
        pytest.param(
            get(method="OPTIONS", fields=((b"max-forwards", b"0"),)),
            False,
            "server-options",
            id="9110-7.6.2",
        ),
        pytest.param(get(fields=(LOOP,)), False, "loop-detected", id="9110-7.6.3"),
        pytest.param(get(b"/closed"), True, "websocket-refused", id="no sockets here"),
        pytest.param(get(body=101), False, "body-too-large", id="9110-15.5.14"),
        pytest.param(get(b"/nowhere", body=101), True, "no-route", id="no route comes first"),
        pytest.param(get(b"/closed", body=10), True, "websocket-refused", id="then the upgrade"),
    ],
)
def test_the_first_reason_against_a_request_is_the_one_it_is_told(
    head: RequestHead, upgrade: bool, reason: str
) -> None:
    refusal, record = judged(head, upgrade=upgrade)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert (record.client, record.request_id, record.started) == ("192.0.2.1", "fresh", NOW)


@pytest.mark.parametrize("head", [get(b"/a", body=100), get(b"/unbound", body=10**15)])
def test_a_body_within_the_bound_is_admitted(head: RequestHead) -> None:
    admitted, _ = judged(head)
    assert isinstance(admitted, Admission)


def test_a_request_refused_for_its_body_is_logged_with_its_route() -> None:
    refusal, record = judged(get(body=101))
    assert isinstance(refusal, Refusal)
    assert (record.route, record.upstream) == ("a", "service-a")


@pytest.mark.parametrize("upgrade", [False, True], ids=["request", "handshake"])
def test_who_asks_is_whom_a_trusted_proxy_names(upgrade: bool) -> None:
    told = get(fields=((b"x-forwarded-for", b"198.51.100.7"),))
    trusting = dataclasses.replace(SOME, forwarding=ForwardingRules(parse_trusted(["192.0.2.1"])))
    record = Record()
    admitted = admit(told, "fresh", trusting, record, NOW, upgrade=upgrade)
    assert isinstance(admitted, Admission)
    assert (admitted.client.address, record.client) == ("198.51.100.7", "198.51.100.7")
    assert judged(told)[1].client == "192.0.2.1"
