"""Cancelled at any await, a call leaves neither a place taken, nor a socket open, nor a task."""

import random
from typing import NamedTuple

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core.exchange import CallUpstream
from gateway_core.message import UNKNOWN, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.http1_client import Http1Client
from tests.server.upstream.memory import MemoryPeer, Net

ENDPOINT = Endpoint("http", "memory", 80)
PLACES = 3


class Call(NamedTuple):
    start: float
    patience: float
    """Seconds after which its caller leaves."""
    method: str
    body: int
    """Bytes to send, or UNKNOWN."""
    reads: bool
    """Whether the caller reads to the end, else closes at once."""


def whims(dice: random.Random):
    """An upstream that does whatever the dice say, in virtual time."""

    async def serve(peer: MemoryPeer) -> None:
        while True:
            await trio.sleep(dice.choice([0, 0, 0.1]))
            if not await peer.head():
                return
            await trio.sleep(dice.choice([0, 0.1, 1.0]))
            if dice.random() < 0.3:
                await peer.send(b"HTTP/1.1 103 Hints\r\n\r\n")
            whim = dice.choice(["ok", "ok", "ok", "big", "early", "half", "reset", "end", "bad"])
            if whim == "reset":
                return peer.reset()
            if whim == "end":
                return peer.end()
            if whim == "bad":
                await peer.send(b"what?\r\n")
            elif whim == "half":
                await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
                await trio.sleep(1)
                return peer.end()
            elif whim == "big":
                await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
                for _ in range(10):
                    await trio.sleep(dice.choice([0, 0.05]))
                    await peer.send(b"x" * 500)
            else:
                await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            if whim != "early":
                await drain(peer)

    return serve


async def drain(peer: MemoryPeer) -> None:
    """Read bodies away, so that uploads go on; a new head stays."""
    with trio.move_on_after(0.5):
        while b" / HTTP/1.1" not in peer.held and await peer.more():
            if b"GET" not in peer.held and b"PUT" not in peer.held and b"POST" not in peer.held:
                peer.held = b""


async def perform(client: Http1Client, upstream: Upstream, call: Call, outcomes: list[str]) -> None:
    await trio.sleep(call.start)
    left = 3000 if call.body == UNKNOWN else call.body

    async def body() -> bytes:
        nonlocal left
        await trio.sleep(0.03)
        piece = b"b" * min(left, 700)
        left -= len(piece)
        return piece

    request = UpstreamRequest(call.method, b"/", b"h", (), call.body)
    outcome = "left"
    with trio.move_on_after(call.patience):
        try:
            answer = await client.call(
                CallUpstream(upstream, ENDPOINT, request), body, lambda stage: None
            )
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
    start=st.sampled_from([0.0, 0.0, 0.05, 0.5, 3.0, 7.0]),
    patience=st.sampled_from([0.0, 0.001, 0.02, 0.05, 0.1, 0.3, 1.05, 30.0, 30.0]),
    method=st.sampled_from(["GET", "GET", "PUT", "POST"]),
    body=st.sampled_from([0, 0, 500, 2500, UNKNOWN]),
    reads=st.booleans(),
)


async def run(plan: list[Call], seed: int) -> list[str]:
    dice = random.Random(seed)
    outcomes: list[str] = []
    async with trio.open_nursery() as world:
        net = Net(world, whims(dice), dial_seconds=dice.choice([0.0, 0.02]))
        upstream = Upstream("u", (ENDPOINT,), connections_max=PLACES, waiting_max=5)
        client = Http1Client(upstream, dial=net.dial)
        pool = client.pool(ENDPOINT)
        tasks_before = trio.lowlevel.current_statistics().tasks_living
        async with trio.open_nursery() as callers:
            for call in plan:
                callers.start_soon(perform, client, upstream, call, outcomes)
                assert net.open <= PLACES
        assert pool.places.free == PLACES
        assert net.open == pool.at_rest <= PLACES
        await client.aclose()
        assert net.open == 0
        world.cancel_scope.cancel()
    assert trio.lowlevel.current_statistics().tasks_living <= tasks_before
    return outcomes


@settings(max_examples=150, deadline=None)
@given(plan=st.lists(calls, min_size=1, max_size=12), seed=st.integers(0, 2**32))
def test_whoever_leaves_whenever_leaves_nothing_behind(plan: list[Call], seed: int) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    outcomes = trio.run(run, plan, seed, clock=clock)
    assert len(outcomes) == len(plan)


def test_the_world_of_these_tests_knows_every_outcome() -> None:
    """Lest the property hold for want of anything happening."""
    seen: set[str] = set()
    dice = random.Random(7)
    for seed in range(60):
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


@pytest.mark.parametrize("steps", range(1, 40))
async def test_a_call_cancelled_at_its_nth_step_leaves_nothing_behind(
    autojump_clock, steps: int
) -> None:
    """Each await in turn: dialing, sending, waiting for the head, reading, uploading."""

    async def serve(peer: MemoryPeer) -> None:
        while await peer.head():
            await trio.lowlevel.checkpoint()
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1500\r\n\r\n")
            await peer.send(b"x" * 1500)
            while len(peer.held) < 2500 and await peer.more():
                pass
            peer.held = b""

    async with trio.open_nursery() as world:
        net = Net(world, serve)
        upstream = Upstream("u", (ENDPOINT,), connections_max=1)
        client = Http1Client(upstream, dial=net.dial)
        outcomes: list[str] = []

        async def count_down(scope: trio.CancelScope) -> None:
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count_down, nursery.cancel_scope)
            await perform(client, upstream, Call(0, 99, "PUT", 2500, True), outcomes)
        assert client.pool(ENDPOINT).places.free == 1
        assert net.open == client.pool(ENDPOINT).at_rest
        # And the one place there is serves on.
        await perform(client, upstream, Call(0, 99, "PUT", 2500, True), outcomes)
        assert outcomes[-1] == "read"
        await client.aclose()
        assert net.open == 0
        world.cancel_scope.cancel()
