"""WebSockets through a gateway, from socket to socket: what passes, and how it ends."""

from functools import partial

import pytest
import trio

from gateway_core.frames import UPSTREAM
from tests.core.frames.writing import frame
from tests.road import PATIENCE, Client, Road, ask, request, response
from tests.server.front.h2_client import H2Client, asking
from tests.sockets import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Got,
    Peer,
    Sockets,
    connect,
    handshake,
    joined,
    refused,
)

QUICK = 'websocket = { close_timeout = "300ms" }'


async def test_messages_pass_both_ways_and_keep_their_kind(road: Road) -> None:
    async with joined(road) as (client, upstream, running):
        await client.say(TEXT, "olé".encode())
        assert await upstream.get() == Got(TEXT, "olé".encode())
        await upstream.say(BINARY, bytes(range(256)))
        assert await client.get() == Got(BINARY, bytes(range(256)))
        await client.say(TEXT)
        assert await upstream.get() == Got(TEXT)
        await client.close(1000)
        await upstream.closes()
        await upstream.close(1000)
        await client.closes()
        line = await running.line()
        assert (line["messages_in"], line["messages_out"]) == (2, 1)
        assert (line["bytes_in"], line["bytes_out"]) == (4, 256)


@pytest.mark.parametrize("first", ["client", "upstream"])
@pytest.mark.parametrize(("code", "reason"), [(1000, b""), (4321, b"bye"), (1013, "é".encode())])
async def test_codes_and_reasons_pass_in_both_directions(
    road: Road, first: str, code: int | None, reason: bytes
) -> None:
    async with joined(road) as (client, upstream, running):
        here, there = (client, upstream) if first == "client" else (upstream, client)
        await here.close(code, reason)
        assert await there.closes() == (code, reason)
        await there.close(code, reason)
        assert (await here.closes())[0] == code
        assert await client.ended() == await upstream.ended() == b""
        line = await running.line()
        assert (line["status"], line["closed_by"]) == (101, first)
        assert line["close_code"] == line["client_close"] == line["upstream_close"] == code


@pytest.mark.parametrize(
    ("code", "logged"),
    [
        pytest.param(None, 1005, id="7.1.5 no code"),
        pytest.param(1014, 1014, id="7.4 of IANA's registry"),
    ],
)
async def test_codes_that_only_frames_can_tell(
    frames_only: Road, code: int | None, logged: int
) -> None:
    async with joined(frames_only) as (client, upstream, running):
        await upstream.close(code)
        assert await client.closes() == (code, b"")
        await client.close(code)
        assert await upstream.closes() == (code, b"")
        assert (await running.line())["close_code"] == logged


async def test_a_close_without_a_code_is_1000_where_messages_are_relayed(
    messages_only: Road,
) -> None:
    async with joined(messages_only) as (client, upstream, _):
        await upstream.close(None)
        assert await client.closes() == (1000, b"")


async def test_the_upstream_is_asked_with_the_clients_fields_and_a_key_of_our_own(
    road: Road,
) -> None:
    lines = ("Cookie: a=b", "Sec-WebSocket-Protocol: chat, v2", "Origin: https://a.example")
    answers = ("Sec-WebSocket-Protocol: v2", "Set-Cookie: c=d")
    async with joined(road, *lines, answers=answers) as (client, upstream, _):
        asked = upstream.head.lower()
        for line in (b"cookie: a=b", b"origin: https://a.example", b"upgrade: websocket"):
            assert asked.count(b"\r\n" + line) == 1
        assert asked.count(b"sec-websocket-key:") == asked.count(b"sec-websocket-version:") == 1
        assert asked.count(b"sec-websocket-protocol: chat, v2") == 1
        assert b"x-forwarded-for: 127.0.0.1" in asked
        assert b"permessage" not in asked
        head = client.head.lower()
        assert head.count(b"sec-websocket-protocol: v2") == 1
        assert b"set-cookie: c=d" in head
        assert head.count(b"sec-websocket-accept:") == 1


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found", "503 Service Unavailable"])
async def test_the_upstreams_no_reaches_the_client_as_it_was_said(road: Road, status: str) -> None:
    head = f"HTTP/1.1 {status}\r\nWWW-Authenticate: x\r\nContent-Length: 4\r\n\r\nbusy"
    upstream = await road.upstream(head.encode())
    running = await road.gateway_to(upstream.port)
    answer = await refused(running)
    assert (answer.status, answer.body) == (int(status[:3]), b"busy")
    assert answer.value(b"www-authenticate") == b"x"
    assert (await running.line())["status"] == int(status[:3])
    assert (await ask(running, request("/"))).status == int(status[:3])  # and serves on


async def test_an_upstream_that_is_not_there_is_502(road: Road) -> None:
    port = await road.listen(lambda stream: stream.aclose())
    running = await road.gateway_to(port)
    answer = await refused(running)
    assert answer.status == 502
    assert answer.problem["request_id"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((), id="4.1 item 4 a wrong accept"),
        pytest.param(("Sec-WebSocket-Extensions: permessage-deflate",), id="4.1 item 5 unasked"),
        pytest.param(("Sec-WebSocket-Protocol: chat",), id="4.1 item 6 unasked"),
    ],
)
async def test_a_101_that_settles_what_nobody_asked_for_is_502(road: Road, lines) -> None:
    upstream = Sockets(*lines)
    if not lines:
        wrong = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        port = (await road.upstream(wrong)).port
    else:
        port = await road.listen(upstream.handle)
    running = await road.gateway_to(port)
    answer = await refused(running)
    assert (answer.status, answer.problem["type"]) == (502, "urn:gateway-problem:upstream-protocol")


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        pytest.param(
            handshake().replace(b"Version: 13", b"Version: 8"), 426, "websocket-version", id="4.4"
        ),
        pytest.param(handshake(key="YWJj"), 400, "websocket-key", id="4.2.1 a short key"),
        pytest.param(
            handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), 400, "websocket-method", id="HTTP/1.0"
        ),
    ],
)
async def test_a_bad_handshake_is_refused_before_the_upstream_hears_of_it(
    road: Road, data: bytes, status: int, reason: str
) -> None:
    upstream = await road.upstream(b"HTTP/1.1 204 No Content\r\n\r\n")
    running = await road.gateway_to(upstream.port)
    answer = await refused(running, data=data)
    assert (answer.status, answer.problem["type"]) == (status, f"urn:gateway-problem:{reason}")
    assert (await running.line())["reason"] == reason
    assert upstream.connections == 0


async def test_garbage_instead_of_a_handshake_is_400_and_the_worker_serves_on(road: Road) -> None:
    async with joined(road) as (client, upstream, running):
        for data in (
            b"\x16\x03\x01\x02\x00garbage\r\n\r\n",
            b"GET /ws HTTP/1.1\r\nUpgrade\r\n\r\n",
        ):
            async with await running.connect() as stream:
                await stream.send_all(data)
                assert (await Client(stream).answer()).status == 400
        await client.say(TEXT, b"still here")
        assert await upstream.get() == Got(TEXT, b"still here")


async def test_what_comes_with_the_handshake_is_not_lost(road: Road) -> None:
    sockets = Sockets()
    sockets.rest = frame(TEXT, b"early", UPSTREAM)
    running = await road.gateway_to(await road.listen(sockets.handle))
    client = await connect(running, more=frame(TEXT, b"with it") + frame(BINARY, b"too"))
    async with client.stream:
        upstream = await sockets.peer()
        assert await upstream.get() == Got(TEXT, b"with it")
        assert await upstream.get() == Got(BINARY, b"too")
        assert await client.get() == Got(TEXT, b"early")


async def test_a_large_message_passes_whole(road: Road) -> None:
    big = bytes(range(256)) * 4096
    async with joined(road) as (client, upstream, _), trio.open_nursery() as nursery:
        nursery.start_soon(client.say, BINARY, big)
        assert await upstream.get() == Got(BINARY, big)
        nursery.start_soon(upstream.say, BINARY, big)
        assert await client.get() == Got(BINARY, big)


async def test_an_upstream_that_is_lost_is_1011_to_the_client(road: Road) -> None:
    async with joined(road) as (client, upstream, running):
        await upstream.stream.aclose()
        assert await client.closes() == (1011, b"the upstream is gone")
        await client.close(1011)
        await client.ended()
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) == ("upstream", 1006)


async def test_a_client_that_is_lost_is_1001_to_the_upstream(road: Road) -> None:
    async with joined(road) as (client, upstream, running):
        await client.stream.aclose()
        assert await upstream.closes() == (1001, b"the client is gone")
        await upstream.close(1001)
        assert await upstream.ended() == b""
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) == ("client", 1006)


async def test_a_close_that_nobody_answers_ends_in_time(road: Road) -> None:
    async with joined(road, route=QUICK) as (client, upstream, running):
        await client.close(1000, b"bye")
        assert await upstream.closes() == (1000, b"bye")
        assert (await client.closes())[0] == 1000
        await client.ended()
        await upstream.ended()
        assert (await running.line())["close_code"] == 1000


BAD_CLIENTS = [
    pytest.param(frame(TEXT, b"x", mask=False), 1002, id="5.1 not masked"),
    pytest.param(frame(TEXT, b"x", rsv=4), 1002, id="5.2 RSV1 that was not agreed on"),
    pytest.param(frame(3), 1002, id="5.2 reserved opcode"),
    pytest.param(frame(PING, fin=False), 1002, id="5.5 fragmented control frame"),
    pytest.param(frame(PING, bytes(126)), 1002, id="5.5 long control frame"),
    pytest.param(frame(CLOSE, b"\x03\xed"), 1002, id="7.4.1 1005 on the wire"),
    pytest.param(frame(CLOSE, b"\x03\xe8\xff"), 1007, id="5.5.1 a reason that is not UTF-8"),
    pytest.param(frame(0, b"x"), 1002, id="5.4 nothing to continue"),
]


@pytest.mark.parametrize(("bad", "code"), BAD_CLIENTS)
async def test_a_client_that_breaks_the_protocol_hears_why_behind_what_was_said(
    road: Road, bad: bytes, code: int
) -> None:
    async with joined(road) as (client, upstream, running):
        await client.send(frame(TEXT, b"good"), bad)
        assert await upstream.get() == Got(TEXT, b"good")
        assert (await upstream.closes())[0] in {1001, code}
        await upstream.say(TEXT, b"answer")
        await upstream.close(1001)
        got = await client.get()
        if road.protocol == "own":
            assert got == Got(TEXT, b"answer")
            got = await client.get()
        assert (got.opcode, int.from_bytes(got.payload[:2], "big")) == (CLOSE, code)
        await client.ended()
        assert (await ask(running, request("/livez"))).status == 200


async def test_two_gigabytes_that_were_announced_are_1009_at_once(frames_only: Road) -> None:
    async with joined(frames_only, route=QUICK) as (client, upstream, _):
        await client.send(frame(BINARY, told=2 << 30)[:14])
        assert (await upstream.closes())[0] in {1001, 1009}
        await upstream.close(1001)
        assert (await client.closes())[0] == 1009


@pytest.mark.parametrize("fragments", [1, 3])
async def test_a_message_too_big_is_1009_and_nothing_of_the_frame_passes(
    road: Road, fragments: int
) -> None:
    route = 'websocket = { max_message = "1KiB", close_timeout = "300ms" }'
    async with joined(road, route=route) as (client, upstream, running):
        await client.say(BINARY, bytes(1024))
        assert await upstream.get() == Got(BINARY, bytes(1024))
        for number in range(fragments - 1):
            await client.say(BINARY if number == 0 else 0, bytes(500), fin=False)
        await client.say(BINARY if fragments == 1 else 0, bytes(1025))
        got = await upstream.get()
        while got.opcode != CLOSE:
            assert len(got.payload) == 500
            got = await upstream.get()
        await upstream.close(1001)
        assert (await client.closes())[0] == 1009
        await client.close(1009)
        await client.ended()
        assert (await running.line())["close_code"] == 1009


async def test_an_idle_socket_is_closed_with_1001(road: Road) -> None:
    route = 'websocket = { idle_timeout = "300ms" }'
    async with joined(road, route=route) as (client, upstream, running):
        assert (await client.closes())[0] == (await upstream.closes())[0] == 1001
        await client.close(1001)
        await upstream.close(1001)
        await client.ended()
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) == ("gateway", 1001)


async def test_a_client_that_is_too_fast_is_1008(road: Road) -> None:
    route = 'websocket = { messages = "3/1h" }'
    async with joined(road, route=route) as (client, upstream, _):
        for _ in range(4):
            await client.say(TEXT, b"x")
        for _ in range(3):
            assert await upstream.get() == Got(TEXT, b"x")
        assert (await upstream.closes())[0] == 1001
        await upstream.close(1001)
        assert (await client.closes())[0] == 1008


async def test_a_client_that_is_too_fast_may_be_made_to_wait(road: Road) -> None:
    route = 'websocket = { messages = "2/200ms", too_fast = "wait" }'
    async with joined(road, route=route) as (client, upstream, _):
        start = trio.current_time()
        for number in range(6):
            await client.say(TEXT, b"%d" % number)
        for number in range(6):
            assert await upstream.get() == Got(TEXT, b"%d" % number)
        assert trio.current_time() - start > 0.35


async def test_an_open_socket_takes_no_place_of_its_upstreams_pool(road: Road) -> None:
    sockets = Sockets()
    port = await road.listen(sockets.handle)
    running = await road.gateway_to(port, upstream="connections_max = 1")
    client = await connect(running)
    async with client.stream:
        await sockets.peer()
        assert (await ask(running, request("/"))).status == 200


async def test_sockets_of_a_client_are_bounded_by_a_limit_and_refused_before_the_upgrade(
    road: Road,
) -> None:
    sockets = Sockets()
    port = await road.listen(sockets.handle)
    running = await road.gateway(
        f"""
        [limits.sockets]
        concurrent = 1
        key = ["client"]
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{port}"]
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        limits = ["sockets"]
        """
    )
    first = await connect(running)
    upstream = await sockets.peer()
    answer = await refused(running)
    assert (answer.status, answer.problem["type"]) == (429, "urn:gateway-problem:limit-exceeded")
    await first.close(1000)
    await upstream.closes()
    await upstream.close(1000)
    await first.ended()
    await first.stream.aclose()
    second = await connect(running)
    await second.stream.aclose()


async def test_a_route_that_takes_no_websockets_says_403(road: Road) -> None:
    upstream = await road.upstream(b"HTTP/1.1 204 No Content\r\n\r\n")
    running = await road.gateway_to(upstream.port, route="websocket = false")
    answer = await refused(running)
    assert (answer.status, answer.problem["type"]) == (403, "urn:gateway-problem:websocket-refused")
    assert upstream.connections == 0


async def test_pages_of_foreign_origins_are_refused(road: Road) -> None:
    route = 'websocket = { origins = ["https://a.example"] }'
    async with joined(road, "Origin: https://A.example", route=route) as (_, _, running):
        answer = await refused(running, "Origin: https://evil.example")
        assert answer.status == 403
        assert answer.problem["type"] == "urn:gateway-problem:websocket-origin"


async def test_a_slow_reader_stops_its_own_source_and_no_other(road: Road) -> None:
    async with joined(road) as (client, upstream, _):
        sent = 0
        with trio.move_on_after(1):
            while True:
                await upstream.stream.send_all(frame(BINARY, bytes(65000), None))
                sent += 65000
        assert sent < 64_000_000, "nothing stopped the source"
        await client.say(TEXT, b"the other way is open")
        assert await upstream.get() == Got(TEXT, b"the other way is open")


async def test_a_client_that_never_reads_ends_by_the_write_deadline(road: Road) -> None:
    async with joined(road, gateway='write_timeout = "300ms"') as (client, upstream, running):
        with pytest.raises((trio.BrokenResourceError, trio.TooSlowError)):
            with trio.fail_after(PATIENCE):
                while True:
                    await upstream.stream.send_all(frame(BINARY, bytes(65000), None))
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) == ("client", 1006)
        del client


async def test_pings_in_a_flood_bound_nothing_but_their_sender(road: Road) -> None:
    async with joined(road) as (client, upstream, _):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.send, frame(PING, b"x" * 100) * 4_000, frame(TEXT, b"end"))
            nursery.start_soon(client.ended, 60)
            got = await upstream.get()
            while got.opcode == PING:
                got = await upstream.get()
            nursery.cancel_scope.cancel()
        assert got == Got(TEXT, b"end")


# Frames alone


async def test_fragments_pings_and_pongs_pass_end_to_end(frames_only: Road) -> None:
    async with joined(frames_only) as (client, upstream, _):
        await client.send(
            frame(TEXT, b"a", fin=False), frame(PING, b"p"), frame(0, b"b"), frame(PONG, b"q")
        )
        assert await upstream.get() == Got(TEXT, b"a", fin=False)
        assert await upstream.get() == Got(PING, b"p")
        assert await upstream.get() == Got(0, b"b")
        assert await upstream.get() == Got(PONG, b"q")
        await upstream.say(PONG, b"p")
        assert await client.get() == Got(PONG, b"p")


async def test_ten_thousand_fragments_pass(frames_only: Road) -> None:
    async with joined(frames_only) as (client, upstream, running):
        data = frame(BINARY, b"", fin=False) + frame(0, b"x", fin=False) * 9_998 + frame(0, b"y")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.send, data)
            parts = [await upstream.get() for _ in range(10_000)]
        assert b"".join(part.payload for part in parts) == b"x" * 9_998 + b"y"
        assert [part.fin for part in parts] == [False] * 9_999 + [True]
        await client.close(1000)
        await upstream.closes()
        await upstream.close(1000)
        assert (await running.line())["messages_in"] == 1


async def test_ends_that_do_not_answer_our_pings_are_lost(frames_only: Road) -> None:
    route = 'websocket = { ping_interval = "200ms", close_timeout = "300ms" }'
    async with joined(frames_only, route=route) as (client, upstream, running):
        assert (await client.get()).opcode == (await upstream.get()).opcode == PING
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) in {("client", 1006), ("upstream", 1006)}
        for peer in (client, upstream):
            rest = await peer.ended()
            assert rest == b"" or rest[0] & 0x0F == CLOSE


async def test_deflate_is_agreed_on_end_to_end_and_passes_as_it_is(frames_only: Road) -> None:
    offer = "Sec-WebSocket-Extensions: x-other, permessage-deflate; client_max_window_bits"
    answer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12"
    async with joined(frames_only, offer, answers=(answer,)) as (client, upstream, _):
        asked = b"sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n"
        assert asked in upstream.head
        assert answer.lower().encode() in client.head.lower()
        await client.say(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4)
        assert await upstream.get() == Got(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4)
        await client.say(TEXT, b"\xff is the endpoints' business")
        assert (await upstream.get()).payload.startswith(b"\xff")


async def test_who_dies_inside_a_frame_cuts_the_other_off(frames_only: Road) -> None:
    async with joined(frames_only) as (client, upstream, running):
        half = frame(BINARY, told=1000)[:8] + b"half of it"
        await client.send(half)
        assert await upstream.peek(len(half)) == half
        await client.stream.aclose()
        assert await upstream.ended() == half, "something of ours inside of a frame"
        assert (await running.line())["close_code"] == 1006


async def test_an_upstream_that_dies_inside_a_frame_cuts_the_client_off(frames_only: Road) -> None:
    async with joined(frames_only) as (client, upstream, _):
        half = frame(BINARY, b"", UPSTREAM, told=1000) + b"half"
        await upstream.send(half)
        assert await client.peek(len(half)) == half
        await upstream.stream.aclose()
        assert await client.ended() == half, "something of ours inside of a frame"


# Messages alone


async def test_fragments_are_joined_where_messages_are_relayed(messages_only: Road) -> None:
    async with joined(messages_only) as (client, upstream, _):
        for here, there in ((client, upstream), (upstream, client)):
            await here.say(TEXT, "é".encode()[:1], fin=False)
            await here.say(PING, b"mine")
            await here.say(0, "é".encode()[1:])
            assert await there.get() == Got(TEXT, "é".encode())
            assert await here.get() == Got(PONG, b"mine")


async def test_text_that_is_not_utf_8_is_1007_where_messages_are_relayed(
    messages_only: Road,
) -> None:
    async with joined(messages_only) as (client, upstream, _):
        await client.say(TEXT, b"\xc3", fin=False)
        await client.say(0, b"\x28")
        assert (await client.closes())[0] == 1007
        assert (await upstream.closes())[0] == 1007


async def test_an_upstreams_text_that_is_not_utf_8_is_told_to_it_and_not_to_the_client(
    messages_only: Road,
) -> None:
    async with joined(messages_only) as (client, upstream, _):
        await upstream.say(TEXT, b"\xff")
        assert await client.closes() == (1011, b"the upstream is gone")
        await client.close(1011)
        assert (await upstream.closes())[0] == 1007


async def test_nothing_is_compressed_where_messages_are_relayed(messages_only: Road) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate"
    async with joined(messages_only, offer) as (client, upstream, _):
        assert b"permessage" not in upstream.head.lower()
        assert b"permessage" not in client.head.lower()


# The end of the worker


async def test_at_shutdown_every_socket_is_closed_with_1001_each_at_its_moment(road: Road) -> None:
    sockets = Sockets()
    port = await road.listen(sockets.handle)
    running = await road.gateway_to(port, route='websocket = { grace = "300ms" }')
    clients = [await connect(running) for _ in range(200)]
    moments: list[float] = []

    async def leave(peer: Peer, *, client: bool) -> None:
        code, _ = await peer.closes()
        assert code == 1001
        moments.append(trio.current_time()) if client else None
        await peer.close(code)
        assert await peer.ended() == b""

    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(partial(leave, client, client=True))
            nursery.start_soon(partial(leave, await sockets.peer(), client=False))
        start = trio.current_time()
        running.stop.set()
    with trio.fail_after(PATIENCE):
        await running.ended.wait()
    waits = sorted(moment - start for moment in moments)
    assert waits[0] >= 0.29
    assert waits[-1] - waits[0] > 0.1, "all at once"
    lines = [line for line in running.lines if line["status"] == 101]
    assert len(lines) == 200
    assert {(line["closed_by"], line["close_code"]) for line in lines} == {("gateway", 1001)}
    for client in clients:
        await client.stream.aclose()


async def test_at_shutdown_who_never_answers_holds_nobody_up(road: Road) -> None:
    route = 'websocket = { grace = "0s", close_timeout = "300ms" }'
    gateway = 'drain_timeout = "2s"'
    async with joined(road, route=route, gateway=gateway) as (client, upstream, running):
        running.stop.set()
        assert (await client.closes())[0] == (await upstream.closes())[0] == 1001
        with trio.fail_after(PATIENCE):
            await running.ended.wait()


async def test_a_socket_in_mid_frame_has_its_last_word_cut_at_the_drains_end(
    frames_only: Road,
) -> None:
    async with joined(frames_only, gateway='drain_timeout = "500ms"') as (
        client,
        upstream,
        running,
    ):
        await client.send(frame(BINARY, told=1000)[:8] + b"half")
        await upstream.peek(12)
        running.stop.set()
        assert (await client.closes())[0] == 1001
        assert len(await upstream.ended()) == 12
        with trio.fail_after(PATIENCE):
            await running.ended.wait()


# Other carriers


async def test_a_websocket_over_http_2_is_relayed_message_by_message(frames_only: Road) -> None:
    sockets = Sockets("Sec-WebSocket-Protocol: chat")
    port = await frames_only.listen(sockets.handle)
    running = await frames_only.gateway_to(port, gateway="h2c = true")
    asked = [
        *asking("/ws", "CONNECT", (":protocol", "websocket")),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat"),
    ]
    async with await running.connect() as stream:
        client = await H2Client(stream).open()
        number = await client.ask(asked, end=False)
        await client.until(lambda: number in client.heads)
        head = dict(client.heads[number])
        assert (head[b":status"], head[b"sec-websocket-protocol"]) == (b"200", b"chat")
        upstream = await sockets.peer()
        assert b"get /ws http/1.1" in upstream.head.lower()
        await client.say(number, frame(TEXT, b"over h2"))
        assert await upstream.get() == Got(TEXT, b"over h2")
        await upstream.say(TEXT, b"back")
        await client.until(lambda: client.bodies[number] == frame(TEXT, b"back", UPSTREAM))
        await upstream.close(4000, b"bye")
        close = frame(CLOSE, (4000).to_bytes(2, "big") + b"bye", UPSTREAM)
        await client.until(lambda: client.bodies[number].endswith(close))
        await client.say(number, frame(CLOSE, (4000).to_bytes(2, "big")), end=True)
        assert (await running.line())["close_code"] == 4000


async def test_over_http_2_an_answer_that_opens_nothing_is_not_taken_for_one(
    frames_only: Road,
) -> None:
    upstream = await frames_only.upstream(response())
    running = await frames_only.gateway_to(upstream.port, gateway="h2c = true")
    asked = [*asking("/ws", "CONNECT", (":protocol", "websocket")), ("sec-websocket-version", "13")]
    async with await running.connect() as stream:
        client = await H2Client(stream).open()
        status, _ = await client.answer(await client.ask(asked, end=False))
        assert status == 502
