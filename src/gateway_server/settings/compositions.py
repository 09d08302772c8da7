"""From `[routes.compose]` to the plans of the core. Every mistake has its key's path."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from gateway_core.composing import (
    Expression,
    Part,
    Plan,
    Shape,
    Template,
    field_template,
    path_template,
    query_template,
)
from gateway_core.errors import ConfigError
from gateway_core.forwarding import check_edits
from gateway_core.message import FieldEdits
from gateway_core.routing import Pattern

from .places import KeyPath
from .problem import Finding
from .schema import ComposeSettings, PartSettings, RouteSettings, Settings

T = TypeVar("T")

_NOT_COMPOSED: Final = {
    "strip_prefix": "each part has a path of its own",
    "rewrite": "each part has a path of its own",
    "request_headers": "each part has headers of its own",
    "request_query": "each part has a query of its own",
    "response_status": "the statuses of parts are settled by `pass_statuses`",
    "response_body": "the answer is made by `compose.body`",
    "websocket": "a composed answer is no WebSocket's",
}


def build_compositions(settings: Settings) -> dict[str, Plan]:
    """Return the plans of all routes that compose, by the route's name."""
    plans: dict[str, Plan] = {}
    for route in settings.routes:
        if route.compose is not None:
            pattern = Pattern.path(route.path) if route.path is not None else None
            plan, findings = assemble_plan(route.compose, pattern)
            assert plan is not None, findings  # they were told when the settings were read
            plans[route.name] = plan
    return plans


def composed_or_forwarded(wanted: RouteSettings, pattern: Pattern | None) -> Iterator[Finding]:
    """Yield what is wrong with a route's `upstream` and `compose`, below the route's path."""
    if wanted.compose is None:
        if wanted.upstream is None:
            cure = 'write upstream = "NAME", or [routes.compose] for an answer out of many'
            yield Finding(("upstream",), 'the key "upstream" is missing', cure, on_key=True)
        return
    if wanted.upstream is not None:
        message = "a route has upstream or compose, not both"
        yield Finding(("upstream",), message, on_key=True)
    for key, why in _NOT_COMPOSED.items():
        if key in wanted.model_fields_set and getattr(wanted, key):
            yield Finding((key,), f"means nothing beside compose: {why}", on_key=True)
    yield from assemble_plan(wanted.compose, pattern)[1]


def assemble_plan(
    wanted: ComposeSettings, pattern: Pattern | None
) -> tuple[Plan | None, list[Finding]]:
    """Return the plan, or None and everything that keeps it from being one."""
    findings: list[Finding] = []
    parts = [_part(name, part, findings) for name, part in wanted.parts.items()]
    body = None
    if wanted.body is not None:
        body = _take(findings, ("body",), partial(Shape.of, wanted.body))
    if findings:
        return None, findings
    make = partial(
        Plan,
        tuple(part for part in parts if part is not None),
        frozenset(pattern.names if pattern is not None else ()),
        body,
        envelope=wanted.envelope,
        deadline=wanted.deadline,
        request_max=wanted.max_body,
    )
    return _take(findings, (), make), findings


def _part(name: str, wanted: PartSettings, findings: list[Finding]) -> Part | None:
    at: KeyPath = ("parts", name)
    before = len(findings)
    path = _take(findings, (*at, "path"), partial(path_template, wanted.path))
    query = [
        (key, _take(findings, (*at, "query", key), partial(query_template, text)))
        for key, text in wanted.query.items()
    ]
    fields = [
        (
            key.lower().encode(),
            _take(findings, (*at, "headers", key), partial(_field, key, text)),
        )
        for key, text in wanted.headers.items()
    ]
    body = when = each = None
    if wanted.body is not None:
        body = _take(findings, (*at, "body"), partial(Shape.of, wanted.body))
    if wanted.when is not None:
        when = _take(findings, (*at, "when"), partial(Expression.of, wanted.when))
    if wanted.each is not None:
        each = _take(findings, (*at, "each"), partial(Expression.of, wanted.each))
    if path is None or len(findings) > before:
        return None
    make = partial(
        Part,
        name,
        wanted.upstream,
        path,
        method=wanted.method,
        query=tuple((key, template) for key, template in query if template is not None),
        fields=tuple((key, template) for key, template in fields if template is not None),
        body=body,
        timeout=wanted.timeout,
        required=wanted.required,
        default=wanted.default,
        when=when,
        each=each,
        items_max=wanted.max_items,
        parallel=wanted.parallel,
        body_max=wanted.max_body,
        passed=frozenset(wanted.pass_statuses),
    )
    return _take(findings, at, make)


def _field(name: str, text: str) -> Template:
    check_edits(FieldEdits(set=((name.lower().encode(), b""),)))
    return field_template(text)


def _take(findings: list[Finding], path: KeyPath, make: Callable[[], T]) -> T | None:
    """Make it, or find out why it cannot be made."""
    try:
        return make()
    except ConfigError as error:
        below = tuple(error.path.split(".")) if error.path and "headers" not in path else ()
        findings.append(Finding(("compose", *path, *below), error.problem, echoes=True))
        return None


def part_upstreams(wanted: ComposeSettings) -> Iterator[tuple[KeyPath, str]]:
    """Yield the upstream of each part, with the key that names it, below the route's path."""
    for name, part in wanted.parts.items():
        yield ("compose", "parts", name, "upstream"), part.upstream
