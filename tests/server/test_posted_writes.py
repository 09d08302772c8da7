"""Both wires while several sockets have something to do: writes wait for one another, and end well."""

import socket
from contextlib import ExitStack

import pytest
import trio
import trio.testing

from gateway_core.frames import UPSTREAM, Close, FrameReader
from gateway_core.message import UpstreamRequest
from gateway_server.front.quick_wire import QuickWire
from gateway_server.front.streams import ClientLeftError
from gateway_server.readiness import watch
from gateway_server.relaying.frame_ends import UpstreamFrames
from gateway_server.splicing import open_pipe
from gateway_server.upstream.connection import Connection
from gateway_server.upstream.wire import Buffers, SocketWire

FULL = 1_000_000
"""More than the kernel takes of one write here."""


def small_pair(stack):
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        each.setblocking(False)
        stack.enter_context(each)
    return ours, theirs


@pytest.fixture
async def busy():
    """A run in which three sockets had something to do in the last turn."""
    with ExitStack() as stack:
        watches = []
        for _ in range(3):
            ours, theirs = small_pair(stack)
            watches.append(watch(ours.fileno()))
            theirs.send(b"x")
        await trio.testing.wait_all_tasks_blocked()
        assert all(each.stirred for each in watches)
        yield
        for each in watches:
            each.close()


@pytest.fixture
async def client(busy):
    with ExitStack() as stack:
        ours, theirs = small_pair(stack)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        wire = QuickWire(stream, write_timeout=5)
        yield wire, theirs
        await wire.close()


@pytest.fixture
async def upstream(busy, autojump_clock):
    with ExitStack() as stack:
        ours, theirs = small_pair(stack)
        wire = SocketWire(ours)
        with trio.move_on_after(0.001):
            await wire.readable()  # from the first wait on
        yield wire, theirs
        wire.close()


def here(theirs):
    """Return what arrived."""
    received = b""
    try:
        while data := theirs.recv(65536):
            received += data
    except BlockingIOError:
        pass
    return received


async def all_here(theirs, count):
    received = b""
    with trio.fail_after(5):
        while len(received) < count:
            await trio.lowlevel.wait_readable(theirs)
            received += theirs.recv(65536)
    return received


def stuff(ours):
    """Fill the kernel's buffer; return how many bytes that took."""
    count = 0
    try:
        while True:
            count += ours.send(b"f" * 1000)
    except BlockingIOError:
        return count


async def test_a_clients_small_write_waits_for_the_turn_to_end(client):
    wire, theirs = client
    await wire.write(b"hello")
    assert here(theirs) == b""
    await trio.lowlevel.checkpoint()
    assert here(theirs) == b"hello"


async def test_writes_short_and_long_arrive_in_order(client):
    wire, theirs = client
    stuffed = stuff(wire._plain)
    long = bytes(range(256)) * (FULL // 256)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def read():
            arrived = await all_here(theirs, stuffed + 2 * len(long) + 15)
            assert arrived[stuffed:] == b"first" + long + b"midst" + long + b"after"

        for data in (b"first", long, b"midst", long, b"after"):
            await wire.write(data)


async def test_what_the_kernel_did_not_take_goes_by_itself(client):
    wire, theirs = client
    stuffed = stuff(wire._plain)
    assert wire.write_at_once(b"kept") == 4
    await trio.testing.wait_all_tasks_blocked()
    assert (await all_here(theirs, stuffed + 4)).endswith(b"fkept")
    await trio.testing.wait_all_tasks_blocked()
    assert not wire._watch.stirred, "room to write is nothing to read"


async def test_a_client_that_takes_nothing_of_what_was_posted_ends_the_next_write(
    client, autojump_clock
):
    wire, _ = client
    stuff(wire._plain)
    await wire.write(b"posted")
    await trio.lowlevel.checkpoint()
    with pytest.raises(ClientLeftError, match="stopped reading"):
        await wire.write(b"more")
    assert trio.current_time() - 5 >= 0


async def test_that_the_client_went_is_told_by_the_next_write(client):
    wire, theirs = client
    theirs.close()
    assert wire.write_at_once(b"lost") == 4
    await trio.lowlevel.checkpoint()
    assert wire.write_at_once(b"more") == 0
    assert wire.broken
    with pytest.raises(ClientLeftError):
        await wire.write(b"more")


async def test_a_write_to_a_client_that_went_fails_even_where_it_settles_first(client):
    wire, theirs = client
    wire.write_at_once(b"lost")
    theirs.close()
    with pytest.raises(ClientLeftError):
        await wire.write(b"b" * FULL)


@pytest.mark.parametrize("ending", ["close", "linger", "reset", "abort"])
async def test_an_answer_goes_before_its_connection_ends(client, ending):
    wire, theirs = client
    await wire.write(b"last words")
    if ending == "linger":
        theirs.shutdown(socket.SHUT_WR)
        await wire.linger(short=True)
    elif ending == "reset":
        wire.reset()
    elif ending == "abort":
        wire.abort()
    await wire.close()
    assert await all_here(theirs, 10) == b"last words"
    assert theirs.recv(10) == b""


async def test_lingering_waits_for_what_the_kernel_did_not_take(client):
    wire, theirs = client
    stuffed = stuff(wire._plain)
    await wire.write(b"last words")
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def end():
            await wire.linger(short=True)

        await trio.testing.wait_all_tasks_blocked()
        assert (await all_here(theirs, stuffed + 10)).endswith(b"last words")
        theirs.shutdown(socket.SHUT_WR)


async def test_a_head_that_was_posted_goes_before_the_body_that_the_kernel_moves(client):
    wire, theirs = client
    pipe = open_pipe()
    assert pipe is not None
    source, ours = socket.socketpair()
    with source, ours:
        ours.setblocking(False)
        source.send(b"body")
        assert pipe.draw(ours.fileno(), 4) == 4
        await wire.write(b"head ")
        await wire.pour(pipe, lambda: None)
    pipe.close()
    assert here(theirs) == b"head body"


async def test_a_request_that_may_go_soon_waits_for_the_turn_to_end(upstream):
    wire, theirs = upstream
    buffers: Buffers = [b"GET"]
    assert wire.send_some(buffers, soon=True)
    assert (buffers, wire.written, here(theirs)) == ([], 3, b"")
    await trio.lowlevel.checkpoint()
    assert here(theirs) == b"GET"


@pytest.mark.parametrize(("method", "waits"), [("GET", True), ("DELETE", True), ("POST", False)])
async def test_only_a_request_that_may_run_twice_waits(upstream, method, waits):
    """RFC 9110, 9.2.2."""
    wire, theirs = upstream
    request = UpstreamRequest(method, b"/", b"h", (), 0)
    assert Connection(wire).ask(request) is None
    assert bool(here(theirs)) is not waits
    await trio.lowlevel.checkpoint()
    theirs.close()
    before = wire.written
    unsent = Connection(wire).ask(request)
    assert (unsent is None) is waits, "of one that waits nobody knows whether it went"
    assert (wire.written == before) is not waits


async def test_what_must_be_known_to_have_gone_goes_at_once_and_behind_what_was_posted(upstream):
    wire, theirs = upstream
    wire.send_some([b"posted "], soon=True)
    assert wire.send_some([b"POST ", b"body"])
    assert (wire.written, here(theirs)) == (16, b"posted POST body")
    await trio.lowlevel.checkpoint()
    assert here(theirs) == b""


async def test_what_the_kernel_did_not_take_is_the_callers_again(upstream):
    wire, theirs = upstream
    stuffed = stuff(wire._socket)
    assert wire.send_some([b"posted "], soon=True)
    await trio.lowlevel.checkpoint()
    more: Buffers = [b"more"]
    assert not wire.send_some(more, soon=True)
    assert not wire.send_some(more)
    assert b"".join(more) == b"posted more"
    assert wire.written == 0
    assert len(here(theirs)) == stuffed
    assert wire.send_some(more)
    assert (wire.written, here(theirs)) == (11, b"posted more")


async def test_an_upstream_that_went_is_told_to_who_reads(upstream):
    wire, theirs = upstream
    theirs.close()
    assert wire.send_some([b"lost"], soon=True)
    with trio.fail_after(5):
        await wire.readable()
    assert wire.receive_some() == b""
    with pytest.raises(OSError, match="Broken pipe"):
        wire.send_some([b"more"])


@pytest.mark.parametrize("posted", [b"", b"posted"], ids=["alone", "behind what was posted"])
async def test_a_close_is_waited_for_with_all_that_was_posted_before_it(upstream, posted):
    wire, theirs = upstream
    end = UpstreamFrames(wire, FrameReader(UPSTREAM, 1000, deflated=False), b"", 5)
    stuffed = stuff(wire._socket)
    if posted:
        assert end.put(posted) is None
    close = end.close_load(Close(1000, "over"))
    rest = end.put(close)
    assert rest == posted + close
    async with trio.open_nursery() as nursery:
        nursery.start_soon(end.push, rest)
        assert (await all_here(theirs, stuffed + len(rest))).endswith(rest)
    end.hang_up()


async def test_the_last_word_goes_before_the_upstreams_wire_is_closed(upstream):
    wire, theirs = upstream
    wire.send_some([b"goodbye"], soon=True)
    wire.close()
    assert await all_here(theirs, 7) == b"goodbye"


async def test_nobody_pushes_to_a_socket_that_was_closed(upstream):
    wire, theirs = upstream
    stuff(wire._socket)
    wire.send_some([b"posted"], soon=True)
    await trio.lowlevel.checkpoint()
    wire.close()
    here(theirs)
    await trio.testing.wait_all_tasks_blocked()
    assert here(theirs) == b""
