"""TLS by hand over a narrow wire in memory: tries at once, and nothing lost between them."""

import ssl

import pytest
import trio
import trustme

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream
from gateway_core.message import UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.http1_client import Http1Client
from gateway_server.upstream.tls_wire import TlsWire
from gateway_server.upstream.wire import Buffers
from tests.server.upstream.memory import MemoryPeer, Net

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("memory.example")
ENDPOINT = Endpoint("https", "memory.example", 443)


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


class TlsPeer:
    """The upstream's end: an SSL object pumped by hand."""

    def __init__(self, peer: MemoryPeer) -> None:
        self.peer = peer
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CERTIFICATE.configure_cert(context)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    async def flush(self) -> None:
        await self.peer.send(self.outgoing.read())

    async def take_in(self) -> None:
        await self.peer.more()
        self.incoming.write(self.peer.held)
        self.peer.held = b""

    async def shake_hands(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.flush()
                await self.take_in()
        await self.flush()

    async def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                data += self.tls.read(16384)
            except ssl.SSLWantReadError:
                await self.take_in()
        return data


def open_wire(net: Net):
    async def dial(endpoint: Endpoint) -> TlsWire:
        below = await net.dial(endpoint)
        try:
            wire = TlsWire(below, client_context(), endpoint.host)
            await wire.shake_hands()
        except BaseException:
            below.close()
            raise
        return wire

    return dial


async def test_megabytes_pass_a_narrow_wire_in_order(autojump_clock) -> None:
    data = bytes(range(256)) * 800
    received: list[bytes] = []

    async def serve(peer: MemoryPeer) -> None:
        tls = TlsPeer(peer)
        await tls.shake_hands()
        received.append(await tls.read(len(data) + 4))

    async with trio.open_nursery() as nursery:
        net = Net(nursery, serve)
        wire = await open_wire(net)(ENDPOINT)
        buffers: Buffers = [data[:5], data[5:]]
        assert not wire.send_some(buffers)
        assert wire.written == len(data)
        assert buffers == []
        buffers.append(b"more")
        assert not wire.send_some(buffers)
        assert buffers == [b"more"], "encrypted only once what was before has gone"
        while not wire.send_some(buffers):
            await wire.writable()
    assert received == [data + b"more"]


async def test_a_read_returns_all_that_came(autojump_clock) -> None:
    """Else plaintext would stay inside, and nobody would wait for it."""
    said = trio.Event()

    async def serve(peer: MemoryPeer) -> None:
        tls = TlsPeer(peer)
        await tls.shake_hands()
        for word in (b"one ", b"two ", b"three"):
            tls.tls.write(word)
        await tls.flush()
        said.set()

    async with trio.open_nursery() as nursery:
        wire = await open_wire(Net(nursery, serve))(ENDPOINT)
        await said.wait()
        assert wire.receive_some() == b"one two three"
        assert wire.receive_some() is None
        assert wire.silent()


async def test_words_and_the_goodbye_behind_them_come_one_after_the_other(autojump_clock) -> None:
    said = trio.Event()

    async def serve(peer: MemoryPeer) -> None:
        tls = TlsPeer(peer)
        await tls.shake_hands()
        tls.tls.write(b"word")
        with pytest.raises(ssl.SSLWantReadError):
            tls.tls.unwrap()
        await tls.flush()
        said.set()

    async with trio.open_nursery() as nursery:
        wire = await open_wire(Net(nursery, serve))(ENDPOINT)
        await said.wait()
        assert wire.receive_some() == b"word"
        assert not wire.silent(), "though nothing is left in the wire below"
        assert wire.stirred
        assert wire.receive_some() == b""
        assert wire.receive_some() == b""
        wire.close()


async def test_words_before_a_broken_record_are_read_and_then_it_is_an_error(
    autojump_clock,
) -> None:
    said = trio.Event()

    async def serve(peer: MemoryPeer) -> None:
        tls = TlsPeer(peer)
        await tls.shake_hands()
        tls.tls.write(b"word")
        await tls.flush()
        await peer.send(b"\x17\x03\x03\x00\x20" + b"?" * 32)
        said.set()

    async with trio.open_nursery() as nursery:
        wire = await open_wire(Net(nursery, serve))(ENDPOINT)
        await said.wait()
        assert wire.receive_some() == b"word"
        assert not wire.silent()
        with pytest.raises(ssl.SSLError):
            wire.receive_some()
        wire.close()


async def test_a_peer_that_leaves_in_the_handshake_is_an_error(autojump_clock) -> None:
    async def serve(peer: MemoryPeer) -> None:
        await peer.more()
        peer.end()

    async with trio.open_nursery() as nursery:
        net = Net(nursery, serve)
        with pytest.raises(ConnectionResetError):
            await open_wire(net)(ENDPOINT)
        assert net.open == 0


async def test_calls_go_over_tls_and_its_connections_rest_like_others(autojump_clock) -> None:
    async def serve(peer: MemoryPeer) -> None:
        tls = TlsPeer(peer)
        await tls.shake_hands()
        for _ in range(2):
            await tls.read(30)
            tls.tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000)
            await tls.flush()
        await tls.read(30)
        peer.reset()

    async def nothing() -> bytes:
        return b""

    async with trio.open_nursery() as nursery:
        net = Net(nursery, serve)
        upstream = Upstream("u", (ENDPOINT,))
        client = Http1Client(upstream, dial=open_wire(net))
        command = CallUpstream(upstream, ENDPOINT, UpstreamRequest("POST", b"/", b"h", ()))
        for _ in range(2):
            answer = await client.call(command, nothing, lambda stage: None)
            body = b""
            while piece := await answer.read():
                body += piece
            assert body == b"x" * 3000
        assert net.dialed == client.pool(ENDPOINT).at_rest == 1
        with pytest.raises(CallFailedError) as failure:
            await client.call(command, nothing, lambda stage: None)
        assert failure.value.kind is FailureKind.RESET
        assert net.open == 0
