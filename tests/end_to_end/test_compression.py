"""Answers that are compressed on their way, over real sockets."""

import json
import zlib

import brotli
import pytest
import trio
import zstandard

from tests.road import PATIENCE, Client, Road, ask, request, response

TEXT = b'{"name": "a thing", "number": 12345},' * 500
JSON = ("Content-Type: application/json", 'ETag: "x"', "Accept-Ranges: bytes")
DECODE = {
    "gzip": lambda data: zlib.decompress(data, 16 + zlib.MAX_WBITS),
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.mark.parametrize("coding", DECODE)
async def test_the_client_gets_the_coding_that_it_asks_for(road: Road, coding: str) -> None:
    up = await road.upstream(response("200 OK", *JSON, body=TEXT))
    gateway = await road.gateway_to(up.port, route="compress = true")
    answer = await ask(gateway, request("/", f"Accept-Encoding: {coding}"))
    assert answer.value(b"content-encoding") == coding.encode()
    assert answer.value(b"etag") == b'W/"x"'
    assert answer.value(b"vary") == b"Accept-Encoding"
    assert answer.value(b"content-length") is None
    assert answer.value(b"accept-ranges") is None
    assert len(answer.body) < len(TEXT) / 10
    assert DECODE[coding](answer.body) == TEXT
    assert (await gateway.line())["bytes_out"] == len(answer.body)


async def test_who_asks_for_none_gets_the_very_bytes_and_is_told_of_the_others(road: Road) -> None:
    up = await road.upstream(response("200 OK", *JSON, body=TEXT))
    gateway = await road.gateway_to(up.port, route="compress = true")
    answer = await ask(gateway, request("/"))
    assert answer.body == TEXT
    assert answer.value(b"etag") == b'"x"'
    assert answer.value(b"vary") == b"Accept-Encoding"


async def test_head_is_told_what_get_would_be(road: Road) -> None:
    head = response("200 OK", *JSON, body=TEXT).removesuffix(TEXT)
    up = await road.upstream(head, response("200 OK", *JSON, body=TEXT))
    gateway = await road.gateway_to(up.port, route="compress = true")
    async with await gateway.connect() as stream:
        client = Client(stream)
        answer = await client.ask(request("/", "Accept-Encoding: br", method="HEAD"))
        assert (answer.value(b"content-encoding"), answer.body) == (b"br", b"")
        answer = await client.ask(request("/", "Accept-Encoding: br"))
        assert brotli.decompress(answer.body) == TEXT


async def test_what_is_there_is_sent_before_the_rest_has_come(road: Road) -> None:
    """A page that is written bit by bit is read bit by bit, compressed or not."""
    go_on = trio.Event()

    async def slowly(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nfirst\r\n"
        )
        await go_on.wait()
        await stream.send_all(b"6\r\nsecond\r\n0\r\n\r\n")

    gateway = await road.gateway_to(await road.listen(slowly), route="compress = true")
    async with await gateway.connect() as stream:
        await stream.send_all(request("/", "Accept-Encoding: gzip", "Connection: close"))
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        raw = seen = b""
        with trio.fail_after(PATIENCE):
            while seen != b"first":
                raw += await stream.receive_some(65536)
                seen = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(dechunked(raw))
            go_on.set()
            async for data in stream:
                raw += data
        assert decoder.decompress(dechunked(raw)) == b"firstsecond"
        assert decoder.eof


def dechunked(raw: bytes) -> bytes:
    """The body as far as it has come whole chunk by whole chunk."""
    _, _, rest = raw.partition(b"\r\n\r\n")
    body = b""
    while b"\r\n" in rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if len(rest) < length + 2:
            break
        body += rest[:length]
        rest = rest[length + 2 :]
    return body


async def test_events_are_left_alone(road: Road) -> None:
    events = b"data: x\n\n" * 500
    up = await road.upstream(response("200 OK", "Content-Type: text/event-stream", body=events))
    gateway = await road.gateway_to(up.port, route="compress = true")
    answer = await ask(gateway, request("/", "Accept-Encoding: gzip"))
    assert (answer.value(b"content-encoding"), answer.body) == (None, events)


async def test_an_upstream_that_dies_in_the_middle_is_never_taken_for_complete(road: Road) -> None:
    async def dies(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n"
            + TEXT[:99]
        )

    gateway = await road.gateway_to(await road.listen(dies), route="compress = true")
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/", "Accept-Encoding: gzip"))
        raw = await client.closed()
    assert not raw.endswith(b"0\r\n\r\n")
    assert (await gateway.line())["reason"] == "upstream-broke"


async def test_composed_answers_are_compressed_too(road: Road) -> None:
    up = await road.upstream(response(body=json.dumps({"text": "x" * 5000}).encode()))
    gateway = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{up.port}"]
        [[routes]]
        name = "composed"
        path = "/"
        compress = true
        [routes.compose]
        parts.a = {{ upstream = "up", path = "/" }}
        body = "a"
        """
    )
    answer = await ask(gateway, request("/", "Accept-Encoding: gzip"))
    assert answer.value(b"content-encoding") == b"gzip"
    assert json.loads(DECODE["gzip"](answer.body)) == {"text": "x" * 5000}
    answer = await ask(gateway, request("/"))
    assert json.loads(answer.body) == {"text": "x" * 5000}


async def test_what_is_stored_is_given_to_each_in_the_coding_that_it_asks_for(road: Road) -> None:
    """Stored once, as the upstream gave it: one fetch serves all codings."""
    fresh = response("200 OK", *JSON, "Cache-Control: max-age=60", body=TEXT)
    up = await road.upstream(fresh)
    gateway = await road.gateway_to(up.port, route="compress = true\ncache = {}")
    assert (await ask(gateway, request("/"))).body == TEXT
    for coding in (*DECODE, *DECODE):
        answer = await ask(gateway, request("/", f"Accept-Encoding: {coding}"))
        assert answer.value(b"x-cache") == b"HIT"
        assert answer.value(b"content-encoding") == coding.encode()
        assert answer.value(b"etag") == b'W/"x"'
        assert DECODE[coding](answer.body) == TEXT
    again = request("/", "Accept-Encoding: gzip", 'If-None-Match: W/"x"')
    answer = await ask(gateway, again)
    assert (answer.status, answer.value(b"etag")) == (304, b'W/"x"')
    part = await ask(gateway, request("/", "Accept-Encoding: gzip", "Range: bytes=0-9"))
    assert (part.status, part.body, part.value(b"content-encoding")) == (206, TEXT[:10], None)
    assert up.complete == 1
