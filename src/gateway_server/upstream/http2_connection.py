"""One HTTP/2 connection to an endpoint, and the calls on it (RFC 9113).

    OPEN --GOAWAY, or closing--> PARTING --its last call has ended--> CLOSED
      |                             |                                   ^
      +-----------------------------+--- it breaks, or is not alive ----+

No task belongs to it: of those who wait, one reads for all (`turns`). What is to be sent is
handed to the wire at once; what the wire does not take waits here, and who reads sends it on.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import h2.events
import h2.exceptions
import trio
from h2.errors import ErrorCodes

from gateway_core.errors import FailureKind
from gateway_core.message import Fields

from .connection import broken
from .contract import CallFailedError
from .http2_contract import Call, Lines, Owner
from .http2_library import STREAMS_MAX, error_name, failure_kind, new_connection
from .turns import Turns
from .wire import Buffers, Wire

CALLS_MAX: Final = 1_000_000
"""Calls over one connection, ever: the numbers of its streams end at a thousand times that."""
OWED_MAX: Final = 256 * 1024
"""Bytes that wait to be sent, beyond which an endpoint that asks and never listens is not read."""
PING_AFTER: Final = 15.0
"""Seconds of silence under a call, until the endpoint is asked whether it lives."""
PING_INTERVAL: Final = 300.0
"""Seconds between two such questions: gRPC's servers take more for abuse."""
PING_WAIT: Final = 5.0
"""Seconds for the answer."""
DOUBT: Final = 1.0
"""Seconds without that answer, after which no further call is begun."""
_LOOKS: Final = 4
"""At what came while nobody called: settings, then perhaps a goodbye, then the end."""
_TYPE_AT: Final = 3
_SETTINGS_OR_TOO_SHORT: Final = (b"\x04", b"")
"""The type of an endpoint's first frame (RFC 9113, 3.4). An answer in HTTP/1.1 would pass for a
frame of five megabytes that never comes."""
IDLE_SECONDS: Final = 30.0
"""How long a connection without calls is kept. Longer than one of HTTP/1.1, since an end that
races with a call tells in its GOAWAY that the call was not seen."""


class Http2Connection:
    """Carries calls beside each other."""

    def __init__(self, wire: Wire, owner: Owner) -> None:
        """Begin to speak (RFC 9113, 3.4). The endpoint need not answer before it is asked."""
        self._wire = wire
        self._owner = owner
        self._h2 = new_connection()
        self._turns = Turns(self._read_for_all)
        self._unsent: Buffers = []
        """What the wire has begun to take, in one piece."""
        self._owed = bytearray()
        """What comes behind that."""
        self._calls: dict[int, Call] = {}
        self._claims = 0
        """Places promised to calls that have not begun."""
        self._begun = 0
        self._passed_over = False
        """Whether a call that had claimed a place did not take it."""
        self._greeted = False
        """Whether the endpoint has said anything."""
        self._parting = False
        self._dismissed = False
        """Whether the endpoint takes no further call."""
        self.closed = False
        """Whether nothing goes over it any more."""
        self._heard_at = self._idle_since = trio.current_time()
        self._pinged_at: float | None = None
        """When it was asked whether it lives, while it has said nothing since."""
        self._may_ping_at = 0.0
        self.flush()

    # Who may begin a call.

    @property
    def reused(self) -> bool:
        """Whether it was here before the last call: it may have been closed as that came."""
        return self._begun > 1 or self._passed_over

    @property
    def calls(self) -> int:
        """How many are in flight."""
        return len(self._calls)

    def has_room(self) -> bool:
        """Whether a further call may begin."""
        if self._parting or self.closed or self._begun >= CALLS_MAX or self._is_doubtful():
            return False
        bound = min(STREAMS_MAX, self._h2.remote_settings.max_concurrent_streams)
        return len(self._calls) + self._claims < bound

    def claim(self) -> None:
        """Promise a place: `begin` takes it, or `unclaim` gives it back."""
        self._claims += 1

    def unclaim(self) -> None:
        """Give a promised place back."""
        self._claims -= 1
        self._passed_over = True
        self._made_room()

    # What a call says.

    def begin(self, call: Call, lines: Lines, *, whole: bool) -> int:
        """Send the head of a call that has claimed a place; return its number, 0 for none.

        `whole`: no body follows. Where the connection has ended meanwhile, it tells `call`.
        """
        self._claims -= 1
        if self.closed or self._dismissed:
            gone = CallFailedError(FailureKind.RESET, "the connection ended as it was taken")
            call.failed(gone, unprocessed=True)
            return 0
        number = self._h2.get_next_available_stream_id()
        self._begun += 1
        self._calls[number] = call
        self._h2.send_headers(number, lines, end_stream=whole)
        self.flush()
        return number

    def room_for(self, number: int) -> int:
        """Return how many bytes of a call's body may go out in one frame now."""
        if number not in self._calls or not self.all_sent:
            return 0
        return min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)

    def send(self, number: int, data: bytes, *, last: bool) -> None:
        """Send a piece of a body, for which there is room."""
        self._h2.send_data(number, data, end_stream=last)
        self.flush()

    def end(self, number: int, trailers: Fields) -> None:
        """End a body of unknown length, if its call is still in flight."""
        if number not in self._calls:
            return
        if trailers:
            self._h2.send_headers(number, trailers, end_stream=True)
        else:
            self._h2.end_stream(number)
        self.flush()

    @property
    def all_sent(self) -> bool:
        """Whether the wire has taken all that was said."""
        return not (self._unsent or self._owed)

    def credit(self, number: int, used: int) -> None:
        """Let the endpoint send as much as was taken off here."""
        if used and not self.closed:
            self._h2.acknowledge_received_data(used, number)
            self.flush()

    def forget(self, number: int, *, reset: ErrorCodes | None = None) -> None:
        """Let a call go that is complete, or give it up with `reset`."""
        if self._calls.pop(number, None) is None:
            return
        if reset is not None:
            with contextlib.suppress(h2.exceptions.ProtocolError):  # both sides have said all
                self._h2.reset_stream(number, reset)
            self.flush()
        if not self._calls:
            self._idle_since = trio.current_time()
        self._made_room()

    # Waiting, reading, writing.

    def until(self, call: Call, ready: Callable[[], bool]) -> Awaitable[None]:
        """Return once `ready` says so, which it must once `call` has failed."""
        return self._turns.until(call.waiters, ready)

    def listen(self) -> bool:
        """Take in what is there, and send what waits; tell whether there may be more. Never waits."""
        self.flush()
        if self.closed:
            return False
        try:
            data = self._wire.receive_some()
        except OSError as error:
            self.fail(broken(error))
            return False
        if data:
            self._take(data)
        elif data is not None:
            self.fail(CallFailedError(FailureKind.RESET, "the endpoint closed the connection"))
        return bool(data)

    def look(self) -> None:
        """See, while nobody calls, whether it is as good as it was."""
        for _ in range(_LOOKS):
            if not self.listen():
                break
        if self._is_doubtful():
            self.fail(CallFailedError(FailureKind.RESET, "no answer to a PING"))

    def flush(self) -> None:
        """Hand what is to be sent to the wire; what it does not take, who reads sends on."""
        if self.closed:
            return
        carried = not self.all_sent
        self._owed += self._h2.data_to_send()
        while not self.all_sent:
            if not self._unsent:
                self._unsent.append(bytes(self._owed))
                self._owed.clear()
            try:
                sent = self._wire.send_some(self._unsent)
            except OSError as error:
                self.fail(broken(error))
                return
            if not sent:
                self._turns.interrupt()  # who reads is to wait for the wire to take more, too
                return
        if carried:
            self._wake_all()

    async def _read_for_all(self) -> None:
        # What is wrong with the wire, whoever asks it next is told again.
        with contextlib.suppress(OSError, trio.ClosedResourceError):
            await (self._wire.readable() if self.all_sent else self._until_it_moves())
        if self._owes_too_much():
            self.flush()
        else:
            self.listen()

    async def _until_it_moves(self) -> None:
        """Wait until the wire takes more, or brings something, unless too much is owed already."""

        async def first(wait: Callable[[], Awaitable[None]]) -> None:
            with contextlib.suppress(OSError, trio.ClosedResourceError):
                await wait()
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first, self._wire.writable)
            if not self._owes_too_much():
                nursery.start_soon(first, self._wire.readable)

    def _owes_too_much(self) -> bool:
        return len(self._owed) + sum(map(len, self._unsent)) > OWED_MAX

    def _take(self, data: bytes) -> None:
        self._heard_at, self._pinged_at = trio.current_time(), None
        if not self._greeted:
            self._greeted = True
            if data[_TYPE_AT : _TYPE_AT + 1] not in _SETTINGS_OR_TOO_SHORT:
                self.fail(CallFailedError(FailureKind.PROTOCOL, "this is no HTTP/2"))
                return
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.H2Error as error:
            self.flush()  # a GOAWAY says why
            self.fail(CallFailedError(FailureKind.PROTOCOL, f"{type(error).__name__}: {error}"))
            return
        for event in events:
            self._on(event)
        self.flush()

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.DataReceived():
                call = self._calls.get(event.stream_id)
                if call is None:
                    # Of one that was given up: nobody takes it, and the others need the window.
                    self.credit(event.stream_id, event.flow_controlled_length)
                else:
                    call.arrived(event.data, event.flow_controlled_length)
                    call.waiters.wake()
            case h2.events.WindowUpdated():
                call = self._calls.get(event.stream_id or 0)
                self._wake_all() if call is None else call.waiters.wake()
            case h2.events.RemoteSettingsChanged():
                self._wake_all()
                self._made_room()
            case h2.events.StreamReset():
                self._on_reset(event.stream_id or 0, event.error_code)
            case h2.events.ConnectionTerminated():
                self._on_goodbye(event)
            case _:
                self._on_stream(event)

    def _on_stream(self, event: h2.events.Event) -> None:
        """Tell a call what came for it; what is for none, the library has seen to."""
        call = self._calls.get(getattr(event, "stream_id", None) or 0)
        if call is None:
            return
        match event:
            case h2.events.ResponseReceived():
                call.answered(list(event.headers))
            case h2.events.InformationalResponseReceived():
                call.informed(list(event.headers))
            case h2.events.TrailersReceived():
                call.trailed(list(event.headers))
            case h2.events.StreamEnded():
                call.completed()
            case _:
                return
        call.waiters.wake()

    def _wake_all(self) -> None:
        for call in self._calls.values():
            call.waiters.wake()

    # How it ends.

    def part(self) -> None:
        """Begin no further call; close once none is left."""
        self._parting = True
        self._made_room()

    def fail(self, failure: CallFailedError) -> None:
        """Close at once, and tell every call on it why. Safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._wire.close()
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.failed(failure)
            call.waiters.wake()
        self._owner.gone(self)

    def doubt(self, since: float) -> None:
        """Hear that a call was given up that began at `since`: does the endpoint live at all?"""
        if self._heard_at <= since:
            self._ask_for_life()

    def tend(self) -> None:
        """See to it that it lives, or goes. To be called every second or so."""
        if not self._turns.reading:
            self.listen()
        now = trio.current_time()
        if self.closed:
            return
        if self._pinged_at is not None and now - self._pinged_at > PING_WAIT:
            self.fail(CallFailedError(FailureKind.RESET, "no answer to a PING"))
        elif self._calls and now - self._heard_at > PING_AFTER:
            self._ask_for_life()
        elif not (self._calls or self._claims) and now - self._idle_since > IDLE_SECONDS:
            self.part()

    def _ask_for_life(self) -> None:
        now = trio.current_time()
        if now >= self._may_ping_at and not self.closed:
            self._pinged_at, self._may_ping_at = now, now + PING_INTERVAL
            self._h2.ping(b"gateway?")
            self.flush()

    def _is_doubtful(self) -> bool:
        return self._pinged_at is not None and trio.current_time() - self._pinged_at > DOUBT

    def _made_room(self) -> None:
        if self._parting and not (self._calls or self._claims or self.closed):
            self._h2.close_connection()
            self.flush()
            self.fail(CallFailedError(FailureKind.RESET, "all is said"))
        elif not self.closed:
            self._owner.room_made()

    def _on_reset(self, number: int, code: int) -> None:
        if call := self._calls.get(number):
            problem = f"the stream was reset: {error_name(code)}"
            refused = code == ErrorCodes.REFUSED_STREAM  # nothing was done (RFC 9113, 8.7)
            call.failed(CallFailedError(failure_kind(code), problem), unprocessed=refused)
            call.waiters.wake()
            self.forget(number)

    def _on_goodbye(self, event: h2.events.ConnectionTerminated) -> None:
        """Let those go on that the endpoint has seen; the others may be asked elsewhere."""
        self._parting = self._dismissed = True
        last = event.last_stream_id or 0
        problem = f"the endpoint says goodbye: {error_name(event.error_code or 0)}"
        for number in [number for number in self._calls if number > last]:
            call = self._calls.pop(number)
            call.failed(CallFailedError(FailureKind.RESET, problem), unprocessed=True)
            call.waiters.wake()
        self._made_room()
