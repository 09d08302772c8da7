"""One request: the application is called, and what it says becomes an answer (ASGI 3.0).

     HEAD --- http.response.start ---> BODY --- the last body ---> DONE
                                         |                          ^
                                         +-- trailers promised --> TRAILERS

`receive` pulls the body off the connection, so that a client is read no faster than the
application takes. The client's leaving overtakes what it sent before: an unfinished body
serves nobody. From then on `receive` repeats http.disconnect, and `send` raises OSError.

Source: ASGI specification 3.0, HTTP and WebSocket message format 2.4.
"""

import enum
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import trio

from gateway_core.message import Fields, RequestHead, members

from .answers import FAULT, UNKNOWN_HOST, answer
from .contract import DOWNSTREAM, Downstream, Message
from .drain import Worker
from .faults import log_fault
from .streams import ClientLeftError, Stream
from .wire import Address

# 2.4 is what `send` does. But Starlette takes 2.4 to mean that nobody need listen for a
# client's leaving, and a stream of rare events would then live on long after its reader.
ASGI: Final = {"version": "3.0", "spec_version": "2.3"}

_BODILESS: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose requests these are: what every scope of one connection has in common."""

    worker: Worker
    state: dict[str, Any]
    client: Address | None
    server: Address | None
    secure: bool


def scope_of(stream: Stream, origin: Origin, kind: str, downstream: Downstream) -> Message:
    """Return what HTTP and WebSocket scopes have in common."""
    head = stream.head
    path, _, query = head.target.partition(b"?")
    scheme = {"http": ("http", "https"), "websocket": ("ws", "wss")}[kind][origin.secure]
    return {
        "type": kind,
        "asgi": ASGI,
        "http_version": head.version,
        "scheme": scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": origin.worker.config.root_path,
        "headers": list(head.fields),
        "client": origin.client,
        "server": origin.server,
        "state": dict(origin.state),
        "extensions": {DOWNSTREAM: downstream},
    }


def serves_host(worker: Worker, head: RequestHead) -> bool:
    """Tell whether Hypercorn's `server_names` has the request's host, if it has any."""
    names = worker.config.server_names
    return not names or head.authority.decode("latin-1") in names


def event_fields(lines: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Return the field lines of an ASGI event. Raises what bad ones cause."""
    fields = tuple((bytes(name).strip().lower(), bytes(value).strip()) for name, value in lines)
    for name, value in fields:
        if not name or name.startswith(b":") or b"\r" in value or b"\n" in value:
            raise ValueError(f"not a field line: {name!r}: {value!r}")
    return fields


async def guarded(application: Awaitable[None]) -> bool:
    """Await the application, log what it raises, and return whether it raised nothing.

    That the client left is no fault of the application's, if that is what it raises.
    """
    try:
        await application
    except* ClientLeftError:
        return_value = False
    except* Exception as errors:  # noqa: BLE001 - whatever it was, it ends this request alone
        log_fault("application fault", errors)
        return_value = False
    else:
        return_value = True
    return return_value


class _State(enum.Enum):
    HEAD = enum.auto()
    BODY = enum.auto()
    TRAILERS = enum.auto()
    DONE = enum.auto()


class HttpCall:
    """One call of the application for an HTTP request."""

    def __init__(self, stream: Stream, origin: Origin) -> None:
        self._stream = stream
        self._origin = origin
        self._downstream = Downstream(
            stream.head,
            stream.over,
            lambda: stream.refused,
            stream.proceed,
            stream.inform,
            lambda: stream.trailers,
        )
        self._state = _State.HEAD
        self._body_ended = False
        self._bodiless = stream.head.method == "HEAD"
        self._promised = False
        """Whether the application will send trailers."""
        self._trailers: Fields = ()
        self._scope = trio.CancelScope()

    def give_up(self, seconds: float) -> None:
        """Cancel the application if it has not ended in `seconds`."""
        self._scope.deadline = min(self._scope.deadline, trio.current_time() + seconds)

    async def run(self) -> None:
        """Call the application. Where it fails before it answered, so do we, with a 500.

        Whoever called sees at the stream whether the answer is complete.
        """
        worker = self._origin.worker
        if not serves_host(worker, self._stream.head):
            return await answer(self._stream, worker.served, UNKNOWN_HOST)
        with self._scope:
            await guarded(self._run())
        if not self._stream.started and not self._stream.left:
            await answer(self._stream, worker.served, FAULT)
        return None

    async def _run(self) -> None:
        scope = scope_of(self._stream, self._origin, "http", self._downstream)
        scope["method"] = self._stream.head.method  # as it came: methods are case-sensitive
        if self._stream.head.version != "1.0":
            scope["extensions"]["http.response.trailers"] = {}
            scope["extensions"]["http.response.early_hint"] = {}
        await self._origin.worker.served(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        stream = self._stream
        if self._body_ended or self._state is _State.DONE:
            await stream.over.wait()
        if stream.is_over:
            await trio.lowlevel.checkpoint()
            return {"type": "http.disconnect"}
        try:
            piece = await stream.read(proceed=not self._downstream.hold_continue)
        except ClientLeftError:
            return {"type": "http.disconnect"}
        self._body_ended = not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def _send(self, message: Message) -> None:
        if self._stream.left:
            await trio.lowlevel.checkpoint()
            self._stream.check()
        kind: str = message["type"]
        match kind, self._state:
            case "http.response.start", _State.HEAD:
                await self._start(message)
            case "http.response.body", _State.BODY:
                await self._body(message)
            case "http.response.trailers", _State.TRAILERS:
                await self._end(message)
            case "http.response.early_hint", _State.HEAD:
                links = tuple((b"link", bytes(link).strip()) for link in message["links"])
                await self._stream.inform(103, event_fields(links))
            case _:
                raise RuntimeError(
                    f"unexpected {kind} while the answer is at its {self._state.name}"
                )

    async def _start(self, message: Message) -> None:
        status = int(message["status"])
        if not 200 <= status <= 999:
            raise ValueError(f"{status} is no status of a final answer")
        self._promised = bool(message.get("trailers"))
        self._bodiless |= status in _BODILESS
        fields = event_fields(message.get("headers", ()))
        self._state = _State.BODY
        await self._stream.start(status, fields)

    async def _body(self, message: Message) -> None:
        body: bytes = message.get("body", b"")
        if body and not self._bodiless:
            await self._stream.write(bytes(body))
        if message.get("more_body", False):
            return
        if self._promised:
            self._state = _State.TRAILERS
            return
        self._state = _State.DONE
        await self._stream.finish(self._downstream.response_trailers)

    async def _end(self, message: Message) -> None:
        self._trailers += event_fields(message.get("headers", ()))
        if message.get("more_trailers", False):
            return
        self._state = _State.DONE
        asked = members(self._stream.head.fields, b"te")
        takes = any(member.lower() == b"trailers" for member in asked)  # RFC 9110, 10.1.4
        await self._stream.finish(self._trailers if takes else ())
