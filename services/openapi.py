"""What a service says of itself: an OpenAPI document at /openapi.json, written by hand.

    Starlette(routes=[..., published("Users", "About users.", paths, schemas)])

A framework that makes such a document serves as well: the gateway reads what it finds.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

VERSION: Final = "3.1.0"


def published(title: str, about: str, paths: dict[str, Any], schemas: dict[str, Any]) -> Route:
    """Return the route of the document."""
    document = {
        "openapi": VERSION,
        "info": {"title": title, "description": about, "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }

    async def answer(request: Request) -> Response:
        return JSONResponse(document)

    return Route("/openapi.json", answer)


def told(schema: dict[str, Any], about: str = "So it is.") -> dict[str, Any]:
    """Return an answer in JSON."""
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def listed(name: str) -> dict[str, Any]:
    """Return the schema of a list of what is called so."""
    return {"type": "array", "items": named(name)}


def named(name: str) -> dict[str, Any]:
    """Return a reference to the schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def in_path(name: str, kind: str, example: object) -> dict[str, Any]:
    """Return a parameter of the path."""
    schema = {"type": kind, "examples": [example]}
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}
