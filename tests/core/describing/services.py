"""Documents of services for tests, and what is served beside them."""

import json
from typing import Any

from gateway_core.describing import Description, Served, read_description
from gateway_core.identifying import (
    ApiKey,
    ApiKeys,
    Caller,
    Guard,
    KeyRing,
    TokenRules,
    Tokens,
    digest_of,
)
from gateway_core.routing import Pattern, Route

OK: Any = {"200": {"description": "ok"}}
KEYS = ApiKeys("clients", KeyRing((ApiKey(digest_of("key"), Caller("ada")),)))
TOKENS = Tokens("members", TokenRules("gw", frozenset({"gw"}), frozenset({"HS256"})))


def document(paths: Any, version: str = "3.1.0", **more: Any) -> bytes:
    """Return a document as a service publishes it."""
    info = {"title": "A service", "version": "1"}
    return json.dumps({"openapi": version, "info": info, "paths": paths, **more}).encode()


def described(paths: Any, version: str = "3.1.0", **more: Any) -> Description:
    """Return what is read of it."""
    found = read_description(document(paths, version, **more))
    assert isinstance(found, Description), found
    return found


def get(operation_id: str = "", **more: Any) -> Any:
    """Return a path item with one operation."""
    told = {"operationId": operation_id} if operation_id else {}
    return {"get": {**told, "responses": OK, **more}}


def below(prefix: str, upstream: str, *, strip: bool = True, **more: Any) -> Route:
    """Return a route of a prefix, called like its upstream."""
    return Route(
        more.pop("name", upstream), Pattern.prefix(prefix), upstream, strip_prefix=strip, **more
    )


def serving(*routes: Route, **more: Any) -> Served:
    """Return what serves `routes`, and nothing of the gateway's own unless that is said."""
    said: dict[str, Any] = {
        "title": "T",
        "version": "1",
        "guards": {},
        "limited": frozenset(),
        "composed": {},
        "pages": frozenset(),
        "member": None,
        "hidden": frozenset(),
    }
    return Served(routes=routes, **{**said, **more})


def guard(*scopes: str, both: bool = False) -> Guard:
    """Return what asks for a key, or a token too."""
    return Guard((KEYS, TOKENS) if both else (KEYS,), frozenset(scopes))
