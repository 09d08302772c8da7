import gzip
import hashlib
import json
import socket

import httpx
import pytest
import trio

from services.probes import GZIPPED, ClosingStream, pattern
from services.service_a import app


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
async def test_echo_answers_every_method(ask, method) -> None:
    assert (await ask(app).request(method, "/echo")).json()["method"] == method


async def test_echo_tells_the_bytes_of_target_and_header_lines(start) -> None:
    port = await start(app)
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(
            b"POST /echo?q=a%2Fb&q=&q=%C3%A9 HTTP/1.1\r\nHost: x\r\nX-Two: 2\r\nX-One: a\r\n"
            b"X-Two: 1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
        )
        answer = b"".join([piece async for piece in stream])
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["target"] == "/echo?q=a%2Fb&q=&q=%C3%A9"
    assert [line for line in told["headers"] if line[0].startswith("x-")] == [
        ["x-two", "2"],
        ["x-one", "a"],
        ["x-two", "1"],
    ]
    assert (told["size"], told["sha256"]) == (5, hashlib.sha256(b"hello").hexdigest())


async def test_echo_hashes_a_chunked_body_piece_by_piece(start) -> None:
    async def body():
        for _ in range(64):
            yield bytes(2**16)

    async with httpx.AsyncClient() as client:
        answer = await client.put(f"http://127.0.0.1:{await start(app)}/echo", content=body())
    assert answer.json()["size"] == 2**22
    assert answer.json()["sha256"] == hashlib.sha256(bytes(2**22)).hexdigest()


@pytest.mark.parametrize(
    ("code", "body"), [(200, True), (204, False), (205, False), (304, False), (503, True)]
)
async def test_a_status_can_be_ordered(start, code, body) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{await start(app)}/status/{code}")
    assert (answer.status_code, bool(answer.content)) == (code, body)


@pytest.mark.parametrize("code", [0, 100, 199, 600, 99999])
async def test_no_impossible_status_can_be_ordered(ask, code) -> None:
    assert (await ask(app).get(f"/status/{code}")).status_code == 400


async def test_slow_takes_the_seconds_it_was_given(ask, autojump_clock) -> None:
    began = trio.current_time()
    await ask(app).get("/slow", params={"seconds": 7.5})
    assert trio.current_time() - began == pytest.approx(7.5)


@pytest.mark.parametrize(
    "query",
    [
        "slow?seconds=-1",
        "slow?seconds=nan",
        "slow?seconds=1e9",
        "slow?seconds=soon",
        "stream?bytes=-1",
        "stream?bytes=1e99",
        "stream?chunk=99999999",
        "events?count=10001",
        "events?interval=inf",
    ],
)
async def test_a_number_out_of_bounds_is_400(ask, query) -> None:
    assert (await ask(app).get(f"/{query}")).status_code == 400


@pytest.mark.parametrize(("count", "chunk"), [(0, 1), (1, 1), (1000, 7), (1000, 256), (70000, 999)])
async def test_each_streamed_byte_tells_its_place(count, chunk) -> None:
    pieces = [piece async for piece in pattern(count, chunk)]
    assert b"".join(pieces) == bytes(n % 256 for n in range(count))
    assert all(len(piece) <= chunk for piece in pieces)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_stream_is_sized_where_it_was_asked_to_be(start, method) -> None:
    url = f"http://127.0.0.1:{await start(app)}/stream?bytes=300000&chunk=1000"
    async with httpx.AsyncClient() as client:
        chunked = await client.request(method, url)
        sized = await client.request(method, url + "&sized=1")
    assert sized.headers["content-length"] == "300000"
    assert "content-length" not in chunked.headers
    length = 300000 if method == "GET" else 0
    assert [len(chunked.content), len(sized.content)] == [length, length]


async def test_events_come_one_by_one(start) -> None:
    url = f"http://127.0.0.1:{await start(app)}/events?count=3&interval=0.2"
    arrivals = []
    async with httpx.AsyncClient() as client, client.stream("GET", url) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data"):
                arrivals.append((line, trio.current_time()))
    assert [line for line, _ in arrivals] == [f'data: {{"n": {n}}}' for n in range(3)]
    assert arrivals[2][1] - arrivals[0][1] >= 0.3


async def test_a_client_that_leaves_a_stream_closes_the_generator(autojump_clock) -> None:
    closed_at = []

    async def endless():
        try:
            while True:
                yield b"x"
        finally:
            closed_at.append(trio.current_time())

    async def leave_after_3_seconds():
        await trio.sleep(3)
        return {"type": "http.disconnect"}

    async def send(message) -> None:
        await trio.sleep(1)

    began = trio.current_time()
    await ClosingStream(endless())({"type": "http"}, leave_after_3_seconds, send)
    assert closed_at == [pytest.approx(began + 3)]


async def test_two_cookies_are_two_lines_in_order(start) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{await start(app)}/headers")
    lines = [n for n, _ in answer.headers.raw if n.lower() in {b"set-cookie", b"x-between"}]
    assert lines == [b"set-cookie", b"x-between", b"set-cookie"]
    assert len(answer.headers.get_list("set-cookie")) == 2


async def test_a_cookie_has_a_path_and_comes_back(ask) -> None:
    client = ask(app)
    answer = await client.get("/cookie", headers={"Cookie": "a=1"})
    assert "Path=/items" in answer.headers["set-cookie"]
    assert answer.json() == {"cookies": {"a": "1"}}


async def test_a_redirect_names_a_path(ask) -> None:
    answer = await ask(app).get("/redirect")
    assert (answer.status_code, answer.headers["location"]) == (302, "/items/1")


async def test_a_compressed_body_is_sent_as_it_is(start) -> None:
    async with httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{await start(app)}/gzip"
        async with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (answer.headers["content-encoding"], raw) == ("gzip", GZIPPED)
    assert json.loads(gzip.decompress(raw))


async def test_a_client_that_leaves_an_upload_leaves_no_noise(start, caplog) -> None:
    port = await start(app)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        await trio.sleep(0.1)
    await trio.sleep(0.2)
    assert not caplog.records
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/echo")).status_code == 200
