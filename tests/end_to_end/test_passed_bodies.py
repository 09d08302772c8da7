"""Bodies that the kernel passes on: whole, cut, slow, left alone; and what is behind them.

Under `protocol = "stock"` the same bodies are read and written: both are to look alike.
"""

import hashlib
import itertools
import random

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
