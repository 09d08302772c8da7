"""Products (:8003): one half of the product page that the gateway composes.

GET /products  /products/{id}       in English
GET /produtos/{id}                  the same in Portuguese
"""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .serve import serve

PORT: Final = 8003
PRODUCTS: Final = [
    {"id": 1, "name": "Lamp", "description": "Reads with you until late."},
    {"id": 2, "name": "Kettle", "description": "Boils a litre in two minutes."},
    {"id": 3, "name": "Chair", "description": "Has no price yet: see prices.py."},
]
PRODUTOS: Final = [
    {"id": 1, "nome": "Luminária", "descricao": "Lê com você até tarde."},
    {"id": 2, "nome": "Chaleira", "descricao": "Ferve um litro em dois minutos."},
    {"id": 3, "nome": "Cadeira", "descricao": "Ainda não tem preço: veja prices.py."},
]


async def products(request: Request) -> Response:
    return JSONResponse(PRODUCTS)


async def product(request: Request) -> Response:
    for found in PRODUCTS:
        if str(found["id"]) == request.path_params["id"]:
            return JSONResponse(found)
    return JSONResponse({"detail": "There is no such product."}, 404)


async def produto(request: Request) -> Response:
    for found in PRODUTOS:
        if str(found["id"]) == request.path_params["id"]:
            return JSONResponse(found)
    return JSONResponse({"detail": "Esse produto não existe."}, 404)


app = Starlette(
    routes=[
        Route("/products", products),
        Route("/products/{id}", product),
        Route("/produtos/{id}", produto),
    ]
)

if __name__ == "__main__":
    serve(app, PORT)
