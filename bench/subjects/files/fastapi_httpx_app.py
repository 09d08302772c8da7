"""A gateway of FastAPI and httpx, as its tutorials lead to, with bodies streamed.

CLIENT=shared has one client, at httpx's default limits; CLIENT=each makes one a request.
"""

import asyncio
import os
import uuid
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

UPSTREAMS = {
    "api": f"http://127.0.0.1:{os.environ['SMALL']}",
    "files": f"http://127.0.0.1:{os.environ['BULK']}",
}
EACH = os.environ["CLIENT"] == "each"
TIMEOUT = httpx.Timeout(15.0, connect=2.0, pool=30.0)
HOP_BY_HOP = {
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
}  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


def request_fields(request: Request) -> list[tuple[bytes, bytes]]:
    fields = [(name, value) for name, value in request.headers.raw if name not in HOP_BY_HOP]
    fields.append((b"x-request-id", uuid.uuid4().hex.encode()))
    fields.append((b"x-forwarded-for", request.client.host.encode()))
    fields.append((b"x-forwarded-proto", request.url.scheme.encode()))
    return fields


async def forward(request: Request, base: str) -> Response:
    client = httpx.AsyncClient(timeout=TIMEOUT) if EACH else request.app.state.client
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    url = base + request.url.path + (f"?{request.url.query}" if request.url.query else "")
    outgoing = client.build_request(
        request.method,
        url,
        headers=request_fields(request),
        content=request.stream() if has_body else None,
    )
    answer = await client.send(outgoing, stream=True)

    async def end() -> None:
        await answer.aclose()
        if EACH:
            await client.aclose()

    response = StreamingResponse(
        answer.aiter_raw(), answer.status_code, background=BackgroundTask(end)
    )
    response.raw_headers = [
        (name.lower(), value)
        for name, value in answer.headers.raw
        if name.lower() not in HOP_BY_HOP
    ]
    return response


@app.api_route("/api/{path:path}", methods=METHODS)
async def api(request: Request, path: str) -> Response:
    return await forward(request, UPSTREAMS["api"])


async def part(request: Request) -> object:
    answer = await request.app.state.client.get(
        UPSTREAMS["api"] + "/api/item.json", headers=request_fields(request)
    )
    answer.raise_for_status()
    return answer.json()


@app.get("/composed")
async def composed(request: Request) -> dict[str, object]:
    first, second = await asyncio.gather(part(request), part(request))
    return {"first": first, "second": second}


@app.api_route("/files/{path:path}", methods=METHODS)
async def files(request: Request, path: str) -> Response:
    return await forward(request, UPSTREAMS["files"])
