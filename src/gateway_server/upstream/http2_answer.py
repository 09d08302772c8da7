"""One call over HTTP/2: its request as it goes out, its answer as it comes (RFC 9113, section 8.1).

      ASKING --the final head--> ANSWERING --its end, and the request's--> COMPLETE
        |                            |
        +------- failed, or given up (RST_STREAM) -----------------------> OVER

What came of the body waits here until the caller takes it, and only then is the endpoint given
credit for more. What is given up is credited at once: its window belongs to the others.
"""

import time
from collections.abc import Callable
from typing import NoReturn

import trio
from h2.errors import ErrorCodes

from gateway_core.clock import UnixTime
from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.message import UNKNOWN, Fields, ResponseHead, UpstreamRequest
from gateway_core.pooling import INFORMATIONAL_MAX, LostRequest

from .contract import Asides, BodyReader, CallFailedError
from .http2_connection import Http2Connection
from .http2_contract import Lines
from .http2_head import read_answer, read_trailers, request_lines
from .turns import Waiters


class Http2Answer:
    """A call and its answer. See `contract.Answer`, and `http2_contract.Call`.

    It is among its connection's calls from `ask` until it is complete, failed or closed.
    """

    head: ResponseHead

    def __init__(
        self,
        connection: Http2Connection,
        request: UpstreamRequest,
        body: BodyReader,
        progress: Callable[[Stage], None],
        asides: Asides | None,
    ) -> None:
        """`connection` has claimed a place for it."""
        self._connection = connection
        self._request = request
        self._body = body
        self._progress = progress
        self._asides = asides
        self._number = 0
        self._began_at = trio.current_time()
        self.waiters = Waiters()
        # The request.
        self._left = request.body
        """Bytes of its body that are to be taken from the client, or UNKNOWN."""
        self._piece = memoryview(b"")
        """What was taken, and is not sent."""
        self._body_begun = False
        self._all_sent = request.body == 0
        """Whether END_STREAM is out."""
        self._uploading: trio.CancelScope | None = None
        # The answer.
        self._interim: list[tuple[int, Fields]] = []
        self._interim_count = 0
        self._pieces: list[bytes] = []
        self._used = 0
        """Bytes of the windows that `_pieces` have used up."""
        self._missing = UNKNOWN
        """Bytes that a body of told length still lacks."""
        self._ended = False
        self._failure: CallFailedError | None = None
        self._unprocessed = False
        self.asked_at = UnixTime(int(time.time()))
        self.answered_at = UnixTime(0)
        self.trailers: Fields = ()
        self.whole: bytes | None = None
        """None always: what is here is to be credited as it is taken."""

    # The call.

    async def ask(self, scheme: str) -> None:
        """Send the request; return once the final head is here. Raises CallFailedError."""
        lines = request_lines(self._request, scheme)
        self._number = self._connection.begin(self, lines, whole=self._all_sent)
        if not self._all_sent:
            await self._converse()
            return
        if not self._connection.all_sent:
            self._progress(Stage.SENDING)
            await self._connection.until(self, self._is_out)
        self._progress(Stage.SENT)
        await self._wait_for_head()

    def lost(self) -> LostRequest:
        """Return what is known of a call that failed."""
        assert self._failure is not None
        died = self._connection.closed and self._failure.kind is FailureKind.RESET
        return LostRequest(
            self._request.method,
            reused=died and self._connection.reused,  # else the endpoint ended this call alone
            written=1,
            body_begun=self._body_begun,
            answer_begun=bool(self._interim_count or self.answered_at),
            unprocessed=self._unprocessed,
        )

    async def _converse(self) -> None:
        """Send the body, and listen meanwhile."""
        failure: Exception | None = None

        async def listen() -> None:
            nonlocal failure
            try:
                await self._wait_for_head()
            except CallFailedError as error:
                failure = error
            nursery.cancel_scope.cancel()

        self._progress(Stage.SENDING)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            try:
                await self._upload()
            except Exception as error:  # noqa: BLE001 - the body reader's, too: raised below, as it is
                failure = error
                nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _wait_for_head(self) -> None:
        while True:
            while self._interim:
                status, fields = self._interim.pop(0)
                if self._asides is not None:
                    await self._asides.informed(status, fields)
            if self.answered_at:
                return
            if self._failure is not None:
                raise self._failure
            await self._connection.until(self, self._has_head)

    def _has_head(self) -> bool:
        return bool(self._interim or self.answered_at or self._failure)

    # The request's body.

    async def _upload(self) -> None:
        """Send what is left of it; return once it is out, or not wanted any more."""
        while not self._all_sent and self._is_wanted():
            if not self._piece and self._left:
                self._take(await self._body())
                continue
            await self._connection.until(self, self._may_send)
            if self._is_wanted():
                self._send_some()
        await self._connection.until(self, self._is_out)
        if self._all_sent:
            self._progress(Stage.SENT)

    def _take(self, piece: bytes) -> None:
        """Take the next piece of the body in, b"" at its end."""
        self._body_begun = True
        if self._left == UNKNOWN:
            if not piece:
                trailers = () if self._asides is None else self._asides.trailers()
                self._all_sent = True
                self._connection.end(self._number, trailers)
                self._complete()
        elif not piece or len(piece) > self._left:
            problem = f"{self._left} bytes of the request's body to come, {len(piece)} came"
            raise CallFailedError(FailureKind.PROTOCOL, problem)
        else:
            self._left -= len(piece)
        self._piece = memoryview(piece)

    def _send_some(self) -> None:
        room = self._connection.room_for(self._number)
        frame, self._piece = bytes(self._piece[:room]), self._piece[room:]
        self._all_sent = not self._piece and not self._left
        self._connection.send(self._number, frame, last=self._all_sent)
        if self._all_sent:
            self._complete()

    def _is_wanted(self) -> bool:
        return not (self._ended or self._failure)

    def _may_send(self) -> bool:
        return not self._is_wanted() or self._connection.room_for(self._number) > 0

    def _is_out(self) -> bool:
        return self._connection.all_sent or not self._is_wanted()

    # What the connection brings.

    def informed(self, lines: Lines) -> None:
        """See `http2_contract.Call.informed`."""
        self._interim_count += 1
        head = read_answer(lines, self._request.method)
        if head is None or head.status == 101:
            self._refuse("a malformed interim answer")  # nor has HTTP/2 a 101 (RFC 9113, 8.6)
        elif self._interim_count > INFORMATIONAL_MAX:
            self._refuse(f"more than {INFORMATIONAL_MAX} interim answers")
        elif head.status != 100:
            # 100 answers an Expect, and that one was answered before anybody called us.
            self._interim.append((head.status, head.fields))

    def answered(self, lines: Lines) -> None:
        """See `http2_contract.Call.answered`."""
        head = read_answer(lines, self._request.method)
        if head is None:
            self._refuse("a malformed answer")
            return
        self.head, self._missing = head, head.body
        self.answered_at = UnixTime(int(time.time()))

    def arrived(self, data: bytes, used: int) -> None:
        """See `http2_contract.Call.arrived`."""
        if self._missing != UNKNOWN:
            self._missing -= len(data)
        if data:
            self._pieces.append(data)
            self._used += used
        else:
            self._connection.credit(self._number, used)  # padding

    def trailed(self, lines: Lines) -> None:
        """See `http2_contract.Call.trailed`."""
        trailers = read_trailers(lines)
        if trailers is None:
            self._refuse("malformed trailers")
        else:
            self.trailers = trailers

    def completed(self) -> None:
        """See `http2_contract.Call.completed`."""
        if self._failure is not None:
            return
        if not self.answered_at:
            self._refuse("an end before the answer")
        elif self._missing not in (0, UNKNOWN):
            self._refuse(f"{abs(self._missing)} bytes more or less than were told")
        else:
            self._ended = True
            if self._uploading is not None:
                self._uploading.cancel()
            self._complete()

    def failed(self, failure: CallFailedError, *, unprocessed: bool = False) -> None:
        """See `http2_contract.Call.failed`."""
        if not (self._ended or self._failure):
            self._failure, self._unprocessed = failure, unprocessed

    def _refuse(self, problem: str) -> None:
        self._failure = CallFailedError(FailureKind.PROTOCOL, problem)
        self._connection.forget(self._number, reset=ErrorCodes.PROTOCOL_ERROR)

    def _complete(self) -> None:
        """Let go of the connection once both sides have said all."""
        if self._ended and self._all_sent:
            self._connection.forget(self._number)

    # What the caller wants of it.

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
        return not self._all_sent and self._is_wanted()

    async def read(self) -> bytes:
        """See `contract.Answer.read`."""
        if not self._pieces:
            await self._connection.until(self, self._has_body)
        else:
            await trio.lowlevel.checkpoint()
        if self._pieces:
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces = []
            self._give_credit()
            return data
        if self._failure is not None:
            raise self._failure
        return b""

    def _has_body(self) -> bool:
        return bool(self._pieces or self._ended or self._failure)

    def _give_credit(self) -> None:
        used, self._used = self._used, 0
        self._connection.credit(self._number, used)

    async def finish_upload(self) -> None:
        """See `contract.Answer.finish_upload`. Ends, too, when the answer does."""
        if not self.uploading:
            return
        with trio.CancelScope() as self._uploading:
            try:
                await self._upload()
            except CallFailedError as error:
                # The endpoint would wait for the rest for ever, and `read` for the endpoint.
                self.failed(error)
                self._connection.forget(self._number, reset=ErrorCodes.CANCEL)
                self.waiters.wake()
        self._uploading = None

    def switched(self) -> NoReturn:
        """See `contract.Answer.switched`: HTTP/2 has no 101 (RFC 9113, 8.6)."""
        raise AssertionError("a stream of HTTP/2 does not become anything else")

    async def aclose(self) -> None:
        """See `contract.Answer.aclose`."""
        self.drop()

    def drop(self) -> None:
        """Do what `aclose` does, where nothing can be awaited."""
        if not self._ended:
            self.failed(CallFailedError(FailureKind.RESET, "the answer was closed before its end"))
            if not self.answered_at:
                self._connection.doubt(self._began_at)
        self._pieces = []
        self._connection.forget(self._number, reset=ErrorCodes.CANCEL)
        self._give_credit()
