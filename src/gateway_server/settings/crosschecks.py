"""What no key shows alone: names that lead nowhere, names taken twice, routes never reached.

Judged on whatever could be read, so that a mistake elsewhere hides none of these.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ValidationError

from gateway_core.routing import Param, Route

from .build import assemble_route
from .caching import check_caching
from .compositions import part_upstreams
from .environment import Substituted
from .explain import SUBSTITUTED
from .identity_checks import check_identity
from .limit_checks import check_limits
from .places import KeyPath, quote
from .problem import Finding, Severity
from .protection import check_protection
from .schema import AuthSettings, LimitSettings, RouteSettings, UpstreamSettings

Table: TypeAlias = Mapping[str, object]
M = TypeVar("M", bound=BaseModel)

NAMES_LISTED_MAX: Final = 12
"""Names that a message lists."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration as far as it could be read."""

    tree: Table
    """After its variables were replaced."""
    routes: Mapping[int, RouteSettings]
    upstreams: Mapping[str, UpstreamSettings]
    limits: Mapping[str, LimitSettings]
    auth: Mapping[str, AuthSettings]

    @staticmethod
    def of(tree: Table) -> "Draft":
        """Take the routes and upstreams that are right by themselves."""
        routes = dict(enumerate(_list(tree.get("routes"))))
        upstreams, limits = _table(tree.get("upstreams")), _table(tree.get("limits"))
        auth = _table(tree.get("auth"))
        return Draft(
            tree,
            {i: good for i, raw in routes.items() if (good := _read(RouteSettings, raw))},
            {n: read for n, raw in upstreams.items() if (read := _read(UpstreamSettings, raw))},
            {n: limit for n, raw in limits.items() if (limit := _read(LimitSettings, raw))},
            {n: way for n, raw in auth.items() if (way := _read(AuthSettings, raw))},
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The upstreams that are there, right or wrong."""
        return tuple(_table(self.tree.get("upstreams")))

    def text(self, index: int, key: str) -> str | None:
        """Return the text at a route's key, whatever else is wrong with the route."""
        value = _table(_list(self.tree.get("routes"))[index]).get(key)
        return value if isinstance(value, str) else None

    @property
    def places(self) -> range:
        """The routes that are there, right or wrong."""
        return range(len(_list(self.tree.get("routes"))))


def crosscheck(draft: Draft) -> Iterator[Finding]:
    """Yield everything that is wrong between the keys of `draft`."""
    yield from _route_names(draft)
    yield from _upstream_names(draft)
    yield from _assembled(draft)
    yield from _endpoints(draft)
    yield from check_limits(draft.tree, draft.limits, draft.routes)
    yield from check_caching(draft.routes)
    named = tuple(_table(draft.tree.get("auth")))
    yield from check_identity(draft.auth, named, draft.routes, draft.upstreams)
    if not draft.places:
        cure = 'begin with [[routes]], name = "...", prefix = "/", upstream = "..."'
        yield _warning((), "there are no routes, so every request is 404", cure)


def _route_names(draft: Draft) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index in draft.places:
        name = draft.text(index, "name")
        if name is not None and first.setdefault(name, index) != index:
            message = f"routes[{first[name]}] has this name already"
            yield Finding(("routes", index, "name"), message, "rename one of them")


def _upstream_names(draft: Draft) -> Iterator[Finding]:
    used: set[str] = set()
    for index in draft.places:
        name = draft.text(index, "upstream")
        if name is not None:
            used.add(name)
            if name not in draft.names:
                yield _unknown_upstream(("routes", index, "upstream"), name, draft.names)
    for index, route in draft.routes.items():
        for path, name in part_upstreams(route.compose) if route.compose else ():
            used.add(name)
            if name not in draft.names:
                yield _unknown_upstream(("routes", index, *path), name, draft.names)
    for name in draft.names:
        if name not in used:
            message = f"no route leads to the upstream {quote(name)}"
            yield _warning(("upstreams", name), message, on_key=True)


def _unknown_upstream(path: KeyPath, name: str, known: tuple[str, ...]) -> Finding:
    if isinstance(name, Substituted):
        return Finding(path, "there is no upstream of this name", f"known: {_listed(known)}")
    near = get_close_matches(name, known, 1, 0.6)
    cure = f"did you mean {quote(near[0])}?" if near else f"known: {_listed(known)}"
    if not known:
        table = name if name.replace("-", "").replace("_", "").isalnum() else quote(name)
        cure = f'write [upstreams.{table}] with endpoints = ["http://host:port"]'
    return Finding(path, f"there is no upstream {quote(name)}", cure)


def _assembled(draft: Draft) -> Iterator[Finding]:
    """Build each route, and tell what the core refuses, and which routes are never reached."""
    first: dict[object, int] = {}
    for index, wanted in draft.routes.items():
        route, findings = assemble_route(wanted, bound=False)
        for finding in findings:
            yield _below(draft, index, finding)
        if route is not None and first.setdefault(_matches(route), index) != index:
            other = f"routes[{first[_matches(route)]}]"
            message = f"this route is never reached: {other} takes the same requests"
            yield _warning(("routes", index), message, "narrow one of them, or remove it")


def _below(draft: Draft, index: int, finding: Finding) -> Finding:
    """Return a finding about a route as one about the file, without what is secret."""
    path = ("routes", index, *finding.path)
    shown = finding.message
    if finding.echoes and any(
        _is_substituted(draft.tree, path[:depth]) for depth in range(3, len(path) + 1)
    ):
        shown = SUBSTITUTED
    return Finding(path, shown, finding.help, on_key=finding.on_key)


def _is_substituted(tree: Table, path: KeyPath) -> bool:
    node: object = tree
    for step in path:
        if isinstance(node, dict):
            node = cast("dict[str | int, object]", node).get(step)
        elif isinstance(node, list) and isinstance(step, int):
            node = cast("list[object]", node)[step]
    return isinstance(node, Substituted)


def _matches(route: Route) -> object:
    """Return a value that is equal for routes that match the same requests."""
    parts = tuple("{}" if isinstance(part, Param) else part for part in route.pattern.parts)
    return (
        route.pattern.kind,
        parts,
        route.pattern.rest is None,
        frozenset(route.hosts),
        route.allowed,
        frozenset(route.headers),
        frozenset(route.query),
    )


def _endpoints(draft: Draft) -> Iterator[Finding]:
    for name, upstream in draft.upstreams.items():
        path: KeyPath = ("upstreams", name)
        yield from check_protection(path, upstream)
        first: dict[object, int] = {}
        for index, endpoint in enumerate(upstream.endpoints):
            if first.setdefault(endpoint.url, index) != index:
                message = f"endpoints[{first[endpoint.url]}] is the same"
                cure = "remove one; for a greater share write { url = ..., weight = 2 }"
                yield Finding((*path, "endpoints", index), message, cure)
        if upstream.tls is None:
            continue
        if not any(endpoint.url.scheme == "https" for endpoint in upstream.endpoints):
            message = "says how to speak TLS, but no endpoint is https"
            yield _warning((*path, "tls"), message, on_key=True)
        if upstream.tls.key is not None and upstream.tls.certificate is None:
            yield Finding((*path, "tls", "key"), "a key needs its certificate", on_key=True)


def _warning(path: KeyPath, message: str, cure: str = "", *, on_key: bool = False) -> Finding:
    return Finding(path, message, cure, Severity.WARNING, on_key=on_key)


def _listed(names: tuple[str, ...]) -> str:
    return (
        ", ".join(names[:NAMES_LISTED_MAX]) + (" ..." if len(names) > NAMES_LISTED_MAX else "")
        or "none"
    )


def _read(model: type[M], raw: object) -> M | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _list(node: object) -> list[object]:
    return cast("list[object]", node) if isinstance(node, list) else []


def _table(node: object) -> dict[str, object]:
    return cast("dict[str, object]", node) if isinstance(node, dict) else {}
