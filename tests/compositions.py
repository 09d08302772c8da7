"""What the tests of compositions share: parts in short, and the events that they end in."""

from typing import Any

from gateway_core.composing import Document, Part, Plan, Shape, path_template
from gateway_core.composition import Begun, Call, PartAnswered
from gateway_core.message import Fields, RequestHead


def part(name: str, path: str | None = None, **keys: Any) -> Part:
    return Part(name, f"up-{name}", path_template(path or f"/{name}"), **keys)


def optional(name: str, path: str | None = None, **keys: Any) -> Part:
    return part(name, path, required=False, **keys)


def plan(*parts: Part, body: Any = None, **keys: Any) -> Plan:
    return Plan(parts, frozenset({"id"}), Shape.of(body) if body else None, **keys)


def begun(target: bytes = b"/x", *fields: tuple[bytes, bytes]) -> Begun:
    """A client asks for `target`; the route's path bound id = "1"."""
    head = RequestHead("GET", target, b"gw.example", (*fields,), "192.0.2.1")
    return Begun(head, {"id": b"1"}, "192.0.2.1", "id-1")


def asked(target: str, fields: Fields = ()) -> RequestHead:
    """What a part without headers or body of its own is asked with."""
    return RequestHead(
        "GET",
        target.encode(),
        b"gw.example",
        (
            (b"host", b"gw.example"),
            *fields,
            (b"x-request-id", b"id-1"),
            (b"accept", b"application/json"),
        ),
        "192.0.2.1",
    )


def answered(name: str, content: Document, item: int = 0, size: int = 10) -> PartAnswered:
    return PartAnswered(Call(name, item), 200, content, size)
