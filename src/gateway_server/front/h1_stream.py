"""One request of an HTTP/1.x connection, through h11: body in, answer out.

    HTTP --- the answer is 101 ---> TUNNEL, where bytes pass as they come (a WebSocket's)

Source: RFC 9112; RFC 9110, sections 10.1.1 and 15.2.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import h11

from gateway_core.message import Fields, RequestHead, members, value

from .answers import dated, phrase
from .reading_ahead import ReadingAhead
from .streams import ClientLeftError, Stream
from .wire import Wire

_SWITCHING: Final = 101
_ERROR: Final = 400
_BODILESS: Final = frozenset({204, 304})

Sendable: TypeAlias = h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage


class Http1Stream(Stream):
    """One request of the connection."""

    def __init__(
        self,
        head: RequestHead,
        connection: h11.Connection,
        ahead: ReadingAhead,
        wire: Wire,
        is_last: Callable[[], bool],
    ) -> None:
        super().__init__(head)
        self.ends_with_connection = False
        """Whether only the connection's end tells where the answer ends."""
        self._h11 = connection
        self._ahead = ahead
        self._wire = wire
        self._is_last_request = is_last
        self._early = b""
        """What came behind the head of a WebSocket's handshake, in one piece with it."""
        self._tunnel = False
        self._chunked = False
        self._trailers: Fields = ()
        if ahead.ended:
            self.leave()

    async def read(self, *, proceed: bool) -> bytes:
        if self._tunnel:
            return await self._read_raw()
        while True:
            self.check()
            event = self._h11.next_event()
            if isinstance(event, h11.Data):
                return bytes(event.data)
            if event is not h11.NEED_DATA:
                if isinstance(event, h11.EndOfMessage):
                    self._trailers = tuple(event.headers)
                return b""
            if proceed:
                await self.proceed()
            await self._ahead.more()
            if data := self._ahead.take():
                self._h11.receive_data(data)

    @property
    def trailers(self) -> Fields:
        return self._trailers

    async def _read_raw(self) -> bytes:
        while True:
            data, self._early = self._early + self._ahead.take(), b""
            if data:
                return data
            self.check()
            await self._ahead.more()

    async def inform(self, status: int, fields: Fields) -> None:
        if self.head.version != "1.0":  # which knows no interim answers (RFC 9110, 15.2)
            await self._send(
                h11.InformationalResponse(
                    status_code=status, headers=list(fields), reason=phrase(status)
                )
            )

    async def start(self, status: int, fields: Fields) -> None:
        if status == _SWITCHING:
            return await self._switch(fields)
        if self._is_last(status) and not _closes(fields):
            fields = (*fields, (b"connection", b"close"))
        sized = value(fields, b"content-length") is not None
        bodiless = status in _BODILESS or self.head.method == "HEAD"
        self._chunked = not (sized or bodiless or self.head.version == "1.0")
        self.ends_with_connection = not (sized or bodiless or self._chunked)
        response = h11.Response(
            status_code=status, headers=list(dated(fields)), reason=phrase(status)
        )
        await self._send(response, starts=True)
        return None

    async def _switch(self, fields: Fields) -> None:
        """Answer 101, behind which the connection speaks no HTTP (RFC 9110, 15.2.2)."""
        self.check()
        while self._h11.their_state is h11.SEND_BODY:
            assert isinstance(self._h11.next_event(), h11.EndOfMessage), "a handshake has no body"
        await self._send(
            h11.InformationalResponse(
                status_code=_SWITCHING, headers=list(fields), reason=phrase(_SWITCHING)
            ),
            starts=True,
        )
        self._tunnel = True
        self._early = self._h11.trailing_data[0]

    async def write(self, data: bytes) -> None:
        await (self._write(data) if self._tunnel else self._send(h11.Data(data=data)))

    async def finish(self, trailers: Fields = ()) -> None:
        if not self._tunnel:
            await self._send(h11.EndOfMessage(headers=list(trailers) if self._chunked else []))
        self.finished = True
        self.end()

    def _is_last(self, status: int) -> bool:
        """Tell whether the connection ends with this answer, as far as is known at its head.

        So it does where it answers with an error a body of which more is to come, or one
        that waits for a 100 (Continue) which it does not get: it may come, or may not.
        """
        unread = bool(self.head.body) and self._h11.their_state is h11.SEND_BODY
        return self._is_last_request() or (unread and (status >= _ERROR or self.awaits_continue))

    async def _send(self, event: Sendable, *, starts: bool = False) -> None:
        self.check()
        data = self._h11.send(event)
        self.started |= starts
        if data:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        try:
            await self._wire.write(data)
        except ClientLeftError:
            self.leave()
            raise


def _closes(fields: Fields) -> bool:
    return any(option.lower() == b"close" for option in members(fields, b"connection"))
