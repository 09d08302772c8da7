"""Bodies that the kernel passes on: whole, cut, slow, left alone; and what is behind them.

Under `protocol = "stock"` the same bodies are read and written: both are to look alike.
"""

import hashlib
import itertools
import random
import socket
import struct

import pytest
import trio

from gateway_server.splicing import PIPE_BYTES, Pipe
from tests.road import PATIENCE, Client, CutError, Road, Running, ask, request, response

SIZE = 5 * PIPE_BYTES + 12_345
BODY = random.Random(1).randbytes(SIZE)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE


async def no_pipe_is_left() -> None:
    with trio.fail_after(PATIENCE):
        while Pipe.opened:
            await trio.sleep(0.005)


async def rest_of(stream: trio.SocketStream, pause: float = 0, size: int = 1 << 20) -> bytes:
    """Read what comes until the other side closes, with a pause before each read."""
    got = []
    with trio.fail_after(2 * PATIENCE):
        while True:
            if pause:
                await trio.sleep(pause)
            data = await stream.receive_some(size)
            if not data:
                return b"".join(got)
            got.append(data)


def in_pieces(*pieces: bytes, pause: float = 0.02, then: float = 0):
    """An upstream that answers one request by `pieces`, and waits `then` before it closes."""

    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        for piece in pieces:
            await stream.send_all(piece)
            await trio.sleep(pause)
        await trio.sleep(then)

    return handle


async def test_a_large_body_arrives_whole_and_both_connections_go_on(road: Road) -> None:
    upstream = await road.upstream(response(body=BODY))
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for number in range(3):
            answer = await client.ask(request())
            assert hashlib.sha256(answer.body).digest() == hashlib.sha256(BODY).digest()
            line = await gateway.line(number)
            assert (line["status"], line["bytes_out"]) == (200, SIZE)
            assert "reason" not in line
    assert upstream.connections == 1
    await no_pipe_is_left()


async def test_pipelined_requests_are_answered_in_their_order(road: Road) -> None:
    small = response(body=b"small")
    upstream = await road.upstream(response(body=BODY), small, response(body=BODY), small)
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request() * 4)
        for number in range(4):
            assert (await client.answer()).body == (b"small" if number % 2 else BODY)
    await no_pipe_is_left()


async def test_many_bodies_at_once_are_never_mixed(road: Road) -> None:
    bodies = [bytes([number]) * SIZE for number in range(6)]

    async def by_target(stream: trio.SocketStream) -> None:
        number = int((await stream.receive_some(65536)).split()[1][1:])
        await stream.send_all(HEAD)
        await stream.send_all(bodies[number])

    gateway = await road.gateway_to(await road.listen(by_target))

    async def fetch(number: int) -> None:
        answer = await ask(gateway, request(f"/{number}"))
        assert answer.body == bodies[number]

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(fetch, number)
    await no_pipe_is_left()


async def test_what_trickles_in_arrives(road: Road) -> None:
    cuts = [0, 1, 1000, 300_000, 300_001, 2_000_000, SIZE - 1, SIZE]
    pieces = [BODY[a:b] for a, b in itertools.pairwise(cuts)]
    gateway = await road.gateway_to(await road.listen(in_pieces(HEAD, *pieces)))
    assert (await ask(gateway, request())).body == BODY
    await no_pipe_is_left()


async def test_bytes_behind_the_body_are_no_part_of_it_nor_of_the_next_answer(road: Road) -> None:
    connections = 0

    async def one_too_many(stream: trio.SocketStream) -> None:
        nonlocal connections
        connections += 1
        await stream.receive_some(65536)
        await stream.send_all(HEAD + BODY + response(body=b"an answer nobody asked for"))
        await stream.receive_some(65536)

    gateway = await road.gateway_to(await road.listen(one_too_many))
    async with await gateway.connect() as stream:
        client = Client(stream)
        for _ in range(2):
            assert (await client.ask(request())).body == BODY
            await trio.sleep(0.05)
    assert connections == 2


@pytest.mark.parametrize("sent", [0, 400_000, SIZE - 1], ids=["none", "some", "all but one"])
async def test_a_body_that_breaks_off_never_looks_complete(road: Road, sent: int) -> None:
    gateway = await road.gateway_to(await road.listen(in_pieces(HEAD, BODY[:sent])))
    with pytest.raises(CutError):
        await ask(gateway, request())
    line = await gateway.line()
    assert (line["reason"], line["bytes_out"]) == ("upstream-broke", sent)
    await no_pipe_is_left()


async def test_a_body_that_stops_coming_is_cut_in_time(road: Road) -> None:
    handler = in_pieces(HEAD, BODY[:700_000], then=60)
    port = await road.listen(handler)
    gateway = await road.gateway_to(port, upstream='idle_timeout = "200ms"')
    with pytest.raises(CutError):
        await ask(gateway, request())
    assert (await gateway.line())["reason"] == "upstream-idle-timeout"
    await no_pipe_is_left()


async def begun(gateway: Running) -> trio.SocketStream:
    """Ask for a large body, and read only its beginning."""
    stream = await gateway.connect()
    await stream.send_all(request())
    await stream.receive_some(1000)
    return stream


@pytest.mark.parametrize("stalls", ["upstream", "client"])
async def test_a_client_that_leaves_in_the_middle_ends_it(road: Road, stalls: str) -> None:
    closed = trio.Event()

    async def endless(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        try:
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")
            await stream.send_all(BODY[:600_000])
            while stalls == "client":
                await stream.send_all(BODY)
            await stream.receive_some(1)
        finally:
            closed.set()

    gateway = await road.gateway_to(await road.listen(endless))
    stream = await begun(gateway)
    await trio.sleep(0.3)
    if road.protocol == "own":
        assert Pipe.opened == 1, "or what is tested here is not what its name says"
    await stream.aclose()
    with trio.fail_after(PATIENCE):
        await closed.wait()
    assert (await gateway.line())["status"] in {200, 499}
    assert (await gateway.line())["reason"] == "client-left"
    await no_pipe_is_left()


async def test_a_client_that_stops_reading_is_cut(road: Road) -> None:
    upstream = await road.upstream(response(body=BODY * 3))
    gateway = await road.gateway_to(upstream.port, gateway='write_timeout = "300ms"')
    async with await begun(gateway):
        line = await gateway.line()
        assert line["reason"] in {"client-write-timeout", "client-left"}
    await no_pipe_is_left()


async def test_a_client_that_reads_slowly_is_served_to_the_end(road: Road) -> None:
    upstream = await road.upstream(response(body=BODY))
    gateway = await road.gateway_to(upstream.port, gateway='write_timeout = "400ms"')
    async with await gateway.connect() as stream:
        await stream.send_all(request("/", "Connection: close"))
        began = trio.current_time()
        # What one pipe holds takes it longer than the time-out, each step of it much less.
        got = await rest_of(stream, pause=0.03, size=80_000)
        assert got.endswith(BODY)
        assert trio.current_time() - began > 1
    assert "reason" not in await gateway.line()
    await no_pipe_is_left()


@pytest.mark.parametrize("stalls", ["upstream", "client"])
async def test_a_worker_that_ends_lets_go_of_everything(road: Road, stalls: str) -> None:
    body = BODY[:600_000] if stalls == "upstream" else BODY * 4
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (4 * SIZE)
    port = await road.listen(in_pieces(head, body, then=60))
    gateway = await road.gateway_to(port, gateway='drain_timeout = "100ms"')
    async with await begun(gateway):
        await trio.sleep(0.1)
        gateway.stop.set()
        with trio.fail_after(PATIENCE):
            await gateway.ended.wait()
    assert (await gateway.line())["reason"] == "shut-down"
    await no_pipe_is_left()


# Uploads.


def put(*lines: str, size: int = SIZE) -> bytes:
    return request("/", f"Content-Length: {size}", *lines, method="PUT")


class Taker:
    """An upstream that counts and hashes bodies, and does `then` with the stream in the middle."""

    def __init__(self, then=None, at: int = 0) -> None:
        self.then, self.at = then, at
        self.connections = 0
        self.hashes: list[bytes] = []
        self.closed = trio.Event()

    async def __call__(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        data = b""
        try:
            while True:
                while b"\r\n\r\n" not in data:
                    more = await stream.receive_some(65536)
                    if not more:
                        return
                    data += more
                head, _, data = data.partition(b"\r\n\r\n")
                left = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
                data = await self._take(stream, data, left)
                if self.then is None:
                    await stream.send_all(response(body=b"taken"))
        finally:
            self.closed.set()

    async def _take(self, stream: trio.SocketStream, data: bytes, left: int) -> bytes:
        hashed, taken = hashlib.sha256(), 0
        while True:
            part, data = data[:left], data[left:]
            hashed.update(part)
            left, taken = left - len(part), taken + len(part)
            if not left:
                self.hashes.append(hashed.digest())
                return data
            if self.then is not None and taken >= self.at:
                then, self.then = self.then, None
                await then(stream)
            data = await stream.receive_some(1 << 20)
            if not data:
                raise trio.BrokenResourceError


ANY_SIZE = "max_request_body = false"
SUM = hashlib.sha256(BODY).digest()


@pytest.mark.parametrize("upstream", ["", "retries = { attempts = 2 }"], ids=["plain", "retried"])
async def test_a_large_upload_arrives_whole_and_both_connections_go_on(
    road: Road, upstream: str
) -> None:
    taker = Taker()
    gateway = await road.gateway_to(await road.listen(taker), upstream=upstream)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send((put() + BODY) * 2)
        for number in range(2):
            assert (await client.answer("PUT")).body == b"taken"
            line = await gateway.line(number)
            assert (line["status"], line["bytes_in"]) == (200, SIZE)
    assert taker.hashes == [SUM, SUM]
    assert taker.connections == 1
    await no_pipe_is_left()


async def test_what_a_client_sends_in_pieces_arrives(road: Road) -> None:
    taker = Taker()
    gateway = await road.gateway_to(await road.listen(taker))
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(put())
        for start, end in itertools.pairwise([0, 1, 300_000, 300_001, 2_000_000, SIZE - 1, SIZE]):
            await client.send(BODY[start:end])
            await trio.sleep(0.02)
        assert (await client.answer("PUT")).status == 200
    assert taker.hashes == [SUM]
    await no_pipe_is_left()


async def test_a_client_that_waits_for_100_is_asked_first(road: Road) -> None:
    taker = Taker()
    gateway = await road.gateway_to(await road.listen(taker))
    async with await gateway.connect() as stream:
        await stream.send_all(put("Expect: 100-continue"))
        with trio.fail_after(PATIENCE):
            assert (await stream.receive_some(100)).startswith(b"HTTP/1.1 100 ")
        await stream.send_all(BODY)
        assert (await Client(stream).answer("PUT")).status == 200
    assert taker.hashes == [SUM]


@pytest.mark.parametrize("goes_on", [True, False], ids=["and reads on", "and closes"])
async def test_an_early_answer_arrives_at_once(road: Road, goes_on: bool) -> None:
    answered = trio.Event()

    async def early(stream: trio.SocketStream) -> None:
        await stream.send_all(response(body=b"early"))
        answered.set()
        if not goes_on:
            await stream.aclose()

    taker = Taker(early, at=SIZE // 2)
    gateway = await road.gateway_to(await road.listen(taker))
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(put() + BODY[: SIZE * 3 // 4])
        assert (await client.answer("PUT")).body == b"early"
        if goes_on:
            await client.send(BODY[SIZE * 3 // 4 :])
            with trio.fail_after(PATIENCE):
                while not taker.hashes and not taker.closed.is_set():
                    await trio.sleep(0.01)
    assert taker.hashes in ([SUM], [])
    await no_pipe_is_left()


async def stalled(_stream: trio.SocketStream) -> None:
    await trio.sleep(60)


async def test_an_upstream_that_stops_taking_is_504(road: Road) -> None:
    taker = Taker(stalled, at=700_000)
    size = 40 * SIZE
    gateway = await road.gateway_to(
        await road.listen(taker), upstream='idle_timeout = "300ms"', route=ANY_SIZE
    )
    async with await gateway.connect() as stream, trio.open_nursery() as nursery:

        async def send() -> None:
            try:
                await stream.send_all(put(size=size))
                for _ in range(40):
                    await stream.send_all(BODY)
            except trio.BrokenResourceError:
                pass

        nursery.start_soon(send)
        assert (await Client(stream).answer("PUT")).status == 504
        nursery.cancel_scope.cancel()
    assert (await gateway.line())["reason"] == "upstream-write-timeout"
    await no_pipe_is_left()


async def test_an_upstream_that_takes_slowly_gets_all_of_it(road: Road) -> None:
    async def slow(stream: trio.SocketStream) -> None:
        _, _, body = (await stream.receive_some(65536)).partition(b"\r\n\r\n")
        taken = len(body)
        while taken < SIZE:
            taken += len(await stream.receive_some(80_000))
            await trio.sleep(0.03)
        await stream.send_all(response(body=b"taken"))

    gateway = await road.gateway_to(await road.listen(slow), upstream='idle_timeout = "400ms"')
    async with await gateway.connect() as stream:
        client = Client(stream)
        began = trio.current_time()
        await client.send(put() + BODY)
        # What one pipe holds takes it longer than the time-out, each step of it much less.
        assert (await client.answer("PUT")).status == 200
        assert trio.current_time() - began > 1
    await no_pipe_is_left()


async def test_an_upstream_that_dies_in_the_middle_is_502(road: Road) -> None:
    async def die(stream: trio.SocketStream) -> None:
        await stream.aclose()

    gateway = await road.gateway_to(await road.listen(Taker(die, at=700_000)))
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(put() + BODY[: SIZE // 2])
        assert (await client.answer("PUT")).status == 502
    await no_pipe_is_left()


@pytest.mark.parametrize("ends", ["client", "worker"])
@pytest.mark.parametrize("waits_for", ["client", "upstream"])
async def test_an_upload_that_is_left_in_the_middle_holds_nothing(
    road: Road, ends: str, waits_for: str
) -> None:
    taker = Taker(stalled if waits_for == "upstream" else None, at=700_000)
    port = await road.listen(taker)
    gateway = await road.gateway_to(port, gateway='drain_timeout = "100ms"', route=ANY_SIZE)
    stream = await gateway.connect()
    with trio.move_on_after(0.5):
        await stream.send_all(put(size=100 * SIZE) + BODY)
        while waits_for == "upstream":
            await stream.send_all(BODY)
        await trio.sleep_forever()
    if road.protocol == "own":
        assert Pipe.opened == 1, "or what is tested here is not what its name says"
    if ends == "client":
        # By a reset: a FIN would stand behind what nobody takes off it.
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await stream.aclose()
        line = await gateway.line()
        assert line["reason"] in {"incomplete-message", "client-left"}
    else:
        gateway.stop.set()
        with trio.fail_after(PATIENCE):
            await gateway.ended.wait()
        assert (await gateway.line())["reason"] == "shut-down"
        await stream.aclose()
    await no_pipe_is_left()


async def test_a_client_that_stops_sending_is_408(road: Road) -> None:
    taker = Taker()
    gateway = await road.gateway_to(await road.listen(taker), gateway='body_timeout = "300ms"')
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(put() + BODY[: SIZE // 2])
        assert (await client.answer("PUT")).status == 408
    with trio.fail_after(PATIENCE):
        await taker.closed.wait()
    assert (await gateway.line())["bytes_in"] == SIZE // 2
    await no_pipe_is_left()
