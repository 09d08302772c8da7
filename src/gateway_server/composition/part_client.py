"""The client's side of a part's exchange: no socket, but a body that is held, bounded."""

from collections.abc import Callable

import trio

from gateway_core.composing import Document, Flaw, read_document
from gateway_core.message import Fields, RequestHead, ResponseHead, value

_ENCODING = b"content-encoding"


class TooMuchError(OSError):
    """The answer is larger than the part may be: to its exchange, a client that left."""


class PartClient:
    """Asks with `head` and `body`, and keeps the answer. See `downstream.Downstream`.

    Whoever carries its exchange out says in `hear` how to tell that exchange that nobody waits
    any more; whoever composes calls `leave`.
    """

    __slots__ = (
        "_bytes_max",
        "_left",
        "_pieces",
        "_tell_left",
        "answer",
        "consumer",
        "ended",
        "flaw",
        "head",
        "left",
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
        self.left = False
        """Whether nobody waits for the answer any more."""
        self._tell_left: Callable[[], None] | None = None
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

    def hear(self, tell_left: Callable[[], None]) -> None:
        """Take what tells the exchange that its client left."""
        self._tell_left = tell_left

    def leave(self) -> None:
        """Wait for the answer no longer."""
        self.left = True
        if self._tell_left is not None:
            self._tell_left()

    def take(self, head: ResponseHead, body: bytes) -> bool:
        """Take an answer that is here whole; tell whether it is of use."""
        try:
            self._begin(head)
            self._keep(body)
        except TooMuchError:
            return False
        self.ended = True
        return True

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
        self._begin(head)

    def _begin(self, head: ResponseHead) -> None:
        self.answer = head
        if value(head.fields, _ENCODING) not in (None, b"identity", b""):
            self._give_up(Flaw.ENCODED)
        if head.body > self._bytes_max:
            self._give_up(Flaw.TOO_LARGE)

    async def flush(self) -> None:
        """Do nothing: the head is here."""

    async def send(self, piece: bytes, /) -> None:
        """Take a piece of the body. Raises TooMuchError beyond the bound."""
        self._keep(piece)

    def _keep(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._bytes_max:
            self._give_up(Flaw.TOO_LARGE)
        self._pieces.append(piece)

    async def end(self, piece: bytes = b"", _trailers: Fields = (), /) -> None:
        """Take the last piece, and know that all is here."""
        if piece:
            self._keep(piece)
        self.ended = True

    def cut(self) -> None:
        """Do nothing: what has not ended is not complete."""

    @property
    def refused(self) -> bool:
        """Never: what the gateway asks itself is well-formed."""
        return False

    @property
    def begun(self) -> bool:
        """Never, of what a server might answer in our place."""
        return False

    def _give_up(self, flaw: Flaw) -> None:
        self.flaw = flaw
        self._pieces.clear()
        raise TooMuchError(flaw.value)
