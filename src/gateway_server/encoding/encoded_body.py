"""A body that is compressed on its way to the client, wherever it comes from."""

from typing import Final, Protocol

from gateway_core.message import Fields

from .encoders import encoder

_PIECE_BYTES: Final = 16 * 1024
"""Of what is at hand, so much is worth a write."""


class Source(Protocol):
    """A body that is read once, in order: an upstream's answer, or what is stored of one."""

    @property
    def trailers(self) -> Fields: ...
    @property
    def at_hand(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    async def read(self) -> bytes: ...
    async def aclose(self) -> None: ...


class EncodedBody:
    """Compresses what `source` gives; what is there goes out whenever nothing more is at hand."""

    def __init__(self, source: Source, coding: str) -> None:
        self._source = source
        self._encoder = encoder(coding)
        self._finished = False

    @property
    def trailers(self) -> Fields:
        return self._source.trailers

    @property
    def at_hand(self) -> bool:
        return self._source.at_hand or self._source.ended

    @property
    def ended(self) -> bool:
        return self._finished

    async def read(self) -> bytes:
        """Return the next bytes in their coding, b"" at the end."""
        source, made, out = self._source, self._encoder, b""
        while not self._finished:
            piece = b"" if source.ended else await source.read()
            if piece:
                out += made.feed(piece)
            if not piece or source.ended:
                self._finished = True
                out += made.finish()
            elif not source.at_hand:
                return out + made.flush()
            elif len(out) >= _PIECE_BYTES:
                break
        return out

    async def aclose(self) -> None:
        await self._source.aclose()
