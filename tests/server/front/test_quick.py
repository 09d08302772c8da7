"""A drain or a time-out in the very moment in which a request arrives loses nothing."""

import pytest
import trio
from hypercorn.config import Config

from gateway_server.front import FrontSettings
from gateway_server.front.calls import Origin
from gateway_server.front.drain import Worker
from gateway_server.front.quick import QuickHttp1
from tests.end_to_end.served_app import Little

GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


class FakeWire:
    """Gives `pieces`, each after what is done in the moment in which it arrives."""

    holds = False

    def __init__(self, pieces):
        self.pieces = pieces
        self.written = b""
        self.broken = False

    async def read(self):
        await trio.lowlevel.checkpoint()
        if not self.pieces:
            return b""
        meanwhile, piece = self.pieces.pop(0)
        meanwhile()
        return piece

    async def feed(self, sink):
        while data := await self.read():
            if not sink(data):
                return True
        return False

    def read_at_once(self):
        return b""

    def has_left(self):
        return False

    async def write(self, data):
        await trio.lowlevel.checkpoint()
        self.written += data

    async def linger(self, *, short):
        pass

    def reset(self):
        raise AssertionError("nothing was cut")


def connection(wire, **settings):
    worker = Worker(Little(FrontSettings(**settings)), Config())
    return QuickHttp1(Origin(worker, {}, None, None, False), wire)


def nothing():
    pass


@pytest.mark.parametrize("cut", [len(GET), 10], ids=["whole", "in two pieces"])
async def test_a_request_that_arrives_with_the_drain_is_answered(autojump_clock, cut):
    wire = FakeWire([])
    http = connection(wire)
    wire.pieces += [(nothing, GET), (http.drain, GET[:cut])]
    if cut < len(GET):
        wire.pieces.append((nothing, GET[cut:]))
    with trio.fail_after(5):
        await http.run()
    assert wire.written.count(b"HTTP/1.1 200 ") == 2
    assert b"connection: close" in wire.written


async def test_a_request_that_arrives_with_the_keep_alive_timeout_is_answered(autojump_clock):
    wire = FakeWire([])
    http = connection(wire)
    wire.pieces += [(nothing, GET), (http._ring, GET), (nothing, GET)]
    with trio.fail_after(5):
        await http.run()
    assert wire.written.count(b"HTTP/1.1 200 ") == 3
