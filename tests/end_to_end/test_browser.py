"""A browser's own WebSocket through the gateway: the chat page of service B."""

from functools import partial
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest
import trio

from services.service_b import app
from tests.browser import CHROMIUM, FLAGS, needs_chromium
from tests.road import Road, Running
from tests.sockets import TEXT, Got, Peer, connect

SECONDS = 60


@pytest.mark.slow
@needs_chromium
async def test_a_browser_is_heard_and_is_told(road: Road, tmp_path: Path) -> None:
    port = await road.application(app)
    running = await road.gateway(
        f"""
        [upstreams.b]
        endpoints = ["http://127.0.0.1:{port}"]
        [[routes]]
        name = "b"
        prefix = "/service-b"
        upstream = "b"
        strip_prefix = true
        """
    )
    bob = await connect(running, "/service-b/chat/ws")
    url = f"http://127.0.0.1:{running.port}/service-b/chat?name=Ada&say=hello"
    assert CHROMIUM is not None
    words = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}", url]
    async with bob.stream, trio.open_nursery() as nursery:
        quiet = partial(trio.run_process, stdout=DEVNULL, stderr=DEVNULL, check=False)
        browser = await nursery.start(quiet, words)
        with trio.fail_after(SECONDS):
            assert (await next_of(bob)).payload == b"Ada: hello"
            await bob.say(TEXT, b"Bob: hi")
            assert (await next_of(bob)).payload == b"Bob: hi"
            browser.terminate()
            line = await line_of(running)
    assert (line["messages_in"], line["messages_out"]) == (1, 2)
    assert line["closed_by"] == "client"


async def next_of(peer: Peer) -> Got:
    """Return the next frame, however long a browser takes to start."""
    await peer.wait()
    return await peer.get()


async def line_of(running: Running) -> dict[str, Any]:
    """Return the line of the browser's socket."""
    while not (found := [line for line in running.lines if line["status"] == 101]):
        await trio.sleep(0.05)
    return found[0]
