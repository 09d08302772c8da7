"""Real sockets, both of which have something to tell in one look of the poller."""

import socket

import pytest
import trio
import trio.testing

from gateway_core.frames import CLIENT, OTHER, UPSTREAM, Side
from gateway_server.front.quick_wire import QuickWire
from gateway_server.relaying import Carrying
from gateway_server.timers import Timers
from gateway_server.upstream.wire import SocketWire
from tests.core.frames.writing import close, text
from tests.server.relaying.test_relays import SERVICE, worker


def connected() -> tuple[socket.socket, socket.socket]:
    """Our end of a TCP connection, and the peer's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname(), timeout=5)
        ours, _ = listener.accept()
    return ours, theirs


class Joined:
    """A relay of frames between two sockets; the peers' ends are the test's."""

    def __init__(self, nursery: trio.Nursery) -> None:
        client, of_client = connected()
        upstream, of_upstream = connected()
        self.peers = {CLIENT: of_client, UPSTREAM: of_upstream}
        client.setblocking(False)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(client))
        self.wire = QuickWire(stream, write_timeout=10)
        relays, _ = worker(nursery)
        alarm = Timers().alarm(lambda: self.carrying.deadline, lambda: self.carrying.tick())
        ends = (self.wire, b""), (SocketWire(upstream), b"")
        self.carrying: Carrying[bytes] = relays.frames(
            "route", SERVICE, *ends, alarm, deflated=False
        )
        self.over = trio.Event()
        nursery.start_soon(self._run)

    async def _run(self) -> None:
        await self.carrying.run()
        await self.wire.close()
        self.over.set()

    async def hears(self, side: Side, data: bytes) -> None:
        """Wait until a peer was sent `data`."""
        got = b""
        with trio.fail_after(5):
            while len(got) < len(data):
                await trio.sleep(0.001)
                self.peers[side].setblocking(False)
                try:
                    got += self.peers[side].recv(len(data))
                except BlockingIOError:
                    continue
        assert got[:2] == data[:2]


@pytest.mark.parametrize("first", [CLIENT, UPSTREAM])
async def test_a_close_that_ends_a_relay_whose_other_socket_ends_in_the_same_look(
    nursery, first: Side
) -> None:
    other = OTHER[first]
    ending, next_one = Joined(nursery), Joined(nursery)
    await trio.testing.wait_all_tasks_blocked()
    ending.peers[first].sendall(close(1000, b"", first))
    await ending.hears(other, close(1000, b"", first))
    # Nothing runs between these: the poller sees them together, in this order.
    ending.peers[other].sendall(close(1000, b"", other))
    ending.peers[first].close()
    next_one.peers[CLIENT].sendall(text(b"another"))
    await next_one.hears(UPSTREAM, text(b"another"))
    with trio.fail_after(5):
        await ending.over.wait()
    assert ending.carrying.ended.code == 1000
    ending.peers[other].close()
    for peer in next_one.peers.values():
        peer.close()
    with trio.fail_after(5):
        await next_one.over.wait()


async def test_both_sides_that_speak_in_the_same_look_are_both_heard(nursery) -> None:
    joined = Joined(nursery)
    await trio.testing.wait_all_tasks_blocked()
    for number in range(20):
        data = text(b"%2d" % number)
        joined.peers[CLIENT].sendall(data)
        joined.peers[UPSTREAM].sendall(text(b"back", UPSTREAM))
        await joined.hears(UPSTREAM, data)
        await joined.hears(CLIENT, text(b"back", UPSTREAM))
    for peer in joined.peers.values():
        peer.close()
    with trio.fail_after(5):
        await joined.over.wait()
    ended = joined.carrying.ended
    assert (ended.messages_in, ended.messages_out) == (20, 20)
