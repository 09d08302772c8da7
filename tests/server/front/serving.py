"""The front on real sockets, in the test's own process; and clients that say exact bytes."""

from contextlib import asynccontextmanager

import hypercorn.trio
import trio
from hypercorn.config import Config

from gateway_server.front import FrontSettings
from tests.end_to_end.served_app import Little


class Front:
    """A front that serves, and what a test may do to it."""

    def __init__(self, app, config):
        self.app = app
        self.port = 0
        self.shut = trio.Event()
        self.config = config
        self.stopped = trio.Event()
        self._clients = []

    async def run(self, task_status):
        async def serve(task_status):
            await hypercorn.trio.serve(
                self.app, self.config, shutdown_trigger=self.shut.wait, task_status=task_status
            )
            self.stopped.set()

        async with trio.open_nursery() as nursery:
            binds = await nursery.start(serve)
            port = binds[0].rpartition(":")[2]
            self.port = int(port) if port.isdigit() else 0
            task_status.started()

    async def connect(self):
        client = Client(await trio.open_tcp_stream("127.0.0.1", self.port))
        self._clients.append(client)
        return client

    async def aclose(self):
        for client in self._clients:
            await client.aclose()

    async def ask(self, text):
        """Say `text` on a connection of its own; return all that came until its end."""
        client = await self.connect()
        try:
            await client.say(text)
            return await client.rest()
        finally:
            await client.aclose()

    async def stands(self):
        """Assert that the worker still serves."""
        assert (await self.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).endswith(
            b"hello"
        )


class Client:
    def __init__(self, stream):
        self.stream = stream

    async def say(self, text):
        await self.stream.send_all(text if isinstance(text, bytes) else text.encode("latin-1"))

    async def rest(self, seconds=10):
        """Return what comes until the server closes; a reset shows as b"RESET" behind it."""
        got = b""
        with trio.fail_after(seconds):
            try:
                while more := await self.stream.receive_some():
                    got += more
            except trio.BrokenResourceError:
                got += b"RESET"
        return got

    async def until(self, mark, seconds=10):
        """Return what comes up to and including `mark`."""
        got = b""
        with trio.fail_after(seconds):
            while mark not in got:
                more = await self.stream.receive_some()
                assert more, f"the connection ended after {got!r}"
                got += more
        return got

    async def is_closed(self, seconds=10):
        return await self.rest(seconds) in (b"", b"RESET")

    async def finish(self):
        await self.stream.send_eof()

    def reset(self):
        self.stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.stream.socket.close()

    async def aclose(self):
        await trio.aclose_forcefully(self.stream)


OWN = True
"""Whether HTTP/1.x is spoken by our own codec: see the fixture `protocol`."""


@asynccontextmanager
async def serving(config=None, app=None, bind="127.0.0.1:0", **settings):
    """Serve a `Little` with these FrontSettings.

    `front.shut.set()` begins a drain; `front.stopped` tells that it is over.
    """
    settings.setdefault("own", OWN)
    app = app or Little(FrontSettings(**settings))
    config = config or Config()
    config.bind = [bind]
    config.errorlog = None
    front = Front(app, config)
    async with trio.open_nursery() as nursery:
        await nursery.start(front.run)
        try:
            yield front
        finally:
            await front.aclose()
            nursery.cancel_scope.cancel()


async def eventually(condition, seconds=5):
    with trio.fail_after(seconds):
        while not condition():
            await trio.sleep(0.005)
