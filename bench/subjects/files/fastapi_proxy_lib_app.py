"""fastapi-proxy-lib as its documentation shows it, one proxy for each upstream."""

import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi_proxy_lib.core.http import ReverseHttpProxy

api = ReverseHttpProxy(base_url=f"http://127.0.0.1:{os.environ['SMALL']}/api/")
files = ReverseHttpProxy(base_url=f"http://127.0.0.1:{os.environ['BULK']}/files/")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@asynccontextmanager
async def lifespan(_app: FastAPI):
    yield
    await api.aclose()
    await files.aclose()


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.api_route("/api/{path:path}", methods=METHODS)
async def forward_api(request: Request, path: str = ""):
    return await api.proxy(request=request, path=path)


@app.api_route("/files/{path:path}", methods=METHODS)
async def forward_files(request: Request, path: str = ""):
    return await files.proxy(request=request, path=path)
