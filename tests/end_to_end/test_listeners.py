"""Clients over TLS and over unix sockets are served as those over TCP are."""

import ssl
from pathlib import Path

import pytest
import trio

from tests.end_to_end.test_failures import BUSY, SOON, wait_for_connection
from tests.road import PATIENCE, Certificate, Client, CutError, Road, ask, request, response
from tests.server.front.h2_client import H2Client, asking


@pytest.fixture(params=["tls", "unix"])
def listener(request: pytest.FixtureRequest, road: Road, tmp_path: Path) -> Road:
    if request.param == "tls":
        road.certificate = Certificate.issue(tmp_path)
    else:
        road.bind = f"unix:{tmp_path / 's'}"
    return road


@pytest.fixture
def tls(road: Road, tmp_path: Path) -> Road:
    road.certificate = Certificate.issue(tmp_path)
    return road


async def test_requests_follow_each_other_on_one_connection(listener: Road) -> None:
    upstream = await listener.upstream(response())
    gateway = await listener.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for number in range(3):
            assert (await client.ask(request(f"/{number}"))).body == b"ok"
        await client.send(request("/a") + request("/b"))
        assert (await client.answer()).status == (await client.answer()).status == 200
    assert upstream.connections == 1
    sent = upstream.received[0]
    scheme = b"http" if gateway.unix_path else b"https"
    assert b"x-forwarded-proto: " + scheme + b"\r\n" in sent
    assert (b"for=unknown;" in sent) == bool(gateway.unix_path)


async def test_bodies_pass_both_ways(listener: Road) -> None:
    body = bytes(range(256)) * 4000
    upstream = await listener.upstream(response(body=body))
    gateway = await listener.gateway_to(upstream.port)
    answer = await ask(gateway, request(method="PUT", body=body))
    assert answer.body == body
    assert upstream.received[0].endswith(body)


async def test_100_and_hints_come_before_the_answer(listener: Road) -> None:
    upstream = await listener.upstream(b"HTTP/1.1 103 Early Hints\r\n\r\n" + response())
    gateway = await listener.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/", "Expect: 100-continue", "Content-Length: 2", method="PUT"))
        with trio.fail_after(PATIENCE):
            assert await stream.receive_some(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"ok")
        answer = await client.answer("PUT")
    assert (answer.status, answer.interim) == (200, [103])


async def test_a_client_that_leaves_cancels_the_call(listener: Road) -> None:
    upstream = await listener.upstream(response(), hold=60)
    gateway = await listener.gateway_to(upstream.port)
    stream = await gateway.connect()
    await stream.send_all(request() * 2)
    await wait_for_connection(upstream)
    await trio.aclose_forcefully(stream)
    with trio.fail_after(SOON + BUSY):
        await upstream.closed[0].wait()
    assert (await gateway.line())["status"] == 499


async def test_an_answer_that_breaks_off_never_looks_complete(listener: Road) -> None:
    partial = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"
    upstream = await listener.upstream(partial, close=True)
    gateway = await listener.gateway_to(upstream.port)
    with pytest.raises(CutError):
        await ask(gateway, request())


async def test_an_answer_without_an_end_of_its_own_is_reset_when_it_breaks(tls: Road) -> None:
    """To HTTP/1.0 only the connection's end tells; over TLS a goodbye would make it complete."""
    partial = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"
    upstream = await tls.upstream(partial, close=True)
    gateway = await tls.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        with pytest.raises(trio.BrokenResourceError), trio.fail_after(PATIENCE):
            while await stream.receive_some(65536):
                pass


async def test_a_client_that_stops_reading_is_cut(listener: Road) -> None:
    closed = trio.Event()

    async def endless(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                await stream.send_all(b"x" * 65536)
        finally:
            closed.set()

    gateway = await listener.gateway_to(
        await listener.listen(endless), gateway='write_timeout = "400ms"'
    )
    stream = await gateway.connect()
    await stream.send_all(request())
    with trio.fail_after(PATIENCE):
        await closed.wait()
    await trio.aclose_forcefully(stream)
    line = await gateway.line()
    assert line["reason"] in {"client-write-timeout", "client-left"}


async def test_a_drain_ends_what_is_idle_and_lets_go_on_what_is_not(listener: Road) -> None:
    upstream = await listener.upstream(response(), hold=0.3)
    gateway = await listener.gateway_to(upstream.port)
    async with await gateway.connect() as idle, await gateway.connect() as busy:
        client = Client(busy)
        await client.send(request())
        await wait_for_connection(upstream)
        gateway.stop.set()
        with trio.fail_after(PATIENCE):
            assert await Client(idle).closed() == b""
        answer = await client.answer()
        assert (answer.status, answer.value(b"connection")) == (200, b"close")
    with trio.fail_after(PATIENCE):
        await gateway.ended.wait()


async def test_http_2_is_agreed_on_by_alpn(tls: Road) -> None:
    upstream = await tls.upstream(response())
    gateway = await tls.gateway_to(upstream.port)
    assert gateway.trust is not None
    gateway.trust.set_alpn_protocols(["h2"])
    client = await H2Client(await gateway.connect()).open()
    assert await client.answer(await client.ask(asking())) == (200, b"ok")
    await trio.aclose_forcefully(client.stream)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(request(), id="plain HTTP"),
        pytest.param(b"\x16\x03\x01\x00\x05hello", id="half a handshake, and garbage"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_what_is_no_tls_ends_its_connection_alone(tls: Road, said: bytes) -> None:
    upstream = await tls.upstream(response())
    gateway = await tls.gateway_to(upstream.port, gateway='head_timeout = "300ms"')
    async with await gateway.raw() as stream:
        await stream.send_all(said)
        assert b"HTTP" not in await Client(stream).closed()
    assert upstream.connections == 0
    assert (await ask(gateway, request())).status == 200


async def test_a_client_that_trusts_somebody_else_ends_its_connection_alone(tls: Road) -> None:
    upstream = await tls.upstream(response())
    gateway = await tls.gateway_to(upstream.port)
    stream = trio.SSLStream(
        await gateway.raw(), ssl.create_default_context(), server_hostname="127.0.0.1"
    )
    with pytest.raises(trio.BrokenResourceError):
        await stream.do_handshake()
    await trio.aclose_forcefully(stream)
    assert (await ask(gateway, request())).status == 200
