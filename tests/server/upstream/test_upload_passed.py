"""An upload whose bytes the kernel moves: resumed where it stood, and nothing of it left open."""

import os
import random
import socket

import pytest
import trio
import trio.testing

from gateway_core.errors import FailureKind
from gateway_core.message import UpstreamRequest
from gateway_server.splicing import PASSED_BYTES_MIN, PIPE_BYTES, Pipe
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.upload import Upload
from gateway_server.upstream.wire import SocketWire

pytestmark = pytest.mark.skipif(not hasattr(os, "splice"), reason="Linux alone splices")

BODY = random.Random(2).randbytes(3 * PIPE_BYTES)


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


class Given:
    """A client whose body lies in a socket. See `contract.Asides`."""

    def __init__(self, ours: socket.socket, length: int) -> None:
        self.ours = ours
        self.drawable = length
        self.steps = 0

    async def first(self) -> bytes:
        """Be the reader of the first byte."""
        await trio.lowlevel.wait_readable(self.ours)
        self.drawable -= 1
        return self.ours.recv(1)

    async def draw(self, pipe: Pipe) -> None:
        while (moved := pipe.draw(self.ours.fileno(), self.drawable)) is None:
            await trio.lowlevel.wait_readable(self.ours)
        self.drawable -= moved
        await trio.lowlevel.checkpoint_if_cancelled()

    def taken(self) -> None:
        self.steps += 1

    async def informed(self, status: int, fields: object) -> None:
        raise AssertionError(status)

    def trailers(self) -> tuple[()]:
        return ()


class Scene:
    """A client's socket, an upload, and the upstream's socket."""

    def __init__(self, length: int = len(BODY)) -> None:
        ours, self.client = connected()
        towards, self.upstream = connected()
        towards.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 100_000)
        self.upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
        self.wire = SocketWire(towards)
        self.given = Given(ours, length)
        request = UpstreamRequest("PUT", b"/", b"h", (), length)
        self.upload = Upload(
            request, self.given.first, lambda _stage: None, self.wire, asides=self.given
        )
        self.got = b""

    async def send(self, data: bytes) -> None:
        sent = trio.socket.from_stdlib_socket(self.client)
        while data:
            data = data[await sent.send(data) :]

    async def take(self, pause: float = 0) -> None:
        stream = trio.socket.from_stdlib_socket(self.upstream)
        while data := await stream.recv(200_000):
            self.got += data
            await trio.sleep(pause)

    def close(self) -> None:
        for each in (self.given.ours, self.client, self.upstream, self.wire):
            each.close()


@pytest.fixture
async def scene():
    scene = Scene()
    assert Pipe.opened == 0
    yield scene
    scene.close()
    assert Pipe.opened == 0


@pytest.mark.parametrize("seed", range(5))
async def test_cancelled_at_any_await_it_goes_on_where_it_was(scene: Scene, seed: int) -> None:
    dice = random.Random(seed)
    runs = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.send, BODY)
        nursery.start_soon(scene.take, 0.001)
        while not scene.upload.whole:
            runs += 1
            with trio.move_on_after(dice.choice([0, 0.0005, 0.002])):
                await scene.upload.run()
        scene.wire.close()
    assert runs > 1
    assert scene.got.partition(b"\r\n\r\n")[2] == BODY


async def test_each_step_that_the_upstream_takes_is_told(scene: Scene) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.send, BODY)
        nursery.start_soon(scene.take, 0.01)
        await scene.upload.run()
        scene.wire.close()
    assert scene.given.steps > 0
    assert scene.wire.written == len(scene.got)


async def until_a_pipe_is_open() -> None:
    with trio.fail_after(5):
        while not Pipe.opened:
            await trio.sleep(0.001)


@pytest.mark.parametrize("fills", [True, False], ids=["upstream is full", "client is silent"])
async def test_what_is_given_up_while_it_runs_closes_its_pipe_as_it_ends(
    scene: Scene, fills: bool
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.send, BODY if fills else BODY[: PASSED_BYTES_MIN // 2])
        nursery.start_soon(scene.upload.run)
        await until_a_pipe_is_open()
        await trio.sleep(0.05)
        scene.upload.close()
        nursery.cancel_scope.cancel()
        assert Pipe.opened == 1, "it is in use"
    assert Pipe.opened == 0


async def test_what_is_given_up_between_two_runs_closes_its_pipe_at_once(scene: Scene) -> None:
    await scene.send(BODY[:300_000])
    with trio.move_on_after(0.05):
        await scene.upload.run()
    assert Pipe.opened == 1
    scene.upload.close()
    assert Pipe.opened == 0


async def test_an_upstream_that_resets_breaks_it(scene: Scene) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.send, BODY)
        nursery.start_soon(scene.upload.run)
        await until_a_pipe_is_open()
        scene.upstream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        scene.upstream.close()
        with trio.fail_after(5):
            while not scene.upload.broken:
                await trio.sleep(0.001)
        nursery.cancel_scope.cancel()


async def test_a_client_that_gives_less_than_it_declared_is_a_fault(scene: Scene) -> None:
    await scene.send(BODY[:1000])
    scene.client.shutdown(socket.SHUT_WR)
    with pytest.raises(CallFailedError) as failure:
        await scene.upload.run()
    assert failure.value.kind is FailureKind.PROTOCOL
    scene.upload.close()
