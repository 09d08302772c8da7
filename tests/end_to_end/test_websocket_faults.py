"""WebSockets between ends that do wrong, or die: the right code, bounded, and nobody else notices."""

import zlib

import pytest
import trio

from gateway_core.frames import UPSTREAM
from tests.core.frames.writing import frame
from tests.road import Road, ask, request
from tests.sockets import BINARY, CLOSE, PING, TEXT, Got, Peer, Sockets, connect, joined, refused

SIDES = pytest.mark.parametrize("side", ["client", "upstream"])
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


def turned(side: str, client: Peer, upstream: Peer) -> tuple[Peer, Peer]:
    """Whoever does it, and the other."""
    return (client, upstream) if side == "client" else (upstream, client)


BAD_UPSTREAMS = [
    pytest.param(frame(TEXT, b"x", UPSTREAM, mask=True), 1002, id="5.1 masked"),
    pytest.param(frame(TEXT, b"x", UPSTREAM, rsv=4), 1002, id="5.2 RSV1 that was not agreed on"),
    pytest.param(frame(3, b"", UPSTREAM), 1002, id="5.2 reserved opcode"),
    pytest.param(frame(PING, b"", UPSTREAM, fin=False), 1002, id="5.5 fragmented control frame"),
    pytest.param(frame(PING, bytes(126), UPSTREAM), 1002, id="5.5 long control frame"),
    pytest.param(frame(CLOSE, b"\x03\xed", UPSTREAM), 1002, id="7.4.1 1005 on the wire"),
    pytest.param(frame(CLOSE, b"\x03\xe8\xff", UPSTREAM), 1007, id="5.5.1 a reason not UTF-8"),
    pytest.param(frame(0, b"x", UPSTREAM), 1002, id="5.4 nothing to continue"),
]


@pytest.mark.parametrize(("bad", "code"), BAD_UPSTREAMS)
async def test_an_upstream_that_breaks_the_protocol_hears_why_and_the_client_1011(
    road: Road, bad: bytes, code: int
) -> None:
    async with joined(road) as (client, upstream, running):
        await upstream.send(frame(TEXT, b"good", UPSTREAM), bad)
        assert await client.get() == Got(TEXT, b"good")
        assert await client.closes() == (1011, b"the upstream is gone")
        await client.close(1011)
        assert (await upstream.closes())[0] == code
        await upstream.ended()
        assert (await ask(running, request("/livez"))).status == 200


@SIDES
async def test_two_gigabytes_that_were_announced_are_1009_and_held_by_nobody(
    road: Road, side: str
) -> None:
    route = 'websocket = { max_message = "64KiB", close_timeout = "300ms" }'
    async with joined(road, route=route) as (client, upstream, running):
        here, there = turned(side, client, upstream)
        whole = frame(BINARY, bytes(70_000), here.side, told=2 << 30, form=64)
        await here.send(whole)
        got = await there.get()
        assert got.opcode == CLOSE, "nothing of it passes"
        assert int.from_bytes(got.payload[:2], "big") in (
            {1001, 1009} if there is upstream else {1011}
        )
        await there.close(1001)
        assert (await here.closes())[0] == 1009
        assert (await running.line())["bytes_in"] == 0


@SIDES
async def test_ten_thousand_fragments_are_one_message_where_messages_are_relayed(
    messages_only: Road, side: str
) -> None:
    async with joined(messages_only) as (client, upstream, running):
        here, there = turned(side, client, upstream)
        first, last = frame(BINARY, b"", here.side, fin=False), frame(0, b"y", here.side)
        data = first + frame(0, b"x", here.side, fin=False) * 9_998 + last
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.send, data)
            assert await there.get() == Got(BINARY, b"x" * 9_998 + b"y")
        await client.close(1000)
        await upstream.closes()
        await upstream.close(1000)
        line = await running.line()
        assert line["messages_in"] + line["messages_out"] == 1


@SIDES
async def test_fragments_without_an_end_are_1009_once_they_are_too_many_bytes(
    road: Road, side: str
) -> None:
    route = 'websocket = { max_message = "1KiB", close_timeout = "300ms" }'
    async with joined(road, route=route) as (client, upstream, _):
        here, there = turned(side, client, upstream)
        more = frame(0, b"x", here.side, fin=False) * 1_025
        await here.send(frame(BINARY, b"", here.side, fin=False), more)
        got, payload = await there.get(), 0
        while got.opcode != CLOSE:
            payload += len(got.payload)
            got = await there.get()
        assert payload in {0, 1024}
        await there.close(1001)
        assert (await here.closes())[0] == 1009


@SIDES
@pytest.mark.parametrize("wanted", ["by the drain", "by the other side"])
async def test_a_sender_that_dies_inside_a_frame_while_a_close_waits_for_its_end(
    frames_only: Road, side: str, wanted: str
) -> None:
    """The Close never comes: in the middle of a frame it would be read as payload."""
    async with joined(frames_only, route='websocket = { grace = "0s" }') as (
        client,
        upstream,
        running,
    ):
        here, there = turned(side, client, upstream)
        half = frame(BINARY, b"half of it", here.side, told=1000)
        await here.send(half)
        assert await there.peek(len(half)) == half
        if wanted == "by the drain":
            running.stop.set()
        else:
            await there.close(1001)
        assert (await here.closes())[0] == 1001
        await here.stream.aclose()
        assert await there.ended() == half, "something of ours inside of a frame"
        assert (await running.line())["close_code"] == 1001


@SIDES
async def test_a_message_whose_sender_died_inside_it_is_not_passed_on(
    messages_only: Road, side: str
) -> None:
    async with joined(messages_only) as (client, upstream, running):
        here, there = turned(side, client, upstream)
        await here.send(frame(TEXT, b"whole", here.side), frame(TEXT, b"ha", here.side, told=100))
        assert await there.get() == Got(TEXT, b"whole")
        await here.stream.aclose()
        assert (await there.closes())[0] == (1001 if there is upstream else 1011)
        await there.close(1001)
        await there.ended()
        line = await running.line()
        assert (line["messages_in"] + line["messages_out"], line["close_code"]) == (1, 1006)


@SIDES
async def test_who_sends_after_its_close_is_not_heard(road: Road, side: str) -> None:
    async with joined(road) as (client, upstream, _):
        here, there = turned(side, client, upstream)
        ghost = frame(TEXT, b"ghost", here.side)
        await here.send(frame(CLOSE, b"\x03\xe8", here.side), ghost, frame(CLOSE, b"", here.side))
        assert await there.closes() == (1000, b"")
        await there.close(1000)
        assert await there.ended() == b""
        assert (await here.closes())[0] == 1000


@SIDES
async def test_text_that_is_not_utf_8_passes_where_frames_are_relayed(
    frames_only: Road, side: str
) -> None:
    async with joined(frames_only) as (client, upstream, _):
        here, there = turned(side, client, upstream)
        await here.say(TEXT, b"\xff")
        assert await there.get() == Got(TEXT, b"\xff")
        await here.say(TEXT, b"\xc3", fin=False)
        await here.say(0, b"\x28")
        assert await there.get() == Got(TEXT, b"\xc3", fin=False)
        assert await there.get() == Got(0, b"\x28")


def bomb() -> bytes:
    """Ten megabytes of nothing, deflated as RFC 7692, section 7.2.1 says."""
    squeezed = zlib.compressobj(wbits=-15)
    data = squeezed.compress(bytes(10_000_000)) + squeezed.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(b"\0\0\xff\xff")


@SIDES
async def test_an_inflate_bomb_passes_as_the_few_bytes_it_is_where_frames_are_relayed(
    frames_only: Road, side: str
) -> None:
    small = bomb()
    assert len(small) < 16_000
    route = 'websocket = { max_message = "16KiB" }'
    async with joined(frames_only, DEFLATE, route=route, answers=(DEFLATE,)) as (
        client,
        upstream,
        running,
    ):
        here, there = turned(side, client, upstream)
        await here.say(BINARY, small, rsv=4)
        assert await there.get() == Got(BINARY, small, rsv=4)
        await client.close(1000)
        await upstream.closes()
        await upstream.close(1000)
        line = await running.line()
        assert line["bytes_in"] + line["bytes_out"] == len(small)


@SIDES
async def test_an_inflate_bomb_is_refused_unread_where_messages_are_relayed(
    messages_only: Road, side: str
) -> None:
    """Nothing is agreed on there that could inflate it (RFC 6455, 5.2)."""
    async with joined(messages_only, DEFLATE) as (client, upstream, _):
        here, there = turned(side, client, upstream)
        await here.say(BINARY, bomb(), rsv=4)
        assert (await there.closes())[0] == (1002 if there is upstream else 1011)
        await there.close(1002)
        assert (await here.closes())[0] == 1002


async def test_pings_of_an_upstream_in_a_flood_hold_nobody_up(road: Road) -> None:
    async with joined(road) as (client, upstream, _):
        async with trio.open_nursery() as nursery:
            flood = frame(PING, b"x" * 100, UPSTREAM) * 4_000 + frame(TEXT, b"end", UPSTREAM)
            nursery.start_soon(upstream.send, flood)
            got = await client.get()
            while got.opcode == PING:
                got = await client.get()
        assert got == Got(TEXT, b"end")
        await client.say(TEXT, b"the other way is open")


async def test_an_upstream_that_vanished_is_noticed_where_messages_are_relayed(
    messages_only: Road,
) -> None:
    route = 'websocket = { ping_interval = "200ms" }'
    async with joined(messages_only, route=route) as (client, upstream, running):
        assert await client.closes() == (1011, b"the upstream is gone")
        await client.close(1011)
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) == ("upstream", 1006)
        assert (await upstream.get()).opcode == PING


async def test_a_client_that_vanished_is_let_go_where_it_cannot_be_pinged(
    messages_only: Road,
) -> None:
    """ASGI has no pings: the idle time-out is what notices, and the close time-out what ends it."""
    route = 'websocket = { idle_timeout = "200ms", close_timeout = "200ms" }'
    async with joined(messages_only, route=route) as (_, upstream, running):
        assert (await upstream.closes())[0] == 1001
        await upstream.close(1001)
        assert await upstream.ended() == b""
        line = await running.line()
        assert (line["closed_by"], line["close_code"]) == ("gateway", 1001)
        assert "client_close" not in line


async def test_sockets_of_a_route_are_bounded_and_those_of_another_are_not(road: Road) -> None:
    sockets = Sockets()
    port = await road.listen(sockets.handle)
    running = await road.gateway(
        f"""
        [limits.sockets]
        concurrent = 2
        key = ["route"]
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{port}"]
        [[routes]]
        name = "a"
        prefix = "/ws"
        upstream = "up"
        limits = ["sockets"]
        [[routes]]
        name = "b"
        prefix = "/other"
        upstream = "up"
        limits = ["sockets"]
        """
    )
    first, second = await connect(running), await connect(running)
    answer = await refused(running)
    assert (answer.status, answer.problem["type"]) == (429, "urn:gateway-problem:limit-exceeded")
    other = await connect(running, "/other")
    for client in (first, second, other):
        await client.stream.aclose()


async def test_handshakes_that_fail_open_the_breaker_and_an_open_one_refuses_them(
    road: Road,
) -> None:
    tried = 0

    async def die(stream: trio.SocketStream) -> None:
        nonlocal tried
        tried += 1
        await stream.aclose()

    breaker = 'breaker = { consecutive_failures = 2, open_for = "60s" }'
    running = await road.gateway_to(await road.listen(die), upstream=breaker)
    assert [(await refused(running)).status for _ in range(2)] == [502, 502]
    answer = await refused(running)
    assert (answer.status, answer.problem["type"]) == (503, "urn:gateway-problem:breaker-open")
    assert answer.value(b"retry-after") == b"60"
    assert tried == 2
    assert (await running.line(2))["breaker"] == "open"
