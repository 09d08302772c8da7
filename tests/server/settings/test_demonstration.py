"""The demonstration is the gateway.toml of the repository, and without a fault."""

from pathlib import Path

from gateway_server.settings.demonstration import DEMONSTRATION
from tests.configurations import read, told

FILE = Path(__file__).parents[3] / "gateway.toml"


def test_the_demonstration_is_the_file_of_the_repository() -> None:
    assert FILE.read_text(encoding="utf-8") == DEMONSTRATION


def test_the_demonstration_has_neither_errors_nor_warnings() -> None:
    assert told(DEMONSTRATION) == ()


def test_the_demonstration_serves_every_example_service() -> None:
    settings = read(DEMONSTRATION)
    served = {
        route.prefix: settings.upstreams[route.upstream]
        for route in settings.routes
        if route.upstream is not None
    }
    assert {prefix: str(up.endpoints[0].url) for prefix, up in served.items()} == {
        "/service-a": "http://127.0.0.1:8001",
        "/service-b": "http://127.0.0.1:8002",
        "/products": "http://127.0.0.1:8003",
        "/prices": "http://127.0.0.1:8004",
        "/users": "http://127.0.0.1:8005",
        "/orders": "http://127.0.0.1:8006",
        "/uploads": "http://127.0.0.1:8007",
    }
    (composed,) = [route for route in settings.routes if route.compose is not None]
    assert composed.path == "/produto/{id}"
    stripped = [route.name for route in settings.routes if route.strip_prefix]
    assert stripped == ["service-a", "service-b"]
