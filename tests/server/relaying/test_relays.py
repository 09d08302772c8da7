"""Sockets as they are opened, in a time that passes at once: pings, those who vanish, drains."""

from collections.abc import Callable

import pytest
import trio
import trio.testing

from gateway_core.clock import NEVER, SECOND, Instant, seconds
from gateway_core.frames import CLIENT, UPSTREAM, Side, masked
from gateway_core.limiting import Rate
from gateway_core.relay import RelayRules
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.front.wire import Wire
from gateway_server.relaying import Carrying, Relays
from gateway_server.timers import Timers
from tests.core.frames.writing import close, frame, text
from tests.server.relaying.test_message_ends import received
from tests.server.relaying.wires import FakeWire

PING, PONG = 0x89, 10
PING_BYTES = 2 + 8 + 4
"""Header, tag and number; four more with a mask."""
RULES = RelayRules(ping_interval=seconds(30), close_timeout=seconds(5), grace=seconds(2))
DRAIN = 30 * SECOND
SERVICE = Upstream("up", (Endpoint("http", "127.0.0.1", 1),))


class Socket:
    """A client on a memory stream, a relay, and an upstream on a fake wire."""

    def __init__(self, nursery: trio.Nursery, relays: Relays, timers: Timers) -> None:
        self.theirs, ours = trio.testing.memory_stream_pair()
        self.upstream = FakeWire()
        self.opened: Carrying[bytes] | None = None
        alarm = timers.alarm(self._deadline, lambda: self.carrying.tick())
        self.carrying = relays.frames(
            "route",
            SERVICE,
            (Wire(ours, 10.0), b""),
            (self.upstream, b""),
            alarm,
            deflated=False,
        )
        self.opened = self.carrying
        alarm.look()
        self._close = ours.aclose
        self.over = trio.Event()
        self.client_got = b""
        self.answers = frozenset(Side)
        """Who answers pings."""
        nursery.start_soon(self._run)
        nursery.start_soon(self._listen)

    def _deadline(self) -> Instant:
        return NEVER if self.opened is None else self.opened.deadline

    async def _run(self) -> None:
        await self.carrying.run()
        self.over.set()
        await self._close()

    async def _listen(self) -> None:
        async for data in self.theirs:
            self.client_got += data
            if data[0] == PING and CLIENT in self.answers:
                await self.theirs.send_all(
                    frame(PONG, bytes(data[2:]))
                )  # memory streams give bytearrays

    async def play_upstream(self) -> None:
        """Answer pings that come to the upstream."""
        seen = 0
        while not self.upstream.closed:
            await trio.sleep(0.5)
            data, seen = self.upstream.sent[seen:], len(self.upstream.sent)
            if data and data[0] == PING and UPSTREAM in self.answers:
                self.upstream.comes(frame(PONG, masked(data[6:], data[2:6]), UPSTREAM))

    async def says(self, data: bytes) -> None:
        await self.theirs.send_all(data)
        await trio.testing.wait_all_tasks_blocked()


def worker(nursery: trio.Nursery, rules: RelayRules = RULES) -> tuple[Relays, Callable[[], Socket]]:
    """Return a worker's relays, and what opens a socket of theirs."""
    timers, relays = Timers(), Relays({"route": rules}, DRAIN)
    nursery.start_soon(timers.run)
    return relays, lambda: Socket(nursery, relays, timers)


async def test_pings_of_ours_are_answered_to_us_and_nobody_else_hears_of_them(
    nursery, autojump_clock
) -> None:
    _, open_one = worker(nursery)
    socket = open_one()
    nursery.start_soon(socket.play_upstream)
    await trio.sleep(250)
    assert len(socket.client_got) == 8 * PING_BYTES, "each 30 s, however often it is answered"
    assert set(socket.client_got[::PING_BYTES]) == {PING}
    assert set(socket.upstream.sent[:: PING_BYTES + 4]) == {PING}
    assert not socket.over.is_set()
    await socket.says(text(b"next"))
    assert socket.upstream.sent.endswith(text(b"next"))


@pytest.mark.parametrize("side", [CLIENT, UPSTREAM])
async def test_who_vanished_without_a_word_is_noticed_after_two_intervals(
    nursery, autojump_clock, side: Side
) -> None:
    _, open_one = worker(nursery)
    socket = open_one()
    socket.answers = frozenset(Side) - {side}
    nursery.start_soon(socket.play_upstream)
    await trio.sleep(59)
    before = len(socket.client_got), len(socket.upstream.sent)
    await trio.sleep(2)
    told = (socket.client_got[before[0] :], socket.upstream.sent[before[1] :])
    if side is CLIENT:
        assert told[1][0] == 0x88
        assert masked(told[1][6:], told[1][2:6]).startswith((1001).to_bytes(2, "big"))
        assert told[0] == b""
    else:
        assert told[0].endswith(close(1011, b"the upstream is gone", UPSTREAM))
    await socket.over.wait()
    ended = socket.carrying.ended
    assert (ended.closed_by, ended.code) == (side.value, 1006)


async def test_a_client_that_is_too_fast_is_read_as_its_bucket_fills(
    nursery, autojump_clock
) -> None:
    rules = RelayRules(rate=Rate(2, seconds(20)), rate_waits=True, ping_interval=seconds(1000))
    _, open_one = worker(nursery, rules)
    socket = open_one()
    await socket.says(b"".join(text(b"%d" % number) for number in range(6)))
    passed = []
    for _ in range(7):
        passed.append(len(socket.upstream.sent) // len(text(b"0")))
        await trio.sleep(10.001)
    assert passed == [2, 3, 4, 5, 6, 6, 6]
    assert socket.upstream.sent == b"".join(text(b"%d" % number) for number in range(6))


async def test_a_drain_closes_each_at_its_moment_within_twice_the_grace(
    nursery, autojump_clock
) -> None:
    relays, open_one = worker(nursery)
    sockets = [open_one() for _ in range(100)]
    await trio.testing.wait_all_tasks_blocked()
    start = trio.current_time()
    relays.drain()
    late = open_one()  # its handshake was under way
    moments: list[float] = []

    async def note(socket: Socket) -> None:
        while b"\x88" not in socket.client_got:
            await trio.sleep(0.01)
        moments.append(trio.current_time() - start)
        await socket.says(close(1001))
        socket.upstream.comes(close(1001, b"", UPSTREAM))
        await socket.over.wait()

    async with trio.open_nursery() as inner:
        for socket in (*sockets, late):
            inner.start_soon(note, socket)
    assert min(moments) >= 2
    assert max(moments) <= 4.02
    assert len({round(moment, 1) for moment in moments}) > 15, "at moments of their own"
    assert len(relays) == 101, "whoever opened them forgets them"
    for socket in (*sockets, late):
        relays.forget(socket.carrying)
        assert socket.carrying.ended.code == 1001
    assert len(relays) == 0


async def test_where_messages_are_relayed_the_upstream_alone_is_pinged(
    nursery, autojump_clock
) -> None:
    """ASGI has no pings: a client is noticed by its server, or by the idle time-out."""
    relays, _ = worker(nursery)
    timers = Timers()
    nursery.start_soon(timers.run)
    wire, sent = FakeWire(), []
    say, hear = trio.open_memory_channel[dict](10)

    async def send(message: dict) -> None:
        await trio.lowlevel.checkpoint()
        sent.append(message)

    alarm = timers.alarm(lambda: carrying.deadline, lambda: carrying.tick())
    carrying = relays.messages("route", SERVICE, (hear.receive, send), (wire, b""), alarm)
    alarm.look()
    nursery.start_soon(carrying.run)
    say.send_nowait(received(text="hello"))
    await trio.sleep(29)
    said = len(text(b"hello"))
    assert len(wire.sent) == said
    await trio.sleep(2)
    assert (wire.sent[said], len(wire.sent)) == (PING, said + PING_BYTES + 4)
    await trio.sleep(30)
    assert [(one["type"], one["code"]) for one in sent] == [("websocket.close", 1011)]
    say.send_nowait({"type": "websocket.disconnect", "code": 1011, "reason": ""})
    await trio.sleep(1)
    assert (carrying.ended.closed_by, carrying.ended.code) == ("upstream", 1006)
