"""A request without a body that went out over a connection at rest, until its answer is here.

    ask --> Http1Asked --hear: all in one piece--> WholeAnswer        the connection rests again
                |
                +---- anything else: go on ------> CarefulCall -> Http1Answer

What nearly every call is. Its answer may be waited for by a task, or heard where its edge is
told, without one; whichever it is, it holds a place and a connection until then.
"""

import time
from collections.abc import Callable
from typing import Final

import trio

from gateway_core.clock import Duration, UnixTime
from gateway_core.exchange import Stage
from gateway_core.http1.response import Event, Whole
from gateway_core.message import UpstreamRequest
from gateway_core.pooling import idle_lifetime

from .connection import Connection
from .contract import Answer, Asides, BodyReader, CallFailedError
from .http1_call import CarefulCall
from .pool import Pool
from .whole_answer import WholeAnswer
from .wire import Buffers

_NONE: Final = Duration(0)


class Http1Asked:
    """One request that is out. See `contract.Asked`."""

    __slots__ = (
        "_asked_at",
        "_connection",
        "_heard",
        "_pool",
        "_request",
        "_told",
        "_unforeseen",
        "_unsent",
    )

    def __init__(self, pool: Pool, connection: Connection, request: UpstreamRequest) -> None:
        """Send `request`. A place was taken before; it is held from now on, with `connection`."""
        self._pool = pool
        self._connection = connection
        self._request = request
        self._asked_at = UnixTime(int(time.time()))
        self._unsent: Buffers | None = None
        """What the wire did not take, or takes no more: for a careful call to see to."""
        self._heard: Whole | list[Event] | CallFailedError | None = None
        """What came, that was not all in one piece."""
        self._unforeseen: Exception | None = None
        self._told: Callable[[Answer | None], None] | None = None
        try:
            self._unsent = connection.ask(request)
        except BaseException:
            self.drop()
            raise

    @property
    def sent(self) -> bool:
        """See `contract.Asked.sent`."""
        return self._unsent is None

    def attend(self, told: Callable[[Answer | None], None]) -> bool:
        """See `contract.Asked.attend`."""
        if self._unsent is not None:
            return False
        self._told = told
        return self._connection.wire.attend(self._take)

    def _take(self) -> bool:
        answer: Answer | None = None
        try:
            heard = self._connection.hear()
            if heard is None:
                return True
            if isinstance(heard, tuple):
                answer = self._whole(heard)
            else:
                self._heard = heard
        except Exception as unforeseen:  # noqa: BLE001 - it is to end one exchange, and not the poller
            self._unforeseen = unforeseen
        told, self._told = self._told, None
        assert told is not None
        told(answer)
        return False

    async def answer(
        self, body: BodyReader, progress: Callable[[Stage], None], asides: Asides | None
    ) -> Answer:
        """See `contract.Asked.answer`."""
        connection, heard = self._connection, self._heard
        if self._unforeseen is not None:
            self.drop()
            raise self._unforeseen
        if self._unsent is None:
            try:
                while heard is None:
                    # Whoever asks the wire next is told again what is wrong with it.
                    try:  # noqa: SIM105 - a context manager costs
                        await connection.wire.readable()
                    except (OSError, trio.ClosedResourceError):
                        pass
                    heard = connection.hear()
            except BaseException:
                self.drop()
                raise
        if isinstance(heard, tuple):
            return self._whole(heard)
        call = CarefulCall(self._pool, self._request, body, progress, asides)
        return await call.go_on(connection, self._unsent, heard)

    def _whole(self, heard: Whole) -> WholeAnswer:
        """Return an answer that came in one piece, and let the connection rest."""
        head, keep_alive, piece = heard
        pool = self._pool
        pool.give_back(self._connection, idle_lifetime(head.fields) if keep_alive else _NONE)
        pool.places.give_back()
        return WholeAnswer(head, piece, self._asked_at, UnixTime(int(time.time())))

    def drop(self) -> None:
        """See `contract.Asked.drop`."""
        self._told = None
        self._connection.close()
        self._pool.places.give_back()
