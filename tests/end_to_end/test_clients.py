"""Clients that people use: curl, http.client, requests, a browser."""

import http.client
import json
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
import requests
import trio

from tests.road import Road, Running, response

PAGE = b"<!doctype html><title>t</title><p id=p>before</p><script>fetch('/data').then(r => r.json()).then(d => { document.getElementById('p').textContent = 'seen ' + d.n })</script>"


async def pages(road: Road) -> Running:
    """A gateway before a small site: a page that fetches data, and an upload."""

    async def site(stream: trio.SocketStream) -> None:
        from tests.road import read_request

        while True:
            raw, whole = await read_request(stream)
            if not whole:
                return
            if raw.startswith(b"GET /page "):
                await stream.send_all(response("200 OK", "Content-Type: text/html", body=PAGE))
            elif raw.startswith(b"POST "):
                size = str(len(raw.partition(b"\r\n\r\n")[2])).encode()
                await stream.send_all(response("201 Created", body=size))
            else:
                await stream.send_all(
                    response("200 OK", "Content-Type: application/json", body=b'{"n": 42}')
                )

    return await road.gateway_to(await road.listen(site))


async def test_curl(road: Road) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    gateway = await pages(road)
    url = f"http://127.0.0.1:{gateway.port}"
    run = partial(trio.run_process, capture_stdout=True)
    got = await run([curl, "-sS", "--fail", f"{url}/data", f"{url}/data"])
    assert got.stdout == b'{"n": 42}' * 2
    big = "x" * 3_000_000
    sent = await run(
        [curl, "-sS", "--fail", "-T", "-", "-X", "POST", "-H", "Transfer-Encoding: chunked", url],
        stdin=big.encode(),
    )
    assert int(sent.stdout) >= len(big)
    with_expect = await run(
        [curl, "-sS", "--fail", "-H", "Expect: 100-continue", "--data-binary", "@-", url],
        stdin=big.encode(),
    )
    assert int(with_expect.stdout) == len(big)


async def test_http_client(road: Road) -> None:
    gateway = await pages(road)

    def use() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        for _ in range(3):
            connection.request("GET", "/data")
            assert json.loads(connection.getresponse().read()) == {"n": 42}
        connection.request("POST", "/", body=iter([b"a" * 1000, b"b" * 1000]), encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, int(answer.read()) > 2000) == (201, True)
        connection.close()

    await trio.to_thread.run_sync(use)


async def test_requests(road: Road) -> None:
    gateway = await pages(road)
    url = f"http://127.0.0.1:{gateway.port}"

    def use() -> None:
        with requests.Session() as session:
            assert session.get(f"{url}/data", timeout=10).json() == {"n": 42}
            assert session.post(url, files={"f": b"x" * 100_000}, timeout=10).status_code == 201
            assert session.get(f"{url}/%zz", timeout=10).status_code in {200, 400}

    await trio.to_thread.run_sync(use)


async def test_a_browser(road: Road, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed")
    gateway = await pages(road)
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=5000",
        "--dump-dom",
    ]
    with trio.fail_after(60):
        got = await trio.run_process(
            [chromium, *flags, f"http://127.0.0.1:{gateway.port}/page"],
            capture_stdout=True,
            stderr=subprocess.DEVNULL,
        )
    assert b"seen 42" in got.stdout
