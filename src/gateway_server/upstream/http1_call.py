"""One call with all that may happen to it: dialing, a body, an answer in pieces, a lost race.

    dial, if need be
    head (and first bytes) out         a body: sent beside, in a nursery of its own
    final head in                      lost on a stale connection: once more, if safe
    -> Http1Answer

Its place was taken before; whatever ends the call gives it back, with its connection.
"""

from collections.abc import Callable

import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.http1.response import Event
from gateway_core.message import UpstreamRequest
from gateway_core.pooling import may_resend

from .connection import Connection
from .contract import Asides, BodyReader, CallFailedError
from .failures import failed
from .http1_answer import Http1Answer
from .pool import Pool
from .upload import Upload
from .wire import Buffers


class CarefulCall:
    """Carries one request out. See `contract.UpstreamClient.call`."""

    __slots__ = ("_answer", "_asides", "_body", "_pool", "_progress", "_request")

    def __init__(
        self,
        pool: Pool,
        request: UpstreamRequest,
        body: BodyReader,
        progress: Callable[[Stage], None],
        asides: Asides | None,
        *,
        may_switch: bool = False,
    ) -> None:
        """`may_switch`: see `Http1Answer`."""
        self._pool = pool
        self._request = request
        self._body = body
        self._progress = progress
        self._asides = asides
        self._answer = Http1Answer(pool, request.method, asides, may_switch=may_switch)

    async def begin(self, connection: Connection | None) -> Http1Answer:
        """Send the request over `connection`, or a new one; return once its head is here."""
        try:
            connection = connection or await self._dial()
            await self._ask(connection, self._upload(connection))
        except BaseException:
            self._answer.drop()
            raise
        self._answer.settle()
        return self._answer

    async def go_on(
        self,
        connection: Connection,
        unsent: Buffers | None,
        heard: list[Event] | CallFailedError | None,
    ) -> Http1Answer:
        """Go on where `Connection.ask` left `unsent`, or else `Connection.hear` has `heard`."""
        answer = self._answer
        try:
            if unsent is not None:
                await self._ask(connection, self._upload(connection, unsent))
            else:
                try:
                    answer.take_over(connection, heard)
                    await answer.wait_for_head()
                except CallFailedError as error:
                    self._check_resend(error)
                    connection.close()
                    connection = await self._dial()
                    await self._ask(connection, self._upload(connection))
        except BaseException:
            answer.drop()
            raise
        answer.settle()
        return answer

    def _upload(self, connection: Connection, unsent: Buffers | None = None) -> Upload:
        return Upload(
            self._request, self._body, self._progress, connection.wire, unsent, asides=self._asides
        )

    async def _ask(self, connection: Connection, upload: Upload) -> None:
        """Send `upload` and wait for its answer's head, on a second connection if need be."""
        answer = self._answer
        answer.begin(connection, upload)
        try:
            await self._converse(upload)
        except CallFailedError as error:
            self._check_resend(error)
            connection.close()
            connection = await self._dial()
            upload.move_to(connection.wire)
            answer.begin(connection, upload)
            await self._converse(upload)

    def _check_resend(self, error: CallFailedError) -> None:
        """Raise `error` unless the request may go out once more."""
        if error.kind is not FailureKind.RESET or not may_resend(self._answer.lost()):
            raise error

    async def _dial(self) -> Connection:
        self._progress(Stage.CONNECTING)
        try:
            connection = await self._pool.dial()
        except OSError as error:
            raise failed(error) from error
        try:
            connection.check_silence()
        except CallFailedError:
            connection.close()
            raise
        return connection

    async def _converse(self, upload: Upload) -> None:
        """Send and listen until the final head is here. Raises CallFailedError."""
        answer = self._answer
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
