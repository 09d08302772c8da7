"""What a route changes in its answers, as clients see it."""

import json

import pytest
import trio

from tests.road import PATIENCE, Client, Road, ask, request, response

ITEMS = b'{"items": [{"name": "a", "pin": 1}, {"name": "\xc3\xa9", "pin": 2}]}'
JSON = ("Content-Type: application/json", 'ETag: "x"', "Accept-Ranges: bytes")
NAMES = 'response_body = { document = { names = "body.items[*].name" } }'
PASSING = 'response_body = { document = "body.a", max_size = "1KiB", otherwise = "pass" }'
STRICT = 'response_body = { document = "body.a", max_size = "1KiB" }'
BIG = json.dumps({"a": "x" * 5000}).encode()


def chunked(body: bytes, *lines: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "Transfer-Encoding: chunked"])
    middle = len(body) // 2
    pieces = [body[:middle], body[middle:]]
    told = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head.encode() + b"\r\n\r\n" + told + b"0\r\n\r\n"


@pytest.mark.parametrize("answer", [response("200 OK", *JSON, body=ITEMS), chunked(ITEMS, *JSON)])
async def test_a_document_is_made_anew(road: Road, answer: bytes) -> None:
    up = await road.upstream(answer)
    gateway = await road.gateway_to(up.port, route=NAMES)
    got = await ask(gateway, request("/", "Accept-Encoding: gzip", "Range: bytes=0-3"))
    assert (got.status, json.loads(got.body)) == (200, {"names": ["a", "é"]})
    assert got.value(b"content-length") == b"%d" % len(got.body)
    assert got.value(b"accept-ranges") is None
    assert b"\r\naccept-encoding: identity\r\n" in up.received[0].lower()
    assert b"range" not in up.received[0].lower()
    assert (await gateway.line())["bytes_out"] == len(got.body)


async def test_a_client_that_has_it_is_told_so_by_the_upstream(road: Road) -> None:
    up = await road.upstream(
        response("200 OK", *JSON, body=ITEMS),
        b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    )
    gateway = await road.gateway_to(up.port, route=NAMES)
    async with await gateway.connect() as stream:
        client = Client(stream)
        tag = (await client.ask(request("/"))).value(b"etag")
        assert tag is not None
        known = await client.ask(request("/", f"If-None-Match: {tag.decode()}"))
        assert (known.status, known.value(b"etag")) == (304, tag)
    assert b'\r\nif-none-match: "x"\r\n' in up.received[0].lower()


async def test_head_is_told_no_length_and_given_nothing(road: Road) -> None:
    up = await road.upstream(response("200 OK", *JSON, body=ITEMS).removesuffix(ITEMS))
    gateway = await road.gateway_to(up.port, route=NAMES)
    got = await ask(gateway, request("/", "Connection: close", method="HEAD"))
    assert (got.status, got.body, got.value(b"content-length")) == (200, b"", None)


async def test_what_is_stored_is_what_the_upstream_said(road: Road) -> None:
    up = await road.upstream(response("200 OK", *JSON, body=ITEMS))
    route = (
        'response_body = { document = { n = "body.items[0].name", who = "query.who" } }\n'
        'cache = { ttl = "60s", key = { query = "none" } }\n'
        "compress = { min_size = 0 }"
    )
    gateway = await road.gateway_to(up.port, route=route)
    for who in ("ada", "bob", "ada"):
        got = await ask(gateway, request(f"/?who={who}"))
        assert json.loads(got.body) == {"n": "a", "who": who}
    assert got.value(b"x-cache") == b"HIT"
    assert up.connections == 1
    zipped = await ask(gateway, request("/?who=x", "Accept-Encoding: gzip"))
    assert zipped.value(b"content-encoding") == b"gzip"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response("200 OK", JSON[0], body=b"{"), "answer-not-json"),
        (response("200 OK", JSON[0], body=b'{"a": NaN}'), "answer-no-number"),
        (response("200 OK", JSON[0], body=b'{"a": "\xff"}'), "answer-not-utf8"),
        (response("200 OK", JSON[0], body=b'{"a":1,"a":2}'), "answer-name-twice"),
        (response("200 OK", JSON[0], body=b"[" * 500 + b"]" * 500), "answer-too-deep"),
        (response("200 OK", JSON[0], body=BIG), "answer-too-large"),
        (chunked(BIG, JSON[0]), "answer-too-large"),
        (response("200 OK", JSON[0], "Content-Encoding: gzip", body=b"x"), "answer-encoded"),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)
async def test_what_cannot_be_rewritten_is_502_or_goes_as_it_came(
    road: Road, answer: bytes, reason: str
) -> None:
    up = await road.upstream(answer)
    gateway = await road.gateway_to(up.port, route=STRICT)
    refused = await ask(gateway, request("/"))
    assert refused.status == 502
    assert refused.problem["type"] == f"urn:gateway-problem:{reason}"
    passing = await road.gateway_to(up.port, route=PASSING)
    async with await passing.connect() as stream:
        client = Client(stream)
        for _ in range(2):
            got = await client.ask(request("/"))
            assert got.status == 200
            assert got.body == (
                BIG if reason == "answer-too-large" else answer.partition(b"\r\n\r\n")[2]
            )
    line = await passing.line()
    assert (line["status"], line["unwritten"]) == (200, reason)


async def test_what_is_stored_and_cannot_be_rewritten_goes_as_it_is_kept(road: Road) -> None:
    up = await road.upstream(chunked(BIG, JSON[0]))
    route = PASSING + '\ncache = { ttl = "60s", max_entry = "2KiB" }'
    gateway = await road.gateway_to(up.port, route=route)
    for _ in range(2):
        assert (await ask(gateway, request("/"))).body == BIG
    kept = await road.gateway_to(up.port, route=PASSING + '\ncache = { ttl = "60s" }')
    bodies = [(await ask(kept, request("/"))).body for _ in range(3)]
    assert bodies == [BIG] * 3
    assert (await kept.line(2))["cache"] == "HIT"


async def test_a_document_that_breaks_off_is_502_and_no_half_answer(road: Road) -> None:
    up = await road.upstream(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        close=True,
    )
    gateway = await road.gateway_to(up.port, route=NAMES)
    got = await ask(gateway, request("/"))
    assert (got.status, got.problem["type"]) == (502, "urn:gateway-problem:upstream-reset")


async def test_a_document_that_drips_is_504_in_the_time_of_an_answer(road: Road) -> None:
    async def drip(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
        )
        while True:
            await stream.send_all(b" ")
            await trio.sleep(0.02)

    port = await road.listen(drip)
    gateway = await road.gateway_to(port, upstream='response_timeout = "300ms"', route=NAMES)
    with trio.fail_after(PATIENCE):
        got = await ask(gateway, request("/"))
    assert (got.status, (await gateway.line())["reason"]) == (504, "upstream-response-timeout")


async def test_a_client_that_leaves_while_a_document_is_read_takes_the_call_along(
    road: Road,
) -> None:
    up = await road.upstream(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    )
    gateway = await road.gateway_to(up.port, route=NAMES)
    async with await gateway.connect() as stream:
        await stream.send_all(request("/"))
        while not up.received or not up.received[0]:
            await trio.sleep(0.01)
        await trio.sleep(0.05)
    with trio.fail_after(PATIENCE):
        await up.closed[0].wait()
    assert (await gateway.line())["status"] == 499


async def test_streams_and_errors_pass_unread(road: Road) -> None:
    events = b"data: {}\n\n"
    up = await road.upstream(
        response("200 OK", "Content-Type: text/event-stream", body=events),
        response("404 Not Found", JSON[0], body=b"{"),
    )
    gateway = await road.gateway_to(up.port, route=NAMES)
    async with await gateway.connect() as stream:
        client = Client(stream)
        assert (await client.ask(request("/"))).body == events
        assert (await client.ask(request("/"))).body == b"{"


async def test_statuses_are_told_in_the_place_of_others(road: Road) -> None:
    up = await road.upstream(
        response("404 Not Found", body=b"gone"),
        response("500 Oops", body=b"oops"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
    )
    route = 'response_status = { 404 = 410, "5xx" = 502, "2xx" = 203 }'
    gateway = await road.gateway_to(up.port, route=route)
    async with await gateway.connect() as stream:
        client = Client(stream)
        assert [(await client.ask(request("/"))).status for _ in range(3)] == [410, 502, 204]
    lines = [await gateway.line(number) for number in range(3)]
    assert [(line["status"], line.get("upstream_status")) for line in lines] == [
        (410, 404),
        (502, 500),
        (204, None),
    ]


async def test_answers_say_whom_they_are_for_whatever_is_stored(road: Road) -> None:
    up = await road.upstream(response("200 OK", "X-For: all", "Link: </a>"))
    route = """
    cache = { ttl = "60s" }
    response_headers.set = { X-For = "{headers.x_team}" }
    response_headers.add = { Link = ["<{path}>", "</b?{query.q}>"] }
    """
    gateway = await road.gateway_to(up.port, route=route)
    red = await ask(gateway, request("/?q=1", "X-Team: red"))
    blue = await ask(gateway, request("/?q=1", "X-Team: blue\x80"))
    nobody = await ask(gateway, request("/?q=1"))
    told = [answer.value(b"x-for") for answer in (red, blue, nobody)]
    assert told == [b"red", b"blue%80", None]
    assert blue.values(b"link") == [b"</a>", b"</b?1>"]
    assert (blue.value(b"x-cache"), blue.value(b"vary")) == (b"HIT", b"x-team")
    assert up.connections == 1
