"""A gateway of aiohttp on both sides. Small answers in one write, large ones streamed."""

import asyncio
import logging
import os
import uuid

import aiohttp
import uvloop
from aiohttp import web

UPSTREAMS = {
    "api": f"http://127.0.0.1:{os.environ['SMALL']}",
    "files": f"http://127.0.0.1:{os.environ['BULK']}",
}
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=15)
HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
    "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
WHOLE_BYTES_MAX = 64 * 1024
SESSION = web.AppKey("session", aiohttp.ClientSession)


def kept(headers):
    return [(name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP]


def proxy_to(base: str):
    async def handle(request: web.Request) -> web.StreamResponse:
        fields = kept(request.headers)
        fields.append(("X-Request-ID", uuid.uuid4().hex))
        fields.append(("X-Forwarded-For", request.remote))
        fields.append(("X-Forwarded-Proto", request.scheme))
        async with request.app[SESSION].request(
            request.method,
            base + request.raw_path,
            headers=fields,
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as answer:
            headers = kept(answer.headers)
            length = answer.content_length
            if length is not None and length <= WHOLE_BYTES_MAX:
                return web.Response(status=answer.status, headers=headers, body=await answer.read())
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    return handle


async def session(app: web.Application):
    connector = aiohttp.TCPConnector(limit=0)
    app[SESSION] = aiohttp.ClientSession(
        connector=connector, timeout=TIMEOUT, auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )  # fmt: skip
    yield
    await app[SESSION].close()


def main() -> None:
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    log = logging.getLogger("aiohttp.access")
    log.addHandler(logging.FileHandler("access.log"))
    log.setLevel(logging.INFO)
    log.propagate = False
    app = web.Application()
    app.cleanup_ctx.append(session)
    for area, base in UPSTREAMS.items():
        app.router.add_route("*", f"/{area}/{{path:.*}}", proxy_to(base))
    web.run_app(
        app, host="127.0.0.1", port=int(os.environ["PORT"]), backlog=4096,
        keepalive_timeout=75, print=None,
        loop=uvloop.new_event_loop(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
