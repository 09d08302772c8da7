"""The client's side of one exchange: what it sends, that it left, and what it is sent.

Under our own front, `receive` is asked only for the body, and an event tells
that the client left. Any other ASGI server tells both through `receive`, so a
task owns it and reads ahead by one piece.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias

import trio

from gateway_core.message import UNKNOWN, Fields, RequestHead, ResponseHead

from .front.contract import DOWNSTREAM
from .front.contract import Downstream as FrontDownstream
from .front.streams import ClientLeftError, Stream

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Downstream(Protocol):
    """What the edge knows of the client. Sending raises OSError where the client left."""

    @property
    def head(self) -> RequestHead: ...

    async def read(self) -> bytes | None:
        """Return the next piece of the body, b"" at its end, None if the client left."""
        ...

    @property
    def trailers(self) -> Fields:
        """What trailed the body; known once `read` has returned b"" for its end."""
        ...

    async def watch(self) -> None:
        """Return once the client has left. Run it beside everything else."""
        ...

    async def inform(self, head: ResponseHead) -> None:
        """Send an interim answer, 1xx but 101."""
        ...

    async def start(self, head: ResponseHead) -> None:
        """Send the head of an answer, or keep it for the first piece of its body."""
        ...

    def flush(self) -> Awaitable[None]:
        """Send a head that was kept, since no piece is at hand."""
        ...

    def send(self, piece: bytes, /) -> Awaitable[None]:
        """Send a piece of its body; return when there is room for more."""
        ...

    def end(self, piece: bytes = b"", trailers: Fields = (), /) -> Awaitable[None]:
        """Send the last piece, if there is one, and say that the answer is complete.

        `trailers` go where this answer's framing has a place for them.
        """
        ...

    def cut(self) -> None:
        """See to it that an answer that was begun cannot pass for complete."""
        ...

    @property
    def refused(self) -> bool:
        """Whether the client "left" because its body was refused, which the server answers."""
        ...

    @property
    def begun(self) -> bool:
        """Whether an answer of ours was begun: then the server gives none, whatever it refuses."""
        ...


class TransferCutError(Exception):
    """Leaves the application, so that a server that knows no other way ends the transfer."""


async def downstream(scope: Scope, receive: Receive, send: Send) -> Downstream:
    """Return the client's side of the request that `scope` tells of (ASGI)."""
    front: FrontDownstream | None = scope.get("extensions", {}).get(DOWNSTREAM)
    if front is not None:
        return OwnFront(front, receive, send)
    head = request_head(scope)
    early: Message | None = None
    if head.body == 0 and head.version not in ("1.0", "1.1") and not _told_length(head.fields):
        # Only the end of its stream tells whether an HTTP/2 request has a body.
        early = await receive()
        if early.get("body") or early.get("more_body"):
            head = request_head(scope, UNKNOWN)
    return AnyServer(head, receive, send, early)


class _Sending:
    """The half that all ASGI servers have in common."""

    __slots__ = ("_send", "begun")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def start(self, head: ResponseHead) -> None:
        await self._send(
            {"type": "http.response.start", "status": head.status, "headers": list(head.fields)}
        )
        self.begun = True

    async def flush(self) -> None:
        """Do nothing: an ASGI server sends a head when it is told of it."""

    async def send(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self, piece: bytes = b"", trailers: Fields = ()) -> None:  # noqa: ARG002 - ASGI wants them announced with the head, where nobody knows yet
        await self._send({"type": "http.response.body", "body": piece, "more_body": False})


class OwnFront(_Sending):
    """Under `gateway_server.front`. See `Downstream`."""

    __slots__ = ("_ended", "_front", "_receive", "head")

    def __init__(self, front: FrontDownstream, receive: Receive, send: Send) -> None:
        super().__init__(send)
        self.head = front.head
        self._front = front
        self._receive = receive
        self._ended = False
        # A client that waits for 100 (Continue) gets it when its body is wanted:
        # once the upstream stands ready, and not if the request is refused.
        front.hold_continue = True

    async def read(self) -> bytes | None:
        await self._front.proceed()
        while not self._ended:
            message = await self._receive()
            if message["type"] != "http.request":
                return None
            self._ended = not message.get("more_body", False)
            if body := message.get("body", b""):
                return bytes(body)
        return b""

    @property
    def trailers(self) -> Fields:
        return self._front.request_trailers()

    async def watch(self) -> None:
        await self._front.over.wait()

    async def inform(self, head: ResponseHead) -> None:
        await self._front.inform(head.status, head.fields)

    async def end(self, piece: bytes = b"", trailers: Fields = ()) -> None:
        self._front.response_trailers = trailers
        await super().end(piece)

    def cut(self) -> None:
        """Do nothing: what is not ended when the application returns is cut."""

    @property
    def refused(self) -> bool:
        return self._front.refused()


class OwnConnection:
    """On one of our own connections, past ASGI. See `Downstream`."""

    __slots__ = ("_stream", "head")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.head = stream.head

    def flush(self) -> Awaitable[None]:
        return self._stream.flush()

    def send(self, piece: bytes, /) -> Awaitable[None]:
        return self._stream.write(piece)

    def end(self, piece: bytes = b"", trailers: Fields = (), /) -> Awaitable[None]:
        return self._stream.finish_with(piece, trailers)

    async def read(self) -> bytes | None:
        try:
            return await self._stream.read(proceed=True)
        except ClientLeftError:
            return None

    @property
    def trailers(self) -> Fields:
        return self._stream.trailers

    async def watch(self) -> None:
        await self._stream.over.wait()

    async def inform(self, head: ResponseHead) -> None:
        await self._stream.inform(head.status, head.fields)

    async def start(self, head: ResponseHead) -> None:
        await self._stream.start(head.status, head.fields)

    def cut(self) -> None:
        """Do nothing: what is not ended when the conversation is over is cut."""

    @property
    def refused(self) -> bool:
        return self._stream.refused

    @property
    def begun(self) -> bool:
        return self._stream.started


class Nobody:
    """Whom an exchange answers that was begun for its own sake. See `Downstream`."""

    __slots__ = ("head",)

    refused = False
    begun = False
    trailers: Fields = ()

    def __init__(self, head: RequestHead) -> None:
        self.head = head

    async def read(self) -> bytes:
        return b""

    async def watch(self) -> None:
        await trio.sleep_forever()

    async def start(self, head: ResponseHead) -> None:
        """Send nothing."""

    async def inform(self, head: ResponseHead) -> None:
        """Send nothing."""

    async def flush(self) -> None:
        """Send nothing."""

    async def send(self, piece: bytes, /) -> None:
        """Send nothing."""

    async def end(self, piece: bytes = b"", trailers: Fields = (), /) -> None:
        """Send nothing."""

    def cut(self) -> None:
        """Cut nothing."""


class AnyServer(_Sending):
    """Under any server that speaks ASGI on Trio. See `Downstream`."""

    __slots__ = ("_early", "_give", "_receive", "_take", "head")

    def __init__(
        self, head: RequestHead, receive: Receive, send: Send, early: Message | None
    ) -> None:
        super().__init__(send)
        self.head = head
        self._receive = receive
        self._early = early
        self._give, self._take = trio.open_memory_channel[bytes](0)

    async def read(self) -> bytes | None:
        """Return the next piece; that the client left is `watch`'s to tell."""
        try:
            return await self._take.receive()
        except trio.EndOfChannel:
            return b""

    @property
    def trailers(self) -> Fields:
        """None: ASGI has no words for them."""
        return ()

    async def inform(self, head: ResponseHead) -> None:
        """Do nothing: ASGI has words for the links of a 103 alone, and few servers have those."""

    async def watch(self) -> None:
        message = self._early or await self._receive()
        while message["type"] == "http.request":
            if body := message.get("body", b""):
                await self._give.send(bytes(body))
            if not message.get("more_body", False):
                await self._give.aclose()
            message = await self._receive()

    def cut(self) -> None:
        """Raise TransferCutError: to a server it is an application that failed."""
        raise TransferCutError("the answer could not be completed")

    @property
    def refused(self) -> bool:
        return False


def _told_length(fields: Fields) -> bool:
    return any(name == b"content-length" for name, _ in fields)


def request_head(scope: Scope, body: int | None = None) -> RequestHead:
    """Return the head that an ASGI scope tells of; `body` where its length is known better."""
    target: bytes = scope["raw_path"]
    if scope["query_string"]:
        target = target + b"?" + scope["query_string"]
    fields: Fields = tuple((name, value) for name, value in scope["headers"])
    client = scope.get("client")
    return RequestHead(
        method=scope["method"],
        target=target,
        authority=next((value for name, value in fields if name == b"host"), b""),
        fields=fields,
        peer=client[0] if client else "",
        scheme=scope["scheme"],
        version=scope["http_version"],
        body=_body(fields) if body is None else body,
    )


def _body(fields: Fields) -> int:
    length = 0
    for name, value in fields:
        if name == b"transfer-encoding":
            return UNKNOWN
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length
