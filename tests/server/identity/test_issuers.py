"""Keys of issuers, in virtual time, over a transport in memory."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import trio

from gateway_core.clock import seconds
from gateway_core.identifying import KeyRefresh, Token, key_refresh, read_token
from gateway_server.identity.issuers import FixedKeys, Issuer
from gateway_server.identity.signatures import holds, shared
from tests.issuer import Signing

OLD, NEW = Signing("old"), Signing("new")


class Body(httpx.AsyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces, self.closed = pieces, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed = True


class Pages(httpx.AsyncBaseTransport):
    """Answers what it is told to, and notes when it was asked."""

    def __init__(self, *keys: Signing) -> None:
        self.keys = keys
        self.status = 200
        self.takes = 0.0
        self.down = False
        self.asked: list[float] = []
        self.bodies: list[Body] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(trio.current_time())
        await trio.sleep(self.takes)
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        self.bodies.append(Body([json.dumps({"keys": [key.jwk for key in self.keys]}).encode()]))
        return httpx.Response(self.status, stream=self.bodies[-1])


def token(signing: Signing, **header: object) -> Token:
    read = read_token(signing.token(dict(header)).encode())
    assert isinstance(read, Token)
    return read


def issuer(pages: Pages) -> Issuer:
    refresh = key_refresh(seconds(300), seconds(10), seconds(5))
    return Issuer("http://issuer/jwks", pages, KeyRefresh(refresh))


async def verified(keys: Issuer, signing: Signing) -> bool:
    return any(holds(token(signing), key) for key in await keys.find(token(signing)))


async def test_keys_are_fetched_every_interval_and_bodies_are_closed(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    pages = Pages(OLD)
    keys = issuer(pages)
    nursery.start_soon(keys.run)
    await trio.sleep(1)
    assert keys.known
    assert await verified(keys, OLD)
    await trio.sleep(700)
    assert [round(when - pages.asked[0]) for when in pages.asked] == [0, 300, 600]
    assert all(body.closed for body in pages.bodies)


async def test_who_meets_a_new_key_waits_for_it_and_all_who_do_share_one_fetch(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    pages = Pages(OLD)
    pages.takes = 0.5
    keys = issuer(pages)
    nursery.start_soon(keys.run)
    await trio.sleep(20)
    pages.keys = (OLD, NEW)
    found: list[bool] = []

    async def ask() -> None:
        found.append(await verified(keys, NEW))

    async with trio.open_nursery() as askers:
        for _ in range(50):
            askers.start_soon(ask)
    assert found == [True] * 50
    assert len(pages.asked) == 2


async def test_a_fetch_that_takes_too_long_keeps_nobody_waiting_for_ever(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    pages = Pages(OLD)
    pages.takes = 1000
    keys = issuer(pages)
    nursery.start_soon(keys.run)
    await trio.testing.wait_all_tasks_blocked()
    began = trio.current_time()
    assert not await verified(keys, OLD)
    assert trio.current_time() - began == pytest.approx(5, abs=0.01)
    assert not keys.known


async def test_an_issuer_that_is_down_is_asked_ever_more_seldom_and_its_keys_stay(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    pages = Pages(OLD)
    keys = issuer(pages)
    nursery.start_soon(keys.run)
    await trio.sleep(299)
    pages.down = True
    await trio.sleep(1000)
    assert await verified(keys, OLD)
    waits = [round(b - a) for a, b in zip(pages.asked, pages.asked[1:], strict=False)]
    assert waits == [300, 10, 20, 40, 80, 160, 300, 300]


async def test_an_answer_that_is_no_200_changes_nothing(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    pages = Pages(OLD)
    keys = issuer(pages)
    nursery.start_soon(keys.run)
    await trio.sleep(299)
    pages.status, pages.keys = 404, (NEW,)
    await trio.sleep(2)
    assert await verified(keys, OLD)


async def test_a_task_that_is_started_again_knows_what_was_known(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pages = Pages(OLD)
    keys = issuer(pages)
    with trio.move_on_after(1):
        await keys.run()
    assert await verified(keys, OLD)
    assert not await verified(keys, NEW)  # nobody fetches now, and nobody waits
    pages.keys = (OLD, NEW)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keys.run)
        await trio.sleep(1)
        assert await verified(keys, NEW)
        nursery.cancel_scope.cancel()


async def test_who_waits_for_keys_is_let_go_when_the_task_ends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pages = Pages(OLD)
    pages.takes = 1000
    keys = issuer(pages)
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await keys.run()

        nursery.start_soon(run)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(verified, keys, OLD)
        await trio.testing.wait_all_tasks_blocked()
        scope.cancel()


async def test_fixed_keys_serve_the_algorithms_that_they_are_for() -> None:
    keys = FixedKeys(shared(b"s" * 32, ["HS256"]))
    assert keys.known
    assert len(await keys.find(Token(b"", "HS256", "", {}))) == 1  # type: ignore[arg-type]
    assert await keys.find(Token(b"", "RS256", "", {})) == ()  # type: ignore[arg-type]
