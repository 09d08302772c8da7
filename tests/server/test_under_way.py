"""A request that is under way sleeps: no task is woken for what goes well, and all else is told."""

import gc
import io
import json
import socket
from dataclasses import replace

import pytest
import trio
import trio.testing
from hypercorn.config import Config

from gateway_core.caching.policy import CachePolicy
from gateway_core.clock import SECOND, UnixTime
from gateway_core.errors import FailureKind
from gateway_core.exchange import Cache, Exchange
from gateway_core.message import ResponseHead
from gateway_server.front import FrontSettings
from gateway_server.front.calls import Origin
from gateway_server.front.drain import Worker
from gateway_server.front.quick import QuickHttp1
from gateway_server.front.quick_wire import QuickWire
from gateway_server.http_edge import HttpEdge
from gateway_server.lane_talk import LaneTalk
from gateway_server.relaying import Relays
from gateway_server.telemetry import AccessLog
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.whole_answer import WholeAnswer
from tests.end_to_end.served_app import Little
from tests.exchanges import POLICIES
from tests.interpreted import interpreted

GET = b"GET /a/%d HTTP/1.1\r\nHost: gw\r\n\r\n"


class Called:
    """A call that is out: tells, answers or fails as the test says."""

    sent = True

    def __init__(self, command, *, attended=True):
        self.target = command.request.target
        self.attended = attended
        self.told = None
        self.dropped = self.awaited = 0
        self.answer_comes = trio.Event()
        self.comes = None

    def attend(self, told):
        if self.attended:
            self.told = told
        return self.attended

    async def answer(self, body, progress, asides):
        self.awaited += 1
        try:
            await self.answer_comes.wait()
        except trio.Cancelled:
            self.dropped += 1
            raise
        if isinstance(self.comes, Exception):
            raise self.comes
        return self.comes

    def come(self, what):
        self.comes = what
        self.answer_comes.set()

    def drop(self):
        self.dropped += 1


class Upstream:
    def __init__(self, *, attended=True):
        self.calls = []
        self.attended = attended

    def ask(self, command):
        self.calls.append(Called(command, attended=self.attended))
        return self.calls[-1]


def whole(body=b"ok", *fields, status=200):
    length = (b"content-length", b"%d" % len(body))
    head = ResponseHead(status, (length, (b"date", b"today"), *fields), len(body))
    return WholeAnswer(head, body, UnixTime(0), UnixTime(0))


class Road:
    """A client's socket, the gateway's connection on it, and an upstream that is told what to do."""

    def __init__(self, nursery, *, attended=True, policies=POLICIES, **settings):
        ours, self.client = socket.socketpair()
        self.client.setblocking(False)
        self.nursery = nursery
        self.upstream = Upstream(attended=attended)
        self.written = io.StringIO()
        log = AccessLog("json", self.written)
        edge = HttpEdge(policies, {"service-a": self.upstream}, log, Relays({}, SECOND))
        app = Little(FrontSettings(**settings))
        app.begin = edge.begin
        self.worker = Worker(app, Config())
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        self.wire = QuickWire(stream, write_timeout=5)
        self.lane = QuickHttp1(Origin(self.worker, {}, ("192.0.2.1", 5), None, False), self.wire)
        self.scope = trio.CancelScope()
        self.ended = trio.Event()
        self.failed = None
        self.steps = 0

    async def run(self):
        self.task = trio.lowlevel.current_task()
        try:
            with self.scope:
                await self.lane.run()
        except ZeroDivisionError as error:
            self.failed = error
        await self.wire.close()
        self.ended.set()

    def begin(self):
        self.nursery.start_soon(self.worker.timers.run)
        self.nursery.start_soon(self.run)

    async def ask(self, *numbers):
        self.client.send(b"".join(GET % number for number in numbers))
        await trio.testing.wait_all_tasks_blocked()

    async def tell(self, what, call=-1):
        self.upstream.calls[call].told(what)
        await trio.testing.wait_all_tasks_blocked()

    def got(self):
        try:
            return self.client.recv(65536)
        except BlockingIOError:
            return b""

    def lines(self):
        return [
            (line["status"], line.get("reason"))
            for line in map(json.loads, self.written.getvalue().splitlines())
        ]

    def woken(self):
        """How often the connection's task ran since this was asked last."""
        before, self.steps = self.steps, self.task._schedule_points
        return self.steps - before


@pytest.fixture
async def nursery():
    async with trio.open_nursery() as nursery:
        yield nursery
        nursery.cancel_scope.cancel()


@pytest.fixture
async def road(nursery):
    road = Road(nursery)
    road.begin()
    await trio.testing.wait_all_tasks_blocked()
    road.woken()
    yield road
    road.client.close()
    with trio.fail_after(2):
        await road.ended.wait()


async def test_a_request_and_its_answer_wake_no_task(road):
    for number in range(3):
        await road.ask(number)
        assert road.upstream.calls[number].target == b"/%d" % number
        await road.tell(whole())
        assert road.got().endswith(b"\r\n\r\nok")
    assert road.woken() == 0
    assert road.lines() == [(200, None)] * 3
    assert [call.dropped + call.awaited for call in road.upstream.calls] == [0, 0, 0]


async def test_they_leave_nothing_to_the_collector(road):
    """As `test_lane_talk` asks of those that a task serves."""

    def alive():
        return sum(isinstance(each, LaneTalk | Exchange) for each in gc.get_objects())

    gc.collect()
    before = alive()
    gc.disable()
    try:
        for number in range(50):
            await road.ask(number)
            await road.tell(whole())
            road.upstream.calls.clear()
            assert road.got().endswith(b"ok")
        assert alive() == before
    finally:
        gc.enable()


async def test_pipelined_requests_are_asked_one_after_the_other(road):
    await road.ask(0, 1)
    await road.ask(2)
    for number in range(3):
        assert len(road.upstream.calls) == number + 1
        assert road.got() == b""
        await road.tell(whole())
        assert road.got().count(b"HTTP/1.1 200 OK") == 1
    assert road.woken() == 0


@pytest.mark.parametrize("attended", [True, False], ids=["under way, too", "awaited"])
async def test_an_answer_may_lead_to_another_call(nursery, attended):
    """As one does that confirms what is not stored (RFC 9111, 4.3.3)."""
    policies = replace(POLICIES, cache=Cache(), caching={"a": CachePolicy()})
    road = Road(nursery, policies=policies)
    road.begin()
    await road.ask(0)
    await road.tell(whole(b"old", (b"cache-control", b"max-age=0"), (b"etag", b'"old"')))
    assert road.got().endswith(b"old")
    await road.ask(0)
    road.woken()
    road.upstream.attended = attended
    await road.tell(whole(b"", (b"etag", b'"other"'), status=304))
    assert [call.awaited for call in road.upstream.calls] == [0, 0, 0 if attended else 1]
    assert road.woken() == (0 if attended else 1)
    new = whole(b"new", (b"cache-control", b"no-store"))
    if attended:
        await road.tell(new)
    else:
        road.upstream.calls[-1].come(new)
        await trio.testing.wait_all_tasks_blocked()
    assert road.got().endswith(b"new")
    assert road.lines() == [(200, None)] * 2
    road.client.close()
    await road.ended.wait()


async def test_what_is_not_all_here_is_the_tasks(road):
    await road.ask(0)
    await road.tell(None)
    (call,) = road.upstream.calls
    assert (call.awaited, road.woken()) == (1, 1)
    call.come(whole())
    await trio.testing.wait_all_tasks_blocked()
    assert road.got().endswith(b"ok")
    await road.ask(1)
    await road.tell(whole())
    assert road.lines() == [(200, None)] * 2
    assert call.dropped == 0


async def test_a_call_that_fails_is_the_tasks_too(road):
    await road.ask(0)
    await road.tell(None)
    road.upstream.calls[0].come(CallFailedError(FailureKind.RESET))
    await trio.testing.wait_all_tasks_blocked()
    assert road.got().startswith(b"HTTP/1.1 502")


async def test_where_nothing_can_be_attended_to_the_task_waits(nursery):
    road = Road(nursery, attended=False)
    road.begin()
    await road.ask(0)
    (call,) = road.upstream.calls
    assert call.awaited == 1
    call.come(whole())
    await trio.testing.wait_all_tasks_blocked()
    assert road.got().endswith(b"ok")
    road.client.close()
    await road.ended.wait()


async def test_an_upstream_that_is_silent_is_given_up_in_time(road, autojump_clock):
    await road.ask(0)
    with trio.fail_after(100):
        while not (answer := road.got()):
            await trio.sleep(1)
    assert answer.startswith(b"HTTP/1.1 504")
    assert road.upstream.calls[0].dropped == 1
    await road.ask(1)
    await road.tell(whole())
    assert road.got().endswith(b"ok")


async def test_a_client_that_leaves_takes_its_call_along(road):
    await road.ask(0)
    road.client.close()
    road.lane.wire.has_left = lambda: True
    road.lane.look_at_client()
    await trio.testing.wait_all_tasks_blocked()
    assert road.upstream.calls[0].dropped == 1
    assert road.lines() == [(499, "client-left")]
    assert road.ended.is_set()


async def test_an_answer_that_comes_in_the_moment_in_which_it_is_given_up_is_let_go(road):
    await road.ask(0)
    road.lane._talk.client_left()
    await road.tell(whole())
    assert road.got() == b""
    assert road.upstream.calls[0].dropped == 0, "it holds nothing any more"
    assert road.lines() == [(499, "client-left")]


async def test_what_comes_apart_in_the_moment_in_which_it_is_given_up_is_dropped(road):
    await road.ask(0)
    road.lane._talk.client_left()
    await road.tell(None)
    assert road.upstream.calls[0].dropped == 1
    assert road.upstream.calls[0].awaited == 0


async def test_what_was_for_the_task_and_is_given_up_in_the_same_moment_is_dropped(road):
    await road.ask(0)
    road.upstream.calls[0].told(None)
    road.lane._talk.client_left()
    await trio.testing.wait_all_tasks_blocked()
    assert road.upstream.calls[0].dropped == 1
    assert road.lines() == [(499, "client-left")]


async def test_a_connection_that_is_cancelled_gives_its_call_back(road):
    await road.ask(0)
    road.scope.cancel()
    await trio.testing.wait_all_tasks_blocked()
    assert road.upstream.calls[0].dropped == 1
    assert road.ended.is_set()


async def test_a_drain_lets_the_answer_out_and_ends(road):
    await road.ask(0)
    road.lane.drain()
    await road.tell(whole())
    answer = road.got()
    assert b"connection: close" in answer
    assert answer.endswith(b"ok")
    assert not road.ended.is_set(), "what the client still sends is waited for"
    road.client.shutdown(socket.SHUT_WR)
    await road.ended.wait()


async def test_a_client_that_ends_behind_its_request_is_answered(road):
    await road.ask(0)
    road.client.shutdown(socket.SHUT_WR)
    await trio.testing.wait_all_tasks_blocked()
    await road.tell(whole())
    assert road.got().endswith(b"ok")
    await road.ended.wait()


async def test_what_is_wrong_behind_an_answer_is_the_tasks(road):
    await road.ask(0)
    road.client.send(b"what?\r\n\r\n")
    await road.tell(whole())
    assert b"HTTP/1.1 400 Bad Request" in road.got()


async def test_an_answer_that_the_client_does_not_take_at_once_is_the_tasks(road):
    road.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    large = b"x" * 1_000_000
    await road.ask(0)
    await road.tell(whole(large))
    got = b""
    with trio.fail_after(5):
        while not got.endswith(large):
            await trio.lowlevel.wait_readable(road.client)
            got += road.got()
    await road.ask(1)
    await road.tell(whole())
    assert road.lines() == [(200, None)] * 2


class Unforeseen:
    """No answer at all."""

    @property
    def head(self):
        raise ZeroDivisionError

    def drop(self):
        """Hold nothing."""


async def leave(road):
    road.client.shutdown(socket.SHUT_RDWR)
    road.lane.wire.has_left = lambda: True
    road.lane.look_at_client()


async def outwait(road):
    """Wait until the deadline is told of; longer than any."""
    await trio.sleep(100)


async def answer(road):
    await road.tell(whole())


async def answer_wrongly(road):
    await road.tell(Unforeseen())


@pytest.mark.parametrize(
    ("breaks", "happens"),
    [
        (lambda road: None, answer_wrongly),
        (lambda road: setattr(road.upstream, "ask", lambda _: 1 // 0), answer),
        # A compiled class lets nobody replace its methods.
        pytest.param(
            lambda road: setattr(road.lane._talk, "tick", lambda: 1 // 0),
            outwait,
            marks=interpreted,
        ),
        pytest.param(
            lambda road: setattr(road.lane._talk, "client_left", lambda: 1 // 0),
            leave,
            marks=interpreted,
        ),
    ],
    ids=["the answer", "the next request", "the deadline", "the client's leaving"],
)
async def test_what_nobody_foresaw_ends_the_connection_and_no_other(
    road, breaks, happens, nursery, autojump_clock
):
    await road.ask(0, 1)
    breaks(road)
    await happens(road)
    await road.ended.wait()
    assert isinstance(road.failed, ZeroDivisionError)
    other = Road(nursery)
    other.begin()
    await other.ask(0)
    await other.tell(whole())
    assert other.got().endswith(b"ok")
    other.client.close()
    await other.ended.wait()
