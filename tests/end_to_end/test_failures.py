"""Upstreams that fail at each point, and clients that leave at each point."""

import socket
import struct

import pytest
import trio

from tests.road import PATIENCE, Client, CutError, Road, ask, request, response

SOON = 0.1
"""Seconds within which a client's leaving has reached the upstream (SPEC)."""

BUSY = 0.4
"""What a busy machine may add to that."""


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def reset(stream: trio.SocketStream) -> None:
    """Make closing this stream a reset."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# The upstream


async def test_a_dead_upstream_is_502_and_says_which_service_not_where(road: Road) -> None:
    port = closed_port()
    gateway = await road.gateway_to(port)
    answer = await ask(gateway, request())
    assert answer.status == 502
    assert answer.value(b"proxy-status") == b"gateway; error=connection_refused"
    assert "'up'" in answer.problem["detail"]
    assert str(port) not in answer.body.decode()
    line = await gateway.line()
    assert (line["status"], line["reason"]) == (502, "upstream-refused")
    assert answer.problem["request_id"] == line["request_id"]


async def test_an_unknown_host_is_502(road: Road) -> None:
    gateway = await road.gateway(
        """
        [upstreams.up]
        endpoints = ["http://no-such-host.invalid:80"]
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        """
    )
    answer = await ask(gateway, request())
    assert answer.status == 502
    assert answer.value(b"proxy-status") == b"gateway; error=dns_error"


async def test_a_silent_upstream_is_504(road: Road) -> None:
    upstream = await road.upstream(response(), hold=60)
    gateway = await road.gateway_to(upstream.port, upstream='response_timeout = "200ms"')
    answer = await ask(gateway, request())
    assert (answer.status, answer.problem["status"]) == (504, 504)
    assert answer.value(b"proxy-status") == b"gateway; error=http_response_timeout"
    with trio.fail_after(PATIENCE):
        await upstream.closed[0].wait()


@pytest.mark.parametrize("hard", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_upstream_that_dies_before_its_head_is_502(
    road: Road, hard: bool, method: str
) -> None:
    async def die(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        if hard:
            reset(stream)

    gateway = await road.gateway_to(await road.listen(die))
    answer = await ask(gateway, request(method=method))
    assert answer.status == 502
    assert answer.value(b"proxy-status") == b"gateway; error=connection_terminated"


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nbad field\r\n\r\n", id="no field"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n", id="head of 2 MB"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="no length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"
        ),
    ],
)
async def test_nonsense_from_an_upstream_is_502(road: Road, garbage: bytes) -> None:
    upstream = await road.upstream(garbage, close=True)
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, request())
    assert answer.status == 502
    assert answer.value(b"proxy-status") == b"gateway; error=http_protocol_error"


@pytest.mark.parametrize(
    "partial",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", id="sized, too short"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
            id="no last chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n12345", id="in mid-chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nxyz\r\n",
            id="bad chunk",
        ),
    ],
)
async def test_an_answer_that_breaks_off_never_looks_complete(road: Road, partial: bytes) -> None:
    upstream = await road.upstream(partial, close=True)
    gateway = await road.gateway_to(upstream.port)
    # What is seen to be broken before a byte was sent is said; what is seen later is cut.
    try:
        answer = await ask(gateway, request())
    except CutError:
        outcome = (200, "upstream-broke")
    else:
        assert answer.status == 502
        outcome = (502, "upstream-protocol")
    line = await gateway.line()
    assert (line["status"], line["reason"]) == outcome


async def test_an_answer_that_stalls_is_cut_after_the_idle_timeout(road: Road) -> None:
    async def stall(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        await stream.receive_some(1)

    gateway = await road.gateway_to(await road.listen(stall), upstream='idle_timeout = "200ms"')
    with pytest.raises(CutError):
        await ask(gateway, request())
    assert (await gateway.line())["reason"] == "upstream-idle-timeout"


async def test_the_gateway_serves_on_after_each_failure(road: Road) -> None:
    upstream = await road.upstream(b"garbage\r\n\r\n", response(), close=True)
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        assert (await client.ask(request())).status == 502


async def test_more_calls_than_connections_wait_and_more_than_may_wait_are_503(road: Road) -> None:
    upstream = await road.upstream(response(), hold=0.3)
    bounds = "connections_max = 1\nwaiting_max = 1"
    gateway = await road.gateway_to(upstream.port, upstream=bounds)
    statuses: list[int] = []

    async def one() -> None:
        answer = await ask(gateway, request())
        statuses.append(answer.status)
        if answer.status == 503:
            assert answer.value(b"retry-after") == b"1"

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(one)
            await trio.sleep(0.05)
    assert sorted(statuses) == [200, 200, 503]
    assert upstream.connections == 1


# The client


async def assert_upstream_hears_of_it(closed: trio.Event) -> None:
    with trio.fail_after(SOON + BUSY):
        await closed.wait()


@pytest.mark.parametrize("hard", [False, True], ids=["closes", "resets"])
async def test_a_client_that_leaves_before_the_head_cancels_the_call(
    road: Road, hard: bool
) -> None:
    upstream = await road.upstream(response(), hold=60)
    gateway = await road.gateway_to(upstream.port)
    stream = await gateway.connect()
    await stream.send_all(request())
    await wait_for_connection(upstream)
    if hard:
        reset(stream)
    await stream.aclose()
    await assert_upstream_hears_of_it(upstream.closed[0])
    assert (await gateway.line())["status"] == 499


async def wait_for_connection(upstream) -> None:
    with trio.fail_after(PATIENCE):
        while not (upstream.received and upstream.received[0]):
            await trio.sleep(0.005)


async def test_a_client_that_leaves_behind_pipelined_requests_cancels_the_call(road: Road) -> None:
    upstream = await road.upstream(response(), hold=60)
    gateway = await road.gateway_to(upstream.port)
    stream = await gateway.connect()
    await stream.send_all(request() * 3)
    await wait_for_connection(upstream)
    await stream.aclose()
    await assert_upstream_hears_of_it(upstream.closed[0])


async def test_a_client_that_leaves_in_mid_answer_stops_the_upstream(road: Road) -> None:
    closed = trio.Event()

    async def endless(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                await stream.send_all(b"x" * 10_000)
                await trio.sleep(0.01)
        finally:
            closed.set()

    gateway = await road.gateway_to(await road.listen(endless))
    stream = await gateway.connect()
    await stream.send_all(request())
    await stream.receive_some(1000)
    await stream.aclose()
    await assert_upstream_hears_of_it(closed)
    assert (await gateway.line())["status"] == 499


async def test_a_client_that_leaves_in_mid_upload_cancels_the_call(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    stream = await gateway.connect()
    await stream.send_all(request("/", "Content-Length: 1000", method="POST") + b"half")
    await trio.sleep(0.2)
    await stream.aclose()
    await assert_upstream_hears_of_it(upstream.closed[0])
    line = await gateway.line()
    assert (line["status"], line["reason"]) == (400, "incomplete-message")
    await trio.sleep(0.1)
    assert len(gateway.lines) == 1


async def test_a_client_that_stops_in_mid_upload_is_408(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port, gateway='body_timeout = "300ms"')
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/", "Content-Length: 1000", method="POST") + b"half")
        answer = await client.answer("POST")
        assert answer.status == 408
        assert answer.value(b"connection") == b"close"
        assert await client.closed() == b""
    with trio.fail_after(PATIENCE):
        await upstream.closed[0].wait()


async def test_a_client_that_stops_reading_is_cut_and_frees_the_upstream(road: Road) -> None:
    closed = trio.Event()

    async def endless(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                await stream.send_all(b"x" * 65536)
        finally:
            closed.set()

    gateway = await road.gateway_to(await road.listen(endless), gateway='write_timeout = "400ms"')
    async with await gateway.connect() as stream:
        await stream.send_all(request())
        with trio.fail_after(PATIENCE):
            await closed.wait()
    line = await gateway.line()
    assert line["reason"] in {"client-write-timeout", "client-left"}


@pytest.mark.parametrize("framing", ["Content-Length: 101", "Transfer-Encoding: chunked"])
async def test_a_body_over_the_limit_is_413_without_reading_the_rest(
    road: Road, framing: str
) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port, route="max_request_body = 100")
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/", framing, method="POST"))
        if framing.startswith("T"):
            await client.send(b"65\r\n" + b"x" * 101 + b"\r\n")
        answer = await client.answer("POST")
        assert answer.status == 413
        assert answer.value(b"connection") == b"close"
        assert await client.closed() == b""
    assert not any(b"x" * 101 in received for received in upstream.received)
