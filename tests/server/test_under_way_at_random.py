"""Whatever happens to requests that are under way, in whatever order: all is given back, once."""

import contextlib
import json
import random
import re
import socket
from dataclasses import replace

import pytest
import trio
import trio.testing

from gateway_core.caching.policy import CachePolicy
from gateway_core.clock import seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import Cache, Stage
from gateway_core.exchange.ending import CLIENT_LEFT
from gateway_core.message import value
from gateway_core.retrying import RetryRules
from gateway_server.upstream.contract import CallFailedError
from tests.exchanges import POLICIES, UPSTREAM
from tests.server.test_under_way import GET, Called, Road, whole

STEPS_MAX = 18
SEEDS = 400
"""Of each group. All together take some six seconds."""
GROUPS = 3

LOST = CallFailedError(FailureKind.RESET)


class Kept(Called):
    """Counts how it ended; that is to be once."""

    def __init__(self, command, *, attended=True):
        super().__init__(command, attended=attended)
        self.conditional = value(command.request.fields, b"if-none-match") is not None
        self.given_back = 0

    @property
    def attended_to(self):
        return self.told is not None and not self.given_back and not self.dropped

    def tell(self, answer):
        told, self.told = self.told, None
        if answer is not None:
            self.given_back += 1
        told(answer)

    async def answer(self, body, progress, asides):
        assert not self.attended_to, "it would be answered twice"
        try:
            return await super().answer(body, progress, asides)
        finally:
            if self.comes is not None and not self.dropped:
                self.given_back += 1


class Client:
    """One client, whose connection has an address of its own in the log."""

    def __init__(self, road, number):
        self.road = road
        self.peer = road.lane._peer = f"192.0.2.{number}"
        self.asked = 0
        self.got = b""
        self.said_all = self.gone = self.drained = False

    def say(self, numbers):
        if not self.said_all:
            self.asked += len(numbers)
            with contextlib.suppress(OSError):  # the connection has ended
                self.road.client.send(b"".join(GET % number for number in numbers))

    def read(self):
        with contextlib.suppress(OSError):  # reset, where something of ours was left unread
            self.got += self.road.got()

    def leave(self):
        self.said_all = self.gone = True
        self.road.client.close()
        self.road.wire.has_left = lambda: True
        self.road.lane.look_at_client()

    def drain(self):
        self.drained = True
        self.road.lane.drain()

    def end_side(self):
        if not self.said_all:
            self.said_all = True
            self.road.client.shutdown(socket.SHUT_WR)

    def ring(self):
        """Have the timers take their turn before all that follows."""
        lane = self.road.lane
        if lane._deadline() <= lane.alarm.now():
            lane._ring()


class Chance:
    """What happens to a few clients of one gateway, drawn from a seed; with a cache or without."""

    def __init__(self, nursery, seed):
        self.random = random.Random(seed)
        self.done = []
        upstream = replace(UPSTREAM, retries=RetryRules(tries=2), per_try_timeout=seconds(10))
        self.policies = replace(POLICIES, upstreams={"service-a": upstream})
        if seed % 2:
            self.policies = replace(self.policies, cache=Cache(), caching={"a": CachePolicy()})
        roads = [Road(nursery, policies=self.policies) for _ in range(1 + seed % 3)]
        self.clients = [Client(road, number) for number, road in enumerate(roads)]
        self.written = roads[0].written
        self.calls = roads[0].upstream.calls
        roads[0].upstream.ask, roads[0].upstream.call = self.ask, self.call
        edge = roads[0].worker.served.begin.__self__
        self.shelf = edge.shelf
        self.shelf.open(nursery)
        for road in roads:
            road.worker.served.begin = edge.begin
            road.begin()

    def ask(self, command):
        if self.random.random() < 0.1:
            return None
        self.calls.append(Kept(command, attended=self.random.random() < 0.8))
        return self.calls[-1]

    async def call(self, command, body, progress, *, asides):
        self.calls.append(Kept(command))
        progress(Stage.SENT)
        return await self.calls[-1].answer(body, progress, asides)

    async def run(self, clock):
        for _ in range(STEPS_MAX):
            (step,) = self.random.choices(list(STEPS), STEPS.values())
            client = self.random.choice(self.clients)
            self.done.append((step.__name__, client.peer))
            await step(self, client, clock)
            if self.random.random() < 0.4:
                await self.look(client, clock)
        if self.random.random() < 0.5:
            await self.let_end(clock)
        await self.look(client, clock)  # what was decided is to be said
        for client in self.clients:
            client.road.scope.cancel()
            with trio.fail_after(5):
                await client.road.ended.wait()
            client.read()
            client.road.client.close()

    async def let_end(self, clock):
        """Answer all that was asked; nothing is left undone then."""
        for _ in range(3 * sum(client.asked for client in self.clients) + 3):
            clock.jump(2)  # longer than a back-off, and than a client is lingered for
            await self.look(None, clock)
            self.answer_next(self.whole)
        for client in self.clients:
            if client.drained:
                assert client.road.ended.is_set(), client.peer
            elif not client.road.ended.is_set():
                assert len(self.lines(client)) == client.asked, client.peer

    def lines(self, client):
        lines = map(json.loads, self.written.getvalue().splitlines())
        return [line for line in lines if line["client"] == client.peer]

    def whole(self, call):
        """Return an answer that may be stored for long, for no time, or not at all, or confirms."""
        stored = self.random.choice([b"max-age=60", b"max-age=0", b"no-store"])
        if call.conditional and self.random.random() < 0.5:
            tag = self.random.choice([b'"a"', b'"another"'])
            return whole(b"", (b"cache-control", stored), (b"etag", tag), status=304)
        return whole(b"ok", (b"cache-control", stored), (b"etag", b'"a"'))

    def what_comes(self, call):
        return self.random.choice([self.whole(call), self.whole(call), None, LOST])

    def answer_next(self, choose):
        """Let something come of the first call of which something may."""
        for call in self.calls:
            what = choose(call)
            if call.attended_to:
                return call.tell(None if what is LOST else what)
            if call.awaited and call.comes is None and what is not None:
                return call.come(what)
        return None

    # What may happen.

    async def say(self, client, clock):
        client.say([self.random.randrange(2) for _ in range(self.random.randrange(1, 4))])

    async def answer(self, client, clock):
        self.answer_next(self.what_comes)

    async def purge(self, client, clock):
        self.policies.cache.purge_all()
        self.shelf.settle()

    async def look(self, client, clock):
        await trio.testing.wait_all_tasks_blocked()
        for each in self.clients:
            each.read()

    async def wait(self, client, clock):
        clock.jump(self.random.choice([0.05, 1, 11, 11, 100]))
        if self.random.random() < 0.5:
            client.ring()

    async def leave(self, client, clock):
        client.leave()

    async def drain(self, client, clock):
        client.drain()

    async def end_side(self, client, clock):
        client.end_side()


STEPS = {
    Chance.say: 3,
    Chance.answer: 6,
    Chance.look: 1,
    Chance.wait: 2,
    Chance.purge: 0.3,
    Chance.drain: 0.2,
    Chance.end_side: 0.2,
    Chance.leave: 0.5,
}
"""With their weights."""


def check(chance):
    """All is given back, once, and every client has what the log tells of it, in its order."""
    ends = [call.given_back + call.dropped for call in chance.calls]
    assert ends == [1] * len(ends)
    (roster,) = chance.policies.rosters.values()
    taken = [roster.budget.active, *(member.in_flight for member in roster.members)]
    assert taken == [0, 0]
    assert not chance.shelf._waiting
    for client in chance.clients:
        logged = [line["status"] for line in chance.lines(client)]
        said = [int(status) for status in re.findall(rb"HTTP/1.1 ([0-9]+) ", client.got)]
        assert len(logged) <= client.asked
        if not client.gone:
            assert said == [each for each in logged if each != CLIENT_LEFT], client.peer
        yield from logged


@pytest.mark.parametrize("group", range(GROUPS))
async def test_every_call_is_given_back_once_and_every_request_has_its_line(mock_clock, group):
    calls, statuses = 0, set()
    for seed in range(group * SEEDS, (group + 1) * SEEDS):
        async with trio.open_nursery() as nursery:
            chance = Chance(nursery, seed)
            try:
                await chance.run(mock_clock)
                statuses.update(check(chance))
            except BaseException as error:
                error.add_note(f"seed {seed}: {chance.done}")
                raise
            nursery.cancel_scope.cancel()
        calls += len(chance.calls)
    assert calls > SEEDS
    assert statuses == {200, CLIENT_LEFT, 502, 504}, "all that may become of a request did"
