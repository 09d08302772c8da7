"""Upstreams over our own HTTP/1.1: pooled connections, one place to read what a call does.

    a place             none: wait, or refuse
    a connection        at rest; none: dial -----------------+
    the request out     a body follows ----------------------+--> CarefulCall -> Http1Answer
    -> Http1Asked       broken, or not whole in one piece ---+
    -> WholeAnswer

A call without a body runs in its caller's task, or in none (`asked.py`), and sets no time-out:
whoever calls cancels it. Cancelled at any await, it leaves neither a place taken nor a socket open.
"""

from collections.abc import Callable
from typing import Final

import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import IDEMPOTENT
from gateway_core.upstream import Endpoint, Upstream

from .asked import Http1Asked
from .contract import Answer, Asides, BodyReader, CallFailedError
from .dialing import Dial, Dialer
from .http1_call import CarefulCall
from .pool import Pool
from .slots import Slots
from .tls import TlsSettings

_SENT: Final = Stage.SENT
_SWEEP_SECONDS: Final = 1.0
"""How much longer than its lifetime a connection may rest where nobody calls."""


class Http1Client:
    """Speaks HTTP/1.1 to the endpoints of one upstream. See `contract.UpstreamClient`."""

    __slots__ = ("_pools", "_pools_by_id")

    def __init__(
        self, upstream: Upstream, tls: TlsSettings | None = None, *, dial: Dial | None = None
    ) -> None:
        """`dial` makes the connections where the network is not to be touched.

        Raises OSError where a file that `tls` names cannot be read.
        """
        secure = any(endpoint.scheme == "https" for endpoint in upstream.endpoints)
        dial = dial or Dialer(tls or TlsSettings(), secure=secure)
        self._pools = {
            endpoint: Pool(endpoint, dial, Slots(upstream.connections_max, upstream.waiting_max))
            for endpoint in upstream.endpoints
        }
        # To hash an endpoint costs more than to find it; a pool holds on to its own.
        self._pools_by_id = {id(pool.endpoint): pool for pool in self._pools.values()}

    def pool(self, endpoint: Endpoint) -> Pool:
        """Return the connections to `endpoint`, to look at."""
        return self._pools[endpoint]

    async def call(
        self,
        command: CallUpstream,
        body: BodyReader,
        progress: Callable[[Stage], None],
        *,
        asides: Asides | None = None,
    ) -> Answer:
        """See `contract.UpstreamClient.call`.

        `body`, where it is cancelled, keeps the piece that it would have returned: a final
        answer that comes first interrupts it, and `Answer.finish_upload` asks it again. It
        is not asked beyond the length that the request declares.
        """
        asked = self.ask(command)
        if asked is not None:
            if asked.sent:
                progress(_SENT)
            return await asked.answer(body, progress, asides)
        pool = self._pool_of(command)
        if not pool.places.take_nowait():
            await _await_place(pool.places, progress)
        call = CarefulCall(
            pool, command.request, body, progress, asides, may_switch=command.upgrade
        )
        return await call.begin(pool.take())

    def ask(self, command: CallUpstream) -> Http1Asked | None:
        """See `contract.UpstreamClient.ask`."""
        request = command.request
        if request.body != 0 or command.upgrade:
            return None
        pool = self._pool_of(command)
        if not pool.places.take_nowait():
            return None
        connection = pool.take(surely=request.method not in IDEMPOTENT)
        if connection is None:
            pool.places.give_back()
            return None
        return Http1Asked(pool, connection, request)

    def _pool_of(self, command: CallUpstream) -> Pool:
        return self._pools_by_id.get(id(command.endpoint)) or self._pools[command.endpoint]

    async def tend(self) -> None:
        """Close connections that have rested too long, for ever. Run it in a nursery.

        Without it, they are closed when they are met: by the next call, or by `aclose`.
        """
        while True:
            await trio.sleep(_SWEEP_SECONDS)
            for pool in self._pools.values():
                pool.sweep()

    async def aclose(self) -> None:
        """Close every connection at rest; those at work close when their exchange ends."""
        for pool in self._pools.values():
            pool.close()


async def _await_place(places: Slots, progress: Callable[[Stage], None]) -> None:
    if places.full:
        raise CallFailedError(FailureKind.OVERLOADED, "the queue is full")
    progress(Stage.QUEUED)
    await places.take()
