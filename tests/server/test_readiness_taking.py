"""What comes is taken on the spot, and whoever waits is woken for the rest alone."""

# ruff: noqa: F811 - fixtures are named as parameters

import socket
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from gateway_server.readiness import TrioWatch, watch
from tests.watches import make, pair  # noqa: F401 - fixtures

CHUNK = 1024
"""What a taker asks for at once."""


def task():
    """Return the current task, None where edges are told."""
    try:
        return trio.lowlevel.current_task()
    except RuntimeError:
        return None


class Taker:
    """Takes as the contract demands, until the end, or until it has `enough`."""

    def __init__(self, make, ours, enough=1 << 30):
        self.ours = ours
        self.watched = make(ours.fileno())
        self.enough = enough
        self.took = b""
        self.tasks = set()
        self.woken = 0

    def take(self):
        self.tasks.add(task())
        try:
            data = self.ours.recv(CHUNK)
        except BlockingIOError:
            return True
        self.took += data
        if len(data) == CHUNK:
            self.watched.more()
        return bool(data) and len(self.took) < self.enough

    async def run(self):
        with trio.fail_after(5):
            await self.watched.taking(self.take)
        self.woken += 1

    async def has(self, count):
        """Wait until so many bytes were taken."""
        with trio.fail_after(5):
            while len(self.took) < count:
                await trio.sleep(0.001)


@asynccontextmanager
async def held(ours, enough=1 << 30):
    """A taker that waits, and is held; at the end it waits no longer."""
    taker = Taker(watch, ours, enough)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taker.run)
        await trio.testing.wait_all_tasks_blocked()
        taker.watched.hold()
        yield taker
    taker.watched.close()


async def test_what_comes_is_taken_and_nobody_is_woken_until_it_is_enough(make, pair):
    ours, theirs = pair
    taker = Taker(make, ours, enough=30)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taker.run)
        for count in range(1, 4):
            await trio.testing.wait_all_tasks_blocked()
            assert taker.woken == 0
            theirs.sendall(b"0123456789")
            await taker.has(count * 10)
    assert (taker.took, taker.woken) == (b"0123456789" * 3, 1)
    taker.watched.close()


async def test_edges_are_taken_where_they_are_told(pair):
    ours, theirs = pair
    taker = Taker(watch, ours, enough=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taker.run)
        await trio.testing.wait_all_tasks_blocked()
        theirs.sendall(b"x")
    assert taker.tasks == {None}
    taker.watched.close()


async def test_what_came_before_is_taken_without_an_edge(make, pair):
    ours, theirs = pair
    theirs.sendall(b"early")
    taker = Taker(make, ours, enough=5)
    await trio.sleep(0.02)  # the edge is told while nobody waits
    await taker.run()
    assert taker.took == b"early"
    taker.watched.close()


async def test_a_fin_that_comes_with_the_last_bytes_is_taken_too(make, pair):
    ours, theirs = pair
    taker = Taker(make, ours)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taker.run)
        await trio.testing.wait_all_tasks_blocked()
        theirs.sendall(b"last")
        theirs.close()
    assert taker.took == b"last"
    taker.watched.close()


async def test_what_a_full_read_left_is_taken_and_others_have_their_turn(make, pair):
    ours, theirs = pair
    taker = Taker(make, ours, enough=CHUNK * 50)
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        theirs.sendall(bytes(CHUNK * 50))
        await taker.run()
        nursery.cancel_scope.cancel()
    assert turns >= 25, "each read gave up its turn once, in whatever order"
    taker.watched.close()


async def test_what_taking_raises_the_wait_raises_and_others_are_served_on(make, pair):
    ours, theirs = pair
    watched = make(ours.fileno())
    mine, peer = socket.socketpair()
    mine.setblocking(False)
    other = Taker(make, mine, enough=1)

    def fail():
        raise ZeroDivisionError

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other.run)
            await trio.testing.wait_all_tasks_blocked()
            theirs.sendall(b"x")
            with pytest.raises(ZeroDivisionError):
                await watched.taking(fail)
            peer.sendall(b"y")
    assert other.took == b"y"
    for each in (watched, other.watched, mine, peer):
        each.close()


async def test_a_wait_may_be_closed_by_what_it_takes(make, pair):
    ours, theirs = pair
    watched = make(ours.fileno())

    def close():
        watched.close()
        return True

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def wait():
                with pytest.raises(trio.ClosedResourceError):
                    await watched.taking(close)

            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            theirs.sendall(b"x")


@pytest.mark.parametrize("wants_more", [False, True])
async def test_a_wait_may_be_cancelled_by_what_it_takes(make, pair, wants_more):
    ours, theirs = pair
    watched = make(ours.fileno())
    taken = b""

    def take():
        nonlocal taken
        taken += ours.recv(CHUNK)
        scope.cancel()
        return wants_more

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
            theirs.sendall(b"once")
            with trio.CancelScope() as scope:
                await watched.taking(take)
    assert taken == b"once"
    theirs.sendall(b"more")
    taker = Taker(lambda _: watched, ours, enough=4)
    await taker.run()
    assert taker.took == b"more", "and it can be waited for again"
    watched.close()


async def test_a_wait_that_is_cancelled_takes_nothing_behind_its_back(make, pair):
    ours, theirs = pair
    taker = Taker(make, ours, enough=4)
    with trio.move_on_after(0.01):
        await taker.run()
    theirs.sendall(b"kept")
    await trio.sleep(0.02)
    assert taker.took == b""
    await taker.run()
    assert taker.took == b"kept"
    taker.watched.close()


async def test_two_cannot_take_from_one_socket(make, pair):
    ours, theirs = pair
    taker = Taker(make, ours, enough=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taker.run)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await taker.watched.taking(taker.take)
        theirs.sendall(b"x")
    taker.watched.close()


async def test_what_is_taken_may_close_another_socket_that_was_about_to_be_told(pair):
    """Both have something in one look: whichever is told first closes the other."""
    ours, theirs = pair
    mine, peer = socket.socketpair()
    mine.setblocking(False)
    one, other = watch(ours.fileno()), watch(mine.fileno())
    closed = []

    async def wait(watched, victim):
        def take():
            victim.close()
            return False

        try:
            await watched.taking(take)
        except trio.ClosedResourceError:
            closed.append(watched)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, one, other)
            nursery.start_soon(wait, other, one)
            await trio.testing.wait_all_tasks_blocked()
            theirs.sendall(b"x")
            peer.sendall(b"x")
    assert len(closed) == 1
    one.close()
    other.close()
    last = Taker(watch, ours, enough=1)
    await last.run()
    assert last.took == b"x", "and sockets are told of still"
    for each in (last.watched, mine, peer):
        each.close()


async def test_a_wait_that_is_held_takes_nothing_until_it_is_released(pair):
    ours, theirs = pair
    async with held(ours, enough=8) as taker:
        theirs.sendall(b"held")
        await trio.sleep(0.02)
        assert (taker.took, taker.woken) == (b"", 0)
        taker.watched.release()
        assert (taker.took, taker.woken) == (b"held", 0)
        theirs.sendall(b"more")
    assert (taker.took, taker.woken) == (b"heldmore", 1)


async def test_a_wait_may_be_held_by_what_it_takes_though_more_came(pair):
    ours, theirs = pair
    held = watch(ours.fileno())
    taken = []

    def take():
        taken.append(ours.recv(2))
        held.more()
        if len(taken) == 1:
            held.hold()
        return len(taken) < 3

    async with trio.open_nursery() as nursery:
        nursery.start_soon(held.taking, take)
        theirs.sendall(b"abcdef")
        await trio.sleep(0.02)
        assert taken == [b"ab"]
        held.release()
    assert taken == [b"ab", b"cd", b"ef"]
    held.close()


async def test_what_nothing_came_for_is_released_into_waiting(pair):
    ours, theirs = pair
    async with held(ours, enough=1) as taker:
        taker.watched.release()
        await trio.testing.wait_all_tasks_blocked()
        assert taker.woken == 0
        theirs.sendall(b"x")


async def test_an_end_that_came_meanwhile_is_taken_once_released(pair):
    ours, theirs = pair
    async with held(ours) as taker:
        theirs.close()
        await trio.sleep(0.02)
        assert taker.woken == 0
        taker.watched.release()


async def test_a_wait_that_is_held_may_be_woken_and_what_came_is_taken_by_the_next(pair):
    ours, theirs = pair
    async with held(ours) as taker:
        theirs.sendall(b"kept")
        await trio.sleep(0.02)
        taker.watched.wake()
        taker.watched.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert (taker.took, taker.woken) == (b"", 1)
        taker.enough = 4
        await taker.run()
    assert taker.took == b"kept"


async def test_a_wait_may_be_woken_with_an_error(pair):
    ours, _ = pair
    held = watch(ours.fileno())
    async with trio.open_nursery() as nursery:

        async def wait():
            with pytest.raises(ZeroDivisionError):
                await held.taking(lambda: True)

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        held.wake(ZeroDivisionError())
    held.close()


async def test_a_wait_that_was_held_and_cancelled_is_held_no_longer(pair):
    ours, theirs = pair
    taker = Taker(watch, ours, enough=1)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(taker.run)
            await trio.testing.wait_all_tasks_blocked()
            taker.watched.hold()
            scope.cancel()
    theirs.sendall(b"x")
    await taker.run()
    assert taker.took == b"x"
    taker.watched.close()


async def test_what_is_attended_to_is_taken_while_nobody_waits_until_it_is_enough(pair):
    ours, theirs = pair
    taker = Taker(watch, ours, enough=6)
    taker.watched.attend(taker.take)
    for each in (b"one", b"two", b"for later"):
        theirs.sendall(each)
        await trio.testing.wait_all_tasks_blocked()
    assert taker.took == b"onetwo"
    assert taker.watched.stirred
    assert ours.recv(100) == b"for later"
    assert taker.tasks == {None}
    taker.watched.close()


async def test_what_is_attended_to_may_be_so_anew_by_what_is_taken(pair):
    ours, theirs = pair
    watched = watch(ours.fileno())
    took = []

    def first():
        took.append(("first", ours.recv(10)))
        watched.attend(second)
        return False

    def second():
        took.append(("second", ours.recv(10)))
        return False

    watched.attend(first)
    for each in (b"a", b"b"):
        theirs.sendall(each)
        await trio.testing.wait_all_tasks_blocked()
    assert took == [("first", b"a"), ("second", b"b")]
    watched.close()


@pytest.mark.parametrize("wants_more", [False, True])
async def test_what_is_attended_to_may_be_closed_by_what_it_takes(pair, wants_more):
    ours, theirs = pair
    watched = watch(ours.fileno())
    taken = 0

    def take():
        nonlocal taken
        taken += 1
        watched.close()
        return wants_more

    watched.attend(take)
    for each in (b"a", b"b"):
        theirs.sendall(each)
        await trio.testing.wait_all_tasks_blocked()
    assert taken == 1


async def test_where_edges_are_not_told_nothing_is_held_or_attended_to(pair):
    ours, _ = pair
    plain = TrioWatch(ours.fileno())
    assert not plain.holds
    for call in (plain.hold, plain.release, plain.wake, lambda: plain.attend(lambda: False)):
        with pytest.raises(NotImplementedError):
            call()
    plain.close()


async def test_nobody_waits_beside_what_is_attended_to(pair):
    ours, theirs = pair
    watched = watch(ours.fileno())
    watched.attend(lambda: False)
    for wait in (watched.readable, lambda: watched.taking(lambda: False)):
        with pytest.raises(AssertionError, match="attended to"):
            await wait()
    theirs.sendall(b"x")
    await trio.testing.wait_all_tasks_blocked()
    theirs.sendall(b"y")
    with trio.fail_after(5):
        await watched.readable()
    watched.close()


def tell_a_fault(ours, theirs):
    watched = watch(ours.fileno())
    watched.attend(lambda: 1 // 0)
    theirs.sendall(b"x")
    return watched


def look_before_trio_knows_of_it(ours, theirs):
    tell_a_fault(ours, theirs)._poller.after_io_wait(0)


def post_a_fault(ours, theirs):
    watched = watch(ours.fileno())
    watched._poller.outbox.heard_of(3)
    watched.outgoing(lambda data: 1 // 0).take(b"x")


@pytest.mark.parametrize("cause", [tell_a_fault, look_before_trio_knows_of_it, post_a_fault])
def test_a_fault_that_no_task_can_hear_of_ends_the_run_loudly(cause):
    """Trio would log it and ask no more: the worker would be deaf, and nobody would know why."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def main():
        cause(ours, theirs)
        with trio.fail_after(5):
            await trio.sleep_forever()

    with ours, theirs, pytest.raises(trio.TrioInternalError) as raised:
        trio.run(main)
    fault = raised.value.__cause__
    while isinstance(fault, BaseExceptionGroup):
        (fault,) = fault.exceptions
    assert isinstance(fault, ZeroDivisionError)
