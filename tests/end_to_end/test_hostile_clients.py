"""Clients that stall, break off and lie at every point: the gateway serves on, and keeps nothing."""

import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from gateway_core.http1.flaws import INCOMPLETE
from tests.books import balanced, quiet
from tests.core.http1.cases import CASES
from tests.road import PATIENCE, Certificate, Client, Road, Running, ask, request, response
from tests.sockets import handshake

LIMITS = """
    head_timeout = "300ms"
    body_timeout = "300ms"
    write_timeout = "300ms"
    keep_alive_timeout = "2s"
"""
BIG = response(body=b"x" * 3_000_000)
UPLOAD = request("/", "Content-Length: 1000", method="POST")


@pytest.fixture(params=["plain", "tls"])
def hardened(request: pytest.FixtureRequest, road: Road, tmp_path: Path) -> Road:
    if request.param == "tls":
        road.certificate = Certificate.issue(tmp_path)
    return road


async def gone(stream: Any) -> None:
    """Read until the gateway ends the connection."""
    with trio.fail_after(PATIENCE):
        try:
            while await stream.receive_some(65536):
                pass
        except trio.BrokenResourceError:
            pass


async def says(stream: Any, data: bytes) -> None:
    await stream.send_all(data)


async def slow_head(stream: Any) -> None:
    async def drip() -> None:
        for byte in request("/", "X: " + "y" * 1000):
            await stream.send_all(bytes((byte,)))
            await trio.sleep(0.01)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(drip)
        assert (await Client(stream).answer()).status == 408
        nursery.cancel_scope.cancel()


async def head_that_stops(stream: Any) -> None:
    await says(stream, request()[:20])
    await gone(stream)


async def body_that_stops(stream: Any) -> None:
    await says(stream, UPLOAD + b"half")
    await gone(stream)


async def chunk_that_stops(stream: Any) -> None:
    await says(stream, request("/", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhe")
    await gone(stream)


async def reader_that_stops(stream: Any) -> None:
    await says(stream, request("/big"))
    await trio.sleep(1)


async def leaves_in_mid_answer(stream: Any) -> None:
    await says(stream, request("/big"))
    await stream.receive_some(1000)


async def leaves_in_mid_body(stream: Any) -> None:
    await says(stream, UPLOAD + b"half")


async def leaves_behind_a_pipeline(stream: Any) -> None:
    await says(stream, request("/slow") * 50)


async def garbage(stream: Any) -> None:
    await says(stream, bytes(range(256)) * 10)
    await gone(stream)


async def preface_of_http_2(stream: Any) -> None:
    await says(stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
    await gone(stream)


async def h2c_upgrade(stream: Any) -> None:
    more = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    assert (await Client(stream).ask(request("/", *more))).status == 200


async def handshake_and_a_byte(stream: Any) -> None:
    await says(stream, handshake("/") + b"\x88")


async def extensions_that_are_not_ascii(stream: Any) -> None:
    await says(stream, handshake("/", "Sec-WebSocket-Extensions: \xff;;="))


async def body_unread_and_more_behind(stream: Any) -> None:
    await says(stream, request("/nobody", "Content-Length: 9", method="POST", host="x") + b"x" * 99)
    await gone(stream)


async def expects_and_never_sends(stream: Any) -> None:
    more = ("Expect: 100-continue", "Content-Length: 1000")
    await says(stream, request("/", *more, method="POST"))
    await gone(stream)


Act = Callable[[Any], Awaitable[None]]
ACTS: list[Act] = [
    slow_head, head_that_stops, body_that_stops, chunk_that_stops, reader_that_stops,
    leaves_in_mid_answer, leaves_in_mid_body, leaves_behind_a_pipeline, garbage,
    preface_of_http_2, h2c_upgrade, handshake_and_a_byte, extensions_that_are_not_ascii,
    body_unread_and_more_behind, expects_and_never_sends,
]  # fmt: skip


async def world(road: Road) -> Running:
    """A gateway to an upstream that answers by path, and has answered once."""

    async def serve(stream: trio.SocketStream) -> None:
        held = b""
        while True:
            while b"\r\n\r\n" not in held:
                data = await stream.receive_some(65536)
                if not data:
                    return
                held += data
            head, _, held = held.partition(b"\r\n\r\n")
            if head.startswith(b"GET /slow"):
                await trio.sleep(1)
            if b"POST" in head and b"content-length: 1000" in head.lower():
                while len(held) < 1000:
                    data = await stream.receive_some(65536)
                    if not data:
                        return
                    held += data
                held = b""
            await stream.send_all(BIG if head.startswith(b"GET /big") else response())

    running = await road.gateway_to(await road.listen(serve), gateway=LIMITS)
    assert (await ask(running, request())).status == 200
    return running


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_whatever_a_client_does_the_gateway_serves_on_and_keeps_nothing(
    hardened: Road, act: Act
) -> None:
    running = await world(hardened)
    before = await quiet(running)
    for _ in range(3):
        stream = await running.connect()
        await act(stream)
        await trio.aclose_forcefully(stream)
    assert (await ask(running, request())).status == 200
    await balanced(before, running)


@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_a_connection_may_break_at_every_byte_of_a_request(hardened: Road, how: str) -> None:
    running = await world(hardened)
    before = await quiet(running)
    whole = request("/", "Transfer-Encoding: chunked", method="POST") + b"2\r\nok\r\n0\r\n\r\n"
    for end in range(0, len(whole), 1 if hardened.certificate is None else 7):
        stream = await running.connect()
        await stream.send_all(whole[:end])
        if how == "RST":
            transport = getattr(stream, "transport_stream", stream)
            transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(stream)
    assert (await ask(running, request())).status == 200
    await balanced(before, running)


async def test_what_is_refused_is_refused_over_tls_alike(road: Road, tmp_path: Path) -> None:
    """Every probe of a head and of a body, over one gateway; nothing of it reaches an upstream."""
    road.certificate = Certificate.issue(tmp_path)
    upstream = await road.upstream(response())
    running = await road.gateway_to(upstream.port)
    assert (await ask(running, request())).status == 200
    before = await quiet(running)
    complete = 1
    for case in CASES:
        if case.status is None or case.reason == INCOMPLETE.reason:
            continue
        async with await running.connect() as stream:
            client = Client(stream)
            await client.send(case.sent)
            for _ in range(case.messages):
                assert (await client.answer()).status in {200, 204, 405}, case.id
            assert (await client.answer()).status == case.status, case.id
            await gone(stream)
        complete += case.messages
    assert upstream.complete <= complete
    assert (await ask(running, request())).status == 200
    await balanced(before, running)


async def test_connections_by_the_hundred_come_and_go(hardened: Road) -> None:
    running = await world(hardened)
    before = await quiet(running)

    async def visit() -> None:
        async with await running.connect() as stream:
            client = Client(stream)
            for _ in range(3):
                assert (await client.ask(request())).status == 200

    for _ in range(3):
        async with trio.open_nursery() as visitors:
            for _ in range(30):
                visitors.start_soon(visit)
    await balanced(before, running)
