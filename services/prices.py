"""Prices (:8004): the other half of the product page that the gateway composes.

    GET /prices/{id}        in English
    GET /precos/{id}        the same in Portuguese

Product 3 has no price, so that a composition can show its default.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .serve import serve

PORT: Final = 8004
PRICES: Final = {"1": 49.9, "2": 32.5}


async def price(request: Request) -> Response:
    found = PRICES.get(request.path_params["id"])
    if found is None:
        return JSONResponse({"detail": "There is no price for that."}, 404)
    return JSONResponse({"id": int(request.path_params["id"]), "price": found})


async def preco(request: Request) -> Response:
    found = PRICES.get(request.path_params["id"])
    if found is None:
        return JSONResponse({"detail": "Não há preço para isso."}, 404)
    return JSONResponse({"id": int(request.path_params["id"]), "valor": found})


app = Starlette(routes=[Route("/prices/{id}", price), Route("/precos/{id}", preco)])

if __name__ == "__main__":
    serve(app, PORT)
