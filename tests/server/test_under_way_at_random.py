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

from gateway_core.clock import seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.exchange.ending import CLIENT_LEFT
from gateway_core.retrying import RetryRules
from gateway_server.upstream.contract import CallFailedError
from tests.exchanges import POLICIES, UPSTREAM
from tests.server.test_under_way import GET, Called, Road, whole

STEPS_MAX = 14
SEEDS = 200
"""Of each group. All together take two or three seconds."""
GROUPS = 3

LOST = CallFailedError(FailureKind.RESET)


class Kept(Called):
    """Counts how it ended; that is to be once."""

    def __init__(self, command, *, attended=True):
        super().__init__(command, attended=attended)
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


class Chance:
    """What happens to one connection, drawn from a seed."""

    def __init__(self, nursery, seed):
        self.random = random.Random(seed)
        self.told = []
        upstream = replace(UPSTREAM, retries=RetryRules(tries=2), per_try_timeout=seconds(10))
        self.policies = replace(POLICIES, upstreams={"service-a": upstream})
        self.road = Road(nursery, policies=self.policies)
        self.calls = self.road.upstream.calls
        self.road.upstream.ask, self.road.upstream.call = self.ask, self.call
        self.asked = 0
        self.got = b""
        self.said_all = self.gone = self.drained = False

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
        self.road.begin()
        for _ in range(STEPS_MAX):
            (step,) = self.random.choices(list(STEPS), STEPS.values())
            self.told.append(step.__name__)
            await step(self, clock)
            if self.random.random() < 0.5:
                await self.look(clock)
        if self.random.random() < 0.5:
            await self.let_end(clock)
        await self.look(clock)  # what was decided is to be said
        self.road.scope.cancel()
        with trio.fail_after(5):
            await self.road.ended.wait()
        self.read()
        self.road.client.close()

    async def let_end(self, clock):
        """Answer all that was asked; nothing is left undone then."""
        for _ in range(3 * self.asked + 3):
            clock.jump(2)  # longer than a back-off, and than a client is lingered for
            await self.look(clock)
            self.answer_next(lambda: whole())
        if self.drained:
            assert self.road.ended.is_set(), self.told
        elif not self.road.ended.is_set():
            assert len(self.lines()) == self.asked, self.told

    def lines(self):
        return [json.loads(line) for line in self.road.written.getvalue().splitlines()]

    async def say(self, clock):
        if not self.said_all:
            count = self.random.randrange(1, 4)
            self.asked += count
            with contextlib.suppress(OSError):  # the connection has ended
                self.road.client.send(b"".join(GET % n for n in range(count)))

    async def answer(self, clock):
        self.answer_next(lambda: self.random.choice([whole(), whole(), None, LOST]))

    def answer_next(self, choose):
        """Let something come of the first call of which something may."""
        for call in self.calls:
            what = choose()
            if call.attended_to:
                return call.tell(None if what is LOST else what)
            if call.awaited and call.comes is None and what is not None:
                return call.come(what)
        return None

    async def look(self, clock):
        await trio.testing.wait_all_tasks_blocked()
        self.read()

    def read(self):
        with contextlib.suppress(OSError):  # reset, where something of ours was left unread
            self.got += self.road.got()

    async def wait(self, clock):
        clock.jump(self.random.choice([0.05, 1, 11, 11, 100]))
        lane = self.road.lane
        if self.random.random() < 0.5 and lane._deadline() <= lane.alarm.now():
            lane._ring()  # the timers have their turn before all that follows

    async def leave(self, clock):
        self.said_all = self.gone = True
        self.road.client.close()
        self.road.wire.has_left = lambda: True
        self.road.lane.look_at_client()

    async def drain(self, clock):
        self.drained = True
        self.road.lane.drain()

    async def end_side(self, clock):
        if not self.said_all:
            self.said_all = True
            self.road.client.shutdown(socket.SHUT_WR)


STEPS = {
    Chance.say: 3,
    Chance.answer: 6,
    Chance.look: 1,
    Chance.wait: 2,
    Chance.drain: 0.2,
    Chance.end_side: 0.2,
    Chance.leave: 0.5,
}
"""With their weights."""


@pytest.mark.parametrize("group", range(GROUPS))
async def test_every_call_is_given_back_once_and_every_request_has_its_line(mock_clock, group):
    calls, statuses = 0, set()
    for seed in range(group * SEEDS, (group + 1) * SEEDS):
        async with trio.open_nursery() as nursery:
            chance = Chance(nursery, seed)
            await chance.run(mock_clock)
            nursery.cancel_scope.cancel()
        ends = [call.given_back + call.dropped for call in chance.calls]
        assert ends == [1] * len(ends), (seed, chance.told)
        (roster,) = chance.policies.rosters.values()
        taken = [roster.budget.active, *(member.in_flight for member in roster.members)]
        assert taken == [0, 0], (seed, chance.told)
        lines = chance.lines()
        assert sum(line.get("attempts", 0) for line in lines) >= len(ends), (seed, chance.told)
        logged = [line["status"] for line in lines]
        said = [int(status) for status in re.findall(rb"HTTP/1.1 ([0-9]+) ", chance.got)]
        if not chance.gone:
            assert said == [each for each in logged if each != CLIENT_LEFT], (seed, chance.told)
        calls += len(ends)
        statuses.update(logged)
    assert calls > SEEDS
    assert statuses == {200, CLIENT_LEFT, 502, 504}, "all that may become of a request did"
