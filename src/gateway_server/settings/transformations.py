"""From templates in `request_headers.set`, and `request_query`, to the changes of the core."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gateway_core.composing import field_template, query_template
from gateway_core.errors import ConfigError
from gateway_core.routing import Pattern
from gateway_core.transforming import Transformation

from .places import KeyPath
from .problem import Finding
from .schema import RouteSettings, Settings

T = TypeVar("T")


def is_template(text: str) -> bool:
    """Whether a field's value has values of the request in it; `{{` stands for a brace."""
    return "{" in text or "}" in text


def build_transformations(settings: Settings) -> dict[str, Transformation]:
    """Return the changes of the routes that have any, by the route's name."""
    found: dict[str, Transformation] = {}
    for route in settings.routes:
        pattern = Pattern.path(route.path) if route.path is not None else None
        change, findings = assemble_transformation(route, pattern)
        assert change is not None, findings  # they were told when the settings were read
        if change != Transformation(params=change.params):
            found[route.name] = change
    return found


def assemble_transformation(
    wanted: RouteSettings, pattern: Pattern | None
) -> tuple[Transformation | None, list[Finding]]:
    """Return the changes, or None and everything that keeps them from being made."""
    findings: list[Finding] = []
    fields = [
        (name.lower().encode(), _take(findings, path, partial(field_template, text)))
        for name, text in wanted.request_headers.set.items()
        if is_template(text)
        for path in (("request_headers", "set", name),)
    ]
    query = [
        (name, _take(findings, ("request_query", "set", name), partial(query_template, text)))
        for name, text in wanted.request_query.set.items()
    ]
    if findings:
        return None, findings
    make = partial(
        Transformation,
        tuple((name, template) for name, template in fields if template is not None),
        tuple((name, template) for name, template in query if template is not None),
        frozenset(name.encode() for name in wanted.request_query.remove),
        pattern.names if pattern is not None else (),
    )
    made = _take(findings, (), make)
    written = {name.lower(): name for name in wanted.request_headers.set}
    return made, [_as_written(finding, written) for finding in findings]


def _as_written(finding: Finding, written: Mapping[str, str]) -> Finding:
    """Return it with the field's name as the file has it: the core knows lower case alone."""
    *above, name = finding.path
    return replace(finding, path=(*above, written.get(str(name), name)))


def _take(findings: list[Finding], path: KeyPath, make: Callable[[], T]) -> T | None:
    try:
        return make()
    except ConfigError as error:
        below = tuple(error.path.split(".")) if error.path else ()
        findings.append(Finding((*path, *below), error.problem, echoes=True))
        return None
