"""Upstreams over httpx's transport: one transport an endpoint, never a shared client.

A client of httpx keeps cookies, adds fields, follows redirects and decodes; its
transport does none of that. The target goes out byte for byte by the `target`
extension, bodies are raw both ways, and the bound on connections is our own:
httpcore's pool is lost for good when requests that queue in it are cancelled.
"""

import time
from collections.abc import AsyncIterator, Callable

import httpx
import trio

from gateway_core.clock import SECOND, UnixTime
from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UNKNOWN, Fields, ResponseHead, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream

from .contract import BodyReader, CallFailedError
from .failures import failed
from .slots import Slots
from .tls import TlsSettings

KEEPALIVE_SECONDS = 4.0
"""Idle connections are closed sooner than common servers close them (5 s)."""


class HttpxClient:
    """Speaks to the endpoints of one upstream. See `contract.UpstreamClient`."""

    def __init__(self, upstream: Upstream, tls: TlsSettings | None = None) -> None:
        self._upstream = upstream
        self._tls = tls or TlsSettings()
        self._lines = {endpoint: self._open(endpoint) for endpoint in upstream.endpoints}

    def _open(self, endpoint: Endpoint) -> tuple[httpx.AsyncHTTPTransport, Slots]:
        limits = httpx.Limits(
            max_connections=None,
            max_keepalive_connections=self._upstream.connections_max,
            keepalive_expiry=KEEPALIVE_SECONDS,
        )
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls.context() if endpoint.scheme == "https" else False,
            limits=limits,
            uds=endpoint.unix_path or None,
            trust_env=False,
        )
        return transport, Slots(self._upstream.connections_max, self._upstream.waiting_max)

    async def call(
        self, command: CallUpstream, body: BodyReader, progress: Callable[[Stage], None]
    ) -> "HttpxAnswer":
        """See `contract.UpstreamClient.call`."""
        transport, slots = self._lines[command.endpoint]
        if not slots.take_nowait():
            if slots.full:
                raise CallFailedError(FailureKind.OVERLOADED, "the queue is full")
            progress(Stage.QUEUED)
            await slots.take()
        try:
            return await self._send(transport, slots, command, body, progress)
        except BaseException:
            slots.give_back()
            raise

    async def _send(
        self,
        transport: httpx.AsyncHTTPTransport,
        slots: Slots,
        command: CallUpstream,
        body: BodyReader,
        progress: Callable[[Stage], None],
    ) -> "HttpxAnswer":
        progress(Stage.CONNECTING)
        asked_at = UnixTime(int(time.time()))
        request = _request(command, _Upload(command.request, body, progress), self._tls.server_name)
        try:
            response = await transport.handle_async_request(request)
        except (httpx.TransportError, OSError, trio.BrokenResourceError) as error:
            raise failed(error) from error
        return HttpxAnswer(response, slots, asked_at, command.request.method)

    async def aclose(self) -> None:
        """Close every connection."""
        for transport, _ in self._lines.values():
            await transport.aclose()


class HttpxAnswer:
    """An answer whose body is read raw. See `contract.Answer`."""

    __slots__ = ("_chunks", "_response", "_slots", "answered_at", "asked_at", "head", "trailers")

    def __init__(
        self, response: httpx.Response, slots: Slots, asked_at: UnixTime, method: str
    ) -> None:
        self._response = response
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._chunks = aiter(response.stream)
        self._slots: Slots | None = slots
        self.asked_at = asked_at
        self.answered_at = UnixTime(int(time.time()))
        self.head = _head(response, method)
        self.trailers: Fields = ()

    at_hand = False
    """Nobody knows, with httpx."""
    ended = False
    uploading = False

    async def read(self) -> bytes:
        """See `contract.Answer.read`."""
        try:
            async for chunk in self._chunks:
                if chunk:
                    return chunk
        except (httpx.TransportError, OSError, trio.BrokenResourceError) as error:
            raise failed(error) from error
        return b""

    async def finish_upload(self) -> None:
        """Nothing is left: httpx sends the whole body before it reads an answer."""

    async def aclose(self) -> None:
        """See `contract.Answer.aclose`."""
        slots, self._slots = self._slots, None
        if slots is None:
            return
        try:
            # httpcore closes what was not read to its end; shielded, since a
            # pool that is cancelled while it closes forgets the connection.
            with trio.CancelScope(shield=True):
                await self._response.aclose()
        finally:
            slots.give_back()

    def drop(self) -> None:
        """See `contract.Answer.drop`: httpx can only close where it may wait."""
        if self._slots is not None:
            trio.lowlevel.spawn_system_task(self.aclose)


class _Upload(httpx.AsyncByteStream):
    """The request's body, and what is told as it goes."""

    def __init__(
        self, request: UpstreamRequest, body: BodyReader, progress: Callable[[Stage], None]
    ) -> None:
        self._request = request
        self._body = body
        self._progress = progress

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # httpcore asks once the connection stands and the head is written.
        if self._request.body != 0:
            self._progress(Stage.SENDING)
            while chunk := await self._body():
                yield chunk
        self._progress(Stage.SENT)


def _request(command: CallUpstream, upload: _Upload, server_name: str) -> httpx.Request:
    request, endpoint = command.request, command.endpoint
    fields = [(b"Host", request.authority), *request.fields]
    if request.body == UNKNOWN:
        fields.append((b"Transfer-Encoding", b"chunked"))
    elif request.body or request.method in _BODY_EXPECTED:
        fields.append((b"Content-Length", b"%d" % request.body))
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    extensions: dict[str, object] = {
        "target": request.target,
        "timeout": {"connect": command.upstream.connect_timeout / SECOND},
    }
    if server_name:
        extensions["sni_hostname"] = server_name
    return httpx.Request(
        request.method,
        f"{endpoint.scheme}://{host or 'localhost'}:{endpoint.port}/",
        headers=fields,
        stream=upload,
        extensions=extensions,
    )


_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose empty body is told as such (RFC 9110, 8.6)."""


def _head(response: httpx.Response, method: str) -> ResponseHead:
    fields = tuple((name.lower(), value) for name, value in response.headers.raw)
    if method == "HEAD" or response.status_code in {204, 304}:
        return ResponseHead(response.status_code, fields, 0)
    body = UNKNOWN
    chunked = False
    for name, value in fields:
        if name == b"transfer-encoding":
            chunked = True
        elif name == b"content-length" and value.isdigit():
            body = int(value)
    return ResponseHead(response.status_code, fields, UNKNOWN if chunked else body)
