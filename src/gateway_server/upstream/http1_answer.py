"""An answer over HTTP/1.1: its head once it is here, its body as it comes.

The connection goes back to its pool as soon as both ends are done with it, which for a small
answer is before the caller has seen its head.
"""

import time
from typing import Final

import trio

from gateway_core.clock import UnixTime
from gateway_core.errors import FailureKind
from gateway_core.http1.response import Body, End, Event, Fault, Head, Whole
from gateway_core.message import Fields, ResponseHead
from gateway_core.pooling import INFORMATIONAL_MAX, LostRequest, idle_lifetime

from ..splicing import Pipe
from .connection import Connection
from .contract import Asides, CallFailedError
from .pool import Pool
from .upload import Upload
from .wire import Wire

_EAGER_MAX: Final = 8
"""Reads that may succeed without a wait; then the other tasks have their turn."""


class Http1Answer:
    """The answer to one request. See `contract.Answer`.

    It holds a place of its pool from the first, and a connection while there is one, until
    the exchange is complete or given up.
    """

    __slots__ = (
        "_asides",
        "_connection",
        "_eager",
        "_ended",
        "_failure",
        "_interim",
        "_interim_count",
        "_keep_alive",
        "_may_switch",
        "_method",
        "_pieces",
        "_pool",
        "_upload",
        "_uploading",
        "answered_at",
        "asked_at",
        "head",
        "trailers",
    )

    head: ResponseHead

    def __init__(
        self, pool: Pool, method: str, asides: Asides | None, *, may_switch: bool = False
    ) -> None:
        """`may_switch`: whether 101 is an answer, behind which the wire is the caller's."""
        self._method = method
        self._may_switch = may_switch
        self._pool: Pool | None = pool
        self._connection: Connection | None = None
        self._upload: Upload | None = None
        self._uploading: trio.CancelScope | None = None
        self._asides = asides
        self._interim: list[tuple[int, Fields]] | None = None
        """Interim answers that are to be passed on; None where none came."""
        self._interim_count = 0
        self._keep_alive = False
        self._pieces: list[bytes] = []
        self._failure: CallFailedError | None = None
        self._ended = False
        self._eager = 0
        self.asked_at = UnixTime(int(time.time()))
        self.answered_at = UnixTime(0)
        self.trailers: Fields = ()

    def begin(self, connection: Connection, upload: Upload) -> None:
        """Take over `connection`, over which `upload` goes."""
        self._connection, self._upload = connection, upload
        self._failure = None
        connection.expect(self._method)

    def lost(self) -> LostRequest:
        """Return what is known of the request whose connection broke."""
        assert self._connection is not None
        upload = self._upload
        return LostRequest(
            self._method,
            reused=self._connection.reused,
            written=self._connection.asked if upload is None else upload.written,
            body_begun=upload is not None and upload.body_begun,
            answer_begun=self._connection.answer_begun,
        )

    def take_over(
        self, connection: Connection, heard: Whole | list[Event] | CallFailedError | None
    ) -> None:
        """Go on with a `connection` that asked, and has `heard` something that is no whole answer.

        Raises CallFailedError.
        """
        assert not isinstance(heard, tuple), "a whole answer is a WholeAnswer"
        self._connection = connection
        if isinstance(heard, CallFailedError):
            raise heard
        if heard is not None:
            self._take(heard)
            if self._failure is not None:
                raise self._failure

    async def wait_for_head(self) -> None:
        """Return once the final head is here. Raises CallFailedError."""
        assert self._connection is not None
        upload = self._upload
        while True:
            if self._interim:
                await self._pass_on()
            if self.answered_at:
                return
            # Answers take longer than the next line of ours: a try at once would be wasted.
            self._take(await self._connection.receive(at_once=False))
            if upload is not None and self._connection.answer_begun and not upload.written:
                raise CallFailedError(FailureKind.PROTOCOL, "an answer came before the request")
            if self._failure is not None:
                raise self._failure

    def settle(self) -> None:
        """Let go of the connection if the whole answer is here already."""
        if self._ended:
            self._release()

    @property
    def whole(self) -> None:
        """See `contract.Answer.whole`."""
        return

    @property
    def at_hand(self) -> bool:
        """See `contract.Answer.at_hand`."""
        return bool(self._pieces) or self._ended

    @property
    def ended(self) -> bool:
        """See `contract.Answer.ended`."""
        return self._ended and not self._pieces

    @property
    def uploading(self) -> bool:
        """See `contract.Answer.uploading`."""
        return self._upload is not None and not self._upload.whole

    async def read(self) -> bytes:
        """See `contract.Answer.read`."""
        while not self._pieces:
            if self._ended:
                return b""
            if self._failure is not None:
                raise self._failure
            await self._receive()
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def drawable(self) -> int:
        """Bytes of the body that `draw` may move without anybody's seeing them; 0: `read` them."""
        connection = self._connection
        if connection is None or self._pieces or self._failure is not None:
            return 0
        return connection.drawable

    async def draw(self, pipe: Pipe) -> int:
        """Do what `read` does, for bytes that are `drawable`: move the next ones into `pipe`.

        Return how many; when the last ones are inside, the connection is given back already.
        Raises CallFailedError as `read` does.
        """
        await self._let_others()
        connection = self._connection
        assert connection is not None
        moved = 0
        try:
            moved = await connection.draw(pipe)
            if moved:
                self._ended = connection.decoder.passed(moved)
            else:
                self._take(connection.end())
        except CallFailedError as error:
            self._failure = self._failure or error
        if self._ended or self._failure is not None:
            self._release()
        if self._failure is not None:
            raise self._failure
        return moved

    async def finish_upload(self) -> None:
        """See `contract.Answer.finish_upload`. Ends, too, when the answer does."""
        if self._upload is None or self._upload.whole:
            return
        with trio.CancelScope() as self._uploading:
            try:
                await self._upload.run()
            except CallFailedError as error:
                # The upstream would wait for the rest for ever, and `read` for the upstream.
                self._failure = error
                self._release()
        self._uploading = None

    def switched(self) -> tuple[Wire, bytes]:
        """See `contract.Answer.switched`."""
        connection, pool = self._connection, self._pool
        assert connection is not None
        assert pool is not None
        assert self.head.status == 101
        self._connection = self._pool = None
        pool.places.give_back()
        return connection.wire, connection.decoder.rest

    async def aclose(self) -> None:
        """See `contract.Answer.aclose`."""
        self._release()

    def drop(self) -> None:
        """Do what `aclose` does, where nothing can be awaited."""
        self._release()

    async def _receive(self) -> None:
        """Take in what the connection brings next."""
        if self._connection is None:
            raise CallFailedError(FailureKind.RESET, "the answer was closed before its end")
        await self._let_others()
        try:
            self._take(await self._connection.receive(at_once=True))
        except CallFailedError as error:
            self._failure = self._failure or error
        if self._ended or self._failure is not None:
            self._release()

    async def _let_others(self) -> None:
        self._eager += 1
        if self._eager > _EAGER_MAX:
            self._eager = 0
            await trio.lowlevel.checkpoint()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Body):
                self._pieces.append(event.data)
            elif isinstance(event, Head):
                self.head, self._keep_alive = event
                self.answered_at = UnixTime(int(time.time()))
            elif isinstance(event, End):
                self._ended, self.trailers = True, event.trailers
            elif isinstance(event, Fault):
                self._on_fault(event)
            else:
                self._on_interim_answer(event.status, event.fields)

    def _on_fault(self, fault: Fault) -> None:
        # Behind the answer's end it is another one that nobody asked for: told while the
        # caller has not seen this one, since then nobody knows which of them is his.
        assert self._connection is not None
        kind = FailureKind.RESET if self._connection.ended else FailureKind.PROTOCOL
        self._failure = CallFailedError(kind, f"{fault.flaw.reason}: {fault.flaw.detail}")

    def _on_interim_answer(self, status: int, fields: Fields) -> None:
        self._interim_count += 1
        if status == 101 and self._may_switch:
            self.head = ResponseHead(status, fields, 0)
            self.answered_at = UnixTime(int(time.time()))
        elif status == 101:
            problem = "the upstream changed protocols unasked"
            self._failure = CallFailedError(FailureKind.PROTOCOL, problem)
        elif self._interim_count > INFORMATIONAL_MAX:
            problem = f"more than {INFORMATIONAL_MAX} interim answers"
            self._failure = CallFailedError(FailureKind.PROTOCOL, problem)
        elif status != 100 and self._asides is not None:
            # 100 answers an Expect, and that one was answered before anybody called us.
            self._interim = [*(self._interim or ()), (status, fields)]

    async def _pass_on(self) -> None:
        """Hand on the interim answers that came, in order, as fast as the client takes them."""
        assert self._asides is not None
        while self._interim:
            await self._asides.informed(*self._interim.pop(0))

    def _release(self) -> None:
        """Give back the place, and the connection if it is as good as new. Never waits."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        connection, self._connection = self._connection, None
        upload, self._upload = self._upload, None
        if connection is not None:
            complete = self._ended and self._failure is None and self._keep_alive
            if complete and (upload is None or upload.whole):
                pool.give_back(connection, idle_lifetime(self.head.fields))
            else:
                connection.close()
        if self._uploading is not None:
            self._uploading.cancel()
        if upload is not None:
            upload.close()
        pool.places.give_back()
