"""The client's side of a part's exchange: no socket, but a body that is held, bounded."""

import trio

from gateway_core.composing import Document, Flaw, read_document
from gateway_core.message import Fields, RequestHead, ResponseHead, value

_ENCODING = b"content-encoding"


class TooMuchError(OSError):
    """The answer is larger than the part may be: to its exchange, a client that left."""


class PartClient:
    """Asks with `head` and `body`, and keeps the answer. See `downstream.Downstream`."""

    __slots__ = (
        "_bytes_max",
        "_left",
        "_pieces",
        "answer",
        "consumer",
        "ended",
        "flaw",
        "head",
        "size",
        "told",
    )

    def __init__(
        self,
        head: RequestHead,
        body: bytes,
        bytes_max: int,
        *,
        consumer: str = "",
        told: Fields = (),
    ) -> None:
        self.head = head
        self.consumer, self.told = consumer, told
        """Who asked for the whole, and what services are told of them."""
        self.answer: ResponseHead | None = None
        """The head of the answer, once there is one."""
        self.ended = False
        """Whether the answer is complete."""
        self.flaw: Flaw | None = None
        """Why there is no point in reading on."""
        self.size = 0
        self._left = body
        self._pieces: list[bytes] = []
        self._bytes_max = bytes_max

    @property
    def document(self) -> Document | Flaw:
        """What the body says; only where it is complete."""
        assert self.answer is not None
        if self.flaw is not None:
            return self.flaw
        return read_document(b"".join(self._pieces))

    async def read(self) -> bytes:
        """Return the body of the request, then b""."""
        left, self._left = self._left, b""
        return left

    @property
    def trailers(self) -> Fields:
        """None: what a part is sent ends with its body."""
        return ()

    async def inform(self, head: ResponseHead) -> None:
        """Pass over an interim answer: `head` is of no use to a composition."""

    async def watch(self) -> None:
        """Never return: whoever composes cancels what is not wanted any more."""
        await trio.sleep_forever()

    async def start(self, head: ResponseHead) -> None:
        """Take the head. Raises TooMuchError where its body is too large, or encoded."""
        self.answer = head
        if value(head.fields, _ENCODING) not in (None, b"identity", b""):
            self._give_up(Flaw.ENCODED)
        if head.body > self._bytes_max:
            self._give_up(Flaw.TOO_LARGE)

    async def flush(self) -> None:
        """Do nothing: the head is here."""

    async def send(self, piece: bytes, /) -> None:
        """Take a piece of the body. Raises TooMuchError beyond the bound."""
        self.size += len(piece)
        if self.size > self._bytes_max:
            self._give_up(Flaw.TOO_LARGE)
        self._pieces.append(piece)

    async def end(self, piece: bytes = b"", _trailers: Fields = (), /) -> None:
        """Take the last piece, and know that all is here."""
        if piece:
            await self.send(piece)
        self.ended = True

    def cut(self) -> None:
        """Do nothing: what has not ended is not complete."""

    @property
    def refused(self) -> bool:
        """Never: what the gateway asks itself is well-formed."""
        return False

    def _give_up(self, flaw: Flaw) -> None:
        self.flaw = flaw
        self._pieces.clear()
        raise TooMuchError(flaw.value)
