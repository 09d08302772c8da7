"""A wire over a socket: one try at once, a wait apart from it, and what is left is known."""

import socket

import pytest
import trio

from gateway_server.upstream.wire import RECEIVE_BYTES, Buffers, SocketWire


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    wire = SocketWire(ours)
    with theirs:
        yield wire, theirs
    wire.close()


async def test_several_buffers_leave_in_one_write(pair) -> None:
    wire, theirs = pair
    buffers: Buffers = [b"head", b"first piece"]
    assert wire.send_some(buffers)
    assert buffers == []
    assert wire.written == 15
    assert theirs.recv(100) == b"headfirst piece"


async def test_what_the_peer_does_not_take_stays_in_order(pair) -> None:
    wire, theirs = pair
    buffers: Buffers = [b"a" * 10, b"b" * 100_000, b"c" * 100_000]
    assert not wire.send_some(buffers)
    assert not wire.send_some(buffers)
    received = b""

    async def drain() -> None:
        nonlocal received
        while len(received) < 200_010:
            await trio.lowlevel.wait_readable(theirs)
            received += theirs.recv(3000)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(drain)
        while not wire.send_some(buffers):
            await wire.writable()
    assert received == b"a" * 10 + b"b" * 100_000 + b"c" * 100_000
    assert wire.written == 200_010


async def test_nothing_to_send_is_sent_at_once(pair) -> None:
    wire, _ = pair
    assert wire.send_some([])
    assert wire.written == 0


async def test_nothing_there_bytes_and_the_end_are_told_apart(pair) -> None:
    wire, theirs = pair
    assert wire.receive_some() is None
    theirs.send(b"x")
    await wire.readable()
    assert wire.receive_some() == b"x"
    theirs.shutdown(socket.SHUT_WR)
    await wire.readable()
    assert wire.receive_some() == b""


async def test_a_read_takes_no_more_than_its_bound() -> None:
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * RECEIVE_BYTES)
    theirs.setblocking(False)
    wire = SocketWire(ours)
    sent = theirs.send(b"x" * 2 * RECEIVE_BYTES)
    received = wire.receive_some()
    assert received is not None
    assert 0 < len(received) <= min(sent, RECEIVE_BYTES)
    wire.close()
    theirs.close()


async def test_a_peer_that_is_gone_is_an_error_of_the_system(pair) -> None:
    wire, theirs = pair
    theirs.close()
    with pytest.raises(OSError):
        wire.send_some([b"x"])


async def test_closing_wakes_who_waits(pair, autojump_clock) -> None:
    wire, _ = pair

    async def wait() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await wire.readable()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        wire.close()
        wire.close()


def test_a_wire_is_closed_where_no_loop_runs() -> None:
    ours, theirs = socket.socketpair()
    wire = SocketWire(ours)
    wire.close()
    assert theirs.recv(1) == b""
    theirs.close()


async def test_a_wire_is_silent_until_anything_comes(pair) -> None:
    wire, theirs = pair
    assert wire.silent()
    theirs.send(b"x")
    assert not wire.silent()
    assert wire.receive_some() == b"x"
    assert wire.silent()
    theirs.close()
    assert not wire.silent()


async def test_a_wire_at_rest_is_told_of_what_comes_without_asking(pair) -> None:
    wire, theirs = pair
    assert wire.stirred, "nobody watches it yet"
    theirs.send(b"x")
    await wire.readable()
    assert wire.receive_some() == b"x"
    await trio.testing.wait_all_tasks_blocked()
    assert not wire.stirred
    theirs.send(b"y")
    with trio.fail_after(5):
        while not wire.stirred:
            await trio.sleep(0.001)
    assert wire.receive_some() == b"y"
    theirs.close()
    await wire.readable()
    await wire.readable()
    assert wire.receive_some() == b""
    assert wire.stirred, "an end is told for ever"
