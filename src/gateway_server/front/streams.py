"""One request and its answer, whatever version of HTTP carries them."""

from abc import ABC, abstractmethod

import trio

from gateway_core.message import Fields, RequestHead, value

from .leaving import ClientLeftError

__all__ = ["ClientLeftError", "Stream"]


class Stream(ABC):
    """What carries one request. Every method but the plain ones may raise ClientLeftError."""

    __slots__ = (
        "_over",
        "awaits_continue",
        "finished",
        "head",
        "is_over",
        "left",
        "refused",
        "started",
    )

    def __init__(self, head: RequestHead) -> None:
        self.head = head
        self.is_over = False
        """Whether nothing more can come of this: the client left, or all is answered."""
        self._over: trio.Event | None = None
        self.left = False
        self.refused = False
        """Whether it is over because of what the client sent as its body."""
        self.started = False
        """Whether a final answer's head is out."""
        self.finished = False
        """Whether the answer is complete."""
        self.awaits_continue = bool(head.body) and _expects_continue(head)

    @property
    def over(self) -> trio.Event:
        """Set once `is_over`. Most requests end without anybody having waited for it."""
        if self._over is None:
            self._over = trio.Event()
            if self.is_over:
                self._over.set()
        return self._over

    def end(self) -> None:
        """Note that it is over."""
        self.is_over = True
        if self._over is not None:
            self._over.set()

    def leave(self) -> None:
        """Note that the client has gone. Waits for nobody."""
        self.left = True
        self.end()

    def check(self) -> None:
        """Raise ClientLeftError if the client has."""
        if self.left:
            raise ClientLeftError("the client has left")

    async def proceed(self) -> None:
        """Send 100 (Continue) if the client waits for it (RFC 9110, 10.1.1)."""
        if self.awaits_continue and not self.started and self.head.body:
            self.awaits_continue = False
            await self.inform(100, ())

    @property
    @abstractmethod
    def trailers(self) -> Fields:
        """What trailed the request's body; known once `read` has returned b""."""

    @abstractmethod
    async def read(self, *, proceed: bool) -> bytes:
        """Return the next piece of the body, b"" at its end.

        `proceed`: whether to send 100 (Continue) first where the client waits for it.
        """

    @abstractmethod
    async def inform(self, status: int, fields: Fields) -> None:
        """Send an interim answer (RFC 9110, 15.2)."""

    @abstractmethod
    async def start(self, status: int, fields: Fields) -> None:
        """Send the head of the answer. 101 makes the connection the application's own."""

    async def flush(self) -> None:  # noqa: B027 - most streams keep nothing
        """Send a head that is kept for the first piece of its body."""

    async def finish_with(self, data: bytes = b"", trailers: Fields = ()) -> None:
        """Send the last piece of the body, if there is one, and end the answer."""
        if data:
            await self.write(data)
        await self.finish(trailers)

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Send a piece of the answer's body; returns once there is room for another."""

    @abstractmethod
    async def finish(self, trailers: Fields = ()) -> None:
        """End the answer; `trailers` go where its framing has a place for them."""


def _expects_continue(head: RequestHead) -> bool:
    return (value(head.fields, b"expect") or b"").lower() == b"100-continue"
