"""Files of every size through the gateway to the service that keeps them: not a byte is lost.

The service answers with the SHA-256 of what it received; the sender knows what it sent.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import hypercorn.trio
import pytest
import trio
from hypercorn.config import Config

from services import uploads
from tests.road import PATIENCE, Client, Road, Running, ask, request

GIGABYTE = 1_000_000_000
PIECE = hashlib.sha512(b"a piece that repeats nowhere within itself").digest() * 4000
BOUNDARY = "----a-boundary"


@dataclass
class Sender:
    """Sends a request, and knows the hash of the file in it."""

    running: Running
    digest: str = ""

    async def put(self, size: int, *lines: str, around: tuple[bytes, bytes] = (b"", b"")) -> dict:
        """Send `size` bytes of a file, `around` them what wraps it; return the answer."""
        before, behind = around
        length = len(before) + size + len(behind)
        head = ["PUT /uploads/big HTTP/1.1", "Host: gw", f"Content-Length: {length}", *lines]
        digest = hashlib.sha256()
        async with await self.running.connect() as stream:
            await stream.send_all("\r\n".join([*head, "", ""]).encode() + before)
            for piece in pieces(size):
                digest.update(piece)
                await stream.send_all(piece)
            await stream.send_all(behind)
            with trio.fail_after(60):
                answer = await Client(stream)._answer("PUT")
        self.digest = digest.hexdigest()
        assert answer.status == 201, answer
        return json.loads(answer.body)


def pieces(size: int) -> Iterator[bytes]:
    for start in range(0, size, len(PIECE)):
        yield PIECE[: min(len(PIECE), size - start)]


def form(name: str) -> tuple[bytes, bytes]:
    """What stands before and behind a file in a form of one (RFC 7578)."""
    before = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return before.encode(), f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture
async def served(
    road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """A gateway before the uploads service."""
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path / "in"))
    async with service(road) as port:
        yield await road.gateway_to(port, route='max_request_body = "2GB"')


@asynccontextmanager
async def service(road: Road) -> AsyncIterator[int]:
    stop, ended = trio.Event(), trio.Event()
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None

    async def serve(task_status: trio.TaskStatus[list[str]]) -> None:
        try:
            await hypercorn.trio.serve(
                uploads.app,
                config,
                shutdown_trigger=stop.wait,
                task_status=task_status,
                mode="asgi",
            )
        finally:
            ended.set()

    async with AsyncExitStack() as stack:
        stack.callback(stop.set)
        (address,) = await road.nursery.start(serve)
        yield int(address.rpartition(":")[2])
        stop.set()
        await ended.wait()


async def test_a_file_arrives_as_it_was_sent(served: Running) -> None:
    sender = Sender(served)
    kept = await sender.put(3_000_000, "Content-Type: video/mp4")
    assert (kept["size"], kept["sha256"]) == (3_000_000, sender.digest)
    assert kept["media_type"] == "video/mp4"
    assert kept["name"] == "big"


async def test_a_form_is_passed_on_as_it_was_sent(served: Running) -> None:
    sender = Sender(served)
    kept = await sender.put(
        3_000_000,
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        around=form("a.bin"),
    )
    assert (kept["name"], kept["size"], kept["sha256"]) == ("a.bin", 3_000_000, sender.digest)


async def test_a_file_whose_length_is_not_told_arrives_as_it_was_sent(served: Running) -> None:
    digest = hashlib.sha256()
    async with await served.connect() as stream:
        await stream.send_all(b"POST /uploads/x HTTP/1.1\r\nHost: gw\r\n")
        await stream.send_all(b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in pieces(1_000_000):
            digest.update(piece)
            await stream.send_all(b"%x\r\n%b\r\n" % (len(piece), piece))
        await stream.send_all(b"0\r\n\r\n")
        answer = await Client(stream).answer("POST")
    assert json.loads(answer.body)["sha256"] == digest.hexdigest()


async def test_a_client_that_sends_a_byte_now_and_then_is_waited_for(served: Running) -> None:
    body = b"slowly but surely"
    async with await served.connect() as stream:
        await stream.send_all(
            b"PUT /uploads/slow HTTP/1.1\r\nHost: gw\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        for byte in body:
            await stream.send_all(bytes([byte]))
            await trio.sleep(0.02)
        answer = await Client(stream).answer("PUT")
    assert json.loads(answer.body)["sha256"] == hashlib.sha256(body).hexdigest()


async def test_a_client_that_stops_sending_is_given_up_and_leaves_nothing_behind(
    road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path / "in"))
    async with service(road) as port:
        gateway = await road.gateway_to(port, gateway='body_timeout = "200ms"')
        async with await gateway.connect() as stream:
            client = Client(stream)
            await client.send(
                b"PUT /uploads/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 99\r\n\r\nabc"
            )
            assert (await client.answer("PUT")).status == 408
        with trio.fail_after(PATIENCE):
            while True:
                listed = json.loads((await ask(gateway, request("/uploads"))).body)
                if listed == [] and not list((tmp_path / "in").iterdir()):
                    break
                await trio.sleep(0.05)


async def test_a_file_that_says_it_is_too_large_is_refused_before_a_byte_of_it(
    road: Road,
) -> None:
    up = await road.upstream(b"never asked")
    gateway = await road.gateway_to(up.port, route='max_request_body = "1MiB"')
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(b"PUT /uploads/x HTTP/1.1\r\nHost: gw\r\nContent-Length: 1048577\r\n\r\n")
        answer = await client.answer("PUT")
    assert answer.status == 413
    assert up.connections == 0


async def test_a_file_that_grows_too_large_is_refused_as_it_does(
    road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer comes while the client still sends, and nothing of the file is kept."""
    monkeypatch.setenv("UPLOADS_DIR", str(tmp_path / "in"))
    async with service(road) as port:
        gateway = await road.gateway_to(port, route='max_request_body = "1MiB"')
        async with await gateway.connect() as stream:
            client = Client(stream)
            await client.send(b"PUT /uploads/x HTTP/1.1\r\nHost: gw\r\n")
            await client.send(b"Transfer-Encoding: chunked\r\n\r\n")
            for piece in pieces(1_100_000):
                await client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            assert (await client.answer("PUT")).status == 413
        with trio.fail_after(PATIENCE):
            while list((tmp_path / "in").iterdir()):
                await trio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", [False, True], ids=["raw", "form"])
async def test_a_gigabyte_arrives_as_it_was_sent(served: Running, wrapped: bool) -> None:
    sender = Sender(served)
    lines = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}"] if wrapped else []
    with trio.fail_after(100):
        kept = await sender.put(GIGABYTE, *lines, around=form("big") if wrapped else (b"", b""))
    assert (kept["size"], kept["sha256"]) == (GIGABYTE, sender.digest)
