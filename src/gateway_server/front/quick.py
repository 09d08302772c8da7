"""HTTP/1.x on one connection, in one task, without a timer or a task a request.

    a head arrives -> it is answered -> next head, or the end

What can be answered without waiting (a hit on the cache, a request too many) is answered where
the head's edge is told, within no task: to wake the connection's would cost a fifth of such an
answer. Nor is that woken for a call that goes well, whose request is under way until the lane
is told to `go_on`. All else is the task's: see `edges` for what is not to be done within none.

The task waits in one place at a time: for a head, for the upstream, for the client to take
bytes. One cancel scope stays open around all of it; what must end
a wait (a deadline, a client that left, a drain) cancels that scope, and the task goes
on in a new one with what is to be done instead. Deadlines are kept by one alarm,
which is asked only when it might have come; clients that leave while nobody reads
from them are noticed by a look at the kernel's state of all such connections,
twenty times a second. So pipelined requests wait unread, and are never read ahead.
"""

import contextlib
from collections.abc import Callable

import trio

from gateway_core.clock import NEVER, Instant, after, seconds
from gateway_core.http1.flaws import UPGRADE_WITH_BODY
from gateway_core.http1.judge import asks_for_websocket, glimpse
from gateway_core.http1.limits import Limits
from gateway_core.http1.request import Phase, RequestDecoder
from gateway_core.http1.request_head import ParsedRequest
from gateway_core.message import RequestHead
from gateway_core.refusal import Refusal

from .answers import HEAD_TIMEOUT, last_words
from .calls import HttpCall, Origin
from .contract import Conversation
from .endings import Ending, offender
from .h1 import GRACE_SECONDS, Http1
from .quick_stream import QuickStream
from .streams import ClientLeftError
from .wire import Wire


class QuickHttp1:
    """Serves one connection."""

    def __init__(self, origin: Origin, wire: Wire) -> None:
        settings = origin.worker.settings
        self.wire = wire
        self.last = False
        self.decoder = RequestDecoder(
            Limits(settings.max_head, settings.max_fields, settings.max_target)
        )
        self._origin = origin
        self._counted = origin.worker.config.max_requests is not None
        self.holds = wire.holds and not self._counted
        self._names_hosts = bool(origin.worker.config.server_names)
        self._peer = origin.client[0] if origin.client else ""
        self._scheme = "https" if origin.secure else "http"
        self._keep_alive = seconds(settings.keep_alive_timeout)
        self._head_timeout = seconds(settings.head_timeout)
        self._scope = trio.CancelScope()
        self.alarm = origin.worker.timers.alarm(self._deadline, self._ring)
        self._patience: Instant = NEVER
        """When a head must be complete, or have begun; NEVER while a request is served."""
        self._timed_out = False
        self._idling_ends = False
        """Whether the scope was cancelled because there is to be no further wait for a head."""
        self._stream: QuickStream | None = None
        self._talk: Conversation | None = None
        self._call: HttpCall | None = None
        self._refusal: Refusal | None = None
        self._set_apart: ParsedRequest | Refusal | None = None
        """A head that takes waiting in any case: refused, or a WebSocket's."""
        self._ending = Ending.IDLE
        """How the connection ends where no request was begun."""
        self._fault: Exception | None = None
        """What came up where somebody else's task told something: it is the connection's end."""
        self._idling = True
        """Whether its task waits for a head, and nothing came that is the task's to deal with."""
        self._bytes_in = 0
        self._number = 0

    # What others ask of the connection.

    def interrupt(self) -> None:
        """See `contract.Lane.interrupt`."""
        self._scope.cancel()

    def drain(self) -> None:
        """Let this be the last request; end at once where there is none."""
        self.last = True
        if self._idling and not self.decoder.begun:
            self._end_idling()

    def look_at_client(self) -> None:
        """Notice that the client left while nobody reads from it."""
        stream = self._stream
        if stream is not None and not stream.is_over and self.wire.has_left():
            if self.decoder.phase is Phase.BODY and (flaw := self.decoder.eof()) is not None:
                stream.refused = True
                self.refuse_body(flaw)
            stream.leave()
            if self._talk is not None:
                self._tell(self._talk.client_left)

    def _tell(self, tell: Callable[[], None]) -> None:
        """Have the request told of something, within a task that cares for every connection."""
        try:
            tell()
        except Exception as unforeseen:  # noqa: BLE001 - the connection's task is to end with it
            self._fault = unforeseen
            self.alarm.close()  # whose deadline this was may want to be told of it for ever
            self._scope.cancel()

    def refuse_body(self, refusal: Refusal) -> None:
        """See `quick_stream.Carrier.refuse_body`."""
        self._refusal = refusal
        if self._call is not None:
            self._call.give_up(GRACE_SECONDS)

    def leave_http(self) -> bytes:
        """See `quick_stream.Carrier.leave_http`."""
        self.last = True
        self._origin.worker.unwatch(self)
        return self.decoder.take_rest()

    async def run(self, first: bytes = b"") -> None:
        """Serve until the connection has ended. `first`: what was read from it already."""
        self.decoder.receive(first)
        self._bytes_in = len(first)
        self._wait_for_head()
        self.alarm.look()
        ending: Ending | None = None
        self._origin.worker.watch(self)
        try:
            while ending is None:
                with trio.CancelScope() as self._scope:
                    ending = await self._serve()
                if ending is None:
                    ending = await self._after_interruption()
        finally:
            self._origin.worker.unwatch(self)
            self._patience = NEVER
            self.alarm.close()
            self._end_talk()
            stream = self._stream
            if stream is not None and not stream.finished and stream.ends_with_connection:
                self.wire.reset()
        if ending is Ending.GENTLY:
            await self.wire.linger(short=self._origin.worker.draining)
        elif ending is Ending.RESET:
            self.wire.reset()

    # Serving.

    async def _serve(self) -> Ending:
        """Serve one request after the other until the connection ends."""
        while True:
            if self._stream is None:
                ending = await self._next_request()
                if ending is not None:
                    return ending
            stream, talk = self._stream, self._talk
            assert stream is not None
            if talk is not None and not stream.finished:
                await talk.run()
            if not stream.finished:
                self._end_talk()
                ending = await self._after_failure(stream)
                self._stream = None
                return ending
            if not self._end_request():
                return Ending.GENTLY

    async def _next_request(self) -> Ending | None:
        """Begin a request that takes waiting; return how the connection ends, if it does."""
        if self._answer_on() and not await self.wire.feed(self._take):
            return await self._after_end()
        if self._idling_ends:
            # It came in the moment of a drain or a time-out, whose cancellation is still
            # to be met: here, where it interrupts nothing that could not be taken up again.
            await trio.lowlevel.checkpoint()
        request, self._set_apart = self._set_apart, None
        if isinstance(request, Refusal):
            return await self._refuse(request)
        if request is not None:
            return await self._begin_upgrade(request)
        if self._stream is None:
            return self._ending
        if self._counted or self._talk is None:
            await self._begin_slowly()
        return None

    def _take(self, data: bytes) -> bool:
        """Take in what came, wherever this is called from; return whether more is wanted."""
        self._bytes_in += len(data)
        self.decoder.receive(data)
        return not self._idling_ends and self._answer_on()

    def _answer_on(self) -> bool:
        """Answer what is here, as long as that takes no waiting; return whether more must come.

        False where there is something to do for the connection's task: see `_next_request`.
        """
        decoder = self.decoder
        self._idling = False
        while not self.last or decoder.waiting:
            request = decoder.next_head()
            if request is None:
                if decoder.begun:
                    self._hurry()
                self._idling = True
                return True
            self._patience = NEVER
            if isinstance(request, Refusal) or (request.upgrade and asks_for_websocket(request)):
                self._set_apart = request
                return False
            stream = self._begin(request, upgrade=False)
            if not stream.finished or self._counted:
                return self._leave_under_way()
            if not self._end_request():
                self._ending = Ending.GENTLY
                return False
        self._ending = Ending.IDLE
        return False

    def _leave_under_way(self) -> bool:
        """Return whether nothing is to be done for a request until the lane is told to `go_on`."""
        if self._talk is None or not self._talk.under_way:
            return False
        self.wire.hold()
        return True

    def go_on(self, error: Exception | None = None) -> None:
        """See `contract.Lane.go_on`."""
        stream = self._stream
        assert stream is not None
        try:
            if error is None and stream.finished:
                if not self._end_request():
                    self._ending = Ending.GENTLY
                elif self._answer_on():
                    if self._idling:
                        self.wire.release()
                    return
        except Exception as unforeseen:  # noqa: BLE001 - the connection's task is to end with it
            error = unforeseen
        self.wire.wake(error)

    def _end_request(self) -> bool:
        """Let go of a request that is answered; return whether another may follow."""
        self._end_talk()
        self._stream = None
        if self.last or not self.decoder.skip_body():
            return False
        self._wait_for_head()
        return True

    def _end_talk(self) -> None:
        if self._talk is not None:
            self._talk.close()
            self._talk = None

    async def _begin_upgrade(self, request: ParsedRequest) -> Ending | None:
        if request.body:
            # Who takes it for an upgrade reads the body as frames; who does not, as a request.
            head = offender(glimpse(self.decoder.raw_head), self._peer)
            return await self._refuse(UPGRADE_WITH_BODY, head)
        self._begin(request, upgrade=True)
        if self._talk is None:
            return await self._hand_over()
        if self._counted:
            await self._begin_slowly()
        return None

    def _begin(self, request: ParsedRequest, *, upgrade: bool) -> QuickStream:
        """Begin to answer; all of it where that takes no waiting: the stream is finished then."""
        self._number += 1
        head = request.heard_from(self._peer, self._scheme)
        stream = self._stream = QuickStream(head, self)
        if not self._names_hosts:
            self._talk = talk = self._origin.worker.served.begin(stream, self, upgrade=upgrade)
            if talk is not None:
                talk.begin()
        return stream

    async def _begin_slowly(self) -> None:
        """Do what few requests need: count them for Hypercorn, serve them by ASGI."""
        if self._counted:
            await self._origin.worker.mark_request()
        if self._talk is None:
            assert self._stream is not None
            self._call = HttpCall(self._stream, self._origin)
            with contextlib.suppress(ClientLeftError):
                await self._call.run()
            self._call = None

    async def _after_end(self) -> Ending:
        """Decide how the connection ends, since the client will send no more."""
        flaw = self.decoder.eof()
        return Ending.IDLE if flaw is None else await self._refuse(flaw)

    async def _hand_over(self) -> Ending:
        """Let the connection be served by h11 and wsproto from this handshake on."""
        raw = self.decoder.raw_head + self.decoder.take_rest()
        self._origin.worker.unwatch(self)
        await Http1(self._origin, self.wire).run(raw)
        return Ending.CUT

    async def _after_failure(self, stream: QuickStream) -> Ending:
        """Decide how the connection ends, since an answer is not complete."""
        if self._refusal is not None and not stream.started:
            return await self._refuse(self._refusal, stream.head)
        return Ending.RESET if stream.ends_with_connection else Ending.CUT

    async def _refuse(self, refusal: Refusal, head: RequestHead | None = None) -> Ending:
        """Answer what was refused: the last words of this connection."""
        head = head or offender(self.decoder.offending, self._peer)
        words = last_words(self._origin.worker.served, refusal, head, self._bytes_in)
        try:
            await self.wire.write(words)
        except ClientLeftError:
            return Ending.CUT
        return Ending.GENTLY

    # Time.

    def _wait_for_head(self) -> None:
        self._bytes_in = self.decoder.waiting
        self._patience = after(
            self.alarm.now(), self._keep_alive if self._number else self._head_timeout
        )
        if self._patience < self.alarm.armed_for:
            self.alarm.look()

    def _hurry(self) -> None:
        """Bound the time of a head that has begun."""
        limit = after(self.alarm.now(), self._head_timeout)
        if self._patience > limit:
            self._patience = limit
            self.alarm.look()

    def _deadline(self) -> Instant:
        talk = self._talk
        return self._patience if talk is None else min(self._patience, talk.deadline)

    def _ring(self) -> None:
        if self._talk is not None:
            self._tell(self._talk.tick)
        else:
            self._timed_out = True
            self._patience = NEVER
            self._end_idling()

    def _end_idling(self) -> None:
        """Interrupt the wait for a head, and nothing else."""
        self._idling_ends = True
        self._scope.cancel()

    async def _after_interruption(self) -> Ending | None:
        """Decide how to go on once the scope was cancelled: None, to serve on. Raises a fault."""
        if self._fault is not None:
            raise self._fault
        ends, self._idling_ends = self._idling_ends, False
        if self._stream is not None or not ends:
            return None
        timed_out, self._timed_out = self._timed_out, False
        if timed_out and self.decoder.begun:
            return await self._refuse(HEAD_TIMEOUT, offender(b"", self._peer))
        if data := self.wire.read_at_once():
            self._bytes_in += len(data)
            self.decoder.receive(data)
        if not self.decoder.waiting:
            return Ending.IDLE
        # A request came in the same moment: closing now would lose it.
        self._patience = after(self.alarm.now(), self._head_timeout)
        self.alarm.look()
        return None
