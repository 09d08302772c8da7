import pytest

from gateway_core.message import RequestHead
from gateway_server.front.websocket_handshake import acceptance, handshake_flaw, subprotocols

KEY = (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")
VERSION = (b"sec-websocket-version", b"13")


def head(*fields, method="GET", version="1.1"):
    return RequestHead(method, b"/", b"a", fields, version=version)


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
        pytest.param(head(VERSION, KEY, version="1.0"), "websocket-method", id="4.2.1 HTTP/1.0"),
    ],
)
def test_handshakes_are_judged(head, reason):
    flaw = handshake_flaw(head)
    assert (flaw.reason if flaw else None) == reason


def test_the_answer_proves_that_the_key_was_read():
    status, fields = acceptance(head(KEY, VERSION), None, ((b"x", b"y"),))
    assert status == 101
    assert (b"sec-websocket-accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") in fields  # RFC 6455, 1.3
    assert fields[-1] == (b"x", b"y")


def test_http_2_needs_neither_key_nor_upgrade():
    assert acceptance(head(VERSION, version="2"), None, ()) == (200, ())


def test_subprotocols_are_offered_in_one_line_or_several():
    name = b"sec-websocket-protocol"
    offer = head((name, b"a, b"), (name, b"c"))
    assert subprotocols(offer) == ["a", "b", "c"]
    assert (name, b"b") in acceptance(offer, "b", ())[1]


@pytest.mark.parametrize(
    ("subprotocol", "more"),
    [("x", ()), (None, ((b"sec-websocket-extensions", b"permessage-deflate"),))],
)
def test_nothing_is_agreed_on_that_was_not_offered(subprotocol, more):
    with pytest.raises(ValueError, match=r"x|extensions"):
        acceptance(head(KEY, VERSION), subprotocol, more)
