"""HTTP/2 on one connection (RFC 9113), spoken through h2.

This task reads, and never waits for an application: what arrives is put where its stream
can take it, which the stream's window bounds. One other task writes everything, a frame of
each stream in turn. Credit goes back for the connection as data arrives, so that no unread
body stops the others, and for a stream as its application takes it.

The end comes in order: no more new streams, those in flight are answered, a GOAWAY names
the last that was served, and the connection is closed.
"""

import contextlib
import math
from collections import deque
from typing import Final

import h2.events
import h2.exceptions
import h2.settings
import structlog
import trio
from h2.config import H2Configuration
from h2.connection import ConnectionInputs, H2Connection, H2ConnectionStateMachine
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from gateway_core.message import RequestHead
from gateway_core.refusal import Refusal

from .answers import answer
from .calls import HttpCall, Origin
from .h2_head import read_head, read_trailers
from .h2_stream import Http2Stream
from .streams import ClientLeftError
from .websocket import WebSocketCall
from .wire import Wire

_log = structlog.get_logger("gateway.front")

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

_INITIAL_WINDOW: Final = 65_535
"""What every connection starts with (RFC 9113, 6.9.2)."""
CONNECTION_WINDOW: Final = 1024 * 1024
_GRANT_AT: Final = CONNECTION_WINDOW // 2
"""Bytes that arrive before the connection's credit is renewed: not a frame for each frame."""
_OUT_MAX: Final = 64 * 1024
"""Bytes packed for one write."""
_OWED_MAX: Final = 256 * 1024
"""Bytes of control frames that wait to be written, beyond which the client is not read:
a client that asks and never listens must not fill our memory with answers."""

CONNECT_REFUSED: Final = Refusal(405, "connect-refused", "This is no forward proxy.")
UNKNOWN_PROTOCOL: Final = Refusal(
    501, "unknown-protocol", "The only protocol to CONNECT to is websocket (RFC 8441)."
)
TARGET_TOO_LONG: Final = Refusal(414, "uri-too-long", "The request target is too long.")
TOO_MANY_FIELDS: Final = Refusal(431, "too-many-fields", "The request has too many field lines.")


class Http2:
    """Serves one connection."""

    def __init__(self, origin: Origin, wire: Wire) -> None:
        self._h2 = _library(origin)
        self._settings = origin.worker.settings
        self._origin = origin
        self._wire = wire
        self._peer = origin.client[0] if origin.client else ""
        self._streams_max = origin.worker.config.h2_max_concurrent_streams
        self._streams: dict[int, Http2Stream] = {}
        """Those whose application runs, or whose answer is not all written."""
        self._order: deque[Http2Stream] = deque()
        """The same, in the order of their turns to be written."""
        self._out = bytearray()
        self._wake = trio.Event()
        self._written = trio.Event()
        self._uncredited = 0
        self._last = False
        """Whether no further stream is served."""
        self._parted = False
        """Whether a GOAWAY said so."""
        self._highest = 0
        """The last stream that is served."""
        self._talked = False
        """Whether the client may still be saying something."""
        self._ended = False
        """Whether the client has left."""
        self._over = False
        """Whether the writer ends once all is written."""
        self._reading = trio.CancelScope()
        self._nursery: trio.Nursery | None = None

    def drain(self) -> None:
        """Serve no further request.

        The GOAWAY waits until one is asked for, or none is in flight: clients built on h2
        take it for the end of every stream.
        """
        self._last = True
        self._mind_idleness()

    async def run(self, first: bytes = b"") -> None:
        """Serve until the connection has ended. `first`: what was read from it already."""
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - _INITIAL_WINDOW)
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._mind_idleness(self._settings.head_timeout)
            nursery.start_soon(self._write_all)
            with self._reading:
                await self._read_all(first)
            if self._reading.cancelled_caught:
                self._say_goaway()
            for stream in tuple(self._streams.values()):
                stream.leave()
            self._over = True
            self.wake()
        if self._talked and not (self._ended or self._wire.broken):
            await self._wire.linger(short=self._origin.worker.draining)

    def wake(self) -> None:
        """Have the writer look for what there is to write."""
        self._wake.set()

    # Reading.

    async def _read_all(self, data: bytes) -> None:
        data = data or await self._wire.read()
        while data:
            try:
                events = self._h2.receive_data(data)
            except h2.exceptions.ProtocolError as error:
                _log.info("http2 protocol error", peer=self._peer, error=str(error))
                self._talked = True
                return
            for event in events:
                self._on(event)
            self.wake()
            await self._until_written()
            data = await self._wire.read()
        self._ended = True

    async def _until_written(self) -> None:
        self._collect()
        while len(self._out) > _OWED_MAX and not self._wire.broken:
            await self._written.wait()

    def _on(self, event: h2.events.Event) -> None:  # noqa: C901 - the one dispatch
        match event:
            case h2.events.RequestReceived():
                self._begin(event)
            case h2.events.DataReceived():
                self._credit(event.flow_controlled_length)
                if stream := self._streams.get(event.stream_id):
                    stream.arrived(event.data, event.flow_controlled_length)
            case h2.events.TrailersReceived():
                if stream := self._streams.get(event.stream_id):
                    self._trail(stream, event)
            case h2.events.StreamEnded():
                if stream := self._streams.get(event.stream_id):
                    stream.body_ended()
            case h2.events.StreamReset():
                if stream := self._streams.get(event.stream_id or 0):
                    stream.leave()
            case h2.events.ConnectionTerminated():
                self.drain()
            case _:
                pass  # settings and windows: the writer looks at them

    def _trail(self, stream: Http2Stream, event: h2.events.TrailersReceived) -> None:
        trailers = read_trailers(event.headers, self._settings.max_fields)
        if trailers is None:
            self._reset(stream.number, ErrorCodes.PROTOCOL_ERROR)
            stream.leave()
        else:
            stream.trailed(trailers)

    def _credit(self, arrived: int) -> None:
        self._uncredited += arrived
        if self._uncredited >= _GRANT_AT:
            self._h2.increment_flow_control_window(self._uncredited)
            self._uncredited = 0

    def _begin(self, event: h2.events.RequestReceived) -> None:
        """Start a stream, or refuse it in one frame."""
        number = event.stream_id
        # More run than are open where a client resets what it has just asked for.
        if self._last or len(self._streams) >= 2 * self._streams_max:
            self._reset(number, ErrorCodes.REFUSED_STREAM)
            if self._last:
                self._say_goaway()
            return None
        found = read_head(
            event.headers,
            peer=self._peer,
            secure=self._origin.secure,
            ended=event.stream_ended is not None,
        )
        if found is None:
            return self._reset(number, ErrorCodes.PROTOCOL_ERROR)
        head, protocol = found
        stream = self._streams[number] = Http2Stream(
            self._h2, number, head, self.wake, self._settings.write_timeout
        )
        self._order.append(stream)
        self._highest = number
        self._talked = True
        self._mind_idleness()
        assert self._nursery is not None
        self._nursery.start_soon(self._serve, stream, protocol)
        return None

    def _say_goaway(self) -> None:
        """Name the last request that is served (RFC 9113, 6.8). The library's own ends all."""
        if not self._parted:
            self._parted = True
            self._collect()
            self._out += GoAwayFrame(0, last_stream_id=self._highest).serialize()
            self.wake()

    def _reset(self, number: int, code: ErrorCodes) -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError):  # reset by the client meanwhile
            self._h2.reset_stream(number, code)

    async def _serve(self, stream: Http2Stream, protocol: bytes) -> None:
        refusal = self._flaw(stream.head, protocol)
        await self._origin.worker.mark_request()
        with contextlib.suppress(ClientLeftError):
            if refusal is not None:
                await answer(stream, self._origin.worker.served, refusal)
            else:
                await (WebSocketCall if protocol else HttpCall)(stream, self._origin).run()
        await stream.conclude()
        del self._streams[stream.number]
        self._order.remove(stream)
        self.wake()
        self._mind_idleness()

    def _flaw(self, head: RequestHead, protocol: bytes) -> Refusal | None:
        if head.method == "CONNECT" and not protocol:
            return CONNECT_REFUSED
        if protocol not in (b"", b"websocket"):
            return UNKNOWN_PROTOCOL
        if len(head.target) > self._settings.max_target:
            return TARGET_TOO_LONG
        return TOO_MANY_FIELDS if len(head.fields) > self._settings.max_fields else None

    def _mind_idleness(self, patience: float | None = None) -> None:
        """Set when reading ends because nobody asks for anything."""
        if self._streams:
            self._reading.deadline = math.inf
        elif self._last:
            self._reading.cancel()
        else:
            wait = self._settings.keep_alive_timeout if patience is None else patience
            self._reading.deadline = trio.current_time() + wait

    # Writing.

    async def _write_all(self) -> None:
        try:
            while True:
                self._wake = trio.Event()
                self._pack()
                if self._out:
                    out, self._out = bytes(self._out), bytearray()
                    await self._wire.write(out)
                    self._written.set()
                    self._written = trio.Event()
                elif self._over:
                    return
                else:
                    await self._wake.wait()
        except ClientLeftError:
            self._written.set()
            self._reading.cancel()

    def _pack(self) -> None:
        """Fill one write: what the library has to say, then a frame of each stream in turn."""
        self._collect()
        resting = 0
        while resting < len(self._order) and len(self._out) < _OUT_MAX:
            stream = self._order[0]
            self._order.rotate(-1)
            resting = 0 if stream.pack() else resting + 1
            self._collect()

    def _collect(self) -> None:
        self._out += self._h2.data_to_send()


class _OpenBehindGoaway(H2ConnectionStateMachine):
    """Takes a GOAWAY for the end of new streams only (RFC 9113, 6.8).

    The library takes it for the end of all: of the frames behind it in the same read, too.
    """

    def process_input(self, input_: ConnectionInputs) -> list[h2.events.Event]:
        if input_ is ConnectionInputs.RECV_GOAWAY:
            return []
        return super().process_input(input_)


class _Connection(H2Connection):
    """Loses nothing of what it is to send when a GOAWAY comes: it is owed for earlier requests."""

    def clear_outbound_data_buffer(self) -> None:
        """Do nothing. The library calls this for a GOAWAY, and nobody else does."""


def _library(origin: Origin) -> H2Connection:
    config, settings = origin.worker.config, origin.worker.settings
    connection = _Connection(
        H2Configuration(
            client_side=False,
            header_encoding=None,
            validate_inbound_headers=False,  # h2_head does, a stream at a time
            normalize_inbound_headers=False,
        )
    )
    connection.state_machine = _OpenBehindGoaway()
    connection.local_settings = h2.settings.Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: config.h2_max_concurrent_streams,
            SettingCodes.MAX_HEADER_LIST_SIZE: settings.max_head,
            SettingCodes.ENABLE_CONNECT_PROTOCOL: 1,
        },
    )
    connection.decoder.max_header_list_size = settings.max_head
    return connection
