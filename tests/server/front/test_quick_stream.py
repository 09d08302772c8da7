"""A whole answer in one go: what the client takes at once, and what is left for later."""

import pytest

from gateway_core.http1.request import RequestDecoder
from gateway_core.message import RequestHead
from gateway_server.front.quick_stream import QuickStream
from gateway_server.front.streams import ClientLeftError

JSON = ((b"content-type", b"application/json"), (b"content-length", b"2"), (b"date", b"today"))
LINES = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ndate: today\r\n"


class Takes:
    """A wire that takes `room` bytes at once, and the rest where it is waited for."""

    def __init__(self, room: int, *, broken: bool = False) -> None:
        self.room = room
        self.broken = broken
        self.got = b""

    def write_at_once(self, data: bytes) -> int:
        taken = data[: 0 if self.broken else self.room]
        self.got += taken
        return len(taken)

    async def write(self, data: bytes) -> None:
        if self.broken:
            raise ClientLeftError("broken")
        self.got += data


class Carrier:
    """A connection whose request has been read."""

    def __init__(self, wire: Takes, request: bytes = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") -> None:
        self.wire = wire
        self.last = False
        self.decoder = RequestDecoder()
        self.decoder.receive(request)
        self.decoder.next_head()

    def stream(self, method: str = "GET", version: str = "1.1") -> QuickStream:
        return QuickStream(RequestHead(method, b"/", b"h", (), version=version), self)


def test_a_whole_answer_goes_out_in_one_write() -> None:
    wire = Takes(10_000)
    stream = Carrier(wire).stream()
    assert stream.answer_at_once(200, JSON, b"{}")
    assert wire.got == LINES + b"\r\n{}"
    assert stream.started
    assert stream.finished
    assert stream.is_over


@pytest.mark.parametrize("room", [0, 1, len(LINES) + 3])
async def test_what_a_client_does_not_take_at_once_is_sent_later(room: int) -> None:
    wire = Takes(room)
    stream = Carrier(wire).stream()
    assert not stream.answer_at_once(200, JSON, b"{}")
    assert stream.started
    assert not stream.finished
    await stream.settle()
    assert wire.got == LINES + b"\r\n{}"
    assert stream.finished


@pytest.mark.parametrize("broken", [True, False], ids=["the wire broke", "it was noticed before"])
async def test_a_client_that_left_is_told_by_settle(broken: bool) -> None:
    wire = Takes(10_000, broken=broken)
    stream = Carrier(wire).stream()
    if not broken:
        stream.leave()
    assert not stream.answer_at_once(200, JSON, b"{}")
    with pytest.raises(ClientLeftError):
        await stream.settle()
    assert wire.got == b""
    assert not stream.finished
    assert stream.started is broken, "nothing is begun for a client that was sent away"


@pytest.mark.parametrize(
    ("method", "version", "fields", "end"),
    [
        pytest.param("GET", "1.1", JSON[2:], b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                     id="RFC 9112, 7.1 no length: chunks"),
        pytest.param("GET", "1.0", JSON[2:], b"connection: close\r\n\r\n{}",
                     id="RFC 9112, 6.3 no length for HTTP/1.0: until the end"),
        pytest.param("HEAD", "1.1", JSON[1:], b"\r\n", id="RFC 9110, 9.3.2 HEAD: no body"),
    ],
)  # fmt: skip
def test_a_whole_answer_is_framed_for_its_request(method, version, fields, end) -> None:
    wire = Takes(10_000)
    assert Carrier(wire).stream(method, version).answer_at_once(200, fields, b"{}")
    assert wire.got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert wire.got.endswith(b"date: today\r\n" + end)


def test_an_answer_that_closes_makes_the_connection_s_last() -> None:
    wire = Takes(10_000)
    carrier = Carrier(wire)
    closing = (*JSON, (b"connection", b"Close"))
    assert carrier.stream().answer_at_once(200, closing, b"{}")
    assert carrier.last
    assert wire.got.count(b"onnection: ") == 1
