"""What a client sends reaches the upstream, and what it answers comes back, byte for byte."""

import gzip
import json

import pytest
import trio

from tests.road import Client, Road, ask, request, response


def lines(received: bytes) -> list[bytes]:
    return received.partition(b"\r\n\r\n")[0].split(b"\r\n")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/a?k=1&k=2&K=3", id="repeated keys"),
        pytest.param("/a%2Fb/c%20d", id="encoded slash"),
        pytest.param("/%C3%A9t%C3%A9?n=%E2%82%AC", id="encoded non-ASCII"),
        pytest.param("/a//b/;x=1/c;y", id="double slash and semicolons"),
        pytest.param("/a?q=/../%2e%2e/&r='\"{}|^`<>", id="anything goes in a query"),
        pytest.param("/a?", id="empty query"),
        pytest.param("/a??", id="query of a question mark"),
        pytest.param("/*", id="star"),
    ],
)
async def test_the_target_arrives_as_it_was_sent(road: Road, target: str) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    assert (await ask(gateway, request(target))).status == 200
    assert lines(upstream.received[0])[0] == f"GET {target} HTTP/1.1".encode()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/%61dmin", "/admin"),
        ("/x/../admin?q=%61", "/admin?q=%61"),
        ("/x/%2e%2E/admin", "/admin"),
        ("http://other.example/x?q", "/x?q"),
    ],
)
async def test_what_was_matched_is_what_is_forwarded(
    road: Road, target: str, expected: str
) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    assert (await ask(gateway, request(target))).status == 200
    assert lines(upstream.received[0])[0] == f"GET {expected} HTTP/1.1".encode()


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "M-SEARCH"]
)
async def test_any_method_arrives(road: Road, method: str) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    assert (await ask(gateway, request(method=method))).status == 200
    assert upstream.received[0].startswith(method.encode() + b" / HTTP/1.1\r\n")


async def test_fields_keep_their_order_bytes_and_duplicates(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    sent = [
        "X-B: 2",
        "X-A: 1",
        "X-B:  two  words ",
        "Cookie: a=1; b=2",
        "X-Latin: \xe9",
        "X-Empty:",
    ]
    await ask(gateway, request("/", *sent))
    got = [
        line
        for line in lines(upstream.received[0])
        if line.lower().startswith((b"x-a", b"x-b", b"cookie", b"x-l", b"x-e"))
    ]
    assert [line.partition(b":")[0].lower() for line in got] == [
        b"x-b",
        b"x-a",
        b"x-b",
        b"cookie",
        b"x-latin",
        b"x-empty",
    ]
    assert [line.partition(b":")[2].strip() for line in got] == [
        b"2",
        b"1",
        b"two  words",
        b"a=1; b=2",
        b"\xe9",
        b"",
    ]


async def test_the_gateway_says_who_asked_and_adds_nothing_else(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    await ask(
        gateway, request("/", "X-Forwarded-For: 6.6.6.6", "Connection: close, X-Gone", "X-Gone: 1")
    )
    fields = dict(
        (name.lower(), value.strip())
        for name, _, value in (line.partition(b":") for line in lines(upstream.received[0])[1:])
    )
    identity = fields.pop(b"x-request-id")
    assert len(identity) == 32
    assert fields == {
        b"host": b"gw.example",
        b"via": b"1.1 gateway",
        b"forwarded": b"for=127.0.0.1;host=gw.example;proto=http",
        b"x-forwarded-for": b"127.0.0.1",
        b"x-forwarded-host": b"gw.example",
        b"x-forwarded-proto": b"http",
    }


async def test_two_cookies_stay_two_and_the_answer_s_fields_keep_their_order(road: Road) -> None:
    sent = [
        "Set-Cookie: a=1; Path=/",
        "Server: upstream",
        "Set-Cookie: b=2",
        "Date: Sat, 01 Jan 2000 00:00:00 GMT",
    ]
    upstream = await road.upstream(response("200 OK", *sent))
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, request())
    assert answer.values(b"set-cookie") == [b"a=1; Path=/", b"b=2"]
    assert answer.values(b"server") == [b"upstream"]
    assert answer.values(b"date") == [b"Sat, 01 Jan 2000 00:00:00 GMT"]
    names = [name for name, _ in answer.fields if name in {b"set-cookie", b"server"}]
    assert names == [b"set-cookie", b"server", b"set-cookie"]
    assert len(answer.values(b"x-request-id")) == 1


async def test_a_compressed_body_is_not_touched(road: Road) -> None:
    packed = gzip.compress(b"hello " * 1000, mtime=0)
    upstream = await road.upstream(response("200 OK", "Content-Encoding: gzip", body=packed))
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, request("/", "Accept-Encoding: gzip"))
    assert answer.body == packed
    assert answer.value(b"content-encoding") == b"gzip"
    assert answer.value(b"content-length") == str(len(packed)).encode()


@pytest.mark.parametrize(
    "status", ["200 OK", "404 Not Found", "500 Internal Server Error", "299 Odd", "302 Found"]
)
async def test_any_final_status_comes_back(road: Road, status: str) -> None:
    upstream = await road.upstream(response(status, "Location: /elsewhere", body=b"as it is"))
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, request())
    assert (answer.status, answer.body) == (int(status[:3]), b"as it is")
    assert answer.value(b"location") == b"/elsewhere"


async def test_head_has_the_length_of_what_it_does_not_get(road: Road) -> None:
    upstream = await road.upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n")
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for _ in range(2):
            answer = await client.ask(request(method="HEAD"))
            assert (answer.status, answer.body) == (200, b"")
            assert answer.value(b"content-length") == b"12345"


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 204 No Content\r\n\r\n", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n']
)
async def test_an_answer_without_a_body_leaves_the_connection_usable(
    road: Road, head: bytes
) -> None:
    upstream = await road.upstream(head)
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for _ in range(2):
            answer = await client.ask(request())
            assert (answer.status, answer.body) == (int(head[9:12]), b"")
            assert answer.value(b"transfer-encoding") is None


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"


async def test_a_chunked_answer_comes_back_whole(road: Road) -> None:
    upstream = await road.upstream(CHUNKED)
    gateway = await road.gateway_to(upstream.port)
    assert (await ask(gateway, request())).body == b"hello world"


async def test_an_answer_that_ends_with_its_connection_comes_back_whole(road: Road) -> None:
    upstream = await road.upstream(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", close=True)
    gateway = await road.gateway_to(upstream.port)
    assert (await ask(gateway, request())).body == b"until the end"


async def test_a_client_of_http_1_0_gets_what_it_understands(road: Road) -> None:
    upstream = await road.upstream(CHUNKED)
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        raw = await Client(stream).closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body == b"hello world"
    assert b"transfer-encoding" not in head.lower()


async def test_a_sized_upload_arrives_sized(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    body = bytes(range(256)) * 1000
    assert (await ask(gateway, request(method="PUT", body=body))).status == 200
    head, _, got = upstream.received[0].partition(b"\r\n\r\n")
    assert got == body
    assert b"content-length: 256000" in head.lower()


async def test_a_chunked_upload_arrives_whole_and_framed_afresh(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    head = request("/", "Transfer-Encoding: chunked", method="POST")
    await ask(gateway, head + b"5;secret=1\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")
    sent, _, got = upstream.received[0].partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in sent.lower()
    assert b"content-length" not in sent.lower()
    assert b"secret" not in got
    assert b"".join(got.split(b"\r\n")[1::2]) == b"hello!"


async def test_an_upload_that_continues_only_when_told_to(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/", "Expect: 100-continue", "Content-Length: 5", method="POST"))
        with trio.fail_after(2):
            assert (await stream.receive_some(100)).startswith(b"HTTP/1.1 100 ")
        await client.send(b"hello")
        assert (await client.answer("POST")).status == 200
    assert b"expect" not in upstream.received[0].lower()


async def test_no_body_is_asked_for_where_the_answer_is_no(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port, route="max_request_body = 4")
    async with await gateway.connect() as stream:
        head = request("/", "Expect: 100-continue", "Content-Length: 5", method="POST")
        answer = await Client(stream).ask(head)
    assert (answer.status, answer.interim) == (413, [])
    assert upstream.received == []


async def test_server_sent_events_arrive_one_by_one(road: Road) -> None:
    step = trio.Event()

    async def events(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        await stream.send_all(b"data: 1\n\n")
        await step.wait()
        await stream.send_all(b"data: 2\n\n")

    gateway = await road.gateway_to(await road.listen(events))
    async with await gateway.connect() as stream:
        await stream.send_all(request())
        seen = b""
        with trio.fail_after(2):
            while b"data: 1\n\n" not in seen:
                seen += await stream.receive_some(65536)
            assert b"data: 2" not in seen
            step.set()
            while b"data: 2\n\n" not in seen:
                seen += await stream.receive_some(65536)


async def test_connections_are_kept_alive_on_both_sides(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for number in range(5):
            assert (await client.ask(request(f"/{number}"))).status == 200
    assert upstream.connections == 1


async def test_pipelined_requests_are_answered_in_order(road: Road) -> None:
    upstream = await road.upstream(*(response(body=str(n).encode()) for n in range(4)))
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(b"".join(request(f"/{n}") for n in range(4)))
        assert [(await client.answer()).body for _ in range(4)] == [b"0", b"1", b"2", b"3"]


async def test_locations_and_cookies_stay_under_a_stripped_prefix(road: Road) -> None:
    upstream = await road.upstream(
        response("302 Found", "Location: /login?next=/", "Set-Cookie: s=1; Path=/")
    )
    gateway = await road.gateway_to(upstream.port)
    prefixed = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "app"
        prefix = "/app"
        upstream = "up"
        strip_prefix = true
        """
    )
    assert (await ask(gateway, request("/app/x"))).value(b"location") == b"/login?next=/"
    answer = await ask(prefixed, request("/app/x"))
    assert answer.value(b"location") == b"/app/login?next=/"
    assert b"Path=/app" in (answer.value(b"set-cookie") or b"")
    assert upstream.received[-1].startswith(b"GET /x HTTP/1.1\r\n")


async def test_the_log_tells_each_request_in_one_line_without_its_query(road: Road) -> None:
    upstream = await road.upstream(response(body=b"hello"))
    gateway = await road.gateway_to(upstream.port)
    await ask(
        gateway, request("/path?token=secret", "X-Request-ID: abc-1", method="POST", body=b"xyz")
    )
    line = await gateway.line()
    duration, upstream_ms = line.pop("duration_ms"), line.pop("upstream_ms")
    assert 0 < upstream_ms <= duration
    assert line.pop("time").endswith("Z")
    assert line == {
        "request_id": "abc-1",
        "client": "127.0.0.1",
        "method": "POST",
        "path": "/path",
        "status": 200,
        "route": "all",
        "upstream": "up",
        "endpoint": f"http://127.0.0.1:{upstream.port}",
        "attempts": 1,
        "bytes_in": 3,
        "bytes_out": 5,
    }
    assert "secret" not in json.dumps(gateway.lines)
