import pytest
import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from gateway_server.front import websocket
from tests.server.front.h2_client import H2Client
from tests.server.front.serving import eventually, serving

HANDSHAKE = (
    "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def handshake(path="/echo", *more):
    return HANDSHAKE.replace("/echo", path).replace(
        "\r\n\r\n", "\r\n" + "".join(f"{line}\r\n" for line in more) + "\r\n"
    )


class Socket:
    """A client behind its handshake."""

    def __init__(self, client, early=b""):
        self.client = client
        self.frames = Connection(ConnectionType.CLIENT)
        self.events = []
        if early:
            self._take(early)

    async def send(self, *events):
        await self.client.say(b"".join(self.frames.send(event) for event in events))

    async def next(self, seconds=5):
        with trio.fail_after(seconds):
            while not self.events:
                data = await self.client.stream.receive_some()
                if not data:
                    return None
                self._take(data)
        return self.events.pop(0)

    def _take(self, data):
        self.frames.receive_data(data)
        self.events += self.frames.events()


async def opened(front, path="/echo", *more, behind=b""):
    client = await front.connect()
    await client.say(handshake(path, *more).encode() + behind)
    head, _, early = (await client.until(b"\r\n\r\n")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), head
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    return Socket(client, early), head


async def test_text_stays_text_and_binary_binary():
    async with serving() as front:
        socket, _ = await opened(front)
        await socket.send(TextMessage("héllo"), BytesMessage(b"\0\xff"))
        assert (await socket.next()).data == "héllo"
        assert (await socket.next()).data == b"\0\xff"


async def test_fragments_are_one_message():
    async with serving() as front:
        socket, _ = await opened(front)
        parts = [TextMessage(part, message_finished=part == "c") for part in "abc"]
        await socket.send(*parts)
        assert (await socket.next()).data == "abc"


async def test_a_subprotocol_is_agreed_on():
    async with serving() as front:
        _, head = await opened(front, "/echo", "Sec-WebSocket-Protocol: chat, other")
    assert b"sec-websocket-protocol: chat" in head.split(b"\r\n")


async def test_no_extension_is_accepted():
    async with serving() as front:
        _, head = await opened(front, "/echo", "Sec-WebSocket-Extensions: permessage-deflate")
    assert b"extensions" not in head


async def test_extensions_that_are_not_ascii_harm_nobody():
    """Trigger: Sec-WebSocket-Extensions (STACK 2.1)."""
    async with serving() as front:
        socket, _ = await opened(front, "/echo", "Sec-WebSocket-Extensions: \xff;;=")
        await socket.send(TextMessage("still"))
        assert (await socket.next()).data == "still"
        await front.stands()


@pytest.mark.parametrize("step", [1, 10_000])
async def test_bytes_behind_the_handshake_are_kept(step):
    """Trigger: a byte in the handshake's packet (STACK 2.1)."""
    async with serving() as front:
        frame = Connection(ConnectionType.CLIENT).send(TextMessage("early"))
        client = await front.connect()
        text = handshake().encode() + frame
        for at in range(0, len(text), step):
            await client.say(text[at : at + step])
        head, _, early = (await client.until(b"\r\n\r\n")).partition(b"\r\n\r\n")
        assert b" 101 " in head
        socket = Socket(client, early)
        assert (await socket.next()).data == "early"
        await front.stands()


async def test_a_close_tells_its_code_and_reason():
    async with serving() as front:
        socket, _ = await opened(front)
        await socket.send(CloseConnection(4000, "enough"))
        assert (await socket.next()).code == 4000
        assert await socket.next() is None
        await eventually(lambda: front.app.seen == [(4000, "enough")])


async def test_a_close_followed_by_the_end_tells_its_code():
    async with serving() as front:
        socket, _ = await opened(front, "/mute")
        await socket.send(TextMessage("last"), Ping(), CloseConnection(4000, "enough"))
        await socket.client.finish()
        front.app.gate.set()
        await eventually(lambda: front.app.seen == ["last", (4000, "enough")])


@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_an_end_without_a_close_is_1006(how):
    async with serving() as front:
        socket, _ = await opened(front)
        await (socket.client.finish() if how == "FIN" else trio.sleep(0))
        if how == "RST":
            socket.client.reset()
        await eventually(lambda: front.app.seen == [(1006, "")])


async def test_the_application_closes():
    async with serving() as front:
        socket, _ = await opened(front, "/close")
        close = await socket.next()
        assert (close.code, close.reason) == (4321, "bye")
        await socket.send(close.response())
        assert await socket.next() is None
        assert front.app.seen == [4321]


async def test_a_close_that_is_not_answered_ends_all_the_same(monkeypatch):
    monkeypatch.setattr(websocket, "CLOSE_SECONDS", 0.2)
    async with serving() as front:
        socket, _ = await opened(front, "/close")
        await socket.next()
        await eventually(lambda: front.app.seen == [1006])


async def test_an_application_that_fails_closes_with_1011():
    async with serving() as front:
        socket, _ = await opened(front, "/fail")
        assert (await socket.next()).code == 1011


async def test_pings_are_answered_while_the_application_is_busy():
    async with serving() as front:
        socket, _ = await opened(front, "/mute")
        await socket.send(TextMessage("x"), Ping(b"payload"))
        assert await socket.next() == Pong(b"payload")


async def test_messages_that_nobody_takes_stop_the_client():
    async with serving() as front:
        socket, _ = await opened(front, "/mute")
        frame = Connection(ConnectionType.CLIENT).send(TextMessage("x" * 10_000))
        sent = 0
        with trio.move_on_after(0.5):
            while True:
                sent += await socket.client.stream.socket.send(frame * 10)
        assert sent < 16_000_000  # kernel buffers, and a little of ours


async def test_an_oversized_message_is_stopped_while_it_comes():
    async with serving() as front:
        front.config.websocket_max_message_size = 1000
        socket, _ = await opened(front)
        await socket.send(
            TextMessage("x" * 900, message_finished=False),
            TextMessage("x" * 900, message_finished=False),
        )
        assert (await socket.next()).code == 1009
        await eventually(lambda: front.app.seen == [(1009, "")])


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param(b"\x81\x02ab", 1002, id="unmasked"),
        pytest.param(b"\x81\x82\0\0\0\0\xff\xff", 1007, id="invalid UTF-8"),
        pytest.param(b"\xc1\x80\0\0\0\0", 1002, id="reserved bit"),
        pytest.param(b"\x83\x80\0\0\0\0", 1002, id="reserved opcode"),
    ],
)
async def test_broken_frames_are_told_so(frames, code):
    async with serving() as front:
        socket, _ = await opened(front)
        await socket.client.say(frames)
        assert (await socket.next()).code == code
        await eventually(lambda: [seen[0] for seen in front.app.seen] == [code])
        await front.stands()


async def test_a_denial_is_an_http_answer():
    async with serving() as front:
        answer = await front.ask(handshake("/deny"))
    assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\n")
    assert answer.endswith(b"\r\n\r\nslow")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        pytest.param("Version: 13", "Version: 8", 426, id="version"),
        pytest.param("dGhlIHNhbXBsZSBub25jZQ==", "short", 400, id="key"),
        pytest.param("GET /echo HTTP/1.1", "GET /echo HTTP/1.0", 400, id="HTTP/1.0"),
    ],
)
async def test_bad_handshakes_are_refused(old, new, status):
    async with serving() as front:
        answer = await front.ask(handshake().replace(old, new))
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert front.app.calls == 0


async def test_a_websocket_over_http_2():
    async with serving(h2c=True) as front:
        client = await H2Client((await front.connect()).stream).open()
        number = await client.ask(
            [
                (":method", "CONNECT"),
                (":protocol", "websocket"),
                (":scheme", "http"),
                (":authority", "a"),
                (":path", "/echo"),
                ("sec-websocket-version", "13"),
            ],
            end=False,
        )
        frames = Connection(ConnectionType.CLIENT)
        await client.say(number, frames.send(TextMessage("over h2")))
        await client.until(lambda: client.bodies[number])
        assert dict(client.heads[number])[b":status"] == b"200"
        frames.receive_data(client.bodies[number])
        assert [event.data for event in frames.events()] == ["over h2"]
        await client.say(number, frames.send(CloseConnection(4000, "enough")))
        await client.until(lambda: number in client.ended)
        assert front.app.seen == [(4000, "enough")]
