import pytest
import trio
from trio.testing import memory_stream_one_way_pair, memory_stream_pair

from gateway_server.front.streams import ClientLeftError
from gateway_server.front.wire import LINGER_BYTES, LINGER_SECONDS, LINGER_SHORT_SECONDS, Wire


class Narrow(trio.abc.Stream):
    """A stream whose other end takes `rate` bytes a second, and none where that is 0."""

    def __init__(self, rate):
        self.rate = rate
        self.taken = 0
        self.closed = False

    async def send_all(self, data):
        await (trio.sleep(len(data) / self.rate) if self.rate else trio.sleep_forever())
        self.taken += len(data)

    async def wait_send_all_might_not_block(self):
        raise NotImplementedError

    async def receive_some(self, max_bytes=None):
        await trio.sleep_forever()

    async def aclose(self):
        self.closed = True


class Chatty(Narrow):
    """A client that sends for ever."""

    heard = 0

    async def receive_some(self, max_bytes=None):
        await trio.sleep(0.001)
        self.heard += max_bytes
        return bytes(max_bytes)


async def test_what_is_written_arrives():
    ours, theirs = memory_stream_pair()
    await Wire(ours, 1).write(b"x" * 100_000)
    got = b""
    while len(got) < 100_000:
        got += await theirs.receive_some()
    assert got == b"x" * 100_000


async def test_a_write_that_goes_nowhere_ends_at_the_timeout(autojump_clock):
    wire = Wire(Narrow(0), 30)
    with pytest.raises(ClientLeftError, match="stopped reading"):
        await wire.write(b"x")
    assert trio.current_time() == 30
    assert wire.broken
    with pytest.raises(ClientLeftError, match="broken"):
        await wire.write(b"y")


async def test_a_write_may_take_long_as_long_as_it_goes_on(autojump_clock):
    stream = Narrow(1000)
    await Wire(stream, 30).write(bytes(1_000_000))
    assert trio.current_time() == pytest.approx(1000)
    assert stream.taken == 1_000_000


async def test_cancellation_reaches_a_write_and_breaks_the_wire(autojump_clock):
    wire = Wire(Narrow(0), 30)
    with trio.move_on_after(5):
        await wire.write(b"x")
    assert trio.current_time() == 5
    with pytest.raises(ClientLeftError):
        await wire.write(b"y")


async def test_writes_do_not_mix(autojump_clock):
    stream = Narrow(100)
    wire = Wire(stream, 30)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(wire.write, bytes(100))
    assert trio.current_time() == pytest.approx(3)


async def test_reading_tells_the_end_and_what_is_broken():
    ours, theirs = memory_stream_pair()
    wire = Wire(ours, 1)
    await theirs.send_all(b"abc")
    assert await wire.read() == b"abc"
    await theirs.aclose()
    assert await wire.read() == b""
    assert not wire.broken
    await ours.aclose()
    assert await wire.read() == b""
    assert wire.broken


async def test_lingering_takes_in_no_more_than_its_bound(autojump_clock):
    stream = Chatty(0)
    await Wire(stream, 1).linger(short=False)
    assert LINGER_BYTES <= stream.heard <= LINGER_BYTES + 65536


@pytest.mark.parametrize(
    ("short", "seconds"), [(False, LINGER_SECONDS), (True, LINGER_SHORT_SECONDS)]
)
async def test_lingering_ends_in_time(autojump_clock, short, seconds):
    await Wire(Narrow(0), 1).linger(short=short)
    assert trio.current_time() == seconds


async def test_lingering_ends_when_the_client_closes(autojump_clock):
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: Wire(ours, 1).linger(short=False))
        await trio.sleep(1)
        assert await theirs.receive_some() == b""
        await theirs.aclose()
    assert trio.current_time() == 1


async def test_a_stream_without_a_socket_knows_no_addresses():
    send, receive = memory_stream_one_way_pair()
    wire = Wire(trio.StapledStream(send, receive), 1)
    assert wire.addresses == (None, None)
    assert not wire.has_left()
    assert not wire.secure
    assert await wire.handshake() == ""
    wire.reset()
    await wire.close()
