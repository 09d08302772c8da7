"""As much of a request as expressions refer to, and no more."""

from gateway_core.composing.sight import Sight
from gateway_core.message import RequestHead

ABOUT = {"client": "192.0.2.1", "consumer": "", "request_id": "id"}


def test_what_is_referred_to_is_seen() -> None:
    references = {("query", "p"), ("headers", "x_a"), ("headers", "x-b"), ("client",), ()}
    sight = Sight.of(references, ["id"])
    assert sight == Sight(("id",), ("p",), ("x-b", "x_a"))
    fields = ((b"x-a", b"1"), (b"x-b", b"2"), (b"x-b", b"\xff"), (b"cookie", b"s"))
    head = RequestHead("GET", b"/?p=a+b&p=2&q=3", b"h", fields)
    assert sight.scope(head, {"id": b"%2F"}, **ABOUT) == {
        "id": "/",
        "path": {"id": "/"},
        "query": {"p": "a b"},
        "headers": {"x_a": "1", "x-b": "2, \udcff"},
        "client": "192.0.2.1",
        "consumer": None,
        "request_id": "id",
        "claims": {},
    }


def test_what_is_not_there_is_not_seen() -> None:
    sight = Sight((), ("p",), ("x",))
    scope = sight.scope(RequestHead("GET", b"/", b"h", ()), {}, **ABOUT)
    assert scope["query"] == scope["headers"] == {}
    assert Sight().scope(RequestHead("GET", b"/?p=1", b"h", ()), {}, **ABOUT)["query"] == {}
