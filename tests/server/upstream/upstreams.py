"""Upstreams that say exactly what a test tells them to, over real sockets on the loopback."""

import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import trio

from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import Fields, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import Answer, BodyReader
from gateway_server.upstream.http1_client import Http1Client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """The upstream's end of one connection."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.held = b""

    async def head(self) -> bytes:
        """Read one request's head; b"" where the gateway has closed the connection."""
        return await self.until(b"\r\n\r\n")

    async def until(self, end: bytes) -> bytes:
        while end not in self.held:
            data = await self.stream.receive_some()
            if not data:
                return b""
            self.held += data
        found, _, self.held = self.held.partition(end)
        return found + end

    async def exactly(self, count: int) -> bytes:
        while len(self.held) < count:
            data = await self.stream.receive_some()
            if not data:
                break
            self.held += data
        found, self.held = self.held[:count], self.held[count:]
        return found

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            await self.stream.send_all(piece)

    async def ended(self) -> bool:
        """Wait for the gateway's end of the connection to close."""
        with contextlib.suppress(trio.BrokenResourceError):
            while await self.stream.receive_some():
                pass
        return True

    async def close(self) -> None:
        await self.stream.aclose()

    def reset(self) -> None:
        """Close so that the other end gets an RST."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.socket.close()


Script = Callable[[Peer], Awaitable[None]]


class Site:
    """An upstream, what connections it got, and a client for it."""

    def __init__(self, endpoint: Endpoint, **settings: int) -> None:
        self.endpoint = endpoint
        self.upstream = Upstream("site", (endpoint,), **settings)
        self.client = Http1Client(self.upstream)
        self.accepted = 0
        self.stages: list[Stage] = []

    @property
    def at_rest(self) -> int:
        return self.client.pool(self.endpoint).at_rest

    @property
    def free(self) -> int:
        return self.client.pool(self.endpoint).places.free

    @property
    def all_given_back(self) -> bool:
        return self.free == self.upstream.connections_max

    async def call(
        self,
        method: str = "GET",
        *,
        body: BodyReader | None = None,
        length: int = 0,
        fields: Fields = (),
        target: bytes = b"/",
        **more,
    ) -> Answer:
        request = UpstreamRequest(method, target, b"example.com", fields, length)
        command = CallUpstream(self.upstream, self.endpoint, request)
        return await self.client.call(command, body or Pieces(), self.stages.append, **more)

    async def fetch(self, method: str = "GET", **more) -> tuple[int, bytes]:
        """Call, upload and read to the end, as the edge does."""
        answer = await self.call(method, **more)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(answer.finish_upload)
                body = await read_all(answer)
                nursery.cancel_scope.cancel()
            return answer.head.status, body
        finally:
            await answer.aclose()


class Asides:
    """Hears interim answers, each taking `takes` seconds, and gives the request's trailers."""

    def __init__(self, trailers: Fields = (), takes: float = 0) -> None:
        self.told: list[tuple[int, Fields]] = []
        self._trailers, self._takes = trailers, takes

    async def informed(self, status: int, fields: Fields) -> None:
        await trio.sleep(self._takes)
        self.told.append((status, fields))

    def trailers(self) -> Fields:
        return self._trailers


class Pieces:
    """A body reader: gives the pieces, one a call, then b"" for ever. Cancelled, it keeps all."""

    def __init__(self, *pieces: bytes, pause: float = 0) -> None:
        self.pieces = list(pieces)
        self.asked = 0
        self.pause = pause

    async def __call__(self) -> bytes:
        self.asked += 1
        await trio.sleep(self.pause)
        return self.pieces.pop(0) if self.pieces else b""


class Client:
    """A body reader whose client gives a piece when the test says so."""

    def __init__(self) -> None:
        self.give, self._pieces = trio.open_memory_channel[bytes](0)

    async def __call__(self) -> bytes:
        try:
            return await self._pieces.receive()
        except trio.EndOfChannel:
            return b""


async def read_all(answer: Answer) -> bytes:
    body = b""
    while piece := await answer.read():
        body += piece
    assert await answer.read() == b""
    return body


@contextlib.asynccontextmanager
async def serving(*scripts: Script, **settings: int) -> AsyncIterator[Site]:
    """Serve one script a connection, in order, the last one for all further ones.

    At the end, every place was given back, and no task of a script is left.
    """
    async with trio.open_nursery() as nursery:

        async def serve(stream: trio.SocketStream) -> None:
            script = scripts[min(site.accepted, len(scripts) - 1)]
            site.accepted += 1
            with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await script(Peer(stream))

        listeners = await nursery.start(
            lambda task_status: trio.serve_tcp(serve, 0, host="127.0.0.1", task_status=task_status)
        )
        port = listeners[0].socket.getsockname()[1]
        site = Site(Endpoint("http", "127.0.0.1", port), **settings)
        with trio.fail_after(20):
            yield site
        assert site.all_given_back
        await site.client.aclose()
        assert site.at_rest == 0
        nursery.cancel_scope.cancel()


async def always_ok(peer: Peer) -> None:
    while await peer.head():
        await peer.send(OK)


async def silence(peer: Peer) -> None:
    await peer.ended()
