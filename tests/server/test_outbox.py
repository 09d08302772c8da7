"""Small writes of several sockets go together at a turn's end, in order, and nothing is lost."""

from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.outbox import POSTED_MAX, Outbox, Outgoing

TOGETHER = 64
JOINED = 64 * 1024


class Kernel:
    """A socket that takes `room` bytes, and says what was sent to it, in which calls."""

    def __init__(self, room=1 << 30):
        self.room = room
        self.calls = []
        self.error = None
        self.pushes = []

    def send(self, data):
        if self.error is not None:
            raise self.error
        if not self.room:
            raise BlockingIOError
        took = bytes(data[: self.room])
        self.room -= len(took)
        self.calls.append(took)
        return len(took)

    @property
    def took(self):
        return b"".join(self.calls)

    def drain(self, room=1 << 30):
        """Take more, and have whoever waits for that push."""
        self.room = room
        self.pushes[:] = [push for push in self.pushes if not push()]


def pair(outbox, room=1 << 30):
    kernel = Kernel(room)
    return kernel, Outgoing(outbox, kernel.send, kernel.pushes.append)


@pytest.fixture
def busy():
    outbox = Outbox()
    outbox.heard_of(3)
    return outbox


def test_where_one_exchange_is_alone_a_write_goes_at_once():
    outbox = Outbox()
    outbox.heard_of(1)  # its client
    outbox.heard_of(1)  # its upstream
    kernel, outgoing = pair(outbox)
    assert outgoing.take(b"hello") == 5
    assert kernel.calls == [b"hello"]


def test_where_several_sockets_have_something_to_do_writes_wait_for_the_turn_to_end(busy):
    first, one = pair(busy)
    second, other = pair(busy)
    assert (one.take(b"a"), other.take(b"b")) == (1, 1)
    assert (first.calls, second.calls) == ([], [])
    assert not one.is_clear
    busy.flush()
    assert (first.calls, second.calls) == ([b"a"], [b"b"])
    assert one.is_clear


def test_several_writes_of_a_turn_on_one_socket_are_one(busy):
    kernel, outgoing = pair(busy)
    assert [outgoing.take(data) for data in (b"head", memoryview(b"piece"), b"end")] == [4, 5, 3]
    busy.flush()
    assert kernel.calls == [b"headpieceend"]


def test_no_more_than_so_many_wait_for_one_another(busy):
    made = [pair(busy) for _ in range(TOGETHER + 1)]
    for _, outgoing in made:
        outgoing.take(b"x")
    assert [bool(kernel.calls) for kernel, _ in made] == [True] * TOGETHER + [False]


def test_a_long_write_goes_at_once_behind_what_was_posted(busy):
    kernel, outgoing = pair(busy)
    outgoing.take(b"head")
    body = b"b" * (POSTED_MAX + 1)
    assert outgoing.take(body) == len(body)
    assert kernel.calls == [b"head", body]
    busy.flush()
    assert len(kernel.calls) == 2


def test_what_is_joined_is_bounded(busy):
    kernel, outgoing = pair(busy)
    for _ in range(JOINED // POSTED_MAX + 1):
        assert outgoing.take(b"p" * POSTED_MAX) == POSTED_MAX
    assert [len(call) for call in kernel.calls] == [JOINED, POSTED_MAX]


def test_what_the_kernel_does_not_take_goes_once_it_does_and_nothing_overtakes_it(busy):
    kernel, outgoing = pair(busy, room=2)
    assert outgoing.take(b"first") == 5
    busy.flush()
    assert kernel.took == b"fi"
    assert outgoing.take(b"second") == 0
    kernel.drain(room=1)
    assert kernel.took == b"fir"
    assert kernel.pushes
    kernel.drain()
    assert kernel.took == b"first"
    assert not kernel.pushes
    assert outgoing.take(b"second") == 6
    busy.flush()
    assert kernel.took == b"firstsecond"


def test_a_kernel_that_takes_nothing_is_waited_for_in_the_same_way(busy):
    kernel, outgoing = pair(busy, room=0)
    outgoing.take(b"first")
    busy.flush()
    assert not kernel.calls
    kernel.drain()
    assert kernel.took == b"first"


def test_what_was_taken_may_be_asked_back_by_who_waits_for_the_kernel_itself(busy):
    kernel, outgoing = pair(busy, room=2)
    outgoing.take(b"first")
    busy.flush()
    assert outgoing.take_back() == b"rst"
    kernel.drain()
    assert (kernel.took, kernel.pushes, outgoing.take_back()) == (b"fi", [], b"")


def test_without_a_turn_a_write_that_does_not_go_is_not_taken():
    kernel, outgoing = pair(Outbox(), room=0)
    assert outgoing.take(b"x") == 0
    assert outgoing.is_clear
    assert not kernel.pushes


@pytest.mark.parametrize("ask", [lambda o: o.take(b"x"), Outgoing.settle, Outgoing.take_back])
def test_that_the_connection_broke_is_told_to_who_asks_next(busy, ask):
    kernel, outgoing = pair(busy)
    kernel.error = ConnectionResetError()
    outgoing.take(b"lost")
    busy.flush()
    assert not outgoing.is_clear
    with pytest.raises(ConnectionResetError):
        ask(outgoing)
    assert outgoing.is_clear


def test_that_it_breaks_under_a_push_is_told_too(busy):
    kernel, outgoing = pair(busy, room=1)
    outgoing.take(b"lost")
    busy.flush()
    kernel.error = BrokenPipeError()
    kernel.drain()
    assert not kernel.pushes
    with pytest.raises(BrokenPipeError):
        outgoing.settle()


def test_that_it_breaks_under_what_is_settled_leaves_nothing_to_be_sent(busy):
    kernel, outgoing = pair(busy)
    outgoing.take(b"lost")
    kernel.error = BrokenPipeError()
    with pytest.raises(BrokenPipeError):
        outgoing.settle()
    assert outgoing.is_clear
    busy.flush()


def test_what_was_settled_before_the_turn_ended_is_sent_once(busy):
    kernel, outgoing = pair(busy)
    outgoing.take(b"once")
    assert outgoing.settle()
    busy.flush()
    assert kernel.calls == [b"once"]


SIZES = st.sampled_from([0, 1, 7, POSTED_MAX, POSTED_MAX + 1, JOINED])
STEPS = st.one_of(
    st.tuples(st.just("take"), SIZES),
    st.tuples(st.just("room"), SIZES),
    st.tuples(st.just("heard of"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["flush", "settle", "take back"]), st.just(0)),
)


@given(st.lists(STEPS, max_size=40))
def test_what_was_taken_arrives_once_and_in_order(steps):
    outbox = Outbox()
    kernel, outgoing = pair(outbox, room=0)
    stream, taken = cycle(range(251)), b""
    for step, number in steps:
        match step:
            case "take":
                data = bytes(islice(stream, number))
                taken += data[: outgoing.take(data)]
            case "room":
                kernel.drain(number)
            case "heard of":
                outbox.heard_of(number)
            case "flush":
                outbox.flush()
            case "settle":
                assert outgoing.settle() is outgoing.is_clear
            case _:
                rest = outgoing.take_back()
                kernel.drain()
                kernel.send(rest)
                kernel.room = 0
        assert taken.startswith(kernel.took)
    outbox.flush()
    kernel.drain()
    assert kernel.took == taken
    assert outgoing.is_clear
