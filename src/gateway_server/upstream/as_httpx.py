"""Our pool in the shape that httpx wants, for the control plane, probes and tests.

httpx brings what they like (redirects, cookies, decoding, JSON); the traffic of clients
never passes here. One pool an origin, made when it is first asked; httpx's time-outs hold,
each for its stage, that of reading for each read.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import httpx
import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UNKNOWN, Fields, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream

from .contract import Answer, CallFailedError
from .dialing import Dial
from .http1_client import Http1Client
from .tls import TlsSettings

ORIGINS_MAX: Final = 256
"""Origins with a pool; the one that was first made goes when there are more."""

_ERRORS: Final[Mapping[FailureKind, type[httpx.TransportError]]] = {
    FailureKind.CONNECT_TIMEOUT: httpx.ConnectTimeout,
    FailureKind.WRITE_TIMEOUT: httpx.WriteTimeout,
    FailureKind.RESPONSE_TIMEOUT: httpx.ReadTimeout,
    FailureKind.RESET: httpx.ReadError,
    FailureKind.PROTOCOL: httpx.RemoteProtocolError,
    FailureKind.OVERLOADED: httpx.PoolTimeout,
}
"""All others: no connection was made."""

_TIMEOUT_OF: Final[Mapping[Stage, tuple[str, type[httpx.TimeoutException]]]] = {
    Stage.QUEUED: ("pool", httpx.PoolTimeout),
    Stage.CONNECTING: ("connect", httpx.ConnectTimeout),
    Stage.SENDING: ("write", httpx.WriteTimeout),
    Stage.SENT: ("read", httpx.ReadTimeout),
}
_OURS: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})
"""What we write ourselves, from the same facts."""


class PooledTransport(httpx.AsyncBaseTransport):
    """An httpx transport over `Http1Client`. Trio only."""

    def __init__(
        self, tls: TlsSettings | None = None, *, unix_path: str = "", dial: Dial | None = None
    ) -> None:
        """With `unix_path`, every request goes there, whatever its host."""
        self._tls = tls
        self._unix_path = unix_path
        self._dial = dial
        self._clients: dict[Endpoint, tuple[Upstream, Http1Client]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpx.TransportError, as httpx's own transports do."""
        upstream, client = await self._client(self._endpoint(request.url))
        command = CallUpstream(upstream, upstream.endpoints[0], _translated(request))
        upload = _Upload(request)
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        stage = Stage.SENT
        answer: Answer | None = None
        with trio.CancelScope() as scope:

            def progress(reached: Stage) -> None:
                nonlocal stage
                stage = reached
                scope.deadline = _deadline(timeouts, _TIMEOUT_OF[reached][0])

            try:
                answer = await client.call(command, upload.next_piece, progress)
            except CallFailedError as error:
                raise _translated_error(error, request) from error
            finally:
                await upload.aclose()
        if answer is None:
            name, timed_out = _TIMEOUT_OF[stage]
            raise timed_out(f"the time-out of {name} is over", request=request)
        return httpx.Response(
            answer.head.status,
            headers=list(answer.head.fields),
            stream=_Download(answer, request, timeouts),
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def aclose(self) -> None:
        """Close every connection at rest."""
        while self._clients:
            _, (_, client) = self._clients.popitem()
            await client.aclose()

    def _endpoint(self, url: httpx.URL) -> Endpoint:
        default = 443 if url.scheme == "https" else 80
        host = url.raw_host.decode("ascii").strip("[]")
        if self._unix_path:
            return Endpoint(url.scheme, "", 0, unix_path=self._unix_path)
        return Endpoint(url.scheme, host, url.port or default)

    async def _client(self, endpoint: Endpoint) -> tuple[Upstream, Http1Client]:
        if endpoint.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"{endpoint.scheme} is neither http nor https")
        found = self._clients.get(endpoint)
        if found is None:
            if len(self._clients) >= ORIGINS_MAX:
                _, former = self._clients.pop(next(iter(self._clients)))
                await former.aclose()
            upstream = Upstream(str(endpoint), (endpoint,))
            found = upstream, Http1Client(upstream, self._tls, dial=self._dial)
            self._clients[endpoint] = found
        return found


def _translated(request: httpx.Request) -> UpstreamRequest:
    raw = [(name.lower(), value) for name, value in request.headers.raw]
    known = dict(raw)
    fields: Fields = tuple(line for line in raw if line[0] not in _OURS)
    body = 0
    if b"transfer-encoding" in known:
        body = UNKNOWN
    elif b"content-length" in known:
        body = int(known[b"content-length"])
    target = request.extensions.get("target", request.url.raw_path)
    return UpstreamRequest(request.method, target, known.get(b"host", b""), fields, body)


def _translated_error(error: CallFailedError, request: httpx.Request) -> httpx.TransportError:
    return _ERRORS.get(error.kind, httpx.ConnectError)(str(error), request=request)


def _deadline(timeouts: Mapping[str, float | None], name: str) -> float:
    seconds = timeouts.get(name)
    return math.inf if seconds is None else trio.current_time() + seconds


class _Upload:
    """A request's body as a body reader."""

    def __init__(self, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self._pieces = aiter(request.stream)

    async def next_piece(self) -> bytes:
        async for piece in self._pieces:
            if piece:
                return piece
        return b""

    async def aclose(self) -> None:
        """End the generator that gives the pieces, if it is one."""
        close: Callable[[], Awaitable[None]] | None = getattr(self._pieces, "aclose", None)
        if close is not None:
            await close()


class _Download(httpx.AsyncByteStream):
    """An answer's body. What an early answer left of the request's is not sent any more."""

    def __init__(
        self, answer: Answer, request: httpx.Request, timeouts: Mapping[str, float | None]
    ) -> None:
        self._answer = answer
        self._request = request
        self._timeouts = timeouts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = b""
        with trio.CancelScope(deadline=_deadline(self._timeouts, "read")) as scope:
            piece = await self._read()
        if scope.cancelled_caught:
            raise httpx.ReadTimeout("the time-out of read is over", request=self._request)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def _read(self) -> bytes:
        try:
            return await self._answer.read()
        except CallFailedError as error:
            raise _translated_error(error, self._request) from error

    async def aclose(self) -> None:
        await self._answer.aclose()
