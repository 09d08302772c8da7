"""A WebSocket relay as one writes it with aiohttp: a task each way, messages handed across."""

import asyncio
import os

import aiohttp
import uvloop
from aiohttp import WSMsgType, web

SIZE_MAX = 64 << 20


async def pump(source, target) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await target.send_bytes(message.data)
    await target.close(code=source.close_code or 1000)


async def relay(request: web.Request) -> web.WebSocketResponse:
    url = f"http://127.0.0.1:{os.environ['SMALL']}{request.rel_url}"
    async with request.app["session"].ws_connect(url, max_msg_size=SIZE_MAX, compress=0) as up:
        down = web.WebSocketResponse(max_msg_size=SIZE_MAX, compress=False)
        await down.prepare(request)
        await asyncio.gather(pump(down, up), pump(up, down))
    return down


async def session(app: web.Application):
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as app["session"]:
        yield


uvloop.install()
app = web.Application()
app.cleanup_ctx.append(session)
app.router.add_get("/ws/{rest:.*}", relay)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), backlog=8192, print=None)
