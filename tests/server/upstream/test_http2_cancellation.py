"""Cancelled at any await, a call leaves neither a stream, nor a claim, nor a socket, nor a task."""

import random
from typing import NamedTuple

import pytest
import trio
import trio.testing
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core.message import UNKNOWN
from gateway_server.upstream.contract import CallFailedError
from tests.server.upstream.http2_server import OK, Server, Site
from tests.server.upstream.memory import MemoryPeer, Net

STREAMS = 2
CONNECTIONS = 2


class Call(NamedTuple):
    start: float
    patience: float
    """Seconds after which its caller leaves."""
    method: str
    body: int
    """Bytes to send, or UNKNOWN."""
    reads: bool
    """Whether the caller reads to the end, else closes at once."""


WHIMS = ["ok", "ok", "ok", "big", "early", "half", "refuse", "cancel", "goodbye", "reset", "end",
         "bad", "malformed", "silent"]  # fmt: skip


def whims(dice: random.Random):
    """An endpoint that does whatever the dice say, in virtual time."""

    async def serve(server: Server, number: int) -> None:
        try:
            await act(server, number)
        except (ProtocolError, KeyError, OSError):
            pass  # the call was given up meanwhile, or the connection

    async def act(server: Server, number: int) -> None:
        await trio.sleep(dice.choice([0, 0.1, 1.0]))
        if dice.random() < 0.3:
            await server.head(number, [(b":status", b"103")])
        match dice.choice(WHIMS):
            case "reset":
                server.peer.reset()
            case "end":
                server.peer.end()
            case "bad":
                await server.peer.send(b"\0\0\1\0\0\0\0\0\0x")
            case "malformed":
                await server.head(number, [(b":status", b"2000")])
            case "refuse":
                await server.reset(number, ErrorCodes.REFUSED_STREAM)
            case "cancel":
                await server.reset(number, ErrorCodes.CANCEL)
            case "goodbye":
                await server.say_goodbye(dice.choice([0, number, 2**31 - 1]))
                await server.answer(number)
            case "half":
                await server.head(number)
                await server.body(number, b"abc")
                await trio.sleep(1)
                await server.reset(number, ErrorCodes.INTERNAL_ERROR)
            case "big":
                await server.head(number)
                for _ in range(5):
                    await trio.sleep(dice.choice([0, 0.05]))
                    await server.body(number, b"x" * 700)
                await server.body(number, b"", end=True)
            case "early":
                await server.answer(number)
            case "silent":
                pass
            case _:
                await server.whole(number)
                await server.answer(number)

    return serve


async def perform(site: Site, call: Call, outcomes: list[str]) -> None:
    await trio.sleep(call.start)
    left = 3000 if call.body == UNKNOWN else call.body

    async def body() -> bytes:
        nonlocal left
        await trio.sleep(0.03)
        piece = b"b" * min(left, 700)
        left -= len(piece)
        return piece

    outcome = "left"
    with trio.move_on_after(call.patience):
        try:
            answer = await site.call(call.method, body=body, length=call.body)
        except CallFailedError as error:
            outcomes.append(error.kind.name)
            return
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(answer.finish_upload)
                try:
                    while call.reads and await answer.read():
                        pass
                    outcome = "read" if call.reads else "closed"
                except CallFailedError as error:
                    outcome = error.kind.name
                nursery.cancel_scope.cancel()
        finally:
            await answer.aclose()
    outcomes.append(outcome)


calls = st.builds(
    Call,
    start=st.sampled_from([0.0, 0.0, 0.05, 0.5, 3.0, 7.0, 40.0]),
    patience=st.sampled_from([0.0, 0.001, 0.02, 0.05, 0.1, 0.3, 1.05, 30.0, 30.0]),
    method=st.sampled_from(["GET", "GET", "PUT", "POST"]),
    body=st.sampled_from([0, 0, 500, 2500, UNKNOWN]),
    reads=st.booleans(),
)


async def run(plan: list[Call], seed: int) -> list[str]:
    dice = random.Random(seed)
    outcomes: list[str] = []
    async with trio.open_nursery() as world:
        site = Site(
            world,
            whims(dice),
            settings={SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS},
            dial_seconds=dice.choice([0.0, 0.02]),
            tend=dice.random() < 0.5,
            connections_max=CONNECTIONS,
            waiting_max=5,
        )
        async with trio.open_nursery() as callers:
            for call in plan:
                callers.start_soon(perform, site, call, outcomes)
        assert site.net.open <= CONNECTIONS
        site.assert_all_given_back()
        # And whatever happened, the pool serves on.
        site.net.serve = serve_well(site, world)
        for server in site.servers:
            server.peer.end()
        await trio.sleep(0.1)
        with trio.fail_after(300):
            assert await site.fetch() == (200, b"ok")
        await site.client.aclose()
        assert site.net.open == 0
        world.cancel_scope.cancel()
    return outcomes


def serve_well(site: Site, nursery: trio.Nursery):
    async def serve(peer: MemoryPeer) -> None:
        async def ok(server: Server, number: int) -> None:
            await server.whole(number)
            await server.answer(number)

        await Server(peer, {}, takes=True).run(ok, nursery)

    return serve


@settings(max_examples=120, deadline=None)
@given(plan=st.lists(calls, min_size=1, max_size=12), seed=st.integers(0, 2**32))
def test_whoever_leaves_whenever_leaves_nothing_behind(plan: list[Call], seed: int) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    outcomes = trio.run(run, plan, seed, clock=clock)
    assert len(outcomes) == len(plan)


def test_the_world_of_these_tests_knows_every_outcome() -> None:
    """Lest the property hold for want of anything happening."""
    seen: set[str] = set()
    dice = random.Random(7)
    for seed in range(40):
        plan = [
            Call(
                dice.choice([0.0, 0.5]), dice.choice([0.05, 0.3, 30.0, 30.0]),
                dice.choice(["GET", "POST"]), dice.choice([0, 2500]), dice.random() < 0.8,
            )
            for _ in range(12)
        ]  # fmt: skip
        clock = trio.testing.MockClock(autojump_threshold=0)
        seen.update(trio.run(run, plan, seed, clock=clock))
    assert seen >= {"left", "read", "closed", "RESET", "PROTOCOL", "OVERLOADED"}


@pytest.mark.parametrize("steps", range(1, 45))
async def test_a_call_cancelled_at_its_nth_step_leaves_nothing_behind(
    autojump_clock, nursery, steps: int
) -> None:
    """Each await in turn: dialing, sending, waiting for the head, reading, uploading."""

    async def serve(server: Server, number: int) -> None:
        await trio.lowlevel.checkpoint()
        await server.head(number)
        await server.body(number, b"x" * 1500)
        if server.asked[number].reset is None:
            await server.whole(number)
            await server.body(number, b"", end=True)

    site = Site(nursery, serve, connections_max=1)
    outcomes: list[str] = []

    async def count_down(scope: trio.CancelScope) -> None:
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        scope.cancel()

    async with trio.open_nursery() as callers:
        callers.start_soon(count_down, callers.cancel_scope)
        await perform(site, Call(0, 99, "PUT", 2500, True), outcomes)
    site.assert_all_given_back()
    await perform(site, Call(0, 99, "PUT", 2500, True), outcomes)
    assert outcomes[-1] == "read", "the connection there is serves on"
    site.assert_all_given_back()
    await site.client.aclose()
    assert site.net.open == 0


@settings(max_examples=150, deadline=None)
@given(
    said=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(
                lambda kind, flags, stream, payload: (
                    len(payload).to_bytes(3, "big")
                    + bytes((kind, flags))
                    + stream.to_bytes(4, "big")
                    + payload
                ),
                st.integers(0, 10),
                st.integers(0, 255),
                st.sampled_from([0, 1, 1, 1, 2, 3, 5, 2**31 - 1]),
                st.one_of(
                    st.binary(max_size=30),
                    st.sampled_from([b"\x88", b"\0\0\0\0", b"\0\0\0\0\0\0\0\0", b"\x88\x82"]),
                ),
            ),
        ),
        max_size=12,
    ),
    greets=st.booleans(),
)
def test_nothing_that_an_endpoint_says_raises_but_a_failed_call(
    said: list[bytes], greets: bool
) -> None:
    async def main() -> None:
        async with trio.open_nursery() as world:

            async def serve(peer: MemoryPeer) -> None:
                await peer.more()
                for piece in [b"\0\0\0\4\0\0\0\0\0" if greets else b"", *said]:
                    await peer.send(piece)
                    await trio.sleep(0.01)
                peer.end()

            site = Site(world)
            site.net = Net(world, serve)
            site.client = type(site.client)(site.upstream, dial=site.net.dial)
            site.pool = site.client.pool(site.upstream.endpoints[0])
            for method in ("POST", "GET"):
                try:
                    await site.fetch(method)
                except CallFailedError:
                    pass
            site.assert_all_given_back()
            await site.client.aclose()
            assert site.net.open == 0
            world.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_an_answer_in_these_tests_is_a_good_one() -> None:
    assert OK == [(b":status", b"200")]
