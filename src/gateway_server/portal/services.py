"""The documents that services publish: fetched in the background, the last good one kept.

They are asked for as a health check asks, over a connection apart: with what shows a
service that the gateway asks, in whatever protocol it is spoken to.
"""

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Final, TypeAlias

import structlog
import trio

from gateway_core.clock import SECOND, Duration
from gateway_core.describing import DOCUMENT_BYTES_MAX, Description, Flaw, read_description
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UpstreamRequest
from gateway_core.refresh import Event, Fetch, Fetched, FetchFailed, Refresh, Stopped, Wanted
from gateway_core.upstream import Upstream

from ..drive import Driver
from ..request_body import no_body
from ..upstream import Answer, CallFailedError, UpstreamClient

Held: TypeAlias = Description | None
"""None: nothing was fetched yet."""
Read: TypeAlias = Callable[[bytes], Awaitable[Description | Flaw]]
"""Reads a document, without keeping others waiting."""

INTERVAL: Final = Duration(300 * SECOND)
"""Between fetches, unless the configuration says otherwise."""
FLOOR: Final = Duration(2 * SECOND)
"""After a failure at first: services that start beside the gateway are there in a moment."""
TIMEOUT: Final = Duration(10 * SECOND)
"""Of a fetch, until the document is read."""
_ASKED: Final = (
    (b"user-agent", b"gateway-portal"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"identity"),
)

_log = structlog.get_logger("gateway.portal")


class ServiceDocument:
    """What one service publishes. `run` is to run beside all requests."""

    def __init__(
        self,
        upstream: Upstream,
        target: str,
        client: UpstreamClient,
        refresh: Refresh[Held],
        *,
        read: Read,
        unsaid: Collection[bytes] = (),
    ) -> None:
        """`unsaid` are texts that no document may hold: secrets that the service is shown."""
        self._upstream = upstream
        self._target = target.encode("ascii")
        self._client = client
        self._refresh = refresh
        self._read = read
        self._unsaid = unsaid
        self._turn = 0
        """Which endpoint is asked: another one after each failure."""
        self._asking = False

    @property
    def held(self) -> Held:
        """What was fetched last."""
        return self._refresh.held

    @property
    def generation(self) -> int:
        """Of what is held: another one whenever that changes."""
        return self._refresh.generation

    async def run(self) -> None:
        """Fetch the document now and from time to time, for ever. What is held stays held."""
        self._refresh, self._asking = self._refresh.anew(), False
        driver: Driver[Event[Held], Fetch] = Driver(self._refresh, self._fetch, Stopped())
        await driver.run(Wanted())

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _fetch(self, _command: Fetch) -> Event[Held]:
        if self._asking:  # what was cancelled could not say so itself
            self._warn("no answer in time")
        self._asking = True
        try:
            found = await self._ask()
        except CallFailedError as error:
            found = str(error)
        self._asking = False
        if isinstance(found, Description):
            return Fetched(found)
        self._warn(found)
        return FetchFailed()

    def _warn(self, problem: str) -> None:
        self._turn += 1
        _log.warning("an API document cannot be had", upstream=self._upstream.name, problem=problem)

    async def _ask(self) -> Description | str:
        """Return the document, or what is wrong. Raises CallFailedError."""
        endpoints = self._upstream.endpoints
        endpoint = endpoints[self._turn % len(endpoints)]
        request = UpstreamRequest("GET", self._target, endpoint.authority, _ASKED)
        call = CallUpstream(self._upstream, endpoint, request)
        answer = await self._client.call(call, no_body, _ignore)
        try:
            if answer.head.status != 200:
                return f"the status was {answer.head.status}"
            body = await _body_of(answer)
        finally:
            answer.drop()
        if any(text in body for text in self._unsaid):
            return "document-tells-a-secret"
        found = await self._read(body)
        return found.value if isinstance(found, Flaw) else found


async def _body_of(answer: Answer) -> bytes:
    """Return the body, or as much of it as is more than a document may have."""
    pieces, length = list[bytes](), 0
    while length <= DOCUMENT_BYTES_MAX and (piece := await answer.read()):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def reading_apart() -> Read:
    """Return what reads in a thread, one document at a time: a large one takes a while."""
    readers = trio.CapacityLimiter(1)

    async def read(body: bytes) -> Description | Flaw:
        reading = partial(read_description, body)
        return await trio.to_thread.run_sync(reading, limiter=readers, abandon_on_cancel=True)

    return read


def _ignore(stage: Stage) -> None:
    """A fetch has one time-out, whatever stage it is in."""
