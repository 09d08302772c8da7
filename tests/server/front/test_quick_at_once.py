"""What is answered where a head is told of, and what is left for the task."""

import socket

import pytest
import trio
from hypercorn.config import Config

from gateway_core.clock import NEVER
from gateway_server.front import FrontSettings
from gateway_server.front.calls import Origin
from gateway_server.front.drain import Worker
from gateway_server.front.quick import QuickHttp1
from gateway_server.front.quick_wire import QuickWire
from tests.end_to_end.served_app import Little

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BAD = b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"


class Talk:
    """A conversation that answers when it begins, or leaves that to `run`."""

    deadline = NEVER
    under_way = False

    def __init__(self, stream, *, at_once):
        self.stream = stream
        self.at_once = at_once
        self.told = []

    def begin(self):
        self.told.append("begin")
        if self.at_once:
            assert self.stream.answer_at_once(204, (), b"")

    async def run(self):
        self.told.append("run")
        await trio.lowlevel.checkpoint()
        assert self.stream.answer_at_once(204, (), b"")

    def close(self):
        self.told.append("close")


class Served(Little):
    """Answers at once, but what is told to wait."""

    def __init__(self, waits=()):
        super().__init__(FrontSettings())
        self.talks = []
        self._waits = waits

    def begin(self, stream, lane, *, upgrade):
        self.talks.append(Talk(stream, at_once=len(self.talks) not in self._waits))
        return self.talks[-1]


class ToldWire:
    """Gives its pieces from a task of the wire's own, as readiness does; `between` follows each."""

    broken = holds = False

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.between = lambda: None
        """What happens once a piece was given, before whoever waits has its turn."""
        self.waits = 0
        self.written = b""
        self.lingered = False

    async def feed(self, sink):
        self.waits += 1
        enough = False

        async def tell():
            nonlocal enough
            while self.pieces and not enough:
                await trio.lowlevel.checkpoint()
                enough = not sink(self.pieces.pop(0))
            self.between()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell)
        return enough

    def read_at_once(self):
        return b""

    def write_at_once(self, data):
        self.written += data
        return len(data)

    async def write(self, data):
        await trio.lowlevel.checkpoint()
        self.written += data

    async def linger(self, *, short):
        self.lingered = True


def connection(served, wire, **config):
    worker = Worker(served, Config())
    for name, value in config.items():
        setattr(worker.config, name, value)
    return QuickHttp1(Origin(worker, {}, None, None, False), wire)


async def serve(served, wire, **config):
    http = connection(served, wire, **config)
    with trio.fail_after(5):
        await http.run()


async def test_one_wait_serves_for_all_that_is_answered_at_once(autojump_clock):
    served, wire = Served(), ToldWire(GET, GET + GET, GET[:10], GET[10:])
    await serve(served, wire)
    assert wire.written.count(b"HTTP/1.1 204 ") == 4
    assert wire.waits == 1
    assert [talk.told for talk in served.talks] == [["begin", "close"]] * 4


async def test_what_takes_waiting_is_run_by_the_task_and_what_follows_waits(autojump_clock):
    served, wire = Served(waits={1}), ToldWire(GET + GET + GET)
    await serve(served, wire)
    assert wire.written.count(b"HTTP/1.1 204 ") == 3
    assert [talk.told for talk in served.talks] == [
        ["begin", "close"],
        ["begin", "run", "close"],
        ["begin", "close"],
    ]


async def test_the_last_answer_given_at_once_is_let_arrive(autojump_clock):
    served, wire = Served(), ToldWire(LAST, GET)
    await serve(served, wire)
    assert wire.written.count(b"HTTP/1.1 204 ") == 1
    assert wire.lingered


@pytest.mark.parametrize(
    ("piece", "said"), [(LAST, b"204"), (BAD, b"400")], ids=["last answer", "refusal"]
)
async def test_a_drain_before_the_task_has_its_turn_takes_nothing_back(autojump_clock, piece, said):
    wire = ToldWire(piece)
    http = connection(Served(), wire)
    wire.between = http.drain
    await http.run()
    assert wire.written.startswith(b"HTTP/1.1 %b " % said)
    assert wire.lingered


async def test_a_drain_before_the_task_has_its_turn_cuts_no_request(autojump_clock):
    served, wire = Served(waits={0}), ToldWire(GET)
    http = connection(served, wire)
    wire.between = http.drain
    await http.run()
    assert b"connection: close" in wire.written
    assert served.talks[0].told == ["begin", "run", "close"]


async def test_requests_are_counted_for_hypercorn_however_they_are_answered(autojump_clock):
    served, wire = Served(waits={1}), ToldWire(GET, GET)
    http = connection(served, wire, max_requests=10)
    counted = []

    async def mark_request():
        await trio.lowlevel.checkpoint()
        counted.append(len(served.talks))

    http._origin.worker.mark_request = mark_request
    await http.run()
    assert counted == [1, 2]
    assert [talk.told[-1] for talk in served.talks] == ["close", "close"]


async def test_a_fault_while_answering_at_once_is_no_client_that_left():
    """Even one that looks like it: what the sink raises is not the socket's."""
    client, ours = socket.socketpair()
    ours.setblocking(False)
    wire = QuickWire(trio.SocketStream(trio.socket.from_stdlib_socket(ours)), 1)

    def sink(data):
        raise OSError(data)

    client.send(b"x")
    with pytest.raises(OSError, match="x"), trio.fail_after(5):
        await wire.feed(sink)
    assert not wire.broken
    await wire.close()
    client.close()
