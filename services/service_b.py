"""Service B (:8002): a WebSocket that says everything back, and a room to chat in.

    /ws                          text comes back as text, binary as binary
    /ws?close=4321&reason=bye    accepted, then closed by the service with that code
    /chat, /chat/ws              see `chat`
    GET /                        what this is

The subprotocol `echo` is accepted where a client offers it. Hypercorn answers
pings, returns a client's close code, and closes with 1009 what is longer than
its `websocket_max_message_size` (16 MiB).
"""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .chat import chat, page
from .serve import serve

PORT: Final = 8002
NAME: Final = "service_b"
SUBPROTOCOL: Final = "echo"
REASON_BYTES_MAX: Final = (
    123  # RFC 6455, 5.5: a control frame's payload is 125 bytes, the code takes 2
)


async def home(request: Request) -> Response:
    return JSONResponse(
        {"service": NAME, "websocket": "/ws", "subprotocol": SUBPROTOCOL, "page": "/chat"}
    )


async def needs_upgrade(request: Request) -> Response:
    fields = {"upgrade": "websocket", "connection": "upgrade"}  # RFC 9110, 15.5.22
    return PlainTextResponse("Open a WebSocket here.\n", 426, fields)


async def echo(socket: WebSocket) -> None:
    code = close_code(socket.query_params.get("close"))
    reason = socket.query_params.get("reason", "")
    if code == 0 or len(reason.encode()) > REASON_BYTES_MAX:
        refusal = PlainTextResponse("No endpoint may send that close code or reason.\n", 400)
        return await socket.send_denial_response(refusal)
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
    try:
        if code is not None:
            return await socket.close(code, reason)
        while True:
            await say_back(socket)
    except WebSocketDisconnect:
        pass  # the client has closed, or is gone: there is nobody to tell


async def say_back(socket: WebSocket) -> None:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    if message.get("text") is not None:
        await socket.send_text(message["text"])
    else:
        await socket.send_bytes(message["bytes"])


def close_code(text: str | None) -> int | None:
    """Return the code to close with: None to stay open, 0 for one that no endpoint may send.

    RFC 6455, 7.4.1 and 7.4.2: 1005, 1006 and 1015 never travel.
    """
    if text is None:
        return None
    code = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0
    sendable = code in {1000, 1001, 1002, 1003, *range(1007, 1014)} or 3000 <= code <= 4999
    return code if sendable else 0


app = Starlette(
    routes=[
        Route("/", home),
        Route("/ws", needs_upgrade),
        WebSocketRoute("/ws", echo),
        Route("/chat", page),
        WebSocketRoute("/chat/ws", chat),
    ]
)

if __name__ == "__main__":
    serve(app, PORT)
