"""Service A (:8001): a small catalogue over plain HTTP.

    GET  /items/{item_id}    one item
    POST /items              the JSON that was sent comes back
    GET  /users              a list

Beside them it serves the endpoints of probes.py, which the tests use.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import probes
from .serve import serve

PORT: Final = 8001
NAME: Final = "service_a"
ITEM_BYTES_MAX: Final = 2**20  # an item is held in memory
USERS: Final = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}, {"id": 3, "name": "Barbara"}]


async def item(request: Request) -> Response:
    return JSONResponse({"service": NAME, "item_id": request.path_params["item_id"]})


async def users(request: Request) -> Response:
    return JSONResponse(USERS)


async def create_item(request: Request) -> Response:
    try:
        return JSONResponse(await request.json(), 201)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not JSON.") from None


async def client_left(request: Request, gone: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


app = Starlette(
    routes=[
        Route("/items/{item_id}", item),
        Route("/items", create_item, methods=["POST"], max_body_size=ITEM_BYTES_MAX),
        Route("/users", users),
        *probes.ROUTES,
    ],
    exception_handlers={ClientDisconnect: client_left},
)

if __name__ == "__main__":
    serve(app, PORT)
