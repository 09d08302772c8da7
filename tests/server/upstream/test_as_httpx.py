"""httpx over our pool: what it asks for goes out, and what goes wrong is told in its words."""

import socket
from pathlib import Path

import httpx
import pytest
import trio

from gateway_core.upstream import Endpoint
from gateway_server.upstream import as_httpx
from gateway_server.upstream.as_httpx import PooledTransport
from tests.server.upstream.upstreams import OK, Peer, Script, always_ok, serving, silence


def url(endpoint: Endpoint) -> str:
    return f"http://127.0.0.1:{endpoint.port}"


def says(answer: bytes, *, then: str = "stays") -> Script:
    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.send(answer)
            if then == "resets":
                peer.reset()
                return

    return script


async def test_requests_of_one_origin_share_a_connection() -> None:
    async with serving(always_ok) as site, httpx.AsyncClient(transport=PooledTransport()) as client:
        for _ in range(3):
            response = await client.get(url(site.endpoint) + "/a?b=c")
            assert (response.status_code, response.text) == (200, "ok")
        assert site.accepted == 1


async def test_what_httpx_says_goes_out_with_our_framing() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.head() + await peer.exactly(5))
        seen.append(await peer.until(b"0\r\n\r\n"))
        await peer.send(OK)

    async def two():
        yield b"on"
        yield b""
        yield b"ce"

    async with (
        serving(script, script) as site,
        httpx.AsyncClient(transport=PooledTransport()) as client,
    ):
        await client.post(url(site.endpoint) + "/a%2Fb", content=two(), headers={"X-A": "1"})
    head = seen[0].split(b"\r\n\r\n")[0].lower().split(b"\r\n")
    assert head[0] == b"post /a%2fb http/1.1"
    assert head[1] == b"host: 127.0.0.1:%d" % site.endpoint.port
    assert head.count(b"transfer-encoding: chunked") == 1
    assert b"x-a: 1" in head
    assert seen[0].endswith(b"2\r\non")
    assert seen[1] == b"\r\n2\r\nce\r\n0\r\n\r\n"


async def test_a_sized_body_is_sent_with_its_length() -> None:
    async def script(peer: Peer) -> None:
        head = await peer.head()
        assert head.lower().count(b"content-length: 5\r\n") == 1
        assert await peer.exactly(5) == b"hello"
        await peer.send(OK)

    async with serving(script) as site, httpx.AsyncClient(transport=PooledTransport()) as client:
        assert (await client.put(url(site.endpoint), content=b"hello")).text == "ok"


async def test_fields_come_back_in_order_with_duplicates() -> None:
    answer = b"HTTP/1.1 201 x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    async with serving(says(answer)) as site:
        transport = PooledTransport()
        response = await transport.handle_async_request(httpx.Request("GET", url(site.endpoint)))
        assert response.status_code == 201
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert await response.aread() == b""
        await transport.aclose()


async def test_a_body_is_streamed_and_may_be_left() -> None:
    data = b"x" * 3_000_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data
    async with serving(says(answer)) as site, PooledTransport() as transport:
        request = httpx.Request("GET", url(site.endpoint))
        response = await transport.handle_async_request(request)
        assert 0 < len(await anext(aiter(response.stream))) < len(data)
        await response.aclose()
        response = await transport.handle_async_request(request)
        assert await response.aread() == data
        assert site.accepted == 2


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param(says(b"what\r\n\r\n"), httpx.RemoteProtocolError, id="nonsense"),
        pytest.param(says(b"HTTP/1.1 2", then="resets"), httpx.ReadError, id="reset"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", then="resets"),
            httpx.ReadError, id="reset in the body",
        ),
        pytest.param(silence, httpx.ReadTimeout, id="silence"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), httpx.ReadTimeout, id="a stall"
        ),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_told_in_the_words_of_httpx(
    script: Script, error: type[httpx.TransportError]
) -> None:
    async with serving(script) as site, httpx.AsyncClient(transport=PooledTransport()) as client:
        with pytest.raises(error) as failure:
            await client.get(url(site.endpoint), timeout=0.1)
        assert failure.value.request.url == url(site.endpoint)


async def test_who_does_not_listen_is_a_connect_error() -> None:
    async with httpx.AsyncClient(transport=PooledTransport()) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/")


async def test_a_slow_connection_times_out_by_its_own_name(autojump_clock) -> None:
    async def dial(endpoint: Endpoint):
        await trio.sleep_forever()

    async with httpx.AsyncClient(transport=PooledTransport(dial=dial)) as client:
        started = trio.current_time()
        with pytest.raises(httpx.ConnectTimeout):
            await client.get("http://a/", timeout=httpx.Timeout(9, connect=2))
        assert trio.current_time() - started == pytest.approx(2)


async def test_only_http_is_spoken() -> None:
    async with httpx.AsyncClient(transport=PooledTransport()) as client:
        with pytest.raises(httpx.UnsupportedProtocol):
            await PooledTransport().handle_async_request(httpx.Request("GET", "ftp://a/"))
        assert not client.is_closed


async def test_a_unix_socket_takes_every_request(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    listener = trio.socket.socket(socket.AF_UNIX)
    await listener.bind(path)
    listener.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            trio.serve_listeners,
            lambda stream: always_ok(Peer(stream)),
            [trio.SocketListener(listener)],
        )
        async with httpx.AsyncClient(transport=PooledTransport(unix_path=path)) as client:
            assert (await client.get("http://whatever/")).text == "ok"
        nursery.cancel_scope.cancel()


async def test_origins_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_httpx, "ORIGINS_MAX", 1)
    async with serving(always_ok) as one, serving(always_ok) as two:
        async with httpx.AsyncClient(transport=PooledTransport()) as client:
            for site in (one, two, one):
                assert (await client.get(url(site.endpoint))).text == "ok"
        assert (one.accepted, two.accepted) == (2, 1)
