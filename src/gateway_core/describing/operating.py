"""One operation of a service, as clients of the gateway perform it by one route.

Source: OpenAPI Specification 3.1.1, 4.8.10 (operations) and 4.8.12 (parameters).
"""

from dataclasses import dataclass
from typing import Final

from ..composing import Document
from ..identifying import Guard
from ..routing import Route
from .leading import Way, parameters
from .naming import Names, tag_of
from .own import refusal
from .reading import Members, items, members, text
from .securing import credential_names, requirement
from .translating import Translator

_MEANINGLESS: Final = frozenset({"accept", "content-type", "authorization"})
"""Fields that no parameter describes (OpenAPI 3.1, 4.8.12.2)."""


@dataclass(frozen=True, slots=True)
class Leading:
    """A route, and what it asks of whoever comes by it."""

    route: Route
    guard: Guard | None
    limited: bool
    hidden: frozenset[str]
    """Fields, lower case, that clients cannot send to a service: the gateway writes them."""


def told_operation(
    method: str, item: Members, way: Way, leading: Leading, by: Translator, *, names: Names
) -> Members:
    """Return the operation `method` of a path item, found by `way`. Raises TooMuch."""
    read = members(item.get(method))
    told = by.translate("operation", read) or {}
    listed = [*items(read.get("parameters")), *items(item.get("parameters"))]
    told["parameters"] = _parameters(listed, way, leading, by)
    told["responses"] = _responses(members(told.get("responses")), leading)
    tags = [text(tag) for tag in items(read.get("tags"))]
    told["tags"] = list[Document](dict.fromkeys(tag_of(by.service, tag) for tag in tags or [""]))
    told["security"] = requirement(leading.guard)
    if operation_id := text(read.get("operationId")):
        told["operationId"] = names.take(leading.route.name, operation_id)
    return told


def _parameters(
    listed: list[Document], way: Way, leading: Leading, by: Translator
) -> list[Document]:
    """Return what a client may set: the operation's, then the path's, then the route's.

    Parameters in the path stand here whole, since their names may change; a reference
    leads to others, so that what is shared is told once.
    """
    chosen: dict[tuple[str, str], Document] = {}
    for each in listed:
        found = by.resolved("parameters", each)
        if found is None:
            by.note("parameter-elsewhere", way.path[:200])
            continue
        place, name = text(found.get("in")), text(found.get("name"))
        if not name or place not in ("path", "query", "header", "cookie"):
            by.note("parameter-malformed", way.path[:200])
        elif (place, name) not in chosen and _is_the_clients(place, name, way, leading):
            told = by.translate("parameter", found if place == "path" else each)
            assert told is not None, "it was resolved"
            chosen[place, name] = told
    for name in parameters(way.path):
        chosen.setdefault(("path", name), _in_path(name))
    for place, name, value in _asked(leading.route):
        chosen[place, name] = _exact(place, name, value)
    return list(chosen.values())


def _is_the_clients(place: str, name: str, way: Way, leading: Leading) -> bool:
    """Whether a client sets it, rather than the route, the gateway, or the way to sign in."""
    fields, queries = credential_names(leading.guard)
    if place == "path":
        return name not in way.fixed and name in parameters(way.path)
    if place == "header":
        return name.lower() not in _MEANINGLESS | fields | leading.hidden
    return place != "query" or name not in queries


def path_parameters(path: str) -> list[Document]:
    """Return what a path's parameters are, where nobody describes them."""
    return [_in_path(name) for name in parameters(path)]


def _asked(route: Route) -> list[tuple[str, str, str | None]]:
    """Return what a request must have besides, so that the route serves it."""
    return [
        *(("header", rule.name.decode("ascii"), _text(rule.value)) for rule in route.headers),
        *(
            ("query", rule.name.decode("utf-8", "replace"), _text(rule.value))
            for rule in route.query
        ),
    ]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _in_path(name: str) -> Members:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _exact(place: str, name: str, value: str | None) -> Members:
    schema: Members = {"type": "string"} if value is None else {"type": "string", "enum": [value]}
    return {"name": name, "in": place, "required": True, "schema": schema}


def _responses(told: Members, leading: Leading) -> Members:
    """Add what the gateway may answer in the service's place."""
    if not told:
        told = {"default": {"description": "What the service answers."}}
    return {**own_answers(leading), **told}


def own_answers(leading: Leading) -> Members:
    """Return the refusals of the gateway that a client is to reckon with, by status."""
    told: Members = {}
    if leading.guard is not None:
        told["401"] = refusal("No credential, or a wrong one.")
        if leading.guard.scopes:
            told["403"] = refusal("The credential does not allow this.")
    if leading.limited:
        told["429"] = refusal("Too many requests: `Retry-After` says when to come again.")
    return told
