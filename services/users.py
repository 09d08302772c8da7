"""Users (:8005): a protected backend, which answers the gateway and nobody else.

    GET /users  /users/{id}
    GET /openapi.json           what it says of itself

Each request must carry the gateway's secret: see secret.py.
"""

from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .openapi import in_path, listed, named, published, told
from .secret import RequireSecret
from .serve import serve

PORT: Final = 8005
USERS: Final = [
    {"id": 1, "name": "Ada", "email": "ada@example.com"},
    {"id": 2, "name": "Grace", "email": "grace@example.com"},
    {"id": 3, "name": "Barbara", "email": "barbara@example.com"},
]


SCHEMAS: Final[dict[str, Any]] = {
    "User": {
        "type": "object",
        "required": ["id", "name", "email"],
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
            "email": {"type": "string", "format": "email"},
        },
    }
}
PATHS: Final[dict[str, Any]] = {
    "/users": {
        "get": {
            "operationId": "list",
            "summary": "All users",
            "responses": {"200": told(listed("User"))},
        }
    },
    "/users/{id}": {
        "get": {
            "operationId": "read",
            "summary": "One user",
            "parameters": [in_path("id", "integer", 1)],
            "responses": {
                "200": told(named("User")),
                "404": {"description": "There is no such user."},
            },
        }
    },
}


async def users(request: Request) -> Response:
    return JSONResponse(USERS)


async def user(request: Request) -> Response:
    for found in USERS:
        if str(found["id"]) == request.path_params["id"]:
            return JSONResponse(found)
    return JSONResponse({"detail": "There is no such user."}, 404)


app = RequireSecret(
    Starlette(
        routes=[
            Route("/users", users),
            Route("/users/{id}", user),
            published("Users", "Who there is.", PATHS, SCHEMAS),
        ]
    )
)

if __name__ == "__main__":
    serve(app, PORT)
