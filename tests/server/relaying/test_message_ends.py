"""The message road's two ends: ASGI, and wsproto over a wire."""

import pytest
import trio

from gateway_core.frames import (
    CLIENT,
    UPSTREAM,
    Close,
    CloseCame,
    FramesCame,
    PongCame,
    StreamBroke,
)
from gateway_server.relaying.message_ends import (
    MESSAGE_TOO_BIG,
    ClientMessages,
    UpstreamMessages,
)
from tests.core.frames.writing import close, frame, text
from tests.server.relaying.wires import FakeWire, Looker


class Asgi:
    """What a server tells, and what it is told."""

    def __init__(self, *messages: dict) -> None:
        self.messages = list(messages)
        self.sent: list[dict] = []

    async def receive(self) -> dict:
        await trio.lowlevel.checkpoint()
        return self.messages.pop(0)

    async def send(self, message: dict) -> None:
        await trio.lowlevel.checkpoint()
        self.sent.append(message)


def received(**what) -> dict:
    return {"type": "websocket.receive", "text": None, "bytes": None, **what}


def left(code: int, reason: str = "") -> dict:
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


async def test_a_client_says_text_and_bytes_and_how_it_leaves() -> None:
    asgi = Asgi(received(text="é"), received(bytes=b"\xff"), left(4000, "bye"))
    client = ClientMessages(asgi.receive, asgi.send, 1000)
    assert await client.read(Looker())
    assert client.next() == FramesCame(CLIENT, 1, 0, 2, whole=True)
    assert (client.take(), client.next()) == ("é", None)
    assert await client.read(Looker())
    assert client.next() == FramesCame(CLIENT, 1, 0, 1, whole=True)
    assert client.take() == b"\xff"
    assert await client.read(Looker())
    assert client.next() == CloseCame(CLIENT, Close(4000, "bye"))


async def test_a_client_that_left_without_a_word_is_lost() -> None:
    asgi = Asgi(left(1006))
    assert not await ClientMessages(asgi.receive, asgi.send, 1000).read(Looker())


@pytest.mark.parametrize("message", [received(text="é" * 6), received(bytes=bytes(11))])
async def test_a_clients_message_beyond_its_bound_is_told_as_such(message: dict) -> None:
    asgi = Asgi(message)
    client = ClientMessages(asgi.receive, asgi.send, 10)
    assert await client.read(Looker())
    assert client.next() == StreamBroke(CLIENT, MESSAGE_TOO_BIG)


async def test_a_client_is_told_messages_and_a_close() -> None:
    asgi = Asgi()
    client = ClientMessages(asgi.receive, asgi.send, 1000)
    for load in ("text", b"bytes", client.close_load(Close(1011, "x")), Close(1005)):
        rest = client.put(load)
        assert rest is not None
        await client.push(rest)
    assert asgi.sent == [
        {"type": "websocket.send", "text": "text"},
        {"type": "websocket.send", "bytes": b"bytes"},
        {"type": "websocket.close", "code": 1011, "reason": "x"},
        {"type": "websocket.close", "code": 1000, "reason": ""},
    ]
    client.finish()
    client.hang_up()
    client.cut()
    with pytest.raises(AssertionError):
        client.ping_load(b"x")


def upstream(wire: FakeWire, early: bytes = b"", message_max: int = 1000) -> UpstreamMessages:
    return UpstreamMessages(wire, early, message_max, write_timeout=10)


def told(end: UpstreamMessages) -> list:
    found = []
    while (event := end.next()) is not None:
        found.append((event, end.take()))
    return found


async def test_fragments_of_an_upstream_are_joined(autojump_clock) -> None:
    wire = FakeWire()
    end = upstream(wire, text("é".encode()[:1], UPSTREAM, fin=False))
    assert told(end) == []
    wire.comes(frame(0, "é".encode()[1:], UPSTREAM) + frame(2, b"\xff", UPSTREAM))
    looker = Looker()
    assert await end.read(looker)
    assert looker.saw == [FramesCame(UPSTREAM, 1, 0, 2, whole=True)]
    assert end.take() == "é"
    assert told(end) == [(FramesCame(UPSTREAM, 1, 0, 1, whole=True), b"\xff")]


async def test_an_upstreams_message_is_bounded_all_fragments_together(autojump_clock) -> None:
    data = frame(2, bytes(600), UPSTREAM, fin=False) + frame(0, bytes(401), UPSTREAM)
    end = upstream(FakeWire(), data)
    assert [event for event, _ in told(end)] == [StreamBroke(UPSTREAM, MESSAGE_TOO_BIG)]


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (close(4000, b"bye", UPSTREAM), CloseCame(UPSTREAM, Close(4000, "bye"))),
        (close(None, b"", UPSTREAM), CloseCame(UPSTREAM, Close(1005))),
    ],
)
async def test_behind_an_upstreams_close_nothing_is_heard(autojump_clock, data, event) -> None:
    wire = FakeWire()
    end = upstream(wire, data)
    assert [found for found, _ in told(end)] == [event]
    wire.comes(text(b"ghost", UPSTREAM))
    looker = Looker()
    assert await end.read(looker)
    assert looker.saw == told(end) == []


def test_an_upstream_that_has_closed_is_told_our_close_and_nothing_before_it() -> None:
    wire = FakeWire()
    end = upstream(wire, frame(9, b"a", UPSTREAM) + close(4000, b"bye", UPSTREAM))
    assert [found for found, _ in told(end)] == [CloseCame(UPSTREAM, Close(4000, "bye"))]
    pong = len(wire.sent)
    for late in ("text", b"bytes"):
        assert end.put(late) is None
    assert len(wire.sent) == pong
    assert end.put(end.close_load(Close(4000, "bye"))) is None
    assert wire.sent[pong : pong + 2] == bytes([0x88, 0x85])


@pytest.mark.parametrize(
    ("data", "code"),
    [(text(b"\xff", UPSTREAM), 1007), (frame(3, b"", UPSTREAM), 1002)],
)
def test_what_wsproto_refuses_is_a_broken_stream(data: bytes, code: int) -> None:
    ((event, _),) = told(upstream(FakeWire(), data))
    assert isinstance(event, StreamBroke)
    assert event.close.code == code


def test_pings_of_an_upstream_are_answered_until_it_was_told_a_close() -> None:
    wire = FakeWire()
    end = upstream(wire, frame(9, b"a", UPSTREAM))
    assert told(end) == []
    assert wire.sent[:2] == bytes([0x8A, 0x81])
    end = upstream(wire := FakeWire(), frame(9, b"a", UPSTREAM))
    end.close_load(Close(1000))
    assert told(end) == []
    assert wire.sent == b""


def test_of_pongs_that_wait_the_last_is_enough() -> None:
    wire = FakeWire()
    wire.room = 0
    end = upstream(wire, frame(9, b"a", UPSTREAM) * 1000)
    assert told(end) == []
    wire.room = 100
    assert end.put(b"x") is None
    assert len(wire.sent) == 7 + 7, "one pong, and the message"


def test_only_the_pong_of_our_ping_is_told() -> None:
    wire = FakeWire()
    pongs = frame(10, b"other", UPSTREAM) + frame(10, b"tag1", UPSTREAM)
    end = upstream(wire, pongs)
    assert end.put(end.ping_load(b"tag1")) is None
    assert wire.sent[:2] == bytes([0x89, 0x84])
    assert [event for event, _ in told(end)] == [PongCame(UPSTREAM, b"tag1")]


async def test_what_an_upstream_does_not_take_at_once_is_pushed(nursery, autojump_clock) -> None:
    wire = FakeWire()
    wire.room = 5
    end = upstream(wire)
    rest = end.put("hello")
    assert rest == "hello"
    nursery.start_soon(end.push, rest)
    await trio.sleep(1)
    wire.gives_room(100)
    await trio.sleep(1)
    assert len(wire.sent) == 11
    wire.broken = True
    assert end.put(b"more") == b"more"
    with pytest.raises(OSError, match=r"^$"):
        await end.push(b"more")
    end.finish()
    end.hang_up()
    end.cut()
    assert wire.closed
