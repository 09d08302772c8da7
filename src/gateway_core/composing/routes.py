"""Routes that parts go by: no router has them, so no client can ask for one."""

from collections.abc import Mapping

from ..routing import Pattern, Route
from .part import Part
from .plan import Plan


def part_routes(compositions: Mapping[str, Plan]) -> dict[str, Route]:
    """Return the route of each part, by its name; `compositions` are by their route's name."""
    return {
        part_route_name(name, part.name): _route(name, part)
        for name, plan in compositions.items()
        for part in plan.parts
    }


def part_route_name(route: str, part: str) -> str:
    """Return the name under which a part is logged: no route of an operator's has a slash."""
    return f"{route}/{part}"


def _route(name: str, part: Part) -> Route:
    return Route(
        part_route_name(name, part.name),
        Pattern.prefix("/"),
        part.upstream,
        body_max=None,
        websocket=False,
    )
