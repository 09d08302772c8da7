"""How a body gets to the client, wherever it comes from: a part of `http_edge`'s talk.

The next piece is read when the last one was taken; head and first piece go out in one write
where both are there, and a head never waits for a piece that is not.
"""

from contextlib import nullcontext, suppress

from gateway_core.exchange import (
    BodyEnded,
    ClientLeft,
    Event,
    ResponseBodyRead,
    ResponseBodySent,
    UpstreamBroke,
)
from gateway_core.message import UNKNOWN, Fields, ResponseHead

from .downstream import Downstream
from .encoding.encoded_body import EncodedBody, Source
from .splicing import PASSED_BYTES_MIN
from .upstream import CallFailedError


class StreamingTalk:
    """Sends bodies, and tells how far they are."""

    _client: Downstream
    _ending: bool
    """Whether the client has, or is being sent, all that it was promised."""

    def tell(self, event: Event) -> None:
        """Tell the exchange what happened beside the command being performed."""
        raise NotImplementedError

    def _passing_trailers(self, trailers: Fields) -> Fields:
        """Return which trailers go on to the client."""
        raise NotImplementedError

    async def _pass_on(self, source: Source, left: int) -> int:  # noqa: ARG002 - most cannot
        """Let the kernel move the `left` bytes of `source`, if it may; return how many it moved."""
        return 0

    async def _send_body(
        self, head: ResponseHead, source: Source, left: int, coding: str = ""
    ) -> Event:
        """Send `head` and all of `source`, whose `left` bytes are known or UNKNOWN, in `coding`."""
        if coding:
            source, left = EncodedBody(source, coding), UNKNOWN
        try:
            await self._client.start(head)
            await self._copy(source, left)
        except CallFailedError as error:
            return UpstreamBroke(error.kind)
        except OSError:
            return ClientLeft()
        return BodyEnded()

    async def _copy(self, source: Source, left: int) -> None:
        tell, client = self.tell, self._client
        while True:
            if not source.at_hand:
                await client.flush()
                if left >= PASSED_BYTES_MIN:
                    left -= await self._pass_on(source, left)
            piece = await source.read()
            last = not piece or source.ended
            left -= len(piece)
            # A client that has all that it was promised may go: that is no leaving.
            self._ending = last or left == 0
            if last:
                break
            tell(ResponseBodyRead(len(piece)))
            await client.send(piece)
            tell(ResponseBodySent())
        await source.aclose()
        if piece:
            tell(ResponseBodyRead(len(piece)))
        trailers = source.trailers
        if trailers:
            trailers = self._passing_trailers(trailers)
        with suppress(OSError) if left == 0 and not piece else nullcontext():
            await client.end(piece, trailers)
