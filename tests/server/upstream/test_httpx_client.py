"""httpx's transport as a proxy's client: byte-exact, bounded, and nothing left behind."""

import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
import trustme

from gateway_core.clock import seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UNKNOWN, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream import CallFailedError, HttpxClient, TlsSettings
from tests.road import Road, response

GET = UpstreamRequest("GET", b"/a%2Fb/../c?x", b"shop.example", ((b"x-a", b"1"), (b"x-a", b"2")))


async def no_body() -> bytes:
    raise AssertionError("there is no body to ask for")


def ignore(stage: Stage) -> None:
    pass


@asynccontextmanager
async def client_of(
    upstream: Upstream, tls: TlsSettings | None = None
) -> AsyncIterator[HttpxClient]:
    client = HttpxClient(upstream, tls)
    try:
        yield client
    finally:
        await client.aclose()


def upstream_at(port: int, **more) -> Upstream:
    endpoint = Endpoint(more.pop("scheme", "http"), more.pop("host", "127.0.0.1"), port)
    return Upstream("up", (endpoint,), connect_timeout=seconds(0.5), **more)


async def call(client: HttpxClient, upstream: Upstream, request=GET, body=no_body, progress=ignore):
    return await client.call(CallUpstream(upstream, upstream.endpoints[0], request), body, progress)


async def whole(answer) -> bytes:
    got = b""
    while piece := await answer.read():
        got += piece
    await answer.aclose()
    return got


@pytest.fixture
async def road(nursery: trio.Nursery) -> Road:
    return Road(nursery)


async def test_the_request_goes_out_byte_for_byte_and_nothing_is_added(road: Road) -> None:
    served = await road.upstream(response("200 OK", "Set-Cookie: a=1"))
    upstream = upstream_at(served.port)
    async with client_of(upstream) as client:
        for _ in range(2):
            answer = await call(client, upstream)
            assert (answer.head.status, answer.head.body, await whole(answer)) == (200, 2, b"ok")
    request = b"GET /a%2Fb/../c?x HTTP/1.1\r\nHost: shop.example\r\nx-a: 1\r\nx-a: 2\r\n\r\n"
    assert served.received == [request * 2], "no cookie, no default, one connection"


@pytest.mark.parametrize(
    ("method", "declared", "framing", "sent"),
    [
        ("POST", 5, b"Content-Length: 5", b"hello"),
        ("POST", UNKNOWN, b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
        ("POST", 0, b"Content-Length: 0", b""),
        ("DELETE", 0, b"", b""),
    ],
)
async def test_bodies_are_framed_as_declared(
    road: Road, method: str, declared: int, framing: bytes, sent: bytes
) -> None:
    served = await road.upstream(response())
    upstream, stages = upstream_at(served.port), []
    pieces = [b"hello", b""]

    async def body() -> bytes:
        return pieces.pop(0)

    async with client_of(upstream) as client:
        request = UpstreamRequest(method, b"/", b"x", (), declared)
        await whole(await call(client, upstream, request, body, stages.append))
    head, _, got = served.received[0].partition(b"\r\n\r\n")
    assert got == sent
    assert head.split(b"\r\n")[2:] == [framing] * bool(framing)
    assert stages == [Stage.CONNECTING, *[Stage.SENDING] * bool(declared), Stage.SENT]


async def test_a_refused_connection_frees_its_slot() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    upstream = upstream_at(port, connections_max=1)
    async with client_of(upstream) as client:
        for _ in range(3):
            with pytest.raises(CallFailedError) as caught:
                await call(client, upstream)
            assert caught.value.kind is FailureKind.REFUSED


async def test_a_cancelled_call_frees_its_slot_and_its_connection(road: Road) -> None:
    served = await road.upstream(response(), hold=60)
    upstream = upstream_at(served.port, connections_max=1, waiting_max=0)
    async with client_of(upstream) as client:
        for number in range(3):
            with trio.move_on_after(0.1) as scope:
                await call(client, upstream)
            assert scope.cancelled_caught
            with trio.fail_after(2):
                await served.closed[number].wait()


# httpcore nests generators that it leaves to the garbage collector; nothing depends on them.
@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_answer_given_up_in_the_middle_is_not_used_again(road: Road) -> None:
    served = await road.upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
    upstream = upstream_at(served.port)
    async with client_of(upstream) as client:
        for number in range(2):
            answer = await call(client, upstream)
            assert await answer.read() == b"some"
            await answer.aclose()
            await answer.aclose()
            with trio.fail_after(2):
                await served.closed[number].wait()
    assert served.connections == 2


async def test_a_body_that_breaks_off_is_a_failure(road: Road) -> None:
    served = await road.upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome", close=True)
    upstream = upstream_at(served.port)
    async with client_of(upstream) as client:
        answer = await call(client, upstream)
        with pytest.raises(CallFailedError):
            await whole(answer)
        await answer.aclose()


async def test_a_full_queue_is_told_at_once_and_a_turn_is_told_as_queued(road: Road) -> None:
    served = await road.upstream(response(), hold=0.2)
    upstream = upstream_at(served.port, connections_max=1, waiting_max=1)
    stages: list[Stage] = []
    async with client_of(upstream) as client, trio.open_nursery() as nursery:

        async def one(progress) -> None:
            await whole(await call(client, upstream, progress=progress))

        nursery.start_soon(one, ignore)
        await trio.sleep(0.05)
        nursery.start_soon(one, stages.append)
        await trio.sleep(0.05)
        with pytest.raises(CallFailedError) as caught:
            await call(client, upstream)
        assert caught.value.kind is FailureKind.OVERLOADED
    assert stages[:2] == [Stage.QUEUED, Stage.CONNECTING]


async def test_a_unix_socket_is_an_endpoint_like_any_other(tmp_path: Path, nursery) -> None:
    path = str(tmp_path / "up.sock")
    listening = trio.socket.socket(socket.AF_UNIX)
    await listening.bind(path)
    listening.listen()

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(65536)
            await stream.send_all(response(body=b"unix"))

    nursery.start_soon(partial(trio.serve_listeners, handle, [trio.SocketListener(listening)]))
    upstream = Upstream("up", (Endpoint("http", "", 0, path),))
    async with client_of(upstream) as client:
        assert await whole(await call(client, upstream)) == b"unix"
    missing = Upstream("up", (Endpoint("http", "", 0, path + ".gone"),))
    async with client_of(missing) as client:
        with pytest.raises(CallFailedError) as caught:
            await call(client, missing)
        assert caught.value.kind is FailureKind.REFUSED


@asynccontextmanager
async def tls_server(authority: trustme.CA, name: str, *, asks: bool = False) -> AsyncIterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    if asks:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    async def handle(stream: trio.SSLStream) -> None:
        try:
            async with stream:
                if await stream.receive_some(65536):
                    await stream.send_all(response(body=b"tls"))
        except (trio.BrokenResourceError, ssl.SSLError):
            pass

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
        nursery.start_soon(partial(trio.serve_listeners, handle, listeners))
        yield listeners[0].transport_listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(authority: trustme.CA, tmp_path: Path, **more) -> TlsSettings:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return TlsSettings(ca=str(tmp_path / "ca.pem"), **more)


async def test_tls_is_verified(authority: trustme.CA, tmp_path: Path) -> None:
    async with tls_server(authority, "127.0.0.1") as port:
        upstream = upstream_at(port, scheme="https")
        async with client_of(upstream, trusting(authority, tmp_path)) as client:
            assert await whole(await call(client, upstream)) == b"tls"
        async with client_of(upstream) as client:
            with pytest.raises(CallFailedError) as caught:
                await call(client, upstream)
            assert caught.value.kind is FailureKind.CERTIFICATE
        async with client_of(upstream, TlsSettings(verify=False)) as client:
            assert await whole(await call(client, upstream)) == b"tls"


async def test_another_name_is_refused_unless_it_is_the_one_to_ask_for(
    authority: trustme.CA, tmp_path: Path
) -> None:
    async with tls_server(authority, "shop.internal") as port:
        upstream = upstream_at(port, scheme="https")
        async with client_of(upstream, trusting(authority, tmp_path)) as client:
            with pytest.raises(CallFailedError) as caught:
                await call(client, upstream)
            assert caught.value.kind is FailureKind.CERTIFICATE
        named = trusting(authority, tmp_path, server_name="shop.internal")
        async with client_of(upstream, named) as client:
            assert await whole(await call(client, upstream)) == b"tls"


async def test_a_client_certificate_is_shown_where_it_is_asked_for(
    authority: trustme.CA, tmp_path: Path
) -> None:
    ours = authority.issue_cert("gateway.internal")
    ours.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    async with tls_server(authority, "127.0.0.1", asks=True) as port:
        upstream = upstream_at(port, scheme="https")
        shown = trusting(authority, tmp_path, certificate=str(tmp_path / "own.pem"))
        async with client_of(upstream, shown) as client:
            assert await whole(await call(client, upstream)) == b"tls"
        async with client_of(upstream, trusting(authority, tmp_path)) as client:
            with pytest.raises(CallFailedError):
                await call(client, upstream)


async def test_what_does_not_speak_tls_is_a_tls_failure(road: Road) -> None:
    async def plain(stream: trio.SocketStream) -> None:
        await stream.receive_some(100)
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    upstream = upstream_at(await road.listen(plain), scheme="https")
    async with client_of(upstream) as client:
        with pytest.raises(CallFailedError) as caught:
            await call(client, upstream)
        assert caught.value.kind is FailureKind.TLS


def test_a_certificate_that_cannot_be_read_is_the_operator_s_mistake(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file|not found"):
        TlsSettings(ca=os.fspath(tmp_path / "gone.pem")).context()
