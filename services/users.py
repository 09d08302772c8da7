"""Users (:8005): a protected backend, which answers the gateway and nobody else.

    GET /users  /users/{id}

Each request must carry the gateway's secret: see secret.py.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .secret import RequireSecret
from .serve import serve

PORT: Final = 8005
USERS: Final = [
    {"id": 1, "name": "Ada", "email": "ada@example.com"},
    {"id": 2, "name": "Grace", "email": "grace@example.com"},
    {"id": 3, "name": "Barbara", "email": "barbara@example.com"},
]


async def users(request: Request) -> Response:
    return JSONResponse(USERS)


async def user(request: Request) -> Response:
    for found in USERS:
        if str(found["id"]) == request.path_params["id"]:
            return JSONResponse(found)
    return JSONResponse({"detail": "There is no such user."}, 404)


app = RequireSecret(Starlette(routes=[Route("/users", users), Route("/users/{id}", user)]))

if __name__ == "__main__":
    serve(app, PORT)
