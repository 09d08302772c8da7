"""From what a route changes of requests and answers to the changes of the core.

Templates stand in `request_headers`, `request_query` and `response_headers`; what has none of
them is no business of these changes, but of the route's plan.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, TypeVar

from gateway_core.composing import Shape, Template, field_template, query_template
from gateway_core.errors import ConfigError
from gateway_core.routing import Pattern
from gateway_core.transforming import AnswerChange, Otherwise, Rewriting, StatusMap, Transformation

from .places import KeyPath
from .problem import Finding
from .schema import Edits, RouteSettings, Settings

T = TypeVar("T")


class Changes(NamedTuple):
    """What one route changes, beside what is the same for every request."""

    request: Transformation
    answer: AnswerChange

    @property
    def claims(self) -> frozenset[str]:
        """The claims of callers that are referred to."""
        return self.request.claims | self.answer.claims


def is_template(text: str) -> bool:
    """Whether a field's value has values of the request in it; `{{` stands for a brace."""
    return "{" in text or "}" in text


def build_changes(settings: Settings) -> dict[str, Changes]:
    """Return what each route changes, by its name."""
    found: dict[str, Changes] = {}
    for route in settings.routes:
        pattern = Pattern.path(route.path) if route.path is not None else None
        changes, findings = assemble_changes(route, pattern)
        assert changes is not None, findings  # they were told when the settings were read
        found[route.name] = changes
    return found


def build_transformations(settings: Settings) -> dict[str, Transformation]:
    """Return the changes to requests, of the routes that have any."""
    return {
        name: changes.request
        for name, changes in build_changes(settings).items()
        if changes.request != Transformation(params=changes.request.params)
    }


def build_answer_changes(settings: Settings) -> dict[str, AnswerChange]:
    """Return the changes to answers, of the routes that have any."""
    return {
        name: changes.answer
        for name, changes in build_changes(settings).items()
        if changes.answer != AnswerChange(params=changes.answer.params)
    }


def assemble_changes(
    wanted: RouteSettings, pattern: Pattern | None
) -> tuple[Changes | None, list[Finding]]:
    """Return the changes, or None and everything that keeps them from being made."""
    parts = _Parts()
    params = pattern.names if pattern is not None else ()
    asked = parts.fields(wanted.request_headers, "request_headers")
    told = parts.fields(wanted.response_headers, "response_headers")
    query = [
        (name, parts.take(("request_query", "set", name), partial(query_template, text)))
        for name, text in wanted.request_query.set.items()
    ]
    statuses = parts.take(("response_status",), partial(StatusMap, wanted.response_status))
    rewriting = parts.rewriting(wanted, params)
    if parts.findings:
        return None, parts.findings
    request = parts.take(
        (),
        partial(
            Transformation,
            asked.set,
            tuple((name, template) for name, template in query if template is not None),
            frozenset(name.encode() for name in wanted.request_query.remove),
            params,
            asked.add,
        ),
    )
    answer = parts.take(
        (),
        partial(AnswerChange, statuses or StatusMap(), told.set, told.add, params, rewriting),
    )
    if request is None or answer is None:
        return None, [_as_written(finding, wanted) for finding in parts.findings]
    return Changes(request, answer), []


class _Filled(NamedTuple):
    """The fields of which the values are templates."""

    set: tuple[tuple[bytes, Template], ...]
    add: tuple[tuple[bytes, Template], ...]


@dataclass(slots=True)
class _Parts:
    """Builds parts, and collects why they cannot be built."""

    findings: list[Finding] = field(default_factory=list[Finding])

    def take(self, path: KeyPath, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ConfigError as error:
            below = tuple(error.path.split(".")) if error.path else ()
            self.findings.append(Finding((*path, *below), error.problem, echoes=True))
            return None

    def fields(self, edits: Edits, key: str) -> _Filled:
        added = (
            (name, text, (key, "add", name, index))
            for name, texts in edits.add.items()
            for index, text in enumerate(texts)
        )
        chosen = ((name, text, (key, "set", name)) for name, text in edits.set.items())
        return _Filled(tuple(self._templates(chosen)), tuple(self._templates(added)))

    def _templates(
        self, lines: Iterator[tuple[str, str, KeyPath]]
    ) -> Iterator[tuple[bytes, Template]]:
        for name, text, path in lines:
            if is_template(text):
                template = self.take(path, partial(field_template, text))
                if template is not None:
                    yield name.lower().encode(), template

    def rewriting(self, wanted: RouteSettings, params: tuple[str, ...]) -> Rewriting | None:
        asked = wanted.response_body
        if asked is None:
            return None
        at: KeyPath = ("response_body",)
        shape = self.take((*at, "document"), partial(Shape.of, asked.document))
        if shape is None:
            return None
        otherwise = Otherwise(asked.otherwise)
        return self.take(at, partial(Rewriting, shape, asked.max_size, otherwise, params))


def _as_written(finding: Finding, wanted: RouteSettings) -> Finding:
    """Return it with the field's name as the file has it: the core knows lower case alone."""
    written: Mapping[str, str] = {
        name.lower(): name
        for edits in (wanted.request_headers, wanted.response_headers)
        for name in (*edits.set, *edits.add)
    }
    *above, name = finding.path
    return replace(finding, path=(*above, written.get(str(name), name)))
