"""An HTTP request, and the exchange that answers it.

One task performs what the exchange commands; that the client left is told beside.
Bytes go from socket to socket with back-pressure: the next piece of a body is asked
for only when the last one was taken.

    __call__   under any ASGI server: a task a request watches the client
    begin      under our own connections: no task, no scope, no timer a request
"""

from collections.abc import Callable, Mapping

import trio

from gateway_core.clock import NEVER, Instant
from gateway_core.exchange import (
    Abandoned,
    BodyEnded,
    ClientLeft,
    Command,
    Event,
    Exchange,
    Policies,
    Record,
    RefreshStarted,
    RequestArrived,
    StreamBody,
)

from .caching import Shelf
from .composition import Composer, PartClient
from .downstream import Downstream, Nobody, Receive, Scope, Send, downstream
from .drive import Driver
from .front.contract import Lane, LaneStream
from .identifiers import fresh_id
from .identity.contract import NOBODY_ASKS, Inquirer
from .lane_talk import LaneTalk
from .relaying import Relays
from .talk import Means, Talk
from .telemetry import AccessLog
from .timers import clock, now, unix_time
from .upstream import UpstreamClient


class HttpEdge:
    """Answers every HTTP request that is not the gateway's own."""

    def __init__(
        self,
        policies: Policies,
        clients: Mapping[str, UpstreamClient],
        log: AccessLog,
        relays: Relays,
        inquirer: Inquirer = NOBODY_ASKS,
    ) -> None:
        self._policies = policies
        self._log = log
        self._relays = relays
        self.shelf = Shelf(policies.cache, self._refresh)
        self._means = Means(clients, self.shelf, inquirer, Composer(policies, self._ask).compose)
        self._own_means = Means(clients, self.shelf)
        """What nobody outside asks for needs no proof of who asks, and composes nothing."""
        self._now: Callable[[], Instant] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI).

        Raises TransferCutError where the answer must not look complete, and the
        server knows no better way.
        """
        client = await downstream(scope, receive, send)
        exchange = Exchange(self._policies)
        talk = Talk(exchange, self._means, client)
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned())
        talk.heard_by(driver)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_watch, client, talk)
                await driver.run(RequestArrived(client.head, fresh_id(), unix_time()))
                nursery.cancel_scope.cancel()
        finally:
            await talk.give_back()
            self._note(exchange, client, now())
        if talk.cut:
            client.cut()

    def begin(self, stream: LaneStream, lane: Lane, *, upgrade: bool) -> LaneTalk:
        """Take a request of one of our own connections on. See `front.contract.Conversation`."""
        talk = LaneTalk(Exchange(self._policies), self._means, stream, lane, self._note)
        if upgrade:
            talk.expect_upgrade(self._relays)
        return talk

    async def _ask(self, client: PartClient, part: str) -> Record:
        """Ask for a part of a composition. See `composition.composer.Ask`."""
        exchange = Exchange(self._policies)
        talk = _PartTalk(exchange, self._own_means, client)
        client.hear(talk.client_left)
        arrived = RequestArrived(
            client.head, "", part=part, consumer=client.consumer, told=client.told
        )
        await self._drive(talk, exchange, client, arrived)
        return exchange.record

    async def _refresh(self, exchange: Exchange) -> None:
        """Let `exchange` fetch what is newer than what is stored; nobody waits for it."""
        client = Nobody(exchange.head)
        await self._drive(
            Talk(exchange, self._own_means, client), exchange, client, RefreshStarted()
        )

    async def _drive(
        self, talk: Talk, exchange: Exchange, client: Downstream, first: Event
    ) -> None:
        """Drive an exchange that no client of ours carries."""
        driver: Driver[Event, Command] = Driver(exchange, talk.perform, Abandoned(), self._clock())
        talk.heard_by(driver)
        try:
            await driver.run(first)
        finally:
            await talk.give_back()
            self._note(exchange, client, driver.clock())

    def _clock(self) -> Callable[[], Instant]:
        """Return what tells the time; found when it is first asked for, since a run has its own."""
        if self._now is None:
            self._now = clock()
        return self._now

    def _note(self, exchange: Exchange, client: Downstream, at: Instant) -> None:
        """Write the line of an exchange that ended; the front tells of what it refused itself."""
        if not client.refused or client.begun or exchange.record.answered < NEVER:
            head = client.head
            self._log.exchange_ended(exchange.record, head.method, head.target, at)


async def _watch(client: Downstream, talk: Talk) -> None:
    await client.watch()
    talk.client_left()


class _PartTalk(Talk):
    """One exchange for the sake of a composition, whose client takes what comes at once."""

    def __init__(self, exchange: Exchange, means: Means, client: PartClient) -> None:
        super().__init__(exchange, means, client)
        self._asker = client

    async def _stream_on(self, command: StreamBody) -> Event:
        answer = self._answer
        assert answer is not None
        body = None if command.coding or self._read else answer.whole
        if body is None:
            return await super()._stream_on(command)
        self.shelf.settle()
        return BodyEnded(len(body)) if self._asker.take(command.head, body) else ClientLeft()
