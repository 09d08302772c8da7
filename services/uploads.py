"""Uploads (:8007): receives files and streams them to disk.

    PUT or POST /uploads/{name}     the body is the file
    PUT or POST /uploads            the same, named by Content-Disposition or X-File-Name,
                                    or multipart/form-data with files
    GET /uploads                    what is there
    GET /openapi.json               what it says of itself

Answers 201 with name (as kept: a taken name gets a number), size, sha256 and
media_type; a form of several files answers {"files": [...]}. Files go to
$UPLOADS_DIR, else to a temporary folder that goes when the service ends. What
a client does not finish leaves nothing behind.
"""

import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import trio
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .form import Form
from .inbox import Arriving, Inbox
from .openapi import in_path, listed, named, published, told
from .serve import serve

PORT: Final = 8007
BODY_BYTES_MAX: Final = 8 * 2**30
SILENCE_MAX: Final = 30.0  # seconds without a byte, after which the client is given up
FILES_MAX: Final = 32  # in one form: each is an open file


FILE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "As kept: a taken name gets a number."},
        "size": {"type": "integer", "description": "Bytes."},
        "sha256": {"type": "string"},
        "media_type": {"type": "string"},
    },
}
CONTENT: Final[dict[str, Any]] = {"application/octet-stream": {}}
FORM: Final[dict[str, Any]] = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "contentMediaType": "application/octet-stream"}
            },
        }
    }
}
KEPT: Final[dict[str, Any]] = {"201": told(named("File"), "It is kept.")}
PATHS: Final[dict[str, Any]] = {
    "/uploads": {
        "get": {
            "operationId": "list",
            "summary": "What is there",
            "responses": {"200": told(listed("File"))},
        },
        "post": {
            "operationId": "post",
            "summary": "Upload a file, or a form of them",
            "requestBody": {"required": True, "content": {**FORM, **CONTENT}},
            "responses": KEPT,
        },
    },
    "/uploads/{name}": {
        "put": {
            "operationId": "put",
            "summary": "Upload a file under a name",
            "parameters": [in_path("name", "string", "notes.txt")],
            "requestBody": {"required": True, "content": CONTENT},
            "responses": KEPT,
        }
    },
}


async def listing(request: Request) -> Response:
    inbox: Inbox = request.state.inbox
    return JSONResponse(await trio.to_thread.run_sync(inbox.listing))


async def upload(request: Request) -> Response:
    """Receive a file or a form of them; nothing is kept unless everything arrived."""
    media_type, options = parse_options_header(request.headers.get("content-type"))
    try:
        with ExitStack() as arriving:
            if media_type != b"multipart/form-data":
                return JSONResponse(await receive_body(request, arriving), 201)
            files = await receive_form(request, options.get(b"boundary", b""), arriving)
            return JSONResponse(files[0] if len(files) == 1 else {"files": files}, 201)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except trio.TooSlowError:
        raise HTTPException(408, "The upload stood still for too long.") from None
    except FormParserError as wrong:
        raise HTTPException(400, f"The form is malformed: {wrong}.") from None
    except OSError as failed:
        raise HTTPException(507, f"The file cannot be stored: {failed.strerror}.") from None


async def receive_body(request: Request, arriving: ExitStack) -> dict[str, str | int]:
    inbox: Inbox = request.state.inbox
    file = arriving.enter_context(inbox.receiving())
    async with aclosing(bounded(request)) as body:
        async for chunk in body:
            await file.write(chunk)
    return keep(inbox, file, wanted_name(request), request.headers.get("content-type", ""))


def wanted_name(request: Request) -> str:
    if "name" in request.path_params:
        return str(request.path_params["name"])
    _, options = parse_options_header(request.headers.get("content-disposition"))
    if b"filename" in options:
        return options[b"filename"].decode(errors="replace")
    return unquote(request.headers.get("x-file-name", ""))


async def receive_form(
    request: Request, boundary: bytes, arriving: ExitStack
) -> list[dict[str, str | int]]:
    """Write each file of the form to disk as it comes; its other fields are passed over."""
    inbox: Inbox = request.state.inbox
    form = Form(boundary)
    files: list[tuple[Arriving, str, str]] = []
    async with aclosing(bounded(request)) as body:
        async for chunk in body:
            for event in form.feed(chunk):
                if event.kind == "data":
                    await files[-1][0].write(event.data)
                elif len(files) == FILES_MAX:
                    raise HTTPException(413, f"A form may hold {FILES_MAX} files.")
                else:
                    file = arriving.enter_context(inbox.receiving())
                    files.append((file, event.filename, event.media_type))
    if not form.complete or not files:
        raise HTTPException(400, "The form holds no file, or its end is missing.")
    return [keep(inbox, *file) for file in files]


def keep(inbox: Inbox, file: Arriving, wanted: str, media_type: str) -> dict[str, str | int]:
    return {
        "name": inbox.keep(file, wanted),
        "size": file.size,
        "sha256": file.digest.hexdigest(),
        "media_type": media_type or "application/octet-stream",
    }


async def bounded(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield the body. Answers 413 where it is too big; TooSlowError where nothing comes."""
    too_big = HTTPException(413, f"An upload may have {BODY_BYTES_MAX} bytes.")
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > BODY_BYTES_MAX:
        raise too_big
    size = 0
    async with aclosing(request.stream()) as body:
        while True:
            with trio.fail_after(SILENCE_MAX):
                chunk = await anext(body, b"")
            if not chunk:  # Starlette ends a body with an empty chunk
                return
            size += len(chunk)
            if size > BODY_BYTES_MAX:
                raise too_big
            yield chunk


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, Any], None]:
    with ExitStack() as stack:
        folder = os.environ.get("UPLOADS_DIR")
        if not folder:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="uploads-"))
        Path(folder).mkdir(parents=True, exist_ok=True)
        yield {"inbox": Inbox(Path(folder))}


app = Starlette(
    routes=[
        Route("/uploads", listing),
        Route("/uploads", upload, methods=["POST", "PUT"]),
        Route("/uploads/{name}", upload, methods=["POST", "PUT"]),
        published("Uploads", "Receives files.", PATHS, {"File": FILE}),
    ],
    lifespan=lifespan,
)

if __name__ == "__main__":
    serve(app, PORT)
