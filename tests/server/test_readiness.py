"""Waiting for what comes: each way in which a socket can have something to tell, or be gone."""

# ruff: noqa: F811 - fixtures are named as parameters

import socket
import struct

import pytest
import trio
import trio.testing

from gateway_server.readiness import TrioWatch, watch
from tests.watches import make, pair  # noqa: F401 - fixtures

CHUNK = 1024
"""What a reader asks for at once."""


class Reader:
    """Reads as the contract demands, until the end."""

    def __init__(self, make, ours):
        self.ours = ours
        self.watched = make(ours.fileno())
        self.waits = 0

    async def read(self):
        while True:
            self.waits += 1
            await self.watched.readable()
            try:
                data = self.ours.recv(CHUNK)
            except BlockingIOError:
                continue
            if len(data) == CHUNK:
                self.watched.more()
            return data

    async def rest(self):
        got = b""
        with trio.fail_after(5):
            while data := await self.read():
                got += data
        return got


async def test_bytes_that_come_while_somebody_waits_end_the_wait(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    got = []

    async def read():
        got.append(await reader.read())

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            theirs.sendall(b"one")
    assert got == [b"one"]
    assert reader.waits == 1
    reader.watched.close()


async def test_bytes_that_came_before_the_wait_and_before_the_watch_end_it(make, pair):
    ours, theirs = pair
    theirs.sendall(b"early")
    reader = Reader(make, ours)
    with trio.fail_after(5):
        assert await reader.read() == b"early"
        theirs.sendall(b"later")
        await trio.sleep(0.02)  # the edge is told while nobody waits
        assert await reader.read() == b"later"
    reader.watched.close()


async def test_a_fin_that_comes_with_the_last_bytes_is_not_missed(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    theirs.sendall(b"last")
    theirs.close()
    assert await reader.rest() == b"last"
    with trio.fail_after(5):
        assert await reader.read() == b"", "and it stays the end, however often it is asked"
    reader.watched.close()


async def test_a_fin_that_comes_alone_is_heard(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.rest)
        await trio.testing.wait_all_tasks_blocked()
        theirs.close()
    reader.watched.close()


async def test_a_half_closed_peer_is_heard_to_its_end_and_can_be_answered(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    theirs.sendall(b"request")
    theirs.shutdown(socket.SHUT_WR)
    assert await reader.rest() == b"request"
    ours.sendall(b"answer")
    assert theirs.recv(100) == b"answer"
    reader.watched.close()


async def test_a_reset_ends_a_wait_and_the_read_tells_it(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    raised = []

    async def read():
        try:
            await reader.read()
        except ConnectionResetError as error:
            raised.append(error)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            theirs.close()
    assert len(raised) == 1
    reader.watched.close()


async def test_what_a_full_read_left_is_read_without_another_edge(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    theirs.sendall(bytes(CHUNK * 3 + 1))
    theirs.close()
    assert len(await reader.rest()) == CHUNK * 3 + 1
    reader.watched.close()


async def test_a_wait_that_is_cancelled_loses_nothing(make, pair):
    ours, theirs = pair
    reader = Reader(make, ours)
    with trio.move_on_after(0.01) as scope:
        await reader.read()
    assert scope.cancelled_caught
    theirs.sendall(b"kept")
    await trio.sleep(0.02)
    with trio.CancelScope() as cancelled:
        cancelled.cancel()
        await reader.read()
    with trio.fail_after(5):
        assert await reader.read() == b"kept"
    reader.watched.close()


async def test_closing_wakes_who_waits(make, pair):
    ours, _ = pair
    watched = make(ours.fileno())
    raised = []

    async def wait():
        try:
            await watched.readable()
        except trio.ClosedResourceError:
            raised.append("closed")

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            watched.close()
            watched.close()
    assert raised == ["closed"]


async def test_a_closed_watch_is_not_waited_for(pair):
    ours, _ = pair
    watched = watch(ours.fileno())
    watched.close()
    with pytest.raises(trio.ClosedResourceError):
        await watched.readable()


async def test_two_cannot_wait_for_one_socket(make, pair):
    ours, theirs = pair
    watched = make(ours.fileno())
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watched.readable)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError):
                await watched.readable()
            theirs.sendall(b"x")
    watched.close()


async def test_a_descriptor_that_is_used_again_is_another_socket(make):
    """The old one's end is not the new one's, though the kernel gave it the same number."""
    for turn in range(3):
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        reader = Reader(make, ours)
        text = b"%d" % turn
        theirs.sendall(text)
        theirs.close()
        assert await reader.rest() == text
        number = ours.fileno()
        reader.watched.close()
        ours.close()
        again, other = socket.socketpair()
        again.setblocking(False)
        assert number in (again.fileno(), other.fileno())
        mine, peer = (again, other) if again.fileno() == number else (other, again)
        mine.setblocking(False)
        watched = make(mine.fileno())
        with trio.move_on_after(0.02) as scope:
            await watched.readable()
            with pytest.raises(BlockingIOError):
                mine.recv(1)  # a wake for nothing would be allowed, an end would not
            await watched.readable()
        assert scope.cancelled_caught
        watched.close()
        mine.close()
        peer.close()


async def test_a_watch_that_is_closed_too_late_takes_nothing_from_the_next_of_its_number():
    ours, theirs = socket.socketpair()
    old, number = watch(ours.fileno()), ours.fileno()
    ours.close()
    again, other = socket.socketpair()
    mine, peer = (again, other) if again.fileno() == number else (other, again)
    assert mine.fileno() == number
    new = watch(number)
    old.close()
    peer.sendall(b"x")
    with trio.fail_after(5):
        await new.readable()
    new.close()
    for each in (theirs, again, other):
        each.close()


async def test_more_sockets_than_one_look_takes_are_all_told(make):
    pairs = [socket.socketpair() for _ in range(600)]
    woken = 0
    watches = []

    async def wait(ours):
        nonlocal woken
        ours.setblocking(False)
        watched = make(ours.fileno())
        watches.append(watched)
        await watched.readable()
        woken += 1

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for ours, _ in pairs:
                nursery.start_soon(wait, ours)
            await trio.testing.wait_all_tasks_blocked()
            for _, theirs in pairs:
                theirs.send(b"x")
    assert woken == 600
    for watched in watches:
        watched.close()
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


async def test_a_peer_that_never_stops_lets_others_have_their_turn(make, pair):
    ours, theirs = pair
    theirs.sendall(bytes(CHUNK * 50))
    reader = Reader(make, ours)
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(50):
            await reader.read()
        nursery.cancel_scope.cancel()
    assert turns >= 25, "each read gave up its turn once, in whatever order"
    reader.watched.close()


def test_a_watch_outlives_its_run_harmlessly():
    ours, theirs = socket.socketpair()

    async def main():
        watched = watch(ours.fileno())
        with trio.move_on_after(0.01):
            await watched.readable()
        return watched

    watched = trio.run(main)
    watched.close()
    ours.close()
    theirs.close()


async def test_trio_s_own_wait_cannot_tell_what_came_without_asking(pair):
    ours, _ = pair
    assert TrioWatch(ours.fileno()).stirred
