"""A browser's own WebSocket through the gateway: the chat page of service B."""

import re
import shutil
from pathlib import Path

import pytest
import trio

from services.service_b import app
from tests.road import Road

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS = 60


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (apt-get install chromium)")
async def test_a_browser_hears_what_it_said(road: Road, tmp_path: Path) -> None:
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
    url = f"http://127.0.0.1:{running.port}/service-b/chat?name=Ada&say=hello"
    assert CHROMIUM is not None
    with trio.fail_after(SECONDS):
        ran = await trio.run_process(
            [
                CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}", "--dump-dom",
                "--virtual-time-budget=5000", url,
            ],
            capture_stdout=True,
            capture_stderr=True,
        )  # fmt: skip
    assert re.findall(rb"<li>(.*?)</li>", ran.stdout) == [b"Ada: hello"]
    assert b'<output id="state">open</output>' in ran.stdout
