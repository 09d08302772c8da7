"""Both handshakes of a WebSocket: what is refused, what is asked, what is agreed on."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.utilities import generate_accept_token

from gateway_core.exchange.upgrading import (
    Agreed,
    Handshake,
    accept_token,
    handshake_flaw,
    handshake_of,
    may_open,
    switching_head,
    upgrade_refusal,
)
from gateway_core.message import Fields, RequestHead, ResponseHead, value
from gateway_core.routing import Pattern, Route

KEY = (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")
VERSION = (b"sec-websocket-version", b"13")
EXTENSIONS = b"sec-websocket-extensions"
PROTOCOL = b"sec-websocket-protocol"


def head(*fields, method="GET", version="1.1", body=0):
    return RequestHead(method, b"/", b"a", fields, version=version, body=body)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        pytest.param(head(KEY, VERSION), None, id="RFC 6455 4.2.1 good"),
        pytest.param(head(VERSION, method="CONNECT", version="2"), None, id="RFC 8441 5 good"),
        pytest.param(head(KEY), "websocket-version", id="RFC 6455 4.4 no version"),
        pytest.param(head(KEY, (VERSION[0], b"8")), "websocket-version", id="4.4 an old version"),
        pytest.param(head(VERSION), "websocket-key", id="4.2.1 no key"),
        pytest.param(head(VERSION, KEY, KEY), "websocket-key", id="11.3.1 two keys"),
        pytest.param(head(VERSION, (KEY[0], b"YWJj")), "websocket-key", id="4.2.1 a short key"),
        pytest.param(head(VERSION, (KEY[0], b"\xff!")), "websocket-key", id="4.2.1 no base64"),
        pytest.param(head(VERSION, KEY, method="get"), "websocket-method", id="4.2.1 method"),
        pytest.param(head(VERSION, version="2", body=-1), None, id="RFC 8441 5 GET, as ASGI says"),
        pytest.param(head(VERSION, KEY, version="1.0"), "websocket-method", id="4.2.1 HTTP/1.0"),
    ],
)
def test_handshakes_are_judged(head, reason):
    flaw = handshake_flaw(head)
    assert (flaw.reason if flaw else None) == reason


@pytest.mark.parametrize(
    ("origins", "told", "reason"),
    [
        pytest.param(None, [b"https://evil.example"], None, id="no list"),
        pytest.param({b"https://a.example"}, [b"https://A.example"], None, id="listed"),
        pytest.param({b"https://a.example"}, [], None, id="10.2 no page"),
        pytest.param(
            {b"https://a.example"}, [b"https://a.example.evil"], "websocket-origin", id="foreign"
        ),
        pytest.param({b"https://a.example"}, [b"null"], "websocket-origin", id="a sandboxed page"),
        pytest.param(
            {b"https://a.example"},
            [b"https://a.example", b"https://evil.example"],
            "websocket-origin",
            id="both",
        ),
    ],
)
def test_10_2_pages_of_foreign_origins_open_nothing(origins, told, reason) -> None:
    asked = head(*((b"origin", origin) for origin in told))
    allowed = None if origins is None else frozenset(origins)
    route = Route("ws", Pattern.prefix("/"), "up", origins=allowed)
    refusal = upgrade_refusal(asked, route)
    assert (refusal.reason if refusal else None) == reason


def test_a_route_may_take_no_websockets() -> None:
    refusal = upgrade_refusal(head(), Route("r", Pattern.prefix("/"), "up", websocket=False))
    assert refusal is not None
    assert (refusal.status, refusal.reason) == (403, "websocket-refused")


def test_4_1_the_upstream_is_asked_with_a_key_of_our_own() -> None:
    asked = head(KEY, VERSION, (EXTENSIONS, b"permessage-deflate; client_max_window_bits"))
    one, two = handshake_of(asked, "one"), handshake_of(asked, "two")
    assert len({one.key, two.key, KEY[1]}) == 3
    assert len(base64.b64decode(one.key)) == 16
    assert one.fields == (
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        VERSION,
        (b"sec-websocket-key", one.key),
        (EXTENSIONS, b"permessage-deflate; client_max_window_bits"),
    )


def test_only_deflate_is_offered_on_however_it_is_written() -> None:
    lines = (
        (EXTENSIONS, b"x-webkit-deflate-frame, Permessage-Deflate;server_no_context_takeover"),
        (EXTENSIONS, b"\xff;;=, permessage-deflate , bbf-usp-protocol, ,permessage-deflated"),
    )
    found = handshake_of(head(KEY, VERSION, *lines), "id")
    assert found.offers == (
        b"Permessage-Deflate;server_no_context_takeover",
        b"permessage-deflate",
    )
    assert value(handshake_of(head(KEY), "id").fields, EXTENSIONS) is None


ASKED = Handshake(KEY[1], (b"permessage-deflate", b"permessage-deflate; x"), (b"chat", b"v2"))
ACCEPT = (b"sec-websocket-accept", accept_token(KEY[1]))
SWITCH: Fields = ((b"upgrade", b"WebSocket"), (b"connection", b"keep-alive, Upgrade"), ACCEPT)


def without(name: bytes) -> Fields:
    return tuple(line for line in SWITCH if line[0] != name)


@pytest.mark.parametrize(
    ("fields", "agreed"),
    [
        pytest.param(SWITCH, Agreed(deflated=False, subprotocol=b""), id="4.2.2 plain"),
        pytest.param(
            (*SWITCH, (PROTOCOL, b"v2")), Agreed(deflated=False, subprotocol=b"v2"), id="1.9"
        ),
        pytest.param(
            (*SWITCH, (EXTENSIONS, b"permessage-deflate; server_max_window_bits=10")),
            Agreed(deflated=True, subprotocol=b""),
            id="7692 5.1",
        ),
        pytest.param(without(b"upgrade"), None, id="4.1 item 2 no upgrade"),
        pytest.param(
            (*without(b"upgrade"), (b"upgrade", b"h2c")), None, id="4.1 item 2 to something else"
        ),
        pytest.param(without(b"connection"), None, id="4.1 item 3 no connection"),
        pytest.param(without(ACCEPT[0]), None, id="4.1 item 4 no accept"),
        pytest.param(
            (*without(ACCEPT[0]), (ACCEPT[0], accept_token(b"other"))), None, id="4.1 item 4 wrong"
        ),
        pytest.param((*SWITCH, ACCEPT), None, id="11.3.3 accepted twice"),
        pytest.param((*SWITCH, (EXTENSIONS, b"bbf")), None, id="4.1 item 5 not offered"),
        pytest.param(
            (*SWITCH, (EXTENSIONS, b"permessage-deflate, permessage-deflate")), None, id="5 twice"
        ),
        pytest.param((*SWITCH, (PROTOCOL, b"other")), None, id="4.1 item 6 not offered"),
        pytest.param((*SWITCH, (PROTOCOL, b"chat"), (PROTOCOL, b"v2")), None, id="4.2.2 two"),
    ],
)
def test_4_1_what_an_upstreams_101_settles(fields: Fields, agreed: Agreed | None) -> None:
    assert ASKED.agreed(ResponseHead(101, fields)) == agreed


def test_an_extension_that_nobody_offered_is_not_agreed_on() -> None:
    fields = (*SWITCH, (EXTENSIONS, b"permessage-deflate"))
    assert Handshake(KEY[1], (), ()).agreed(ResponseHead(101, fields)) is None


def test_another_status_settles_nothing() -> None:
    assert ASKED.agreed(ResponseHead(200, SWITCH)) is None


@pytest.mark.parametrize(
    ("status", "version", "opens"),
    [
        (101, "1.1", True),
        (200, "1.1", False),
        (200, "2", True),
        (299, "2", True),
        (404, "2", False),
    ],
)
def test_8441_4_what_a_client_would_take_for_an_open_websocket(status, version, opens) -> None:
    assert may_open(ResponseHead(status, ()), head(version=version)) is opens


def test_the_client_is_answered_by_its_own_key() -> None:
    forwarded = ResponseHead(101, (ACCEPT, (PROTOCOL, b"chat"), (b"set-cookie", b"a=b")))
    own = (b"sec-websocket-key", b"AAAAAAAAAAAAAAAAAAAAAA==")
    assert switching_head(forwarded, head(own)) == ResponseHead(
        101,
        (
            (b"connection", b"Upgrade"),
            (b"upgrade", b"websocket"),
            (b"sec-websocket-accept", accept_token(own[1])),
            (PROTOCOL, b"chat"),
            (b"set-cookie", b"a=b"),
        ),
        0,
    )
    assert switching_head(forwarded, head(version="2")).status == 200


@given(st.binary(min_size=16, max_size=16).map(base64.b64encode))
def test_4_2_2_wsproto_makes_the_same_token(key: bytes) -> None:
    assert accept_token(key) == generate_accept_token(key)


def test_1_3_the_token_of_the_example() -> None:
    assert accept_token(KEY[1]) == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
