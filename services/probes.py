"""An endpoint for each thing that a proxy can get wrong. Service A serves them.

any  /echo                                  what arrived: target, header lines, body's hash
GET  /status/{code}                         that status
GET  /slow?seconds=1                        an answer that takes its time
GET  /stream?bytes=&chunk=&sized=1          many bytes; byte n is n % 256
GET  /events?count=&interval=               server-sent events
GET  /headers  /cookie  /redirect  /gzip    answers whose fields must arrive as they are
"""

import gzip
import hashlib
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import trio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, request_response
from starlette.types import Receive, Scope, Send

SECONDS_MAX: Final = 60.0
STREAM_BYTES_MAX: Final = 2**34
CHUNK_BYTES_MAX: Final = 2**20
EVENTS_MAX: Final = 10_000
GZIPPED: Final = gzip.compress(b'{"compressed": "by the service, and by nobody else"}', mtime=0)


class ClosingStream(StreamingResponse):
    """A streaming answer that closes its generator when the client leaves."""

    async def stream_response(self, send: Send) -> None:
        assert isinstance(self.body_iterator, AsyncGenerator)
        async with aclosing(self.body_iterator):
            await super().stream_response(send)


class AnyMethod:
    """An endpoint that answers every method: Starlette's functions must name theirs."""

    def __init__(self, endpoint: Any) -> None:
        self.app = request_response(endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def echo(request: Request) -> Response:
    """Tell what arrived. The body is hashed as it comes and never held."""
    size, digest = 0, hashlib.sha256()
    async for chunk in request.stream():
        size += len(chunk)
        digest.update(chunk)
    path, query = request.scope["raw_path"], request.scope["query_string"]
    return JSONResponse(
        {
            "method": request.method,
            "target": (path + b"?" + query if query else path).decode("latin-1"),
            "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in request.headers.raw],
            "size": size,
            "sha256": digest.hexdigest(),
        }
    )


async def status(request: Request) -> Response:
    code: int = request.path_params["code"]
    if not 200 <= code <= 599:
        raise HTTPException(400, "A final status is 200 to 599.")
    bodiless = code in {204, 205, 304}
    return Response(status_code=code) if bodiless else JSONResponse({"status": code}, code)


async def slow(request: Request) -> Response:
    seconds = number(request, "seconds", 1.0, SECONDS_MAX)
    await trio.sleep(seconds)
    return JSONResponse({"seconds": seconds})


async def stream(request: Request) -> Response:
    count = int(number(request, "bytes", 2**20, STREAM_BYTES_MAX))
    chunk = max(1, int(number(request, "chunk", 2**16, CHUNK_BYTES_MAX)))
    sized = {"content-length": str(count)} if request.query_params.get("sized") == "1" else None
    body = pattern(0 if request.method == "HEAD" else count, chunk)
    return ClosingStream(body, headers=sized, media_type="application/octet-stream")


async def pattern(count: int, chunk: int) -> AsyncGenerator[bytes, None]:
    """Yield `count` bytes, `chunk` at a time. Every byte tells its place, modulo 256."""
    ring = bytes(range(256)) * (chunk // 256 + 2)
    for start in range(0, count, chunk):
        offset = start % 256
        yield ring[offset : offset + min(chunk, count - start)]


async def events(request: Request) -> Response:
    count = int(number(request, "count", 5, EVENTS_MAX))
    interval = number(request, "interval", 1.0, SECONDS_MAX)
    fields = {"cache-control": "no-store"}
    return ClosingStream(ticks(count, interval), headers=fields, media_type="text/event-stream")


async def ticks(count: int, interval: float) -> AsyncGenerator[bytes, None]:
    for n in range(count):
        if n:
            await trio.sleep(interval)
        yield b'id: %d\ndata: {"n": %d}\n\n' % (n, n)


async def headers(request: Request) -> Response:
    """Two cookies are two lines: joining them with a comma would break both."""
    answer = JSONResponse({"set-cookie": 2})
    answer.headers.append("set-cookie", "first=1; Path=/; Expires=Wed, 01 Jan 2098 00:00:00 GMT")
    answer.headers.append("x-between", "lines keep their order")
    answer.headers.append("set-cookie", "second=2; Path=/; HttpOnly")
    return answer


async def cookie(request: Request) -> Response:
    answer = JSONResponse({"cookies": request.cookies})
    answer.set_cookie("flavour", "oat", path="/items", httponly=True, samesite="lax")
    return answer


async def redirect(request: Request) -> Response:
    return RedirectResponse("/items/1", 302)


async def gzipped(request: Request) -> Response:
    fields = {"content-encoding": "gzip", "vary": "accept-encoding"}
    return Response(GZIPPED, headers=fields, media_type="application/json")


def number(request: Request, name: str, default: float, most: float) -> float:
    """Return the query parameter `name`, a number from 0 to `most`; else answer 400."""
    try:
        value = float(request.query_params.get(name, default))
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise HTTPException(400, f"{name}: a number from 0 to {most:g} is expected.")
    return value


ROUTES: Final = [
    Route("/echo", AnyMethod(echo)),
    Route("/status/{code:int}", status),
    Route("/slow", slow),
    Route("/stream", stream),
    Route("/events", events),
    Route("/headers", headers),
    Route("/cookie", cookie),
    Route("/redirect", redirect),
    Route("/gzip", gzipped),
]
