"""An HTTP/2 endpoint on a memory wire, that says what a test tells it to."""

from collections.abc import Callable
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import trio

from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import Fields, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import Answer, Asides, BodyReader
from gateway_server.upstream.http2_client import Http2Client
from tests.server.upstream.memory import MemoryPeer, Net
from tests.server.upstream.upstreams import Pieces, read_all

ENDPOINT = Endpoint("http", "memory", 80)
OK = [(b":status", b"200")]


@dataclass
class Asked:
    """What came of one request."""

    number: int
    fields: list[tuple[bytes, bytes]]
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    whole: bool = False
    reset: int | None = None


class Server:
    """The endpoint's end of one connection."""

    def __init__(self, peer: MemoryPeer, settings: dict[int, int], *, takes: bool) -> None:
        self.peer = peer
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self.settings = settings
        self.takes = takes
        """Whether credit is given for what came."""
        self.asked: dict[int, Asked] = {}
        self.pings = 0
        self.goodbye: int | None = None
        self.ended = False
        self.changed = trio.Event()
        self._writing = trio.Lock()

    async def run(self, on_request: "Callable | None", nursery: trio.Nursery) -> None:
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=self.settings)
        self.h2.initiate_connection()
        await self.flush()
        while True:
            alive = await self.peer.more()
            data, self.peer.held = self.peer.held, b""
            if data:
                for event in self.h2.receive_data(data):
                    self._on(event, on_request, nursery)
                await self.flush()
                self.tell()
            if not alive:
                self.ended = True
                self.tell()
                return

    def _on(self, event: h2.events.Event, on_request, nursery: trio.Nursery) -> None:
        match event:
            case h2.events.RequestReceived():
                self.asked[event.stream_id] = Asked(event.stream_id, list(event.headers))
                if on_request is not None:
                    nursery.start_soon(on_request, self, event.stream_id)
            case h2.events.DataReceived():
                self.asked[event.stream_id].body += event.data
                if self.takes and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.TrailersReceived():
                self.asked[event.stream_id].trailers = list(event.headers)
            case h2.events.StreamEnded():
                self.asked[event.stream_id].whole = True
            case h2.events.StreamReset():
                self.asked[event.stream_id].reset = int(event.error_code)
            case h2.events.PingReceived():
                self.pings += 1
            case h2.events.ConnectionTerminated():
                self.goodbye = int(event.error_code)

    def tell(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    async def flush(self) -> None:
        async with self._writing:
            await self.peer.send(self.h2.data_to_send())

    async def until(self, condition: Callable[[], bool]) -> None:
        with trio.fail_after(100):
            while not condition():
                await self.changed.wait()

    async def whole(self, number: int) -> Asked:
        """Wait for a whole request."""
        await self.until(lambda: number in self.asked and self.asked[number].whole)
        return self.asked[number]

    async def head(self, number: int, lines=OK, *, end: bool = False) -> None:
        self.h2.send_headers(number, lines, end_stream=end)
        await self.flush()

    async def body(self, number: int, data: bytes, *, end: bool = False, pad: int = 0) -> None:
        """Send a body, as windows allow."""
        at = 0
        while at < len(data):
            await self.until(
                lambda: (
                    self.asked[number].reset is not None
                    or self.h2.local_flow_control_window(number) > pad + 1
                )
            )
            if self.asked[number].reset is not None:
                return
            room = min(self.h2.local_flow_control_window(number), 16_000) - (pad + 1 if pad else 0)
            piece = data[at : at + room]
            at += len(piece)
            self.h2.send_data(
                number, piece, end_stream=end and at == len(data), pad_length=pad or None
            )
            await self.flush()
        if not data and end:
            self.h2.end_stream(number)
            await self.flush()

    async def answer(self, number: int, data: bytes = b"ok", lines=OK) -> None:
        await self.head(number, lines, end=not data)
        await self.body(number, data, end=True) if data else None

    async def reset(self, number: int, code: int) -> None:
        self.h2.reset_stream(number, code)
        await self.flush()

    async def say_goodbye(self, last: int, code: int = 0) -> None:
        self.h2.close_connection(code, last_stream_id=last)
        # Before anything is awaited: what comes meanwhile is no error of the client's.
        self.h2.state_machine.state = h2.connection.ConnectionState.SERVER_OPEN
        await self.flush()


class Site:
    """An endpoint, the connections it got, and a client for it; everything in virtual time."""

    def __init__(
        self,
        nursery: trio.Nursery,
        on_request: "Callable | None" = None,
        *,
        settings: dict[int, int] | None = None,
        takes: bool = True,
        dial_seconds: float = 0.0,
        tend: bool = False,
        wide: bool = False,
        **upstream: int,
    ) -> None:
        self.servers: list[Server] = []
        self.stages: list[Stage] = []

        async def serve(peer: MemoryPeer) -> None:
            server = Server(peer, settings or {}, takes=takes)
            self.servers.append(server)
            try:
                await server.run(on_request, nursery)
            except (h2.exceptions.ProtocolError, OSError):
                peer.end()

        self.net = Net(nursery, serve, dial_seconds, 100_000 if wide else 1000)
        self.upstream = Upstream("u", (ENDPOINT,), **upstream)
        self.client = Http2Client(self.upstream, dial=self.net.dial)
        self.pool = self.client.pool(ENDPOINT)
        if tend:
            nursery.start_soon(self.client.tend)

    async def server(self, number: int = 0) -> Server:
        with trio.fail_after(100):
            while len(self.servers) <= number:
                await trio.sleep(0.001)
        return self.servers[number]

    async def call(
        self,
        method: str = "GET",
        *,
        body: BodyReader | None = None,
        length: int = 0,
        fields: Fields = (),
        target: bytes = b"/",
        asides: Asides | None = None,
        takes_trailers: bool = False,
    ) -> Answer:
        request = UpstreamRequest(method, target, b"example.com", fields, length, takes_trailers)
        command = CallUpstream(self.upstream, ENDPOINT, request)
        return await self.client.call(command, body or Pieces(), self.stages.append, asides=asides)

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

    def assert_all_given_back(self) -> None:
        assert (self.pool.calls, self.pool.waiting) == (0, 0)
        assert self.net.open == self.pool.open
