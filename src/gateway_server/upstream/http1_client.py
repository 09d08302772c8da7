"""Upstreams over our own HTTP/1.1: pooled connections, one place to read what a call does.

    a place -- none: wait, or refuse --+
    a connection at rest, or dial      |
    head (and first bytes) out         |   a body: sent beside, in a nursery of its own
    final head in                      +-- lost on a stale connection: once more, if safe
    -> Http1Answer

A call without a body runs in its caller's task alone, and sets no time-out: whoever calls
cancels it. Cancelled at any await, it leaves neither a place taken nor a socket open.
"""

from collections.abc import Callable
from typing import Final

import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UpstreamRequest
from gateway_core.pooling import may_resend
from gateway_core.upstream import Endpoint, Upstream

from .connection import Connection
from .contract import BodyReader, CallFailedError
from .dialing import Dial, Dialer
from .failures import failed
from .http1_answer import Http1Answer, InformationalHook
from .pool import Pool
from .slots import Slots
from .tls import TlsSettings
from .upload import Upload

_SWEEP_SECONDS: Final = 1.0
"""How much longer than its lifetime a connection may rest where nobody calls."""


class Http1Client:
    """Speaks HTTP/1.1 to the endpoints of one upstream. See `contract.UpstreamClient`."""

    __slots__ = ("_pools",)

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

    def pool(self, endpoint: Endpoint) -> Pool:
        """Return the connections to `endpoint`, to look at."""
        return self._pools[endpoint]

    async def call(
        self,
        command: CallUpstream,
        body: BodyReader,
        progress: Callable[[Stage], None],
        *,
        informational: InformationalHook | None = None,
    ) -> Http1Answer:
        """See `contract.UpstreamClient.call`.

        `body`, where it is cancelled, keeps the piece that it would have returned: a final
        answer that comes first interrupts it, and `Answer.finish_upload` asks it again. It
        is not asked beyond the length that the request declares.
        """
        pool = self._pools[command.endpoint]
        places = pool.places
        if not places.take_nowait():
            if places.full:
                raise CallFailedError(FailureKind.OVERLOADED, "the queue is full")
            progress(Stage.QUEUED)
            await places.take()
        answer = Http1Answer(pool, informational)
        try:
            await _ask(pool, answer, command.request, body, progress)
        except BaseException:
            answer.drop()
            raise
        answer.settle()
        return answer

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


async def _ask(
    pool: Pool,
    answer: Http1Answer,
    request: UpstreamRequest,
    body: BodyReader,
    progress: Callable[[Stage], None],
) -> None:
    """Send `request` and wait for its answer's head, on a second connection if need be."""
    connection = pool.take() or await _dial(pool, progress)
    upload = Upload(request, body, progress, connection.wire)
    answer.begin(connection, upload, request.method)
    try:
        await _converse(answer, upload)
    except CallFailedError as error:
        lost = answer.lost(request.method)
        if error.kind is not FailureKind.RESET or not may_resend(lost):
            raise
        connection.close()
        connection = await _dial(pool, progress)
        upload.move_to(connection.wire)
        answer.begin(connection, upload, request.method)
        await _converse(answer, upload)


async def _dial(pool: Pool, progress: Callable[[Stage], None]) -> Connection:
    progress(Stage.CONNECTING)
    try:
        connection = await pool.dial()
    except OSError as error:
        raise failed(error) from error
    try:
        connection.check_silence()
    except CallFailedError:
        connection.close()
        raise
    return connection


async def _converse(answer: Http1Answer, upload: Upload) -> None:
    """Send and listen until the final head is here. Raises CallFailedError."""
    if upload.send_at_once() or upload.broken:
        # Broken, too: an upstream that would not read on may have said why.
        await answer.wait_for_head()
        return
    failure: Exception | None = None

    async def listen() -> None:
        nonlocal failure
        try:
            await answer.wait_for_head()
        except CallFailedError as error:
            failure = error
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        nursery.start_soon(upload.send_waiting_head)
        try:
            await upload.run()
        except Exception as error:  # noqa: BLE001 - the body reader's, too: raised below, as it is
            failure = error
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
