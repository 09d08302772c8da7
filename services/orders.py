"""Orders (:8006): a protected backend, which answers the gateway and nobody else.

    GET /orders  /orders?user=1  /orders/{id}

Each request must carry the gateway's secret: see secret.py.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .secret import RequireSecret
from .serve import serve

PORT: Final = 8006
ORDERS: Final = [
    {"id": 101, "user": 1, "product": 1, "quantity": 2},
    {"id": 102, "user": 1, "product": 3, "quantity": 4},
    {"id": 103, "user": 2, "product": 2, "quantity": 1},
]


async def orders(request: Request) -> Response:
    user = request.query_params.get("user")
    return JSONResponse([o for o in ORDERS if user is None or str(o["user"]) == user])


async def order(request: Request) -> Response:
    for found in ORDERS:
        if str(found["id"]) == request.path_params["id"]:
            return JSONResponse(found)
    return JSONResponse({"detail": "There is no such order."}, 404)


app = RequireSecret(Starlette(routes=[Route("/orders", orders), Route("/orders/{id}", order)]))

if __name__ == "__main__":
    serve(app, PORT)
