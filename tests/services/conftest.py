"""A service under test: over real sockets where the wire matters, in memory where not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve
from trio_websocket import WebSocketConnection, wrap_client_stream


@pytest.fixture
async def start(nursery: trio.Nursery) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Serve an application until the test ends; gives the port."""
    stop, ended = trio.Event(), []

    async def serve(app, config, done, *, task_status) -> None:
        try:
            options = {"shutdown_trigger": stop.wait, "task_status": task_status, "mode": "asgi"}
            await hypercorn_serve(app, config, **options)
        finally:
            done.set()

    async def start(app) -> int:
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.loglevel = "WARNING"
        ended.append(trio.Event())
        [address] = await nursery.start(serve, app, config, ended[-1])
        return int(address.rsplit(":", 1)[1])

    yield start
    stop.set()
    for done in ended:  # a server that is cancelled instead would leave sockets open
        await done.wait()


@pytest.fixture
async def ask() -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """Give a client that calls an application directly, without a socket."""
    clients = []

    def client(app) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://service"))
        return clients[-1]

    yield client
    for each in clients:
        await each.aclose()


@asynccontextmanager
async def open_websocket(port: int, target: str, **options) -> AsyncIterator[WebSocketConnection]:
    """Open a WebSocket. (trio-websocket's own openers leave sockets to the garbage collector.)"""
    async with (
        await trio.open_tcp_stream("127.0.0.1", port) as stream,
        trio.open_nursery() as nursery,
    ):
        connection = await wrap_client_stream(nursery, stream, "127.0.0.1", target, **options)
        try:
            yield connection
        finally:
            await connection.aclose()


@pytest.fixture(name="open_websocket")
def _open_websocket() -> Callable[..., AbstractAsyncContextManager[WebSocketConnection]]:
    return open_websocket


HANDSHAKE = {  # RFC 6455, 1.3
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def ask_to_upgrade(port: int, target: str) -> httpx.Response:
    """Return the answer to a WebSocket's handshake: to see one that is refused."""
    async with httpx.AsyncClient(headers=HANDSHAKE) as client:
        return await client.get(f"http://127.0.0.1:{port}{target}")


@pytest.fixture(name="ask_to_upgrade")
def _ask_to_upgrade() -> Callable[[int, str], Awaitable[httpx.Response]]:
    return ask_to_upgrade
