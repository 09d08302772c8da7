"""A road to test on: real sockets on loopback, a gateway under Hypercorn, upstreams that do as told."""

import io
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import h11
import hypercorn.trio
import trio
import trustme
from hypercorn.config import Config

from gateway_server import Gateway
from gateway_server.settings.load import examine_text
from gateway_server.telemetry import AccessLog

Handler = Callable[[trio.SocketStream], Awaitable[None]]

PATIENCE = 5.0
"""Seconds within which anything on loopback has happened, on a busy machine too."""


@dataclass
class Running:
    """A gateway that listens."""

    port: int
    app: Gateway
    written: io.StringIO
    stop: trio.Event
    ended: trio.Event
    unix_path: str = ""
    trust: ssl.SSLContext | None = None
    """What its clients trust, where it speaks TLS."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What the access log said so far."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    async def line(self, number: int = 0) -> dict[str, Any]:
        """One line of the access log, once it is written."""
        with trio.fail_after(PATIENCE):
            while len(self.lines) <= number:
                await trio.sleep(0.005)
        return self.lines[number]

    async def raw(self) -> trio.SocketStream:
        """A connection without TLS."""
        if self.unix_path:
            return await trio.open_unix_socket(self.unix_path)
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def connect(self) -> Any:
        """A connection as clients make it, a trio.SocketStream unless TLS is spoken."""
        stream = await self.raw()
        if self.trust is None:
            return stream
        secure = trio.SSLStream(
            stream, self.trust, server_hostname="127.0.0.1", https_compatible=True
        )
        await secure.do_handshake()
        return secure


@dataclass
class Upstream:
    """A scripted server: what it received, and how its connections ended."""

    port: int
    connections: int = 0
    complete: int = 0
    """Requests that came whole."""
    received: list[bytes] = field(default_factory=list)
    """Bytes, a connection each."""
    closed: list[trio.Event] = field(default_factory=list)
    """Set once the other side of that connection has closed."""


@dataclass
class Certificate:
    """A certificate for 127.0.0.1, in files, and the trust in who issued it."""

    chain: str
    key: str
    trust: ssl.SSLContext

    @classmethod
    def issue(cls, folder: Path) -> "Certificate":
        """Issue one into `folder`."""
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(folder / "chain.pem")
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        return cls(str(folder / "chain.pem"), str(folder / "key.pem"), trust)


@dataclass
class Road:
    """Starts things in the test's nursery."""

    nursery: trio.Nursery
    protocol: str = "own"
    """Who parses HTTP/1.1 of clients."""
    bind: str = "127.0.0.1:0"
    """Where gateways listen; `unix:PATH`, too."""
    certificate: "Certificate | None" = None
    """What gateways show, where they are to speak TLS."""

    async def listen(self, handler: Handler) -> int:
        """Serve each connection by `handler`; return the port."""
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        serve = partial(trio.serve_listeners, _forgiving(handler), [listener])
        self.nursery.start_soon(serve)
        return listener.socket.getsockname()[1]

    async def application(self, app: Any) -> int:
        """Serve an ASGI application under stock Hypercorn; return the port."""
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.errorlog = None
        serve = partial(hypercorn.trio.serve, app, config, shutdown_trigger=trio.sleep_forever)
        (url,) = await self.nursery.start(serve)
        return int(url.rpartition(":")[2])

    async def upstream(self, *answers: bytes, hold: float = 0, close: bool = False) -> Upstream:
        """Answer each request with the next of `answers` (the last one again and again).

        Requests are read whole; `hold` seconds pass before each answer; `close`
        ends the connection after it.
        """
        served = Upstream(0)

        async def handle(stream: trio.SocketStream) -> None:
            number = served.connections
            served.connections += 1
            served.received.append(b"")
            served.closed.append(trio.Event())
            asked = 0
            try:
                while True:
                    request, whole = await read_request(stream)
                    served.received[number] += request
                    served.complete += whole
                    if not whole:
                        return
                    if hold:
                        await _hold(stream, hold)
                    await stream.send_all(answers[min(asked, len(answers) - 1)])
                    asked += 1
                    if close:
                        return
            finally:
                served.closed[number].set()

        served.port = await self.listen(handle)
        return served

    async def gateway(self, toml: str, config: Config | None = None) -> Running:
        """Start a gateway with the settings that `toml` says; `config` is Hypercorn's, if any."""
        settings = examine_text(toml, ".toml", {}, "test").settings
        chosen = settings.gateway.model_copy(update={"protocol": self.protocol})
        settings = settings.model_copy(update={"gateway": chosen})
        written = io.StringIO()
        app = Gateway(settings, AccessLog("json", written))
        config = config or Config()
        config.bind = [self.bind]
        config.errorlog = None
        if self.certificate is not None:
            config.certfile, config.keyfile = self.certificate.chain, self.certificate.key
        stop, ended = trio.Event(), trio.Event()

        async def serve(task_status: trio.TaskStatus[list[str]]) -> None:
            try:
                await hypercorn.trio.serve(
                    app, config, shutdown_trigger=stop.wait, task_status=task_status
                )
            finally:
                ended.set()

        (url,) = await self.nursery.start(serve)
        unix_path = self.bind.partition("unix:")[2]
        return Running(
            0 if unix_path else int(url.rpartition(":")[2]),
            app,
            written,
            stop,
            ended,
            unix_path,
            self.certificate and self.certificate.trust,
        )

    async def gateway_to(
        self, port: int, *, upstream: str = "", route: str = "", gateway: str = ""
    ) -> Running:
        """Start a gateway with one catch-all route to `port`; further keys as lines of TOML."""
        return await self.gateway(
            f"""
            [gateway]
            {gateway}
            [upstreams.up]
            endpoints = ["http://127.0.0.1:{port}"]
            {upstream}
            [[routes]]
            name = "all"
            prefix = "/"
            upstream = "up"
            {route}
            """
        )


async def _hold(stream: trio.SocketStream, seconds: float) -> None:
    """Sleep, but end at once when the other side closes."""
    with trio.move_on_after(seconds):
        if not await stream.receive_some(1):
            raise trio.BrokenResourceError


def _forgiving(handler: Handler) -> Handler:
    async def handle(stream: trio.SocketStream) -> None:
        try:
            async with stream:
                await handler(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            pass

    return handle


async def read_request(stream: trio.SocketStream) -> tuple[bytes, bool]:
    """Return the bytes of one request, body included, and whether it came whole."""
    raw = b""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await stream.receive_some(65536)
            raw += data
            if not data:
                return raw, False
            connection.receive_data(data)
        elif isinstance(event, h11.EndOfMessage):
            return raw, True


@dataclass
class Answer:
    """An answer as a client read it."""

    status: int
    fields: list[tuple[bytes, bytes]]
    body: bytes
    interim: list[int]

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key == name]

    def value(self, name: bytes) -> bytes | None:
        return next(iter(self.values(name)), None)

    @property
    def problem(self) -> dict[str, Any]:
        assert self.value(b"content-type") == b"application/problem+json"
        return json.loads(self.body)


class CutError(Exception):
    """The answer ended before its framing said so."""


class Client:
    """One connection of a client that reads answers strictly, by h11."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._left = b""

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def answer(self, method: str = "GET") -> Answer:
        """Read one final answer to a request of `method`."""
        with trio.fail_after(PATIENCE):
            return await self._answer(method)

    async def _answer(self, method: str) -> Answer:
        connection = h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        connection.send(h11.EndOfMessage())
        connection.receive_data(self._left) if self._left else None
        found, body, interim = None, b"", []
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                raise CutError(f"{error}; so far {body[:100]!r}") from error
            if event is h11.NEED_DATA:
                try:
                    connection.receive_data(await self.stream.receive_some(65536))
                except trio.BrokenResourceError as error:
                    raise CutError("reset") from error
            elif isinstance(event, h11.InformationalResponse):
                interim.append(event.status_code)
            elif isinstance(event, h11.Response):
                found = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert found is not None
                self._left = connection.trailing_data[0]
                return Answer(found.status_code, list(found.headers), body, interim)
            elif isinstance(event, h11.ConnectionClosed):
                raise CutError("closed without an answer")

    async def ask(self, data: bytes) -> Answer:
        """Send a whole request and read its answer."""
        await self.send(data)
        return await self.answer(data.split(b" ", 1)[0].decode())

    async def closed(self) -> bytes:
        """Return what still comes until the other side closes."""
        rest = self._left
        with trio.fail_after(PATIENCE):
            try:
                async for data in self.stream:
                    rest += data
            except trio.BrokenResourceError:
                pass
        return rest


async def ask(running: Running, data: bytes) -> Answer:
    """Send one request over a connection of its own."""
    async with await running.connect() as stream:
        return await Client(stream).ask(data)


def request(
    target: str = "/", *lines: str, method: str = "GET", body: bytes = b"", host: str = "gw.example"
) -> bytes:
    """A request's bytes; `lines` are further field lines."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, *length])
    return head.encode("latin-1") + b"\r\n\r\n" + body


def response(status: str = "200 OK", *lines: str, body: bytes = b"ok") -> bytes:
    """A sized answer's bytes."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}"])
    return head.encode("latin-1") + b"\r\n\r\n" + body
