"""Upstreams over HTTP/2 (RFC 9113): many calls beside each other on few connections.

By configuration alone: over TLS the endpoint must agree to it (ALPN), in clear text it is
expected to know (RFC 9113, 3.3). Cancelled at any await, a call leaves neither a stream nor a
claim on one, and no task: none belongs to a connection.

A WebSocket is asked for over HTTP/1.1, on a connection of its own: endpoints that know it over
HTTP/2 (RFC 8441) know it so as well.
"""

from collections.abc import Callable
from typing import Final

import trio

from gateway_core.exchange import CallUpstream, Stage
from gateway_core.pooling import may_resend
from gateway_core.upstream import Endpoint, Upstream

from .contract import Answer, Asides, BodyReader, CallFailedError
from .dialing import HTTP2, Dial, Dialer
from .http1_client import Http1Client
from .http2_answer import Http2Answer
from .http2_pool import Http2Pool
from .tls import TlsSettings

_TEND_SECONDS: Final = 1.0
"""How often connections are looked after. What comes while nobody calls waits as long."""


class Http2Client:
    """Speaks HTTP/2 to the endpoints of one upstream. See `contract.UpstreamClient`."""

    def __init__(
        self, upstream: Upstream, tls: TlsSettings | None = None, *, dial: Dial | None = None
    ) -> None:
        """`dial` makes the connections where the network is not to be touched.

        Raises OSError where a file that `tls` names cannot be read.
        """
        self._upgrades = Http1Client(upstream, tls, dial=dial)
        secure = any(endpoint.scheme == "https" for endpoint in upstream.endpoints)
        dial = dial or Dialer(tls or TlsSettings(), secure=secure, protocol=HTTP2)
        self._pools = {
            endpoint: Http2Pool(endpoint, dial, upstream.connections_max, upstream.waiting_max)
            for endpoint in upstream.endpoints
        }

    def pool(self, endpoint: Endpoint) -> Http2Pool:
        """Return the connections to `endpoint`, to look at."""
        return self._pools[endpoint]

    def ask(self, command: CallUpstream) -> None:
        """None: here nothing goes at once. See `contract.UpstreamClient.ask`."""

    async def call(
        self,
        command: CallUpstream,
        body: BodyReader,
        progress: Callable[[Stage], None],
        *,
        asides: Asides | None = None,
    ) -> Answer:
        """See `contract.UpstreamClient.call`, and what `Http1Client.call` asks of `body`."""
        if command.upgrade:
            return await self._upgrades.call(command, body, progress, asides=asides)
        pool, request = self._pools[command.endpoint], command.request
        again = False
        while True:
            connection = await pool.take(progress)
            answer = Http2Answer(connection, request, body, progress, asides)
            try:
                await answer.ask(command.endpoint.scheme)
            except CallFailedError:
                answer.drop()
                if again or not may_resend(answer.lost()):
                    raise
                again = True
            except BaseException:
                answer.drop()
                raise
            else:
                return answer

    async def tend(self) -> None:
        """Look after the connections, for ever. Run it in a nursery.

        Without it, one that is silent under a call is not asked whether it lives, and one
        without calls is closed no sooner than it is met.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._upgrades.tend)
            while True:
                await trio.sleep(_TEND_SECONDS)
                for pool in self._pools.values():
                    pool.tend()

    async def aclose(self) -> None:
        """Close every connection without calls; the others close when theirs have ended."""
        for pool in self._pools.values():
            pool.close()
        await self._upgrades.aclose()
