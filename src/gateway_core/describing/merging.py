"""One document of all that the gateway serves: OpenAPI 3.1, for the host that asks.

    own pages, then compositions, then each service's operations by each of its routes

An operation is told where a sample of it is led to its service, as the router leads it: so
prefixes, rewrites, methods, hosts and the precedence of routes are respected by being asked.
Of what could be told twice at one path and method, the first counts.

Source: OpenAPI Specification 3.1.1, section 4.8.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..identifying import Guard
from ..message import Fields, RequestHead
from ..routing import Match, Route, Router
from ..routing.target import host_of
from .leading import Way, canonical, parameters, sample, ways
from .naming import Names, tag_of
from .operating import Leading, own_answers, path_parameters, told_operation
from .own import PROBLEM, PROBLEM_SCHEMA, TAG, own_operations
from .reading import METHODS, Description, Flaw, Members, items, members, text
from .securing import requirement, security_schemes
from .translating import Note, TooMuch, Translator

VERSION: Final = "3.1.0"
ANY_VALUE: Final = b"x"
"""Stands for the value of a field or a parameter of which any will do."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the gateway serves, as it is configured."""

    title: str
    version: str
    routes: tuple[Route, ...]
    guards: Mapping[str, Guard]
    """What routes ask of callers, by the route's name."""
    limited: frozenset[str]
    """Names of routes that have limits."""
    composed: Mapping[str, tuple[str, ...]]
    """What an answer is composed of, by the route's name."""
    pages: frozenset[bytes]
    """The gateway's own paths."""
    member: Guard | None
    """What the page about oneself asks: its schemes' tokens are made at /token."""
    hidden: frozenset[bytes]
    """Lower-case names of fields that only the gateway writes."""
    router: Router = field(init=False, compare=False)
    """One for samples alone, which need not be remembered where clients' requests are."""

    def __post_init__(self) -> None:
        """Make the router."""
        object.__setattr__(self, "router", Router(self.routes))

    @property
    def signed_at_token(self) -> frozenset[str]:
        """Names of the schemes whose tokens /token makes."""
        return frozenset(() if self.member is None else (s.name for s in self.member.schemes))

    def leading(self, route: Route) -> Leading:
        """Return what there is to say of a route."""
        hidden = frozenset(name.decode("latin-1") for name in self.hidden)
        guard = self.guards.get(route.name)
        return Leading(route, guard, route.name in self.limited, hidden)


class Told(NamedTuple):
    """The document, and what is not in it."""

    document: Members
    notes: tuple[Note, ...]


def host_rules(routes: tuple[Route, ...], authority: bytes) -> tuple[str, ...]:
    """Return the hosts of routes that `authority` is one of: where they are equal, so are the documents."""
    host = host_of(authority)
    rules = {rule for route in routes for rule in route.hosts}
    return tuple(
        sorted(
            rule
            for rule in rules
            if host == rule or (rule.startswith("*") and host.endswith(rule[1:]))
        )
    )


def describe(served: Served, services: Mapping[str, Description], authority: bytes = b"") -> Told:
    """Return what the gateway serves under the host `authority`; `services` by their upstream."""
    merging = _Merging(served, authority)
    merging.add_own()
    for name, description in services.items():
        merging.add_service(name, description)
    return Told(merging.document(), tuple(merging.notes))


@dataclass(slots=True)
class _Merging:
    served: Served
    authority: bytes
    notes: list[Note] = field(default_factory=list[Note])
    _paths: dict[str, Members] = field(default_factory=dict[str, Members])
    _written: dict[str, str] = field(default_factory=dict[str, str])
    """Paths as they are told, by what they are without the names of their parameters."""
    _names: dict[str, Names] = field(default_factory=dict[str, Names])
    _operation_ids: Names = field(default_factory=Names)
    _components: dict[str, Members] = field(default_factory=dict[str, Members])
    _tags: dict[str, str] = field(default_factory=dict[str, str])

    def add_own(self) -> None:
        served = self.served
        for path, method, operation in own_operations(served.pages, requirement(served.member)):
            self._put(path, method, operation)
        for route in served.routes:
            if route.name in served.composed:
                self._add_composed(route)

    def _add_composed(self, route: Route) -> None:
        pattern = route.pattern
        path = "/" + "/".join(
            part.decode("ascii") if isinstance(part, bytes) else f"{{{part.name}}}"
            for part in (*pattern.parts, *([pattern.rest] if pattern.rest else []))
        )
        leading = self.served.leading(route)
        for method in METHODS:
            asked_for = route.methods or {"GET"}
            if method.upper() not in asked_for or not self._leads(route, method, path, None):
                continue
            parts = ", ".join(self.served.composed[route.name])
            answer: Members = {"application/json": {"schema": {"type": "object"}}}
            whole: Members = {"description": "The parts that there are.", "content": answer}
            operation: Members = {
                "tags": [TAG],
                "operationId": self._operation_ids.take(route.name, method),
                "summary": f"Composed of {parts}",
                "parameters": path_parameters(path),
                "responses": {"200": whole, **own_answers(leading)},
                "security": requirement(leading.guard),
            }
            self._put(path, method, operation)

    def add_service(self, name: str, description: Description) -> None:
        """Tell what a service describes; all of it, or nothing."""
        by = Translator(name, description, self._names)
        try:
            found = list(self._operations(by))
            by.finish()
        except TooMuch:
            self.notes.append(Note(name, Flaw.TOO_MUCH.value, ""))
            return
        for path, method, operation in found:
            self._put(path, method, operation)
            self._tag(by, operation)
        for section, told in by.components.items():
            self._components.setdefault(section, {}).update(told)
        self.notes += by.notes

    def _operations(self, by: Translator) -> Iterator[tuple[str, str, Members]]:
        description = by.read
        for route in self.served.routes:
            if route.upstream != by.service:
                continue
            leading = self.served.leading(route)
            for theirs, value in description.paths.items():
                way = ways(route, description.base + theirs)
                item = members(value)
                if way is None or not item:
                    continue
                if "$ref" in item:
                    by.note("reference-elsewhere", text(item["$ref"])[:200])
                for method in METHODS:
                    asked = self._asked(description.base + theirs, way)
                    if method in item and self._leads(route, method, way.path, asked):
                        told = told_operation(
                            method, item, way, leading, by, names=self._operation_ids
                        )
                        yield way.path, method, told

    def _asked(self, theirs: str, way: Way) -> bytes:
        """Return what the service is asked for by a sample of `way`."""
        return sample(theirs) if not way.fixed else b""

    def _leads(self, route: Route, method: str, path: str, asked: bytes | None) -> bool:
        """Whether a client that asks for a sample of `path` gets to the route's service."""
        target = sample(path)
        if target in self.served.pages:
            return False
        query = b"&".join(b"%b=%b" % (rule.name, rule.value or ANY_VALUE) for rule in route.query)
        fields: Fields = tuple((rule.name, rule.value or ANY_VALUE) for rule in route.headers)
        whole = target + (b"?" + query if query else b"")
        match = self.served.router.match(RequestHead(method.upper(), whole, self.authority, fields))
        if not isinstance(match, Match) or match.route is not route:
            return False
        return not asked or match.target.partition(b"?")[0] == asked

    def _put(self, path: str, method: str, operation: Members) -> None:
        """Add an operation. Two paths that differ in the names of parameters are one."""
        written = self._written.setdefault(canonical(path), path)
        if written != path:
            names = dict(zip(parameters(path), parameters(written), strict=True))
            for each in items(operation.get("parameters")):
                parameter = members(each)
                if parameter.get("in") == "path":
                    parameter["name"] = names[text(parameter["name"])]
        self._paths.setdefault(written, {}).setdefault(method, operation)

    def _tag(self, by: Translator, told: Members) -> None:
        about = {tag_of(by.service, tag): words for tag, words in by.read.tags.items()}
        about[tag_of(by.service, "")] = by.read.about
        for tag in items(told["tags"]):
            name = text(tag)
            self._tags[name] = self._tags.get(name) or about.get(name, "")

    def document(self) -> Members:
        served = self.served
        guards = [*served.guards.values(), *([served.member] if served.member else [])]
        schemes = security_schemes(guards, served.signed_at_token)
        schemas: Members = {PROBLEM: PROBLEM_SCHEMA, **self._components.get("schemas", {})}
        components: Members = {**self._components, "schemas": schemas}
        if schemes:
            components["securitySchemes"] = {**schemes}
        self._tags[TAG] = "The gateway itself."
        return {
            "openapi": VERSION,
            "info": {"title": served.title, "version": served.version},
            "tags": [
                {"name": name, "description": about} if about else {"name": name}
                for name, about in self._tags.items()
            ],
            "paths": {**self._paths},
            "components": components,
        }
