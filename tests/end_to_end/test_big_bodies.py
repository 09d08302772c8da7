"""A gigabyte each way, through a gateway whose memory does not notice."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio

from tests.ports import free_ports
from tests.road import Road

GIGABYTE = 1_000_000_000
PIECE = bytes(250_000)
GROWTH_MAX = 32 * 2**20


def resident(pid: int) -> int:
    """Bytes of memory that the process and its children hold now, by the kernel's account.

    Processes that end meanwhile hold none.
    """
    total = 0
    for process in [pid, *children(pid)]:
        with suppress(FileNotFoundError, ProcessLookupError):
            pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
            total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


def children(pid: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [each for child in map(int, listed) for each in [child, *children(child)]]
    return []


@asynccontextmanager
async def worker(
    tmp_path: Path, upstream: int, protocol: str
) -> AsyncIterator[tuple[int, subprocess.Popen[bytes]]]:
    """A gateway in processes of its own, as the plain `hypercorn` command starts it."""
    (port,) = free_ports(1)
    (tmp_path / "gateway.toml").write_text(
        f"""
        [gateway]
        access_log = "off"
        protocol = "{protocol}"
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream}"]
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        max_request_body = false
        """
    )
    command = [sys.executable, "-m", "hypercorn", "gateway_server:app", "--worker-class", "trio"]
    environ = {key: value for key, value in os.environ.items() if key != "GATEWAY_CONFIG"}
    process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], cwd=tmp_path, env=environ)
    try:
        with trio.fail_after(20):
            while True:
                try:
                    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                        await stream.send_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                        if await stream.receive_some(1000):
                            break
                except OSError:
                    await trio.sleep(0.05)
        yield port, process
    finally:
        process.terminate()
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(process.wait)


@pytest.mark.slow
async def test_a_gigabyte_up_and_a_gigabyte_down(road: Road, tmp_path: Path) -> None:
    taken = 0

    async def sink_and_source(stream: trio.SocketStream) -> None:
        nonlocal taken
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive_some(65536)
        if head.startswith(b"PUT"):
            taken = len(head.partition(b"\r\n\r\n")[2])
            while taken < GIGABYTE:
                taken += len(await stream.receive_some(1 << 20))
            await stream.send_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIGABYTE)
            for _ in range(GIGABYTE // len(PIECE)):
                await stream.send_all(PIECE)

    up = await road.listen(sink_and_source)
    async with worker(tmp_path, up, road.protocol) as (port, process):
        before, most = resident(process.pid), 0

        async def weigh() -> None:
            nonlocal most
            while True:
                most = max(most, resident(process.pid))
                await trio.sleep(0.05)

        road.nursery.start_soon(weigh)
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(
                b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % GIGABYTE
            )
            for _ in range(GIGABYTE // len(PIECE)):
                await stream.send_all(PIECE)
            assert (await stream.receive_some(65536)).startswith(b"HTTP/1.1 204 ")
        assert taken == GIGABYTE
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head, got = b"", 0
            while b"\r\n\r\n" not in head:
                head += await stream.receive_some(65536)
            got = len(head.partition(b"\r\n\r\n")[2])
            while got < GIGABYTE:
                data = await stream.receive_some(1 << 20)
                assert data, f"ended after {got} bytes"
                got += len(data)
        assert most - before < GROWTH_MAX, f"grew by {(most - before) / 2**20:.1f} MiB"
