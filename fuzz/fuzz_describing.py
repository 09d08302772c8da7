"""The OpenAPI document of a service, merged with another's.

Layout: the bytes are the document.

Invariant: Any bytes give a description or a named flaw, never an exception; whatever is
described, the other service's operations are told as they are without it, every reference
that is told leads somewhere, every path that is told leads to the service whose operation
it is, no text of `servers` or of an extension is told, and telling it again tells the same.
"""

import json
from collections.abc import Iterator
from typing import Any

from gateway_core.describing import Description, Flaw, Served, describe, read_description
from gateway_core.describing.leading import sample
from gateway_core.message import RequestHead
from gateway_core.routing import Match, Pattern, Rewrite, Route

INSIDE = "inner.example"


def _document(paths: object, version: str = "3.1.0", **more: object) -> bytes:
    return json.dumps({"openapi": version, "paths": paths, **more}).encode()


_REF = {"$ref": "#/components/schemas/S"}
_GET = {"get": {"operationId": "g", "tags": ["t"], "responses": {"200": {"description": ""}}}}
SEEDS = [
    b"",
    b"{",
    b'{"swagger": "2.0"}',
    _document({"/a": _GET, "/{x}/b": _GET, "/p/{y}": _GET}),
    _document({"/a": _GET}, servers=[{"url": f"http://{INSIDE}/v1"}], tags=[{"name": "t"}]),
    _document({"/a": {"get": {"x-inner": INSIDE}}, "x-all": INSIDE}),
    _document(
        {"/a": {"post": {"requestBody": {"content": {"a/b": {"schema": _REF}}}}}},
        components={"schemas": {"S": {"oneOf": [_REF], "discriminator": {"propertyName": "k"}}}},
    ),
    _document(
        {"/a": {"get": {"parameters": [{"$ref": "#/components/parameters/P"}]}}},
        "3.0.3",
        components={
            "parameters": {"P": {"name": "p", "in": "query", "schema": _REF}},
            "schemas": {"S": {"type": "string", "nullable": True}},
        },
    ),
    _document({"/a": {"$ref": "http://inner.example/x"}, "/b": {"get": {"responses": _REF}}}),
]

_ROUTES = (
    Route("prefix", Pattern.prefix("/up"), "up", strip_prefix=True),
    Route("plain", Pattern.prefix("/a"), "up"),
    Route("path", Pattern.path("/q/{y}"), "up", rewrite=Rewrite.path("/p/{y}")),
    Route("other", Pattern.prefix("/other"), "other", strip_prefix=True),
)
_SERVED = Served("T", "1", _ROUTES, {}, frozenset(), {}, frozenset({b"/livez"}), None, frozenset())
_OTHER = read_description(_document({"/a": _GET, "/b": {"get": {"responses": {}}}}))
assert isinstance(_OTHER, Description)


def _told(*services: tuple[str, Description]) -> Any:
    return describe(_SERVED, dict(services)).document


_ALONE = {
    path: item for path, item in _told(("other", _OTHER))["paths"].items() if path != "/livez"
}


def check(data: bytes) -> None:
    read = read_description(data)
    if isinstance(read, Flaw):
        return
    told = _told(("up", read), ("other", _OTHER))
    assert told == _told(("up", read), ("other", _OTHER))
    json.dumps(told, allow_nan=False)
    for path, item in _ALONE.items():
        assert told["paths"][path] == item
    for reference in _references(told):
        _follow(told, reference)
    for path, item in told["paths"].items():
        for method, operation in item.items():
            if operation["tags"] == ["gateway"]:
                continue
            head = RequestHead(method.upper(), sample(path), b"", ())
            match = _SERVED.router.match(head)
            assert isinstance(match, Match), path
            service = "other" if path in _ALONE else "up"
            assert match.route.upstream == service, path
    for name in _names(told):
        assert not name.startswith("x-") and name != "servers", name


def _follow(told: Any, reference: str) -> None:
    at = told
    for step in reference.removeprefix("#/").split("/"):
        at = at[int(step)] if isinstance(at, list) else at[step]


_DATA = {"example", "examples", "default", "enum", "const", "value"}
"""What stands here is whatever it is."""
_OPEN = {"properties", "patternProperties", "dependentSchemas", "$defs"}
"""What stands here is called as its makers like."""


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "$ref" and isinstance(each, str) and each.startswith("#/components/"):
                yield each
            elif name not in _DATA:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _names(told: Any) -> Iterator[str]:
    """Yield the members of path items and operations."""
    for item in told["paths"].values():
        for operation in item.values():
            yield from operation
