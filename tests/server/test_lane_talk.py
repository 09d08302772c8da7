"""Requests on our own connections, past ASGI: what one write takes, and what it does not."""

import gc
import io
import json

import pytest
import trio
from hypercorn.config import Config

from gateway_core.clock import SECOND, UnixTime
from gateway_core.message import ResponseHead
from gateway_server.front import FrontSettings
from gateway_server.front.calls import Origin
from gateway_server.front.drain import Worker
from gateway_server.front.quick import QuickHttp1
from gateway_server.front.streams import ClientLeftError
from gateway_server.http_edge import HttpEdge
from gateway_server.relaying import Relays
from gateway_server.telemetry import AccessLog
from gateway_server.upstream.whole_answer import WholeAnswer
from tests.end_to_end.served_app import Little
from tests.exchanges import POLICIES
from tests.server.test_http_edge import FakeClient

GET = b"GET /a/x HTTP/1.1\r\nHost: gw\r\n\r\n"
BODY = b"x" * 1000
SIZED = ResponseHead(200, ((b"content-length", b"1000"), (b"date", b"today")), 1000)


class WireToAClient:
    """Gives `requests`, and takes `room` bytes of an answer at once, the rest `later`."""

    secure = holds = False

    def __init__(
        self, requests: int, room: int = 10_000, later: float = 0.0, request: bytes = GET
    ) -> None:
        self.requests = [request] * requests
        self.room, self.later = room, later
        self.got = b""
        self.broken = False

    async def read(self) -> bytes:
        await trio.lowlevel.checkpoint()
        return self.requests.pop() if self.requests else b""

    async def feed(self, sink) -> bool:
        while data := await self.read():
            if not sink(data):
                return True
        return False

    def read_at_once(self) -> bytes:
        return b""

    def has_left(self) -> bool:
        return False

    def write_at_once(self, data: bytes) -> int:
        taken = data[: self.room]
        self.got += taken
        return len(taken)

    async def write(self, data: bytes) -> None:
        if self.later < 0:
            raise ClientLeftError("gone")
        await trio.sleep(self.later)
        self.got += data

    async def linger(self, *, short: bool) -> None:
        pass

    def reset(self) -> None:
        pass


def whole_answer(head: ResponseHead = SIZED, body: bytes = BODY) -> WholeAnswer:
    return WholeAnswer(head, body, UnixTime(0), UnixTime(0))


async def serve(wire: WireToAClient, answer: WholeAnswer | None = None) -> list[dict]:
    """Serve what `wire` asks until it has nothing more; return the lines of the log."""
    written = io.StringIO()
    client = FakeClient(answer or whole_answer())
    edge = HttpEdge(POLICIES, {"service-a": client}, AccessLog("json", written), Relays({}, SECOND))
    app = Little(FrontSettings())
    app.begin = edge.begin
    worker = Worker(app, Config())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker.timers.run)
        await QuickHttp1(Origin(worker, {}, ("192.0.2.1", 5), None, False), wire).run()
        nursery.cancel_scope.cancel()
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.parametrize("room", [10_000, 1, 0], ids=["at once", "but for a byte", "none at once"])
async def test_a_whole_answer_arrives_whole_however_the_client_takes_it(autojump_clock, room):
    wire = WireToAClient(2, room)
    lines = await serve(wire)
    assert wire.got.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert wire.got.count(BODY) == 2
    assert [(line["status"], line["bytes_out"]) for line in lines] == [(200, 1000), (200, 1000)]
    assert "reason" not in lines[0]


async def test_an_answer_without_a_body_is_whole(autojump_clock):
    wire = WireToAClient(1)
    head = ResponseHead(200, ((b"content-length", b"0"),), 0)
    (line,) = await serve(wire, whole_answer(head, b""))
    assert wire.got.endswith(b"\r\n\r\n")
    assert (line["status"], line["bytes_out"]) == (200, 0)


async def test_a_client_that_stops_in_the_middle_of_a_whole_answer_is_cut_in_time(autojump_clock):
    wire = WireToAClient(1, room=100, later=1000)
    began = trio.current_time()
    (line,) = await serve(wire)
    assert trio.current_time() - began == pytest.approx(POLICIES.write_timeout / SECOND, abs=0.01)
    assert (line["status"], line["reason"]) == (200, "client-write-timeout")
    assert len(wire.got) == 100


async def test_a_client_that_leaves_in_the_middle_of_a_whole_answer_is_told_of(autojump_clock):
    wire = WireToAClient(1, room=100, later=-1)
    (line,) = await serve(wire)
    assert (line["status"], line["reason"]) == (499, "client-left")
    assert line["bytes_out"] == 1000, "what the upstream gave for it"


@pytest.mark.parametrize("room", [10_000, 7], ids=["at once", "in parts"])
async def test_a_refusal_arrives_whole_however_the_client_takes_it(autojump_clock, room):
    wire = WireToAClient(2, room, request=GET.replace(b"/a/x", b"/nowhere"))
    lines = await serve(wire)
    assert wire.got.count(b"HTTP/1.1 404 Not Found\r\n") == 2
    assert wire.got.count(b'"type": "urn:gateway-problem:no-route"') == 2
    assert [(line["status"], line["reason"]) for line in lines] == [(404, "no-route")] * 2


async def test_a_refused_client_that_has_gone_need_not_wait_for_what_it_is_told(autojump_clock):
    wire = WireToAClient(1, 7, later=-1, request=GET.replace(b"/a/x", b"/nowhere"))
    (line,) = await serve(wire)
    assert (line["status"], line["reason"]) == (404, "no-route")


async def test_a_whole_answer_is_read_like_any_other():
    answer = whole_answer()
    assert (answer.at_hand, answer.ended, answer.uploading) == (True, False, False)
    assert await answer.read() == BODY
    assert answer.ended
    assert await answer.read() == b""
    await answer.finish_upload()
    await answer.aclose()
    assert whole_answer(body=b"").ended


async def test_requests_leave_nothing_to_the_collector(autojump_clock):
    """Else each would live on, cold, until a collection: at 256 connections that is dear."""

    async def left(requests: int) -> int:
        gc.collect()
        gc.disable()
        try:
            await serve(WireToAClient(requests))
            return gc.collect()
        finally:
            gc.enable()

    assert await left(60) == await left(10)
