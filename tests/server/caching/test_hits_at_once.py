"""Stored answers on our own connections: sent where the request is told of, or settled after."""

import io
import json
from dataclasses import replace

import pytest
import trio
from hypercorn.config import Config

from gateway_core.caching.policy import CachePolicy
from gateway_core.clock import SECOND, UnixTime
from gateway_core.exchange import Cache
from gateway_core.message import ResponseHead
from gateway_server.front import FrontSettings
from gateway_server.front.calls import Origin
from gateway_server.front.drain import Worker
from gateway_server.front.quick import QuickHttp1
from gateway_server.http_edge import HttpEdge
from gateway_server.relaying import Relays
from gateway_server.telemetry import AccessLog
from gateway_server.upstream.whole_answer import WholeAnswer
from tests.end_to_end.served_app import Little
from tests.exchanges import POLICIES
from tests.server.test_http_edge import FakeClient
from tests.server.test_lane_talk import WireToAClient

BODY = b"x" * 1000
SIZED = ResponseHead(200, ((b"content-length", b"1000"), (b"cache-control", b"max-age=60")), 1000)
TWICE = 2


class Shop:
    """A gateway whose route caches; `wire` asks twice, the second time for what is stored."""

    def __init__(self, wire: WireToAClient) -> None:
        self.wire = wire
        self.cache = Cache()
        policies = replace(POLICIES, cache=self.cache, caching={"a": CachePolicy()})
        self._written = io.StringIO()
        client = FakeClient(WholeAnswer(SIZED, BODY, UnixTime(0), UnixTime(0)))
        log = AccessLog("json", self._written)
        self.edge = HttpEdge(policies, {"service-a": client}, log, Relays({}, SECOND))

    async def serve(self) -> list[dict]:
        app = Little(FrontSettings())
        app.begin = self.edge.begin
        worker = Worker(app, Config())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.timers.run)
            await QuickHttp1(Origin(worker, {}, ("192.0.2.1", 5), None, False), self.wire).run()
            nursery.cancel_scope.cancel()
        return [json.loads(line) for line in self._written.getvalue().splitlines()]


class Emptied(WireToAClient):
    """Loses all that is stored between a hit and its task's turn."""

    shop: Shop

    async def feed(self, sink) -> bool:
        wanted = await super().feed(sink)
        self.shop.cache.purge_all()
        self.shop.edge.shelf.settle()
        return wanted


@pytest.mark.parametrize("room", [10_000, 300, 0], ids=["at once", "in parts", "none at once"])
async def test_a_hit_arrives_whole_however_the_client_takes_it(autojump_clock, room):
    wire = WireToAClient(TWICE, room)
    first, second = await Shop(wire).serve()
    assert (first["cache"], second["cache"]) == ("MISS", "HIT")
    assert (second["status"], second["bytes_out"]) == (200, 1000)
    assert "reason" not in second
    assert wire.got.count(BODY) == TWICE


async def test_a_hit_that_is_being_sent_outlives_what_was_stored(autojump_clock):
    shop = Shop(WireToAClient(1))
    await shop.serve()
    shop.wire = wire = Emptied(1, 300)
    wire.shop = shop
    line = (await shop.serve())[-1]
    assert (line["cache"], line["bytes_out"]) == ("HIT", 1000)
    assert wire.got.count(BODY) == 1
    assert not len(shop.edge.shelf)


async def test_a_client_that_leaves_in_the_middle_of_a_hit_is_told_of(autojump_clock):
    shop = Shop(WireToAClient(1))
    await shop.serve()
    shop.wire = WireToAClient(1, 300, later=-1)
    line = (await shop.serve())[-1]
    assert (line["status"], line["reason"], line["bytes_out"]) == (499, "client-left", 1000)


async def test_a_client_that_stops_in_the_middle_of_a_hit_is_cut_in_time(autojump_clock):
    shop = Shop(WireToAClient(1))
    await shop.serve()
    shop.wire = WireToAClient(1, 300, later=1000)
    began = trio.current_time()
    line = (await shop.serve())[-1]
    assert trio.current_time() - began == pytest.approx(POLICIES.write_timeout / SECOND, abs=0.01)
    assert (line["status"], line["reason"]) == (200, "client-write-timeout")
