"""What the services say of themselves is true, and the gateway takes it whole."""

import re
from typing import Any

import pytest
from starlette.routing import Match

from gateway_core.describing import Description, describe, read_description
from services import orders, uploads, users
from tests.core.describing.services import below, serving

SERVICES = {"users": users.app, "orders": orders.app, "uploads": uploads.app}


@pytest.fixture(params=SERVICES)
async def service(request, ask) -> tuple[str, Any, bytes]:
    app = SERVICES[request.param]
    client = ask(app)
    if hasattr(app, "secrets"):
        client.headers["X-Gateway-Secret"] = app.secrets[0].decode()
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    return request.param, getattr(app, "app", app), answer.content


async def test_each_operation_is_shown_by_a_gateway(service) -> None:
    name, _, body = service
    read = read_description(body)
    assert isinstance(read, Description)
    told = describe(serving(below(f"/{name}", name, strip=False)), {name: read})
    assert told.notes == ()
    shown = told.document["paths"]
    assert isinstance(shown, dict)
    assert {path: set(item) for path, item in read.paths.items()} == {  # type: ignore[arg-type]
        path: set(item)  # type: ignore[arg-type]
        for path, item in shown.items()
    }


async def test_each_operation_is_there(service) -> None:
    _, app, body = service
    read = read_description(body)
    assert isinstance(read, Description)
    for path, item in read.paths.items():
        assert isinstance(item, dict)
        for method in item:
            scope = {
                "type": "http",
                "method": method.upper(),
                "path": re.sub(r"\{[^}]*\}", "x", path),
                "headers": [],
            }
            assert any(route.matches(scope)[0] is Match.FULL for route in app.routes), path


async def test_a_protected_service_tells_nothing_to_who_does_not_know_the_secret(ask) -> None:
    assert (await ask(users.app).get("/openapi.json")).status_code == 403
