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
from gateway_core.pooling import may_resend
from gateway_core.upstream import Endpoint, Upstream

from .connection import Connection
from .contract import Asides, BodyReader, CallFailedError
from .dialing import Dial, Dialer
from .failures import failed
from .http1_answer import Http1Answer
from .pool import Pool
from .slots import Slots
from .tls import TlsSettings
from .upload import Upload

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
    ) -> Http1Answer:
        """See `contract.UpstreamClient.call`.

        `body`, where it is cancelled, keeps the piece that it would have returned: a final
        answer that comes first interrupts it, and `Answer.finish_upload` asks it again. It
        is not asked beyond the length that the request declares.
        """
        endpoint = command.endpoint
        pool = self._pools_by_id.get(id(endpoint)) or self._pools[endpoint]
        places = pool.places
        if not places.take_nowait():
            if places.full:
                raise CallFailedError(FailureKind.OVERLOADED, "the queue is full")
            progress(Stage.QUEUED)
            await places.take()
        request = command.request
        answer = Http1Answer(pool, request.method, asides)
        try:
            connection = pool.take()
            if connection is None or request.body:
                connection = connection or await _dial(pool, progress)
                upload = Upload(request, body, progress, connection.wire, asides=asides)
                await _ask(pool, answer, connection, upload, progress)
            elif (unsent := answer.ask(connection, request)) is not None:
                upload = Upload(request, body, progress, connection.wire, unsent, asides=asides)
                await _ask(pool, answer, connection, upload, progress)
            else:
                # Nearly every call: flat, since each frame costs at each wait.
                progress(_SENT)
                try:  # noqa: SIM105 - a context manager costs
                    await connection.wire.readable()
                except (OSError, trio.ClosedResourceError):
                    pass  # whoever asks the wire next is told again
                try:
                    if not answer.hear():
                        await answer.wait_for_head()
                except CallFailedError as error:
                    _check_resend(answer, error)
                    connection.close()
                    connection = await _dial(pool, progress)
                    upload = Upload(request, body, progress, connection.wire, asides=asides)
                    await _ask(pool, answer, connection, upload, progress)
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
    connection: Connection,
    upload: Upload,
    progress: Callable[[Stage], None],
) -> None:
    """Send `upload` and wait for its answer's head, on a second connection if need be."""
    answer.begin(connection, upload)
    try:
        await _converse(answer, upload)
    except CallFailedError as error:
        _check_resend(answer, error)
        connection.close()
        connection = await _dial(pool, progress)
        upload.move_to(connection.wire)
        answer.begin(connection, upload)
        await _converse(answer, upload)


def _check_resend(answer: Http1Answer, error: CallFailedError) -> None:
    """Raise `error` unless the request may go out once more."""
    if error.kind is not FailureKind.RESET or not may_resend(answer.lost()):
        raise error


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
