"""What is stored, or found, where it is told of: nobody is promised a body that is not in hand.

Between what an exchange commands where its answer is heard and the turn of its connection's task,
others ask, store and purge.
"""

from dataclasses import replace

import pytest
import trio
import trio.testing

from gateway_core.caching.policy import CachePolicy
from gateway_core.exchange import Cache, Policies
from gateway_core.message import ResponseHead
from tests.core.exchange.test_showing import PASSING
from tests.exchanges import POLICIES, REWRITING
from tests.interpreted import interpreted
from tests.server.test_http_edge import FakeAnswer
from tests.server.test_under_way import GET, Road, whole

PASSING_ON = replace(REWRITING, answers={"a": PASSING})
FRESH = (b"cache-control", b"max-age=60")
STALE_IF_ERROR = (b"cache-control", b"max-age=1, stale-if-error=600")
STALE = (b"cache-control", b"max-age=0, stale-while-revalidate=60")


async def refreshed(*_: object, **__: object) -> None:
    """Fetch what is newer, without end."""
    await trio.sleep_forever()


class Shop:
    """Two clients of one gateway whose route caches."""

    def __init__(self, nursery: trio.Nursery, policies: Policies = POLICIES) -> None:
        self.cache = Cache()
        policies = replace(policies, cache=self.cache, caching={"a": CachePolicy()})
        self.one, self.other = (Road(nursery, policies=policies) for _ in range(2))
        edge = self.one.worker.served.begin.__self__
        self.shelf = edge.shelf
        self.shelf.open(nursery)
        self.other.worker.served.begin = edge.begin
        self.upstream = self.one.upstream
        self.upstream.call = refreshed
        self.one.begin()
        self.other.begin()

    async def end(self) -> None:
        for road in (self.one, self.other):
            road.client.close()
            with trio.fail_after(2):
                await road.ended.wait()


@pytest.fixture
async def shop(request: pytest.FixtureRequest):
    async with trio.open_nursery() as nursery:
        shop = Shop(nursery, getattr(request, "param", POLICIES))
        await trio.testing.wait_all_tasks_blocked()
        yield shop
        await shop.end()
        nursery.cancel_scope.cancel()


async def test_what_is_stored_is_answered_without_a_task(shop: Shop) -> None:
    shop.one.woken()
    await shop.one.ask(0)
    await shop.one.tell(whole(b"new", FRESH))
    assert shop.one.got().endswith(b"new")
    assert shop.one.woken() == 0
    assert len(shop.shelf) == 1


@pytest.mark.parametrize("room", [True, False], ids=["taken at once", "not taken at once"])
async def test_who_asks_in_the_moment_in_which_it_is_stored_gets_it(shop: Shop, room: bool) -> None:
    """Trio runs the tasks of a turn in any order, so that once proves nothing."""
    for number in range(20):
        await shop.one.ask(number)
        if not room:
            shop.one.wire.write_at_once = lambda data: 0
        shop.upstream.calls[-1].told(whole(b"new", FRESH))
        await shop.other.ask(number)
        assert shop.other.got().endswith(b"new"), f"the {number}th time"
        if not room:
            del shop.one.wire.write_at_once
        assert shop.one.got().endswith(b"new")
    assert shop.one.lines() == [(200, None)] * 40


async def test_who_waits_for_it_gets_it_whoever_else_ends_in_that_moment(shop: Shop) -> None:
    for number in range(20):
        await shop.one.ask(number)
        await shop.other.ask(number)
        shop.upstream.calls[-1].told(whole(b"new", FRESH))
        shop.shelf.settle()  # as every exchange does that ends
        await trio.testing.wait_all_tasks_blocked()
        assert shop.other.got().endswith(b"new"), f"the {number}th time"
        assert shop.one.got().endswith(b"new")


async def test_who_is_to_wait_for_it_misses_no_landing(shop: Shop, autojump_clock: object) -> None:
    for number in range(20):
        await shop.one.ask(number)
        asked = trio.current_time()
        shop.other.client.send(GET % number)
        await trio.lowlevel.checkpoint()  # its task's turn is the next one
        shop.upstream.calls[-1].told(whole(b"new", FRESH))
        shop.shelf.settle()
        await trio.testing.wait_all_tasks_blocked()
        assert shop.one.got().endswith(b"new")
        assert shop.other.got().endswith(b"new"), f"the {number}th time"
        assert trio.current_time() == asked


async def test_who_was_to_wait_and_is_gone_is_told_of_nothing(shop: Shop) -> None:
    await shop.one.ask(0)
    shop.other.lane._take(GET % 0)
    assert shop.shelf._waiting
    shop.other.scope.cancel()
    await shop.other.ended.wait()
    assert not shop.shelf._waiting
    await shop.one.tell(whole(b"new", FRESH))
    assert shop.one.got().endswith(b"new")


async def test_what_is_purged_in_the_moment_in_which_it_is_stored_is_sent_and_forgotten(
    shop: Shop,
) -> None:
    await shop.one.ask(0)
    shop.one.wire.write_at_once = lambda data: 0
    shop.upstream.calls[-1].told(whole(b"new", FRESH))
    shop.cache.purge_all()
    shop.shelf.settle()
    await trio.testing.wait_all_tasks_blocked()
    assert shop.one.got().endswith(b"new")
    assert len(shop.shelf) == 0


async def keep_in_pieces(shop: Shop, *fields: tuple[bytes, bytes]) -> bytes:
    """Store what is too much for one piece."""
    pieces = [(0.0, b"a" * 50_000), (0.0, b"b" * 50_000)]
    head = ResponseHead(200, ((b"content-length", b"100000"), *fields), 100_000)
    await shop.one.ask(0)
    await shop.one.tell(None)
    shop.upstream.calls[-1].come(FakeAnswer(list(pieces), head=head))
    body = b"".join(piece for _, piece in pieces)
    assert await got(shop.one) == body
    assert len(shop.shelf) == 1
    return body


async def got(road: Road) -> bytes:
    """Return the body of a sized answer, once it is there."""
    data = b""
    with trio.fail_after(5):
        while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < 100_000:
            await trio.lowlevel.wait_readable(road.client)
            piece = road.got()
            assert piece, f"ended after {data[:300]}"
            data += piece
    return data.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("terms", [FRESH, STALE], ids=["fresh", "stale, a newer one is fetched"])
async def test_what_was_found_and_waits_for_its_turn_is_in_hand(
    shop: Shop, terms: tuple[bytes, bytes]
) -> None:
    body = await keep_in_pieces(shop, terms)
    shop.one.lane._take(GET % 0)
    shop.cache.purge_all()
    shop.shelf.settle()
    shop.one.wire.wake()
    assert await got(shop.one) == body
    assert shop.one.lines()[-1] == (200, None)
    assert len(shop.shelf) == 0


@interpreted  # since a compiled class lets nobody replace its methods
async def test_what_stands_in_for_a_silent_upstream_is_in_hand(
    shop: Shop, autojump_clock: trio.abc.Clock
) -> None:
    """Its time-out is told of by whoever keeps the time, and the task's turn comes later."""
    await shop.one.ask(0)
    await shop.one.tell(whole(b"old", STALE_IF_ERROR))
    assert shop.one.got().endswith(b"old")
    await trio.sleep(2)
    await shop.one.ask(0)
    talk = shop.one.lane._talk
    tick = talk.tick

    def tick_and_purge() -> None:
        tick()
        shop.cache.purge_all()
        shop.shelf.settle()

    talk.tick = tick_and_purge
    await trio.sleep(100)
    assert shop.one.got().endswith(b"old")
    assert shop.one.lines() == [(200, None)] * 2


@pytest.mark.parametrize("shop", [PASSING_ON], ids=["rewriting"], indirect=True)
@pytest.mark.parametrize("filler", [0, 100], ids=["made anew", "too large to be made anew"])
async def test_a_document_that_waits_for_its_turn_is_in_hand(shop: Shop, filler: int) -> None:
    document = b'{"name": "x"' + b" " * filler + b"}"
    told = document if filler else b'{"n":"x"}'
    await shop.one.ask(0)
    await shop.one.tell(whole(document, FRESH, (b"content-type", b"application/json")))
    assert shop.one.got().endswith(told)
    shop.one.lane._take(GET % 0)
    shop.cache.purge_all()
    shop.shelf.settle()
    shop.one.wire.wake()
    await trio.testing.wait_all_tasks_blocked()
    assert shop.one.got().endswith(told)
    assert shop.one.lines() == [(200, None)] * 2


async def test_what_was_in_hand_is_let_go_of_where_its_turn_never_comes(shop: Shop) -> None:
    await keep_in_pieces(shop, FRESH)
    (body,) = shop.shelf._bodies.values()
    shop.one.lane._take(GET % 0)
    assert body.readers
    shop.one.scope.cancel()
    await shop.one.ended.wait()
    assert not body.readers
