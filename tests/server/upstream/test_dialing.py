"""Connections to endpoints: addresses raced, TLS verified, unix sockets, nothing left open."""

import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
import trustme

from gateway_core.upstream import Endpoint
from gateway_server.upstream.dialing import Dialer
from gateway_server.upstream.tls import TlsSettings
from gateway_server.upstream.wire import Wire

Handler = Callable[[trio.abc.Stream], Awaitable[None]]
PLAIN = Dialer(TlsSettings(), secure=False)


async def read_all(wire: Wire, count: int) -> bytes:
    received = b""
    while len(received) < count:
        while (data := wire.receive_some()) is None:
            await wire.readable()
        if not data:
            break
        received += data
    return received


async def send_all(wire: Wire, data: bytes) -> None:
    buffers = [data]
    while not wire.send_some(buffers):
        await wire.writable()


async def echo(stream: trio.abc.Stream) -> None:
    async with stream:
        async for data in stream:
            await stream.send_all(data)


async def listen(nursery: trio.Nursery, handler: Handler, host: str = "127.0.0.1") -> int:
    listeners = await nursery.start(
        lambda task_status: trio.serve_tcp(handler, 0, host=host, task_status=task_status)
    )
    return listeners[0].socket.getsockname()[1]


class Authority:
    """A certificate authority with its files."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca = str(folder / "ca.pem")
        self.authority.cert_pem.write_to_path(self.ca)
        self.folder = folder

    def server(self, *names: str, alpn: str = "", client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        if alpn:
            context.set_alpn_protocols([alpn])
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.authority.configure_trust(context)
        return context

    def client_certificate(self) -> str:
        path = self.folder / "client.pem"
        self.authority.issue_cert(
            "gateway@example.com"
        ).private_key_and_cert_chain_pem.write_to_path(str(path))
        return str(path)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def serve_tls(nursery: trio.Nursery, context: ssl.SSLContext, handler: Handler = echo) -> int:
    async def secured(stream: trio.abc.Stream) -> None:
        tls = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        try:
            await tls.do_handshake()
            await handler(tls)
        except (trio.BrokenResourceError, ssl.SSLError):
            await trio.aclose_forcefully(stream)

    return await listen(nursery, secured)


async def test_a_plain_connection_carries_bytes_both_ways() -> None:
    async with trio.open_nursery() as nursery:
        port = await listen(nursery, echo)
        wire = await PLAIN(Endpoint("http", "127.0.0.1", port))
        await send_all(wire, b"hello")
        assert await read_all(wire, 5) == b"hello"
        wire.close()
        nursery.cancel_scope.cancel()


async def test_small_pieces_are_not_held_back() -> None:
    async with trio.open_nursery() as nursery:
        port = await listen(nursery, echo)
        wire = await PLAIN(Endpoint("http", "127.0.0.1", port))
        assert wire._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert wire._socket.getblocking() is False
        wire.close()
        nursery.cancel_scope.cancel()


async def test_a_unix_socket_is_dialed_by_its_path(tmp_path: Path) -> None:
    path = str(tmp_path / "upstream.sock")
    listener = trio.socket.socket(socket.AF_UNIX)
    await listener.bind(path)
    listener.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, echo, [trio.SocketListener(listener)])
        wire = await PLAIN(Endpoint("http", "", 0, unix_path=path))
        await send_all(wire, b"hello")
        assert await read_all(wire, 5) == b"hello"
        wire.close()
        nursery.cancel_scope.cancel()


class Names(trio.abc.HostnameResolver):
    """One name with an address where nobody answers, then one where somebody does."""

    async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", self.port)),
        ]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError

    port = 0


async def test_the_addresses_of_a_name_are_raced() -> None:
    names = Names()
    trio.socket.set_custom_hostname_resolver(names)
    async with trio.open_nursery() as nursery:
        names.port = await listen(nursery, echo)
        wire = await PLAIN(Endpoint("http", "service.example", 80))
        await send_all(wire, b"hello")
        assert await read_all(wire, 5) == b"hello"
        wire.close()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(Endpoint("http", "127.0.0.1", 1), id="nobody listens"),
        pytest.param(Endpoint("http", "", 0, unix_path="/nonexistent/socket"), id="no such path"),
    ],
)
async def test_who_does_not_answer_is_an_error_of_the_system(endpoint: Endpoint) -> None:
    with pytest.raises(OSError):
        await PLAIN(endpoint)


async def test_tls_is_verified_and_speaks_http_1_1_alone(authority: Authority) -> None:
    async with trio.open_nursery() as nursery:
        port = await serve_tls(nursery, authority.server("127.0.0.1", alpn="http/1.1"))
        dial = Dialer(TlsSettings(ca=authority.ca), secure=True)
        wire = await dial(Endpoint("https", "127.0.0.1", port))
        assert wire._tls.selected_alpn_protocol() == "http/1.1"
        await send_all(wire, b"hello")
        assert await read_all(wire, 5) == b"hello"
        wire.close()
        nursery.cancel_scope.cancel()


async def test_tls_carries_megabytes_both_ways_at_once(authority: Authority) -> None:
    data = bytes(range(256)) * 8192
    async with trio.open_nursery() as nursery:
        port = await serve_tls(nursery, authority.server("127.0.0.1"))
        dial = Dialer(TlsSettings(ca=authority.ca), secure=True)
        wire = await dial(Endpoint("https", "127.0.0.1", port))
        async with trio.open_nursery() as both:
            both.start_soon(send_all, wire, data)
            assert await read_all(wire, len(data)) == data
        assert wire.written == len(data)
        wire.close()
        nursery.cancel_scope.cancel()


async def test_session_tickets_do_not_count_as_speech(authority: Authority) -> None:
    """A server may send them behind the handshake, when the connection is at rest already."""
    dial = Dialer(TlsSettings(ca=authority.ca), secure=True)
    context = authority.server("127.0.0.1")

    def serve_one(listener: socket.socket) -> None:
        # Blocking: Trio's server holds the tickets back until it has something to say.
        connected, _ = listener.accept()
        with context.wrap_socket(connected, server_side=True) as secured:
            secured.sendall(secured.recv(5))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, serve_one, listener)
            wire = await dial(Endpoint("https", "127.0.0.1", listener.getsockname()[1]))
            await wire.readable()
            assert wire.receive_some() is None
            await send_all(wire, b"hello")
            assert await read_all(wire, 5) == b"hello"
            wire.close()


async def test_a_goodbye_is_an_end_and_a_cut_is_none(authority: Authority) -> None:
    """RFC 9112, 9.8: only a closure alert tells that a body which ends so is whole."""

    async def goodbye(stream: trio.SSLStream) -> None:
        await stream.send_all(b"whole")
        await stream.unwrap()

    async def cut(stream: trio.SSLStream) -> None:
        await stream.send_all(b"half")
        await stream.transport_stream.aclose()

    async with trio.open_nursery() as nursery:
        context = authority.server("127.0.0.1")
        dial = Dialer(TlsSettings(ca=authority.ca), secure=True)
        wire = await dial(
            Endpoint("https", "127.0.0.1", await serve_tls(nursery, context, goodbye))
        )
        assert await read_all(wire, 100) == b"whole"
        assert wire.receive_some() == b""
        wire.close()
        wire = await dial(Endpoint("https", "127.0.0.1", await serve_tls(nursery, context, cut)))
        with pytest.raises(OSError):
            await read_all(wire, 100)
        wire.close()
        nursery.cancel_scope.cancel()


async def test_our_goodbye_reaches_the_server(authority: Authority) -> None:
    ended = trio.Event()

    async def listen_out(stream: trio.abc.Stream) -> None:
        assert await stream.receive_some() == b""
        ended.set()

    async with trio.open_nursery() as nursery:
        port = await serve_tls(nursery, authority.server("127.0.0.1"), listen_out)
        dial = Dialer(TlsSettings(ca=authority.ca), secure=True)
        wire = await dial(Endpoint("https", "127.0.0.1", port))
        wire.close()
        with trio.fail_after(5):
            await ended.wait()
        nursery.cancel_scope.cancel()


async def test_the_server_is_asked_for_by_the_name_that_was_set(authority: Authority) -> None:
    asked: list[str] = []

    def remember(_socket: ssl.SSLObject, name: str, _context: ssl.SSLContext) -> None:
        asked.append(name)

    async with trio.open_nursery() as nursery:
        context = authority.server("service.example")
        context.sni_callback = remember
        port = await serve_tls(nursery, context)
        dial = Dialer(TlsSettings(ca=authority.ca, server_name="service.example"), secure=True)
        (await dial(Endpoint("https", "127.0.0.1", port))).close()
        nursery.cancel_scope.cancel()
    assert asked == ["service.example"]


async def test_a_client_certificate_is_shown(authority: Authority) -> None:
    settings = TlsSettings(ca=authority.ca, certificate=authority.client_certificate())
    async with trio.open_nursery() as nursery:
        port = await serve_tls(nursery, authority.server("127.0.0.1", client=True))
        wire = await Dialer(settings, secure=True)(Endpoint("https", "127.0.0.1", port))
        await send_all(wire, b"hello")
        assert await read_all(wire, 5) == b"hello"
        wire.close()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        pytest.param("other.example", True, id="another's certificate"),
        pytest.param("127.0.0.1", False, id="an unknown authority"),
    ],
)
async def test_a_wrong_certificate_is_refused(
    authority: Authority, name: str, trusted: bool
) -> None:
    settings = TlsSettings(ca=authority.ca if trusted else "")
    async with trio.open_nursery() as nursery:
        port = await serve_tls(nursery, authority.server(name))
        with pytest.raises(ssl.SSLCertVerificationError):
            await Dialer(settings, secure=True)(Endpoint("https", "127.0.0.1", port))
        nursery.cancel_scope.cancel()


async def test_an_unverified_server_is_taken_where_the_operator_says_so(
    authority: Authority,
) -> None:
    async with trio.open_nursery() as nursery:
        port = await serve_tls(nursery, authority.server("other.example"))
        dial = Dialer(TlsSettings(verify=False), secure=True)
        (await dial(Endpoint("https", "127.0.0.1", port))).close()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "handler_says",
    [pytest.param(b"", id="hangs up"), pytest.param(b"HTTP/1.1 400 no\r\n\r\n", id="no TLS")],
)
async def test_who_does_not_speak_tls_is_an_error_and_leaves_nothing_open(
    authority: Authority, handler_says: bytes
) -> None:
    async def answer(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        if handler_says:
            await stream.send_all(handler_says)
            assert await stream.receive_some() is not None
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        port = await listen(nursery, answer)
        with pytest.raises(OSError):
            await Dialer(TlsSettings(ca=authority.ca), secure=True)(
                Endpoint("https", "127.0.0.1", port)
            )
        nursery.cancel_scope.cancel()


async def test_a_handshake_that_is_cancelled_closes_the_socket(authority: Authority) -> None:
    closed = trio.Event()

    async def stall(stream: trio.abc.Stream) -> None:
        while await stream.receive_some():
            pass
        closed.set()

    async with trio.open_nursery() as nursery:
        port = await listen(nursery, stall)
        with trio.move_on_after(0.05):
            await Dialer(TlsSettings(ca=authority.ca), secure=True)(
                Endpoint("https", "127.0.0.1", port)
            )
        with trio.fail_after(5):
            await closed.wait()
        nursery.cancel_scope.cancel()
