"""A request that is out: its answer is heard without a task, or awaited, and nothing is kept."""

import contextlib
import socket

import pytest
import trio
import trio.testing

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream
from gateway_core.message import UNKNOWN, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.http1_client import Http1Client
from gateway_server.upstream.wire import SocketWire
from tests.server.upstream.memory import MemoryPeer, Net

ENDPOINT = Endpoint("http", "127.0.0.1", 80)
UPSTREAM = Upstream("u", (ENDPOINT,), connections_max=2)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def nothing():
    return b""


def command(method="GET", body=0, *, upgrade=False):
    request = UpstreamRequest(method, b"/", b"h", (), body)
    return CallUpstream(UPSTREAM, ENDPOINT, request, upgrade=upgrade)


class Unforeseen:
    """A wire whose reads fail as no wire's should."""

    def __init__(self, wire):
        self._wire = wire

    def __getattr__(self, name):
        return getattr(self._wire, name)

    def receive_some(self):
        raise ZeroDivisionError


class Rig:
    """A client, and the peers' ends of its connections, which are sockets."""

    def __init__(self):
        self.peers = []
        self.client = Http1Client(UPSTREAM, dial=self.dial)
        self.told = []

    async def dial(self, endpoint):
        await trio.lowlevel.checkpoint()
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.peers.append(theirs)
        return SocketWire(ours)

    async def rest(self):
        """Have a connection that rests, by an exchange that goes well."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.call)
            await trio.testing.wait_all_tasks_blocked()
            assert self.requests() == 1
            self.peers[-1].send(OK)

    async def call(self):
        answer = await self.client.call(command(), nothing, lambda stage: None)
        assert await answer.read() == b"ok"
        assert await answer.read() == b""
        await answer.aclose()

    def requests(self):
        return self.peers[-1].recv(65536).count(b"GET / HTTP/1.1\r\n")

    @property
    def pool(self):
        return self.client.pool(ENDPOINT)

    @property
    def taken(self):
        return UPSTREAM.connections_max - self.pool.places.free

    async def answered(self, asked):
        return await asked.answer(nothing, lambda stage: None, None)

    @contextlib.asynccontextmanager
    async def awaiting(self, asked):
        """Have the answer awaited by a task, and told once it is here."""
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def wait():
                self.told.append(await self.answered(asked))

            await trio.testing.wait_all_tasks_blocked()
            yield

    async def end(self):
        """Nothing is held: neither places nor sockets."""
        await self.client.aclose()
        assert self.taken == 0
        assert self.pool.at_rest == 0
        for peer in self.peers:
            peer.settimeout(1)
            with contextlib.suppress(ConnectionResetError):  # closed with something unread
                assert peer.recv(65536) == b"", "closed"
            peer.close()


@pytest.fixture
async def rig():
    rig = Rig()
    await rig.rest()
    yield rig
    await rig.end()


async def test_an_answer_in_one_piece_is_told_while_nobody_waits(rig):
    asked = rig.client.ask(command())
    assert asked.sent
    assert asked.attend(rig.told.append)
    await trio.testing.wait_all_tasks_blocked()
    assert rig.requests() == 1
    rig.peers[0].send(OK)
    await trio.testing.wait_all_tasks_blocked()
    (answer,) = rig.told
    assert (answer.head.status, answer.whole) == (200, b"ok")
    assert (rig.pool.at_rest, rig.taken) == (1, 0)


async def test_the_connection_may_be_asked_again_by_who_is_told(rig):
    def told(answer):
        rig.told.append(answer)
        if len(rig.told) < 3:
            assert rig.client.ask(command()).attend(told)
            rig.peers[0].send(OK)

    assert rig.client.ask(command()).attend(told)
    rig.peers[0].send(OK)
    await trio.testing.wait_all_tasks_blocked()
    assert [answer.whole for answer in rig.told] == [b"ok"] * 3
    assert len(rig.peers) == 1
    assert rig.requests() == 3


async def test_an_answer_in_pieces_is_for_somebody_to_wait_for(rig):
    asked = rig.client.ask(command())
    asked.attend(rig.told.append)
    rig.peers[0].send(OK[:-1])
    await trio.testing.wait_all_tasks_blocked()
    assert rig.told == [None]
    answer = await rig.answered(asked)
    rig.peers[0].send(OK[-1:])
    assert (await answer.read(), await answer.read(), await answer.read()) == (b"o", b"k", b"")
    await answer.aclose()
    assert rig.pool.at_rest == 1
    assert rig.requests() == 1


@pytest.mark.parametrize("goodbye", [b"", b"HTTP/1.1 2"])
async def test_a_connection_that_ends_instead_is_for_somebody_to_see_to(rig, goodbye):
    asked = rig.client.ask(command())
    asked.attend(rig.told.append)
    await trio.testing.wait_all_tasks_blocked()
    assert rig.requests() == 1
    if goodbye:
        rig.peers[0].send(goodbye)
    rig.peers[0].close()
    await trio.testing.wait_all_tasks_blocked()
    assert rig.told == [None]
    first = rig.peers.pop(0)
    assert first.fileno() == -1
    if goodbye:
        with pytest.raises(CallFailedError) as failed:
            await rig.answered(asked)
        assert failed.value.kind is FailureKind.RESET
        return
    async with rig.awaiting(asked):
        assert rig.requests() == 1, "nothing of an answer came: asked once more, on another"
        rig.peers[0].send(OK)
    assert await rig.told[1].read() == b"ok"
    await rig.told[1].aclose()


async def test_what_nobody_foresaw_is_raised_by_who_awaits_the_answer(rig):
    asked = rig.client.ask(command())
    asked.attend(rig.told.append)
    asked._connection.wire = Unforeseen(asked._connection.wire)
    rig.peers[0].send(OK)
    await trio.testing.wait_all_tasks_blocked()
    assert rig.told == [None]
    with pytest.raises(ZeroDivisionError):
        await rig.answered(asked)
    assert (rig.pool.at_rest, rig.taken) == (0, 0)
    assert rig.requests() == 1


async def test_an_answer_may_be_awaited_instead(rig):
    asked = rig.client.ask(command())
    async with rig.awaiting(asked):
        assert rig.requests() == 1
        rig.peers[0].send(OK)
    assert rig.told[0].whole == b"ok"


async def test_who_is_cancelled_while_it_awaits_gives_all_back(rig, autojump_clock):
    asked = rig.client.ask(command())
    with trio.move_on_after(1):
        await rig.answered(asked)
    assert (rig.pool.at_rest, rig.taken) == (0, 0)
    assert rig.requests() == 1


async def test_what_is_dropped_is_told_nothing_and_gives_all_back(rig):
    asked = rig.client.ask(command())
    asked.attend(rig.told.append)
    await trio.testing.wait_all_tasks_blocked()
    assert rig.requests() == 1
    rig.peers[0].send(OK)
    asked.drop()
    await trio.testing.wait_all_tasks_blocked()
    assert rig.told == []
    assert (rig.pool.at_rest, rig.taken) == (0, 0)


async def test_a_wire_that_takes_no_more_is_for_somebody_to_see_to(rig):
    rig.peers[0].close()  # not known here before the next look
    asked = rig.client.ask(command())
    rig.peers.pop(0)
    assert asked.sent or not asked.attend(rig.told.append)
    async with rig.awaiting(asked):
        assert rig.requests() == 1
        rig.peers[0].send(OK)
    await rig.told[0].aclose()


@pytest.mark.parametrize(
    "careful",
    [command("POST", 3), command("POST", UNKNOWN), command(upgrade=True)],
    ids=["body", "body of any length", "upgrade"],
)
async def test_what_takes_care_is_not_asked_at_once(rig, careful):
    assert rig.client.ask(careful) is None
    assert (rig.pool.at_rest, rig.taken) == (1, 0)


async def test_where_no_connection_rests_or_no_place_is_left_nothing_is_asked(rig):
    one = rig.client.ask(command())
    assert rig.client.ask(command()) is None
    assert rig.taken == 1
    rig.pool.places.take_nowait()
    assert rig.client.ask(command()) is None
    assert rig.taken == 2
    rig.pool.places.give_back()
    one.drop()
    assert rig.requests() == 1


async def test_what_may_not_be_repeated_is_not_asked_of_a_connection_that_ended(rig):
    rig.peers[0].close()
    assert rig.client.ask(command("POST")) is None
    rig.peers.clear()
    assert (rig.pool.at_rest, rig.taken) == (0, 0)


async def test_a_wire_that_cannot_be_attended_to_is_waited_for():
    async def serve(peer: MemoryPeer):
        for _ in range(2):
            await peer.head()
            await peer.send(OK)

    async with trio.open_nursery() as nursery:
        net = Net(nursery, serve)
        client = Http1Client(UPSTREAM, dial=net.dial)
        answer = await client.call(command(), nothing, lambda stage: None)
        assert (await answer.read(), await answer.read()) == (b"ok", b"")
        await answer.aclose()
        asked = client.ask(command())
        assert asked.sent
        assert not asked.attend(lambda answer: None)
        answer = await asked.answer(nothing, lambda stage: None, None)
        assert answer.whole == b"ok"
        await client.aclose()
        nursery.cancel_scope.cancel()
