"""The plain `hypercorn` command with a real process tree, real signals and real sockets."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

APP = Path(__file__).with_name("served_app.py")
GET = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"


class Tree:
    """A Hypercorn and its workers."""

    def __init__(self, process):
        self.process = process
        self.port = 0
        self.told = ""
        self._streams = []

    async def read_until(self, pattern, seconds=30):
        with trio.fail_after(seconds):
            while not (match := re.search(pattern, self.told)):
                data = await self.process.stderr.receive_some()
                assert data, f"the process ended: {self.told}"
                self.told += data.decode()
        return match

    async def drink(self):
        """Read what it says to the end."""
        while data := await self.process.stderr.receive_some():
            self.told += data.decode()

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        found = []
        for pid in map(int, children.split()):
            try:
                if b"--multiprocessing-fork" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
            except FileNotFoundError:
                pass
        return found

    def signal(self, target, number=signal.SIGTERM):
        match target:
            case "parent":
                self.process.send_signal(number)
            case "worker":
                os.kill(self.workers()[0], number)
            case "group":
                os.killpg(self.process.pid, number)

    async def connect(self):
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        self._streams.append(stream)
        return stream

    async def aclose(self):
        for stream in self._streams:
            await trio.aclose_forcefully(stream)

    async def ended(self, seconds):
        with trio.fail_after(seconds):
            return await self.process.wait()


@asynccontextmanager
async def hypercorn(*more, **settings):
    command = [sys.executable, "-m", "hypercorn", str(APP), "--worker-class", "trio"]
    command += ["--bind", "127.0.0.1:0", *more]
    environ = {**os.environ, "FRONT": json.dumps(settings), "PYTHONPATH": ""}
    async with trio.open_nursery() as nursery:
        process = await nursery.start(
            partial(
                trio.run_process,
                command,
                env=environ,
                check=False,
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        tree = Tree(process)
        try:
            yield tree
        finally:
            await tree.aclose()
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def running(*more, **settings):
    async with hypercorn(*more, **settings) as tree:
        tree.port = int((await tree.read_until(r"Running on http://127\.0\.0\.1:(\d+)"))[1])
        yield tree


async def rest(stream, seconds=20):
    got = b""
    with trio.fail_after(seconds):
        while data := await stream.receive_some():
            got += data
    return got


async def until(stream, mark, seconds=20):
    got = b""
    with trio.fail_after(seconds):
        while mark not in got:
            data = await stream.receive_some()
            assert data, got
            got += data
    return got


async def asked(tree, path):
    stream = await tree.connect()
    await stream.send_all(GET.format(path).encode())
    await trio.sleep(0.3)
    return stream


@pytest.mark.parametrize("target", ["parent", "group"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_a_signal_drains(target, number):
    async with running() as tree:
        idle = await tree.connect()
        stream = await asked(tree, "/slow?1")
        tree.signal(target, number)
        answer = await rest(stream)
        assert answer.endswith(b"slow")
        assert b"connection: close" in answer.lower()
        assert await rest(idle) == b""
        assert await tree.ended(5) == 0


async def test_a_signal_to_a_worker_drains_it_and_another_takes_its_place():
    async with running() as tree:
        stream = await asked(tree, "/slow?1")
        tree.signal("worker")
        assert (await rest(stream)).endswith(b"slow")
        await stream.aclose()
        assert await until(await asked(tree, "/"), b"hello")
        tree.signal("parent")
        assert await tree.ended(10) == 0


async def test_signals_during_a_drain_change_nothing():
    async with running() as tree:
        stream = await asked(tree, "/slow?1.5")
        for _ in range(3):
            tree.signal("group")
            await trio.sleep(0.2)
        tree.signal("worker")
        assert (await rest(stream)).endswith(b"slow")
        assert await tree.ended(5) == 0


async def test_a_worker_that_drains_faster_does_not_end_the_others():
    async with running("--workers", "2") as tree:
        await trio.sleep(1)  # until both accept
        streams = [await asked(tree, f"/slow?{1 + count}") for count in range(2)]
        tree.signal("group")
        for stream in streams:
            assert (await rest(stream)).endswith(b"slow")
            assert await tree.ended(8) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_without_workers_the_process_itself_drains(number):
    async with running("--workers", "0") as tree:
        stream = await asked(tree, "/slow?1")
        tree.signal("parent", number)
        await trio.sleep(0.2)
        tree.signal("parent", number)
        assert (await rest(stream)).endswith(b"slow")
        assert await tree.ended(5) == 0


@pytest.mark.parametrize("path", ["/flood", "/stubborn"])
async def test_a_client_that_never_reads_does_not_hold_the_end_up(path):
    async with running(drain_timeout=1.0) as tree:
        stream = await asked(tree, path)
        began = time.monotonic()
        tree.signal("group")
        assert await tree.ended(6) == 0
        assert time.monotonic() - began >= 0.9
        await stream.aclose()


async def test_hypercorns_three_seconds_do_not_shorten_ours():
    async with running() as tree:
        stream = await asked(tree, "/slow?4.5")
        tree.signal("parent")
        assert (await rest(stream)).endswith(b"slow")
        assert await tree.ended(5) == 0


@pytest.mark.parametrize("workers", ["0", "1"])
async def test_settings_that_cannot_be_served_end_the_process_without_a_traceback(workers):
    async with hypercorn("--workers", workers, nonsense=1) as tree:
        await tree.drink()
        status = await tree.ended(20)
    assert "bad settings" in tree.told
    assert "Traceback" not in tree.told
    if workers == "0":
        assert status == 2


async def test_a_packet_that_ends_stock_workers_ends_none():
    """Every trigger of STACK 2.1 that needs no HTTP/2, on one worker."""
    handshake = (
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n"
    )
    async with running("--server-name", "a") as tree:
        before = tree.workers()
        for text in (
            handshake.format("") + "x",
            handshake.format("Sec-WebSocket-Extensions: \xff;;=\r\n"),
            "GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        ):
            stream = await tree.connect()
            await stream.send_all(text.encode("latin-1"))
            await stream.send_eof()
            await rest(stream)
            await stream.aclose()
        assert await until(await asked(tree, "/"), b"hello")
        assert tree.workers() == before
        tree.signal("parent")
        assert await tree.ended(5) == 0
