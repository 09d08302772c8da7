"""fastapi-proxy-lib's WebSocket proxy as its documentation shows it."""

import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket
from fastapi_proxy_lib.core.websocket import ReverseWebSocketProxy

proxy = ReverseWebSocketProxy(
    base_url=f"ws://127.0.0.1:{os.environ['SMALL']}/ws/", max_message_size_bytes=64 << 20
)


@asynccontextmanager
async def lifespan(_app: FastAPI):
    yield
    await proxy.aclose()


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.websocket("/ws/{path:path}")
async def relay(websocket: WebSocket, path: str = ""):
    return await proxy.proxy(websocket=websocket, path=path)
