"""Both ends of a WebSocket in a test's hands, frame by frame; between them a gateway."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import trio

from gateway_core.exchange import accept_token
from gateway_core.frames import CLIENT, UPSTREAM, Side, masked
from tests.core.frames.writing import frame
from tests.road import PATIENCE, Answer, Client, Road, Running, read_request, request, response

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Got(NamedTuple):
    """A frame as it came."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0


class Peer:
    """One end, behind its handshake."""

    def __init__(self, stream: trio.SocketStream, side: Side, head: bytes, rest: bytes) -> None:
        self.stream = stream
        self.side = side
        self.head = head
        """The other's handshake, as it came."""
        self._data = rest
        self.reset = False

    async def send(self, *data: bytes) -> None:
        with trio.fail_after(PATIENCE):
            await self.stream.send_all(b"".join(data))

    async def say(self, opcode: int, payload: bytes = b"", **how) -> None:
        await self.send(frame(opcode, payload, self.side, **how))

    async def close(self, code: int | None, reason: bytes = b"") -> None:
        await self.say(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)

    async def get(self) -> Got:
        """Return the next frame. It is masked if, and only if, a client sent it."""
        head = await self._take(2)
        length = head[1] & 0x7F
        if length > 125:
            length = int.from_bytes(await self._take(2 if length == 126 else 8), "big")
        assert bool(head[1] & 0x80) == (self.side is UPSTREAM)
        mask = await self._take(4) if self.side is UPSTREAM else b""
        payload = await self._take(length)
        payload = masked(payload, mask) if mask else payload
        return Got(head[0] & 0x0F, payload, bool(head[0] & 0x80), head[0] >> 4 & 7)

    async def closes(self) -> tuple[int | None, bytes]:
        """Return code and reason of the Close that comes next."""
        got = await self.get()
        assert got.opcode == CLOSE, got
        return (int.from_bytes(got.payload[:2], "big") if got.payload else None, got.payload[2:])

    async def peek(self, count: int) -> bytes:
        """Return what came, once it is `count` bytes; it stays to be read."""
        with trio.fail_after(PATIENCE):
            while len(self._data) < count:
                self._data += await self.stream.receive_some(count)
        return self._data

    async def wait(self) -> None:
        """Wait until something has come, without a bound."""
        if not self._data:
            self._data += await self.stream.receive_some(65536)

    async def ended(self, seconds: float = PATIENCE) -> bytes:
        """Return what still comes until the other side ends the connection."""
        with trio.fail_after(seconds):
            try:
                async for data in self.stream:
                    self._data += data
            except trio.BrokenResourceError:
                self.reset = True
        return self._data

    async def _take(self, count: int) -> bytes:
        with trio.fail_after(PATIENCE):
            while len(self._data) < count:
                data = await self.stream.receive_some(65536)
                assert data, f"the connection ended, {self._data!r} before it"
                self._data += data
        data, self._data = self._data[:count], self._data[count:]
        return data


class Sockets:
    """An upstream that takes every handshake and hands the connection to the test."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        """Further field lines of its 101."""
        self.rest = b""
        """What it sends behind that, in the same write."""
        self._give, self._take = trio.open_memory_channel[Peer](100)
        self.port = 0

    async def handle(self, stream: trio.SocketStream) -> None:
        head, whole = await read_request(stream)
        if not whole:
            return
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        keys = [value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key"]
        if not keys:
            return await stream.send_all(response("200 OK", "Connection: close"))
        await stream.send_all(switching(accept_token(keys[0]), *self.lines) + self.rest)
        await self._give.send(Peer(stream, UPSTREAM, head, b""))
        return await trio.sleep_forever()

    async def peer(self) -> Peer:
        with trio.fail_after(PATIENCE):
            return await self._take.receive()


def switching(accept: bytes, *lines: str) -> bytes:
    head = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept.decode()}",
        *lines,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n"


def handshake(target: str = "/ws", *lines: str, key: str = "", **how) -> bytes:
    key = key or base64.b64encode(os.urandom(16)).decode()
    upgrade = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    )
    return request(target, *upgrade, *lines, **how)


async def connect(running: Running, target: str = "/ws", *lines: str, more: bytes = b"") -> Peer:
    """Open a WebSocket; `more` goes out in one piece with the handshake."""
    stream = await running.connect()
    key = base64.b64encode(os.urandom(16))
    await stream.send_all(handshake(target, *lines, key=key.decode()) + more)
    head = b""
    with trio.fail_after(PATIENCE):
        while b"\r\n\r\n" not in head:
            data = await stream.receive_some(65536)
            assert data, head
            head += data
    head, _, rest = head.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    assert accept_token(key) in head
    return Peer(stream, CLIENT, head, rest)


async def refused(running: Running, *lines: str, data: bytes = b"") -> Answer:
    """Ask for a WebSocket, and return the answer that is none."""
    async with await running.connect() as stream:
        return await Client(stream).ask(data or handshake("/ws", *lines))


@asynccontextmanager
async def joined(
    road: Road, *lines: str, route: str = "", gateway: str = "", answers: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Peer, Peer, Running]]:
    """A client and an upstream, joined by a gateway."""
    sockets = Sockets(*answers)
    port = await road.listen(sockets.handle)
    running = await road.gateway_to(port, route=route, gateway=gateway)
    client = await connect(running, "/ws", *lines)
    async with client.stream:
        yield client, await sockets.peer(), running
