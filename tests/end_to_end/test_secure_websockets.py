"""WebSockets over TLS on both sides: wss in, wss out."""

import ssl
from pathlib import Path

import pytest
import trio
import trustme
from hypercorn.config import Config

from gateway_core.frames import CLIENT
from tests.core.frames.writing import frame
from tests.road import PATIENCE, Road
from tests.sockets import BINARY, TEXT, Got, Peer, Sockets, handshake

BIG = bytes(range(256)) * 8192
"""Two megabytes: more than the buffers on the way take."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


async def test_messages_of_any_size_pass_over_tls_on_both_sides(
    road: Road, authority: trustme.CA, tmp_path: Path
) -> None:
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    files = {"ca": authority.cert_pem, "key": certificate.private_key_pem}
    files["cert"] = certificate.cert_chain_pems[0]
    for name, blob in files.items():
        blob.write_to_path(tmp_path / name)
    outside, inside = (
        ssl.create_default_context(),
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
    )
    authority.configure_trust(outside)
    certificate.configure_cert(inside)
    sockets = Sockets()

    async def serve(stream: trio.SocketStream) -> None:
        await sockets.handle(trio.SSLStream(stream, inside, server_side=True))

    port = await road.listen(serve)
    config = Config()
    config.certfile, config.keyfile = str(tmp_path / "cert"), str(tmp_path / "key")
    running = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["https://localhost:{port}"]
        tls = {{ ca = "{tmp_path / "ca"}" }}
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        """,
        config,
    )
    raw = await running.connect()
    async with trio.SSLStream(raw, outside, server_hostname="localhost") as stream:
        await stream.send_all(handshake("/ws") + frame(TEXT, b"at once"))
        head = b""
        with trio.fail_after(PATIENCE):
            while b"\r\n\r\n" not in head:
                head += await stream.receive_some(4096)
        assert head.startswith(b"HTTP/1.1 101 ")
        client = Peer(stream, CLIENT, *head.split(b"\r\n\r\n", 1))
        upstream = await sockets.peer()
        assert await upstream.get() == Got(TEXT, b"at once")
        for here, there in ((client, upstream), (upstream, client)):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(here.say, BINARY, BIG)
                assert await there.get() == Got(BINARY, BIG)
        await client.close(4000, b"bye")
        assert await upstream.closes() == (4000, b"bye")
        await upstream.close(4000)
        assert (await client.closes())[0] == 4000
        assert (await running.line())["close_code"] == 4000
