"""Upstreams that lie, stall and break off at every point: 502 or a cut, and nothing is reused or kept."""

import socket
import struct
from collections.abc import Awaitable, Callable

import pytest
import trio

from tests.books import balanced, quiet
from tests.road import PATIENCE, Client, CutError, Road, Running, ask, request, response

LIMITS = """
    response_timeout = "500ms"
    idle_timeout = "500ms"
"""
OK = response()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Say = Callable[[trio.SocketStream], Awaitable[None]]


class World:
    """A gateway to an upstream of which a test says how it answers its next connection."""

    def __init__(self) -> None:
        self.acts: list[Say] = []
        self.connections = 0
        self.running: Running

    @classmethod
    async def new(cls, road: Road) -> "World":
        world = cls()
        world.running = await road.gateway_to(await road.listen(world.serve), upstream=LIMITS)
        assert (await ask(world.running, request())).status == 200
        return world

    async def serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        while await head(stream):
            if self.acts:
                await self.acts.pop(0)(stream)
                with trio.move_on_after(PATIENCE):  # it is the gateway that ends it
                    while await stream.receive_some(65536):
                        pass
                return
            await stream.send_all(OK)

    async def outcome(self) -> int | str:
        """Ask, and tell what the client saw."""
        try:
            return (await ask(self.running, request())).status
        except CutError:
            return "cut"


async def head(stream: trio.SocketStream) -> bytes:
    held = b""
    while b"\r\n\r\n" not in held:
        data = await stream.receive_some(65536)
        if not data:
            return b""
        held += data
    return held


def says(*pieces: bytes, close: bool = False, pause: float = 0) -> Say:
    async def act(stream: trio.SocketStream) -> None:
        for piece in pieces:
            await stream.send_all(piece)
            await trio.sleep(pause)
        if close:
            await stream.aclose()

    return act


def breaks(data: bytes, how: str) -> Say:
    async def act(stream: trio.SocketStream) -> None:
        await stream.send_all(data)
        if how == "RST":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await stream.aclose()

    return act


async def endless(stream: trio.SocketStream, piece: bytes) -> None:
    while True:
        await stream.send_all(piece)


async def one_megabyte_of_head(stream: trio.SocketStream) -> None:
    await stream.send_all(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**20 + b"\r\n\r\n")


async def endless_head(stream: trio.SocketStream) -> None:
    await stream.send_all(b"HTTP/1.1 200 OK\r\n")
    await endless(stream, b"X-A: 1\r\n" * 100)


async def endless_interim_answers(stream: trio.SocketStream) -> None:
    await endless(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n")


async def endless_trailers(stream: trio.SocketStream) -> None:
    await stream.send_all(CHUNKED + b"2\r\nok\r\n0\r\n")
    await endless(stream, b"X-A: 1\r\n" * 100)


async def endless_chunk_extension(stream: trio.SocketStream) -> None:
    await stream.send_all(CHUNKED + b"2;")
    await endless(stream, b"x" * 1000)


ACTS: list[tuple[str, Say, set[int | str]]] = [
    ("garbage", says(bytes(range(256)) * 4), {502}),
    ("another protocol", says(b"SSH-2.0-OpenSSH_9.2\r\n"), {502}),
    ("HTTP/2's preface", says(b"\0\0\0\4\0\0\0\0\0"), {502}),
    ("HTTP/0.9", says(b"<html>hello</html>", close=True), {502}),
    ("a head of 1 MB", one_megabyte_of_head, {502}),
    ("an endless head", endless_head, {502}),
    ("endless interim answers", endless_interim_answers, {502}),
    ("101 unasked", says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), {502}),
    ("two answers in one piece", says(OK + OK), {502}),
    ("bytes behind an answer", says(OK + b"x"), {502}),
    ("a length and chunks", says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                 b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), {502, 200}),
    ("two lengths", says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), {502}),
    ("a signed length", says(b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab"), {502}),
    ("a length beyond all", says(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n"), {502}),
    ("an unknown coding", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab"), {502}),
    ("a folded field", says(b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"), {502}),
    ("NUL in a field", says(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"), {502}),
    ("a bare line feed", says(b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"), {502}),
    ("a space before a colon", says(b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n"), {502}),
    ("a chunk size that is none", says(CHUNKED + b"+2\r\nok\r\n0\r\n\r\n"), {502, "cut"}),
    ("a chunk that is too long", says(CHUNKED + b"1\r\nok\r\n0\r\n\r\n"), {502, "cut"}),
    ("a bad chunk later", says(CHUNKED + b"2\r\nok\r\n", b"zz\r\n", pause=0.1), {"cut"}),
    ("endless trailers", endless_trailers, {502, "cut"}),
    ("an endless chunk extension", endless_chunk_extension, {502, "cut"}),
    ("a forbidden trailer", says(CHUNKED + b"2\r\nok\r\n0\r\nHost: x\r\n\r\n"), {502, "cut"}),
    ("silence", says(), {504}),
    ("half a head, then silence", says(OK[:20]), {504}),
    ("half a body, then silence", says(OK[:-1]), {"cut"}),
    ("a head byte by byte, too slowly", says(*(OK[n : n + 1] for n in range(len(OK))), pause=0.1), {504}),
]  # fmt: skip


@pytest.mark.parametrize(("act", "seen"), [(a, s) for _, a, s in ACTS], ids=[n for n, _, _ in ACTS])
async def test_a_bad_answer_is_told_or_cut_and_its_connection_never_used_again(
    road: Road, act: Say, seen: set[int | str]
) -> None:
    world = await World.new(road)
    before = await quiet(world.running)
    for _ in range(2):
        world.acts.append(act)
        assert await world.outcome() in seen
        used = world.connections
        assert await world.outcome() == 200
        assert world.connections == used + 1, "over another connection"
    await balanced(before, world.running)


@pytest.mark.parametrize("how", ["FIN", "RST"])
@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(response("200 OK", "X-A: 1", body=b"body"), id="sized"),
        pytest.param(CHUNKED + b"4\r\nbody\r\n0\r\nX-T: 1\r\n\r\n", id="chunked"),
    ],
)
async def test_an_answer_may_break_off_at_every_byte(road: Road, whole: bytes, how: str) -> None:
    world = await World.new(road)
    before = await quiet(world.running)
    head_ends = whole.index(b"\r\n\r\n") + 4
    for end in range(len(whole)):
        world.acts.append(breaks(whole[:end], how))
        seen = await world.outcome()
        # A GET whose connection was here before is asked again: only then is it whole.
        assert seen in ({502, 200} if end < head_ends else {502, "cut"}), (end, seen)
        if end:
            assert seen != 200 or how == "RST", end
        world.acts.clear()
    assert await world.outcome() == 200
    await balanced(before, world.running)


async def test_an_answer_that_comes_before_it_is_asked_for_is_nobodys(road: Road) -> None:
    """On a connection that rests: whose would it be?"""
    streams: list[trio.SocketStream] = []

    async def serve(stream: trio.SocketStream) -> None:
        streams.append(stream)
        while await head(stream):
            await stream.send_all(response(body=b"%d" % len(streams)))

    running = await road.gateway_to(await road.listen(serve))
    before = await quiet(running)
    async with await running.connect() as connection:
        client = Client(connection)
        assert (await client.ask(request())).body == b"1"
        await streams[0].send_all(response(body=b"of nobody"))
        await trio.sleep(0.1)
        assert (await client.ask(request())).body == b"2"
    assert len(streams) == 2
    await balanced(before, running)


async def test_half_closed_upstreams_are_heard_to_the_end(road: Road) -> None:
    async def act(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\nto the end")
        await stream.send_eof()

    world = await World.new(road)
    before = await quiet(world.running)
    world.acts.append(act)
    assert (await ask(world.running, request())).body == b"to the end"
    assert await world.outcome() == 200
    await balanced(before, world.running)


async def test_an_upstream_that_stops_reading_an_upload_is_504(road: Road) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(1000)
        await trio.sleep(PATIENCE)

    running = await road.gateway_to(await road.listen(serve), upstream=LIMITS)
    before = await quiet(running)
    answer = await ask(running, request(method="PUT", body=b"x" * 14_000_000))
    assert answer.status == 504
    await balanced(before, running)
