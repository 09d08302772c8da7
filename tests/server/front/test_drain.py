import pytest
import trio
from h2.errors import ErrorCodes
from hypercorn.config import Config
from structlog.testing import capture_logs

from gateway_server.front import FrontSettings
from gateway_server.front.drain import Worker, descriptors_for_clients
from tests.end_to_end.served_app import Little
from tests.server.front.h2_client import H2Client, asking
from tests.server.front.serving import eventually, serving
from tests.server.front.test_websocket import handshake

pytestmark = pytest.mark.usefixtures("protocol")

GET = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"


async def stopped(front, seconds):
    with trio.fail_after(seconds):
        await front.stopped.wait()


async def test_an_idle_worker_ends_at_once():
    async with serving() as front:
        front.shut.set()
        await stopped(front, 0.5)
        assert front.app.drains == 1


async def test_idle_connections_are_closed_at_once():
    async with serving() as front:
        fresh, kept = await front.connect(), await front.connect()
        await kept.say(GET.format("/"))
        await kept.until(b"hello")
        front.shut.set()
        await stopped(front, 0.5)
        assert await fresh.is_closed()
        assert await kept.is_closed()


async def test_what_is_in_flight_is_answered_and_told_that_it_is_the_last():
    async with serving() as front:
        client = await front.connect()
        await client.say(GET.format("/wait") + GET.format("/never"))
        await eventually(lambda: front.app.seen)
        front.shut.set()
        await eventually(lambda: front.app.drains)
        await trio.sleep(0.05)
        assert not front.stopped.is_set()
        front.app.gate.set()
        answer = await client.rest()
        assert answer.endswith(b"waited")
        assert b"connection: close" in answer.lower()
        assert front.app.calls == 1
        await stopped(front, 2)  # the client has a second to close its side


async def test_nobody_is_accepted_any_more():
    async with serving() as front:
        client = await front.connect()
        await client.say(GET.format("/wait"))
        await eventually(lambda: front.app.seen)
        front.shut.set()
        await eventually(lambda: front.app.drains)
        await trio.sleep(0.05)
        with pytest.raises(OSError, match="connect"):
            await trio.open_tcp_stream("127.0.0.1", front.port)
        front.app.gate.set()


async def test_a_head_that_was_begun_is_served():
    async with serving() as front:
        client = await front.connect()
        await client.say("GET / HTTP/1.1\r\n")
        await trio.sleep(0.05)
        front.shut.set()
        await eventually(lambda: front.app.drains)
        await client.say("Host: a\r\n\r\n")
        assert (await client.rest()).endswith(b"hello")


@pytest.mark.parametrize("path", ["/stubborn", "/flood"])
async def test_the_timeout_ends_what_does_not_end(path):
    """A client that never reads, too."""
    async with serving(drain_timeout=0.5) as front:
        client = await front.connect()
        await client.say(GET.format(path))
        await eventually(lambda: front.app.calls)
        await trio.sleep(0.2)
        front.shut.set()
        began = trio.current_time()
        await stopped(front, 2)
        assert trio.current_time() - began >= 0.4


async def test_hypercorns_own_timeout_does_not_shorten_ours():
    config = Config()
    config.graceful_timeout = 0.1
    async with serving(config, drain_timeout=5.0) as front:
        client = await front.connect()
        await client.say(GET.format("/slow?0.6"))
        await eventually(lambda: front.app.calls)
        front.shut.set()
        assert (await client.rest()).endswith(b"slow")


async def test_a_longer_timeout_of_hypercorns_is_kept():
    config = Config()
    config.graceful_timeout = 500
    async with serving(config):
        assert config.graceful_timeout == 500


async def test_a_websocket_that_is_cut_is_told_so():
    async with serving(drain_timeout=0.3) as front:
        client = await front.connect()
        await client.say(handshake("/stubborn"))
        await client.until(b"\r\n\r\n")
        front.shut.set()
        assert await client.rest() == b"\x88\x02\x03\xe9"  # a close frame, 1001
        await stopped(front, 1)


async def test_http_2_streams_end_and_then_the_connection():
    async with serving(h2c=True) as front:
        client = await H2Client((await front.connect()).stream).open()
        number = await client.ask(asking("/wait"))
        await eventually(lambda: front.app.seen)
        front.shut.set()
        await eventually(lambda: front.app.drains)
        front.app.gate.set()
        assert await client.answer(number) == (200, b"waited")
        await client.end()
        assert client.goaway == (ErrorCodes.NO_ERROR, number)
        await stopped(front, 2)


async def test_a_new_http_2_stream_is_refused_so_that_it_may_be_repeated():
    async with serving(h2c=True) as front:
        client = await H2Client((await front.connect()).stream).open()
        one = await client.ask(asking("/wait"))
        await eventually(lambda: front.app.seen)
        front.shut.set()
        await eventually(lambda: front.app.drains)
        two = await client.ask(asking("/"))
        await client.until(lambda: client.goaway)
        assert client.goaway == (ErrorCodes.NO_ERROR, one)
        assert two > one
        assert front.app.calls == 1


async def test_an_idle_http_2_connection_is_closed_at_once():
    async with serving(h2c=True) as front:
        client = await H2Client((await front.connect()).stream).open()
        await client.until(lambda: client.h2.remote_settings.max_concurrent_streams == 100)
        front.shut.set()
        await client.end(1)
        await stopped(front, 1)


# How many there may be.


async def test_connections_beyond_the_bound_are_closed_and_counted():
    async with serving(connections_max=2) as front:
        clients = [await front.connect() for _ in range(2)]
        with capture_logs() as logs:
            for _ in range(5):
                assert await (await front.connect()).is_closed()
        assert [(log["event"], log["turned_away"]) for log in logs] == [("too many connections", 1)]
        await clients[0].say(GET.format("/"))
        await clients[0].until(b"hello")
        await clients[0].aclose()
        await trio.sleep(0.05)
        await front.stands()


async def test_an_overload_is_logged_at_a_bounded_rate(autojump_clock):
    worker = Worker(Little(FrontSettings(connections_max=0)), Config())
    with capture_logs() as logs:
        for _ in range(100):
            assert not worker.admit(object())
            await trio.sleep(1)
    assert [log["turned_away"] for log in logs] == list(range(1, 101, 10))


def test_by_default_half_of_the_descriptors_are_for_clients():
    assert descriptors_for_clients() > 0


async def test_a_second_drain_changes_nothing(autojump_clock):
    worker = Worker(Little(), Config())
    worker.drain()
    deadline = worker.drain_deadline
    await trio.sleep(1)
    worker.drain()
    assert worker.drain_deadline == deadline
    assert worker.served.drains == 1


async def test_a_request_that_came_with_the_drain_is_served(protocol):
    if protocol == "stock":
        pytest.skip("h11's connection reads ahead in a task of its own: the race is the task's")
    async with serving() as front:
        client = await front.connect()
        await client.say(GET.format("/"))
        await client.until(b"\r\n\r\n")
        await trio.sleep(0.05)
        late = GET.format("/late").encode()
        # Told of the drain just before the connections are.
        front.app.drain_begun = lambda: client.stream.socket._sock.send(late)
        front.shut.set()
        answer = await client.rest()
        assert b"x-path: /late" in answer
        assert b"connection: close" in answer
    assert front.app.calls == 2
