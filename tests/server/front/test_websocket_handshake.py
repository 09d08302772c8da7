import pytest

from gateway_core.message import RequestHead
from gateway_server.front.websocket_handshake import acceptance, subprotocols

KEY = (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")
VERSION = (b"sec-websocket-version", b"13")


def head(*fields, method="GET", version="1.1"):
    return RequestHead(method, b"/", b"a", fields, version=version)


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
