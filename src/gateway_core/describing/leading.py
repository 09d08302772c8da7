"""Where clients find what a service describes: the way back through a route.

    the service's path     route                                    clients ask for
    /items/{item}          prefix /service-a, strip_prefix          /service-a/items/{item}
    /users/{id}            prefix /users                            /users/{id}
    /orders                prefix /users                            (nothing leads there)
    /{shop}/items          prefix /north                            /north/items
    /produtos/{pid}        path /produto/{id} -> /produtos/{id}     /produto/{pid}
    /health                path /t/{tenant}/health -> /health       /t/{tenant}/health

What comes of it is a proposal: the router has the last word, by a sample of it.

Source: OpenAPI Specification 3.1.1, 4.8.8 (path templating).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import quote

from ..refusal import Refusal
from ..routing import Param, Route, normalise
from ..routing.pattern import Kind, Part
from ..routing.target import fold

SEGMENTS_MAX: Final = 64
"""Of a path that is described: as many as one that is configured may have."""
SAMPLE: Final = "~sample~"
"""Stands for whatever a client fills in: no route is likely to name it."""

_REST: Final = Param("", rest=True)
"""What follows a prefix. No parameter of a route is called so."""
_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")
_WHOLE: Final = re.compile(r"\{([^{}]+)\}")


class Way(NamedTuple):
    """How clients ask for a path of a service."""

    path: str
    """With parameters, as the service calls them where it has them."""
    fixed: frozenset[str]
    """Parameters of the service that are no choice here: the route has a word in their place."""


def parameters(path: str) -> list[str]:
    """Return the names of a path's parameters, in order."""
    return _PARAMETER.findall(path)


def canonical(path: str) -> str:
    """Return `path` without the names of its parameters: equal for paths that are the same."""
    return _PARAMETER.sub("{}", path)


def sample(path: str) -> bytes:
    """Return a path that a client could ask for by `path`."""
    return quote(_PARAMETER.sub(SAMPLE, path), safe="/%:@!$&'()*+,;=~").encode("ascii")


def ways(route: Route, path: str) -> Way | None:
    """Return how clients get to the service's `path` by `route`; None where they do not."""
    segments = path.split("/")[1:]
    if not path.startswith("/") or len(segments) > SEGMENTS_MAX:
        return None
    asked, wanted = _client_side(route), _service_side(route)
    fitting = _Fitting()
    if not fitting.fit(wanted, segments, bare=route.pattern.kind is Kind.PREFIX):
        return None
    shown = list(fitting.filled(asked, parameters(path)))
    return Way("/" + "/".join(shown), frozenset(fitting.fixed))


def _client_side(route: Route) -> tuple[Part, ...]:
    pattern = route.pattern
    if pattern.kind is Kind.PREFIX:
        return (*pattern.parts, _REST)
    return pattern.parts if pattern.rest is None else (*pattern.parts, pattern.rest)


def _service_side(route: Route) -> tuple[Part, ...]:
    if route.strip_prefix:
        return (_REST,)
    if route.rewrite is None:
        return _client_side(route)
    rest = route.pattern.rest
    return tuple(
        rest if isinstance(part, Param) and rest is not None and part.name == rest.name else part
        for part in route.rewrite.parts
    )


@dataclass(slots=True)
class _Fitting:
    """What a route's parts stand for in one path of a service."""

    bound: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Segments by the route's parameter."""
    fixed: dict[str, str] = field(default_factory=dict[str, str])
    """The route's words by the service's parameter."""

    def fit(self, wanted: tuple[Part, ...], segments: list[str], *, bare: bool) -> bool:
        """Lay the route's parts and the segments side by side; `bare`: the rest may be missing."""
        has_rest = any(isinstance(part, Param) and part.rest for part in wanted)
        width = len(segments) - len(wanted) + has_rest
        if (width < (0 if bare else 1)) if has_rest else width:
            return False
        at = 0
        for part in wanted:
            count = width if isinstance(part, Param) and part.rest else 1
            if not self._lay(part, segments[at : at + count]):
                return False
            at += count
        return True

    def _lay(self, part: Part, segments: list[str]) -> bool:
        if isinstance(part, Param):
            self.bound[part.name] = segments
            return part.rest or segments != [""]  # a parameter is never empty
        segment = segments[0]
        if whole := _WHOLE.fullmatch(segment):
            word = part.decode("ascii")
            return bool(word) and self.fixed.setdefault(whole[1], word) == word
        return _on_the_wire(segment) == part

    def filled(self, asked: tuple[Part, ...], taken: list[str]) -> Iterator[str]:
        """Yield the segments that clients ask for; `taken` are the names of the service's."""
        for part in asked:
            if isinstance(part, bytes):
                yield part.decode("ascii")
            elif part.name in self.bound:
                for segment in self.bound[part.name]:
                    yield _PARAMETER.sub(self._said, segment)
            else:
                name = part.name
                while name in taken:
                    name += "_"
                yield f"{{{name}}}"

    def _said(self, found: re.Match[str]) -> str:
        return self.fixed.get(found[1], found[0])


def _on_the_wire(segment: str) -> bytes:
    """Return a literal segment as it is compared; a NUL, which no part is, for what is none."""
    if "{" in segment or "}" in segment:
        return b"\0"
    normal = normalise(b"/" + quote(segment, safe="%:@!$&'()*+,;=~").encode("ascii", "replace"))
    return b"\0" if isinstance(normal, Refusal) else fold(normal[1:])
