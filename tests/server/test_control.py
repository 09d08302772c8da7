"""What an operator asks of a running worker, and who may."""

import json
import os
import stat
from pathlib import Path

import pytest
import trio

from gateway_core.exchange import Cache
from gateway_server.control import LINE_BYTES_MAX, Control
from tests.core.caching.entries import entry


class Settled:
    """Counts how often it was settled."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def control(path: Path | str = "unused") -> tuple[Control, Cache, Settled]:
    cache, settled = Cache(), Settled()
    cache.store.put(entry(tags=(b"t",)))
    return Control(str(path), cache, settled), cache, settled


def test_how_full_it_is() -> None:
    told = control()[0].answer(b'{"do": "cache-stats"}')
    assert (told["entries"], told["fetching"], told["pid"]) == (1, 0, os.getpid())


@pytest.mark.parametrize(
    ("asked", "purged"),
    [
        ({"url": "http://a/p"}, 1),
        ({"url": "http://a/q"}, 0),
        ({"prefix": "http://a/"}, 1),
        ({"tag": "t"}, 1),
        ({"all": True}, 1),
    ],
)
def test_what_is_purged(asked: dict[str, object], purged: int) -> None:
    answering, cache, settled = control()
    line = json.dumps({"do": "cache-purge", **asked}).encode()
    assert answering.answer(line)["purged"] == purged
    assert cache.store.stats.entries == 1 - purged
    assert settled.times == 1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"do": "nothing"}',
        b'{"do": "cache-purge"}',
        b'{"do": "cache-purge", "url": 5}',
        b'{"do": "cache-purge", "url": "a", "tag": "b"}',
        b'{"do": "cache-purge", "all": 1}',
        b"\xff\xfe",
    ],
)
def test_what_is_not_understood_changes_nothing(line: bytes) -> None:
    answering, cache, settled = control()
    assert "error" in answering.answer(line)
    assert (cache.store.stats.entries, settled.times) == (1, 0)


async def ask(path: Path, data: bytes) -> bytes:
    async with await trio.open_unix_socket(str(path)) as stream:
        await stream.send_all(data)
        got = b""
        async for more in stream:
            got += more
        return got


async def test_a_socket_of_the_user_alone_comes_and_goes(tmp_path: Path) -> None:
    answering, _, _ = control(tmp_path / "control")
    answering.path.write_text("left behind by a worker that was killed")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(answering.run)
        with trio.fail_after(5):
            while not answering.path.is_socket():
                await trio.sleep(0.01)
            assert stat.S_IMODE(answering.path.stat().st_mode) == 0o600
            told = json.loads(await ask(answering.path, b'{"do": "cache-stats"}\n'))
            assert told["entries"] == 1
            assert await ask(answering.path, b"x" * (LINE_BYTES_MAX + 1)) == (
                b'{"error": "that is no JSON"}\n'
            )
            async with await trio.open_unix_socket(str(answering.path)):
                pass  # who says nothing harms nobody
            assert await ask(answering.path, b"[]\n")
        nursery.cancel_scope.cancel()
    assert not answering.path.exists()
