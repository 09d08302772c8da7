"""What passes beside heads and bodies: interim answers, and trailers, over both protocols."""

import pytest
import trio

from tests.road import PATIENCE, Client, Road, Running, ask, request, response
from tests.server.front.h2_client import H2Client, asking

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nKeep-Alive: x\r\n\r\n"
SUMMED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    b"3\r\nsum\r\n0\r\nX-Sum: 6\r\nSet-Cookie: a=b\r\n\r\n"
)
POST = "POST / HTTP/1.1\r\nHost: gw.example\r\nTransfer-Encoding: chunked\r\n"


async def raw(running: Running, *sent: bytes, until: bytes) -> bytes:
    """Send bytes, and return what comes up to and including `until`."""
    got = b""
    async with await running.connect() as stream:
        for piece in sent:
            await stream.send_all(piece)
        with trio.fail_after(PATIENCE):
            while until not in got:
                more = await stream.receive_some(65536)
                assert more, f"the connection ended after {got!r}"
                got += more
    return got


async def speak_h2(running: Running) -> H2Client:
    return await H2Client(await running.connect()).open()


# Interim answers (RFC 9110, 15.2; RFC 8297)


async def test_hints_reach_the_client_before_the_answer_is_there(road: Road) -> None:
    answered = trio.Event()

    async def hint(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(HINTS)
        await answered.wait()
        await stream.send_all(response())

    gateway = await road.gateway_to(await road.listen(hint))
    async with await gateway.connect() as stream:
        await stream.send_all(request())
        got = b""
        with trio.fail_after(PATIENCE):
            while b"\r\n\r\n" not in got:
                got += await stream.receive_some(65536)
            answered.set()
            answer = await Client(stream).answer()
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n")
    assert b"keep-alive" not in head
    assert rest == b""
    assert (answer.status, answer.body) == (200, b"ok")
    assert (await gateway.line())["status"] == 200
    assert len(gateway.lines) == 1


@pytest.mark.parametrize(
    ("interim", "told"),
    [
        pytest.param(HINTS * 3, [103] * 3, id="several"),
        pytest.param(b"HTTP/1.1 102 Processing\r\n\r\n" + HINTS, [102, 103], id="of any kind"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS, [103], id="but 100, which is ours"),
    ],
)
async def test_interim_answers_in_one_packet_with_the_answer(
    road: Road, interim: bytes, told: list[int]
) -> None:
    upstream = await road.upstream(interim + response())
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for _ in range(2):
            answer = await client.ask(request())
            assert (answer.status, answer.interim) == (200, told)
    assert upstream.connections == 1


async def test_http_1_0_is_told_of_none(road: Road) -> None:
    upstream = await road.upstream(HINTS + response())
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    assert (answer.status, answer.interim) == (200, [])


async def test_hints_reach_an_http_2_client(road: Road) -> None:
    upstream = await road.upstream(HINTS + response())
    gateway = await road.gateway_to(upstream.port, gateway="h2c = true")
    client = await speak_h2(gateway)
    number = await client.ask(asking())
    assert await client.answer(number) == (200, b"ok")
    (informed,) = client.informed[number]
    assert informed[b":status"] == b"103"
    assert informed[b"link"] == b"</a.css>; rel=preload"
    await client.stream.aclose()


async def test_hints_pass_in_the_middle_of_an_upload_that_waits_for_100(road: Road) -> None:
    """The one task says 100 while the other passes hints on: neither breaks the other's line."""

    async def hint(stream: trio.SocketStream) -> None:
        await stream.send_all(HINTS) if await stream.receive_some(65536) else None
        got = b""
        while b"hello" not in got:
            got += await stream.receive_some(65536)
        await stream.send_all(HINTS + response())

    gateway = await road.gateway_to(await road.listen(hint))
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/", "Expect: 100-continue", "Content-Length: 5", method="POST"))
        with trio.fail_after(PATIENCE):
            got = b""
            while not (b" 100 " in got and b" 103 " in got):
                got += await stream.receive_some(65536)
        await client.send(b"hello")
        answer = await client.answer("POST")
    assert (answer.status, answer.interim, answer.body) == (200, [103], b"ok")


async def test_endless_interim_answers_are_502_and_the_connection_is_dropped(road: Road) -> None:
    dropped = trio.Event()

    async def mad(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        try:
            while True:
                await stream.send_all(HINTS)
        finally:
            dropped.set()

    gateway = await road.gateway_to(await road.listen(mad))
    answer = await ask(gateway, request())
    assert answer.status == 502
    assert answer.value(b"proxy-status") == b"gateway; error=http_protocol_error"
    assert len(answer.interim) <= 32
    with trio.fail_after(PATIENCE):
        await dropped.wait()


async def test_a_client_that_takes_no_hints_frees_the_upstream(road: Road) -> None:
    dropped = trio.Event()
    large = b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 60_000 + b"\r\n\r\n"

    async def chatty(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        try:
            for _ in range(31):
                await stream.send_all(large)
            await stream.receive_some(1)
        finally:
            dropped.set()

    gateway = await road.gateway_to(await road.listen(chatty), gateway='write_timeout = "300ms"')
    async with await gateway.connect() as stream:
        stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
        await stream.send_all(request() * 2)
        with trio.fail_after(PATIENCE):
            await dropped.wait()
    line = await gateway.line()
    assert (line["status"], line["reason"]) in {
        (499, "client-write-timeout"),
        (499, "client-left"),
    }


# Trailers (RFC 9110, 6.5; RFC 9112, 7.1.2)


async def test_trailers_of_an_answer_go_to_who_takes_them(road: Road) -> None:
    upstream = await road.upstream(SUMMED)
    gateway = await road.gateway_to(upstream.port)
    got = await raw(gateway, request("/", "TE: trailers", "Connection: TE"), until=b"6\r\n\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"\r\ntrailer: X-Sum" in head
    assert body == b"3\r\nsum\r\n0\r\nx-sum: 6\r\n\r\n"
    assert b"\r\nte: trailers\r\nconnection: te\r\n" in upstream.received[0]


async def test_trailers_of_an_answer_do_not_go_to_who_says_nothing(road: Road) -> None:
    upstream = await road.upstream(SUMMED)
    gateway = await road.gateway_to(upstream.port)
    got = await raw(gateway, request(), until=b"0\r\n\r\n")
    assert b"x-sum" not in got.lower()
    assert b"te: trailers" not in upstream.received[0]


async def test_trailers_do_not_go_to_http_1_0(road: Road) -> None:
    upstream = await road.upstream(SUMMED)
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, b"GET / HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n")
    assert (answer.body, answer.value(b"trailer")) == (b"sum", None)


async def test_trailers_of_an_answer_reach_an_http_2_client(road: Road) -> None:
    upstream = await road.upstream(SUMMED)
    gateway = await road.gateway_to(upstream.port, gateway="h2c = true")
    client = await speak_h2(gateway)
    number = await client.ask(asking("/", "GET", ("te", "trailers")))
    assert await client.answer(number) == (200, b"sum")
    assert client.trailers[number] == [(b"x-sum", b"6")]
    await client.stream.aclose()


async def test_trailers_of_a_request_reach_the_upstream_without_what_judges_it(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    body = b"3\r\nsum\r\n0\r\nX-Sum: 6\r\nAuthorization: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
    answer = await ask(gateway, (POST + "Trailer: X-Sum\r\n\r\n").encode() + body)
    assert answer.status == 200
    sent = upstream.received[0]
    assert sent.endswith(b"3\r\nsum\r\n0\r\nx-sum: 6\r\n\r\n")
    assert b"\r\ntrailer: X-Sum\r\n" in sent


async def test_trailers_of_an_http_2_request_reach_the_upstream(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port, gateway="h2c = true")
    client = await speak_h2(gateway)
    number = await client.ask(asking("/", "POST"), end=False)
    await client.say(number, b"sum")
    client.h2.send_headers(number, [("x-sum", "6"), ("cookie", "a=b")], end_stream=True)
    await client.flush()
    assert await client.answer(number) == (200, b"ok")
    assert upstream.received[0].endswith(b"3\r\nsum\r\n0\r\nx-sum: 6\r\n\r\n")
    await client.stream.aclose()


@pytest.mark.parametrize(
    "trailer",
    [
        pytest.param((":path", "/x"), id="9113 8.1 a pseudo-header field"),
        pytest.param(("X-Sum", "6"), id="9113 8.2 an upper-case name"),
        pytest.param(("x-sum", "6\r\nhost: a"), id="9113 8.2.1 a line break"),
        pytest.param(("content-length", "3"), id="9110 6.5.1 a length"),
    ],
)
async def test_a_malformed_trailer_section_of_http_2_is_no_end_of_a_request(
    road: Road, trailer: tuple[str, str]
) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port, gateway="h2c = true")
    client = await speak_h2(gateway)
    number = await client.ask(asking("/", "POST"), end=False)
    await client.say(number, b"sum")
    client.h2.send_headers(number, [trailer], end_stream=True)
    await client.flush()
    assert await client.answer(number) == 1, "PROTOCOL_ERROR"
    assert upstream.complete == 0
    await client.stream.aclose()
    assert (await ask(gateway, request())).status == 200


async def test_the_operator_may_keep_trailers_from_passing(road: Road) -> None:
    upstream = await road.upstream(SUMMED)
    gateway = await road.gateway_to(upstream.port, gateway="trailers = false")
    chunked = (POST + "TE: trailers\r\nTrailer: X-Sum\r\n\r\n").encode()
    got = await raw(gateway, chunked, b"0\r\nX-Sum: 6\r\n\r\n", until=b"0\r\n\r\n")
    assert b"x-sum" not in got.lower()
    sent = upstream.received[0].lower()
    assert b"x-sum" not in sent
    assert b"te: trailers" not in sent
