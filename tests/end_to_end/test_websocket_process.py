"""A thousand open WebSockets, a real process and a real SIGTERM."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest
import trio

from gateway_core.frames import UPSTREAM
from tests.end_to_end.test_front_process import Tree
from tests.road import Road
from tests.sockets import Peer, Running, Sockets, connect

SOCKETS = 1000
AT_ONCE = 50
"""Handshakes that are under way at the same time."""
DRAIN_SECONDS = 20.0
"""Long enough for a busy machine, so that nobody is cut: they must all be told."""
SETTINGS = """
[gateway]
protocol = "{protocol}"
drain_timeout = "20s"
[upstreams.up]
endpoints = ["http://127.0.0.1:{port}"]
[[routes]]
name = "all"
prefix = "/"
upstream = "up"
websocket = {{ grace = "200ms" }}
"""


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Both ends of all sockets, in this process; the gateway's has as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * SOCKETS
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"{hard} descriptors are too few")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("descriptors")
async def test_at_sigterm_a_thousand_sockets_are_told_1001_and_the_process_ends_in_time(
    road: Road, tmp_path
) -> None:
    sockets = Sockets()
    port = await road.listen(sockets.handle)
    file = tmp_path / "gateway.toml"
    file.write_text(SETTINGS.format(protocol=road.protocol, port=port))
    log = tmp_path / "access.log"
    command = [sys.executable, "-m", "hypercorn", "gateway_server:app", "--worker-class", "trio"]
    command += ["--workers", "0", "--bind", "127.0.0.1:0"]
    with log.open("wb") as out:
        start = partial(
            trio.run_process,
            command,
            env={**os.environ, "GATEWAY_CONFIG": str(file)},
            check=False,
            stdout=out,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        tree = Tree(await road.nursery.start(start))
        try:
            tree.port = int((await tree.read_until(r"Running on http://127\.0\.0\.1:(\d+)"))[1])
            await everybody_is_told(tree, sockets)
            with trio.fail_after(10):
                await tree.drink()
            assert await tree.ended(10) == 0
        finally:
            if tree.process.returncode is None:
                os.killpg(tree.process.pid, signal.SIGKILL)
    assert "Traceback" not in tree.told
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = [(line["closed_by"], line["close_code"]) for line in lines if "close_code" in line]
    assert told == [("gateway", 1001)] * SOCKETS


async def everybody_is_told(tree: Tree, sockets: Sockets) -> None:
    """Open all, end the process, and have each end say goodbye."""
    clients: list[Peer] = []
    upstreams: list[Peer] = []
    gateway = Running(tree.port, *[None] * 4)  # type: ignore[arg-type] - it is asked for its port alone

    async def take() -> None:
        upstreams.extend([await sockets.peer() for _ in range(SOCKETS)])

    async def open_some(count: int) -> None:
        for _ in range(count):
            clients.append(await connect(gateway))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        for _ in range(AT_ONCE):
            nursery.start_soon(open_some, SOCKETS // AT_ONCE)

    async def leave(peer: Peer) -> None:
        with trio.fail_after(DRAIN_SECONDS):
            await peer.wait()
        assert (await peer.closes())[0] == 1001
        await peer.close(1001)
        assert await peer.ended() == b""
        if peer.side is UPSTREAM:
            await peer.stream.aclose()

    tree.signal("parent")
    async with trio.open_nursery() as nursery:
        for peer in (*clients, *upstreams):
            nursery.start_soon(leave, peer)
    for client in clients:
        await client.stream.aclose()
