"""Upstreams that break the rules, or die: a named failure, and the connection is never used again."""

import contextlib
import os
from collections.abc import AsyncIterator

import pytest
import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UNKNOWN, UpstreamRequest
from gateway_core.pooling import INFORMATIONAL_MAX
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.http1_client import Http1Client
from gateway_server.upstream.wire import Buffers
from tests.server.upstream.memory import MemoryPeer, MemoryWire, Net
from tests.server.upstream.upstreams import OK, Peer, Pieces, Script, always_ok, read_all, serving

HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


@pytest.fixture(autouse=True)
async def no_socket_is_left() -> AsyncIterator[None]:
    """Descriptors are back where they were."""
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == before


def says(*pieces: bytes, then: str = "waits") -> Script:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(*pieces)
        if then == "resets":
            peer.reset()
        elif then == "closes":
            await peer.close()
        else:
            await peer.ended()

    return script


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\x00\x01\x02\x03 what is this\r\n\r\n", id="garbage"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="a TLS alert"),
        pytest.param(OK + OK, id="two answers"),
        pytest.param(OK + b"x", id="a byte too many"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab", id="two lengths"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", id="a bare LF"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", id="a space before the colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000, id="a head of a megabyte"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n", id="300 fields"),
        pytest.param(HINT * (INFORMATIONAL_MAX + 1), id="endless interim answers"),
        pytest.param(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", id="a protocol unasked"),
        pytest.param(CHUNKED + b"zz\r\n", id="a chunk's size, with the head"),
    ],
)
@pytest.mark.parametrize("reused", [False, True], ids=["fresh", "reused"])
async def test_nonsense_instead_of_an_answer(said: bytes, reused: bool) -> None:
    async def once_fine(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await says(said)(peer)

    async with serving(once_fine if reused else says(said), always_ok) as site:
        if reused:
            await site.fetch()
        with pytest.raises(CallFailedError) as failure:
            await site.call()
        assert failure.value.kind is FailureKind.PROTOCOL
        assert failure.value.problem
        assert (site.at_rest, site.accepted) == (0, 1)
        assert await site.fetch() == (200, b"ok")


async def test_an_answer_before_the_request_is_nobodys() -> None:
    async def greets(peer: Peer) -> None:
        await peer.send(OK)
        await peer.ended()

    async with serving(greets) as site:
        with pytest.raises(CallFailedError) as failure:
            for _ in range(50):  # until the greeting wins the race
                await site.fetch()
        assert failure.value.kind is FailureKind.PROTOCOL
        assert site.at_rest == 0


async def test_a_second_answer_behind_a_read_body_drops_the_connection() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(TEN)
        await trio.sleep(0.02)
        await peer.send(b"0123456789", OK)
        await peer.ended()

    async with serving(script, always_ok) as site:
        answer = await site.call()
        assert await read_all(answer) == b"0123456789"
        await answer.aclose()
        await trio.sleep(0.02)
        assert await site.fetch() == (200, b"ok")
        assert site.accepted == 2


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(says(TEN, b"012", then="closes"), FailureKind.RESET, id="short, closed"),
        pytest.param(says(TEN, b"012", then="resets"), FailureKind.RESET, id="short, reset"),
        pytest.param(says(CHUNKED, b"5\r\nab", then="closes"), FailureKind.RESET, id="half a chunk"),
        pytest.param(says(CHUNKED, b"5\r\nab", then="resets"), FailureKind.RESET, id="half, reset"),
        pytest.param(says(CHUNKED, b"2\r\nab\r\n", then="closes"), FailureKind.RESET, id="no last chunk"),
        pytest.param(says(CHUNKED, b"0\r\nX: 1\r\n", then="closes"), FailureKind.RESET, id="half a trailer"),
        pytest.param(says(CHUNKED, b"2\r\nab", b"zz\r\n"), FailureKind.PROTOCOL, id="a bad chunk"),
        pytest.param(says(CHUNKED, b"0\r\nHost: x\r\n\r\n"), FailureKind.PROTOCOL, id="a bad trailer"),
    ],
)  # fmt: skip
async def test_a_body_that_breaks_never_passes_for_whole(script: Script, kind: FailureKind) -> None:
    async def slowly(peer: Peer) -> None:
        """Lets the head be seen before the body breaks."""
        sent = peer.stream.send_all

        async def send_all(data: bytes) -> None:
            await sent(data)
            await trio.sleep(0.01)

        peer.stream.send_all = send_all
        await script(peer)

    async with serving(slowly, always_ok) as site:
        answer = await site.call()
        assert answer.head.status == 200
        for _ in range(2):
            with pytest.raises(CallFailedError) as failure:
                await read_all(answer)
            assert failure.value.kind is kind
        await answer.aclose()
        assert site.at_rest == 0
        assert await site.fetch() == (200, b"ok")


async def test_what_came_before_the_break_is_read_first() -> None:
    head_was_seen = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED)
        await head_was_seen.wait()  # else all of it might come in one piece, the break included
        await peer.send(b"2\r\nab\r\n", b"3\r\nxyz!!")
        await peer.ended()

    async with serving(script) as site:
        answer = await site.call()
        head_was_seen.set()
        read = b""
        with pytest.raises(CallFailedError):
            while piece := await answer.read():
                read += piece
        assert read == b"abxyz"
        await answer.aclose()


async def accept_and(peer: Peer, how: str) -> None:
    peer.reset() if how == "resets" else await peer.close()


@pytest.mark.parametrize("how", ["closes", "resets"])
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(None, id="after accept"),
        pytest.param(b"", id="after the request"),
        pytest.param(b"HTTP/1.1 2", id="after half a status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="after half a head"),
        pytest.param(HINT, id="after an interim answer"),
    ],
)
@pytest.mark.parametrize(
    ("method", "length"), [("GET", 0), ("POST", 0), ("PUT", 3), ("PUT", UNKNOWN)]
)
async def test_an_upstream_that_dies_before_its_head_is_complete(
    said: bytes | None, how: str, method: str, length: int
) -> None:
    async def script(peer: Peer) -> None:
        if said is None:
            await accept_and(peer, how)
        else:
            await says(said, then=how)(peer)

    async with serving(script) as site:
        with pytest.raises(CallFailedError) as failure:
            await site.call(method, body=Pieces(b"abc"), length=length)
        assert failure.value.kind is FailureKind.RESET
        assert site.accepted == 1
        assert site.at_rest == 0


async def test_an_upstream_that_dies_under_an_upload() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.exactly(100_000)
        peer.reset()

    async with serving(script) as site:
        with pytest.raises(CallFailedError) as failure:
            await site.call("POST", body=Pieces(*[b"x" * 100_000] * 100), length=10_000_000)
        assert failure.value.kind is FailureKind.RESET


async def test_an_upload_that_breaks_behind_the_head_ends_without_a_noise() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(TEN)
        await trio.sleep(0.02)
        peer.reset()

    async with serving(script) as site:
        body = Pieces(*[b"x" * 100_000] * 100)
        answer = await site.call("POST", body=body, length=10_000_000)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer.finish_upload)
            with pytest.raises(CallFailedError) as failure:
                await read_all(answer)
        assert failure.value.kind is FailureKind.RESET
        await answer.aclose()


async def test_a_slow_head_is_read_byte_by_byte() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        for byte in HINT + OK:
            await peer.send(bytes([byte]))
            await trio.sleep(0)

    async with serving(script) as site:
        assert await site.fetch() == (200, b"ok")
        assert site.at_rest == 1


async def test_a_half_closed_upstream_may_still_be_answering() -> None:
    """Its FIN comes with the answer: the answer counts, the connection does not."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.stream.send_eof()
        await peer.ended()

    async with serving(script, always_ok) as site:
        assert await site.fetch() == (200, b"ok")
        await trio.sleep(0.02)
        assert await site.fetch("POST") == (200, b"ok")
        assert site.accepted == 2


async def test_an_answer_while_the_head_still_waits_is_nobodys(autojump_clock) -> None:
    wires: list[MemoryWire] = []

    async def serve(peer: MemoryPeer) -> None:
        pass

    async def dial(endpoint: Endpoint) -> MemoryWire:
        wires.append(await net.dial(endpoint))
        return wires[0]

    async def speaks_first() -> bytes:
        wires[0].incoming.put(OK)
        await trio.sleep(1)
        return b"abc"

    endpoint = Endpoint("http", "memory", 80)
    upstream = Upstream("u", (endpoint,))
    request = UpstreamRequest("POST", b"/", b"h", (), 3)
    async with trio.open_nursery() as nursery:
        net = Net(nursery, serve)
        client = Http1Client(upstream, dial=dial)
        with pytest.raises(CallFailedError) as failure:
            await client.call(CallUpstream(upstream, endpoint, request), speaks_first, print)
        assert failure.value.kind is FailureKind.PROTOCOL
        assert net.open == 0
        assert wires[0].outgoing.data == b""


class Halting(MemoryWire):
    """From its second request on, a wire that stops in the middle of a write."""

    begun = 0
    takes = 0
    breaks = False

    def send_some(self, buffers: Buffers, *, soon: bool = False) -> bool:
        self.begun += 1
        if self.outgoing.broken:
            raise BrokenPipeError("broken")
        if self.begun != 2:
            return super().send_some(buffers)
        data = bytes(buffers.pop())
        self.written += self.outgoing.put(data[: self.takes])
        if data[self.takes :]:
            buffers.append(data[self.takes :])
        if self.breaks:
            self.outgoing.broken = self.incoming.broken = True
            raise BrokenPipeError("broken")
        return not buffers


@pytest.mark.parametrize("takes", [0, 7, 1000])
@pytest.mark.parametrize("breaks", [False, True], ids=["goes on", "breaks"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_whose_head_is_not_taken_at_once(
    autojump_clock, takes: int, breaks: bool, method: str
) -> None:
    heads: list[bytes] = []
    stages: list[Stage] = []

    async def serve(peer: MemoryPeer) -> None:
        with contextlib.suppress(ConnectionResetError):
            while head := await peer.head():
                heads.append(head)
                await peer.send(OK)

    async def dial(_endpoint: Endpoint) -> MemoryWire:
        wire = Halting(net)
        wire.takes, wire.breaks = takes, breaks
        net.open += 1
        nursery.start_soon(serve, MemoryPeer(wire))
        return wire

    endpoint = Endpoint("http", "memory", 80)
    upstream = Upstream("u", (endpoint,), connections_max=1)
    client = Http1Client(upstream, dial=dial)
    lost = breaks and takes and method == "POST"
    async with trio.open_nursery() as nursery:
        net = Net(nursery, serve)
        for turn in range(2):
            command = CallUpstream(upstream, endpoint, UpstreamRequest(method, b"/", b"h", ()))
            if turn == 1:
                stages.clear()
            if turn == 1 and lost:
                with pytest.raises(CallFailedError) as failure:
                    await client.call(command, Pieces(), stages.append)
                assert failure.value.kind is FailureKind.RESET
                continue
            answer = await client.call(command, Pieces(), stages.append)
            assert await read_all(answer) == b"ok"
        if not lost:
            assert stages == ([Stage.CONNECTING, Stage.SENT] if breaks else [Stage.SENT])
        assert client.pool(endpoint).places.free == 1
        assert net.open == client.pool(endpoint).at_rest == (0 if lost else 1)
        assert len(set(heads)) == 1, "the same head each time"
        await client.aclose()
        nursery.cancel_scope.cancel()
