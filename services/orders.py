"""Orders (:8006): a protected backend, which answers the gateway and nobody else.

    GET /orders  /orders?user=1  /orders/{id}
    GET /openapi.json                           what it says of itself

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

PORT: Final = 8006
ORDERS: Final = [
    {"id": 101, "user": 1, "product": 1, "quantity": 2},
    {"id": 102, "user": 1, "product": 3, "quantity": 4},
    {"id": 103, "user": 2, "product": 2, "quantity": 1},
]


OF_USER: Final[dict[str, Any]] = {
    "name": "user",
    "in": "query",
    "description": "Only this user's.",
    "schema": {"type": "integer"},
}
SCHEMAS: Final[dict[str, Any]] = {
    "Order": {
        "type": "object",
        "required": ["id", "user", "product", "quantity"],
        "properties": {name: {"type": "integer"} for name in ("id", "user", "product", "quantity")},
    }
}
PATHS: Final[dict[str, Any]] = {
    "/orders": {
        "get": {
            "operationId": "list",
            "summary": "All orders, or a user's",
            "parameters": [OF_USER],
            "responses": {"200": told(listed("Order"))},
        }
    },
    "/orders/{id}": {
        "get": {
            "operationId": "read",
            "summary": "One order",
            "parameters": [in_path("id", "integer", 101)],
            "responses": {
                "200": told(named("Order")),
                "404": {"description": "There is no such order."},
            },
        }
    },
}


async def orders(request: Request) -> Response:
    user = request.query_params.get("user")
    return JSONResponse([o for o in ORDERS if user is None or str(o["user"]) == user])


async def order(request: Request) -> Response:
    for found in ORDERS:
        if str(found["id"]) == request.path_params["id"]:
            return JSONResponse(found)
    return JSONResponse({"detail": "There is no such order."}, 404)


app = RequireSecret(
    Starlette(
        routes=[
            Route("/orders", orders),
            Route("/orders/{id}", order),
            published("Orders", "Who ordered what.", PATHS, SCHEMAS),
        ]
    )
)

if __name__ == "__main__":
    serve(app, PORT)
