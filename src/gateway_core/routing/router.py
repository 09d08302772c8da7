"""Which route serves a request, and what its upstream is asked for.

Of several routes that match, the most specific serves: host (exact, the longest
wildcard, any), exact path, template, longest prefix, method, more headers, more
query parameters, file order. What is matched is what is forwarded: the path in its
normal form, minus a stripped prefix or rewritten, and the query as it was sent.

A slash too many and a `;` are the client's to send and the upstream's to read: an
upstream that merges `//admin` into `/admin` is protected by a route that covers both.

Source: Kubernetes Gateway API, HTTPRouteRule; RFC 9110, section 15.5.6 (405).
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from ..errors import ConfigError
from ..message import Fields, RequestHead
from ..refusal import Refusal
from .index import Index
from .route import Asked, Route
from .target import ALLOW, Form, Target, fold, is_askable, normalise, parse_target

REMEMBERED_MAX: Final = 1024
"""Places that a router remembers at once: about 1 KiB each."""
_PATH_REMEMBERED_MAX: Final = 256
_METHOD_REMEMBERED_MAX: Final = 32


class Match(NamedTuple):
    """The route that serves a request."""

    route: Route
    target: bytes
    """What the upstream is asked for: path and query, in origin-form."""
    path: bytes
    """The client's, in normal form."""
    params: Mapping[str, bytes]
    """What the pattern bound, still percent-encoded."""
    authority: bytes
    """Of the absolute form, else the Host field's."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The client asks `OPTIONS *`, about the gateway itself (RFC 9110, 9.3.7): 204."""

    fields: Fields = (ALLOW,)
    authority: bytes = b""


Answer: TypeAlias = Match | Refusal | ServerOptions


class Place(NamedTuple):
    """Where a method, a path and an authority lead, whatever else a request says."""

    path: bytes
    """In normal form."""
    authority: bytes
    routes: tuple[Route, ...]
    """Those of this host and path, the most specific first."""
    answer: Match | Refusal | None
    """To a request without a query; None where a route asks for a field or a query."""


class Outcome(enum.Enum):
    """What became of one route for one request, and why: the first rule that it failed."""

    SERVES = "serves"
    HOST = "another host"
    PATH = "another path"
    HEADERS = "a header is missing or different"
    QUERY = "a query parameter is missing or different"
    METHOD = "another method"
    OUTRANKED = "a more specific route serves"


@dataclass(frozen=True, slots=True)
class Router:
    """All routes, in file order. ConfigError where two have one name.

    Immutable, but for what it remembers, which changes no answer: places that were
    asked for, and such where no route is, REMEMBERED_MAX of each at most. Equal to
    another of equal routes.
    """

    routes: tuple[Route, ...]
    _index: Index = field(init=False, repr=False, compare=False)
    remembered: dict[tuple[str, bytes, bytes], Place] = field(
        default_factory=dict[tuple[str, bytes, bytes], Place],
        init=False,
        repr=False,
        compare=False,
    )
    """By method, target without its query, and Host. All is forgotten where it is full."""
    missed: dict[tuple[str, bytes, bytes], Place] = field(
        default_factory=dict[tuple[str, bytes, bytes], Place],
        init=False,
        repr=False,
        compare=False,
    )
    """The same of places where no route is: what crawlers ask for, and scanners."""

    def __post_init__(self) -> None:
        names: set[str] = set()
        for place, route in enumerate(self.routes):
            if route.name in names:
                raise ConfigError(f"routes.{place}.name", f"{route.name!r} is taken: rename one")
            names.add(route.name)
        object.__setattr__(self, "_index", Index.of(self.routes))

    def match(self, head: RequestHead) -> Answer:
        """Return what serves the request, or the refusal: 400, 404, 405 (with Allow), 414.

        405 is for a request that some route would serve under another method. An
        upgrade to WebSocket is a GET like any other here.
        """
        path, mark, query = head.target.partition(b"?")
        asked = (head.method, path, head.authority)
        place = self.remembered.get(asked)
        if place is None:
            place = self.missed.get(asked)
        if place is None or (mark and not is_askable(head.target, query)):
            found = self._find(head, path)
            if not isinstance(found, Place):
                return found
            place = found
        answer = place.answer
        if answer is None:
            return _judge(place, head, query if mark else None)
        if mark and isinstance(answer, Match):
            route, target, normal, params, authority = answer
            return Match(route, b"%b?%b" % (target, query), normal, params, authority)
        return answer

    def _find(self, head: RequestHead, path: bytes) -> Place | Refusal | ServerOptions:
        """Look up the place that a request asks for, and remember it.

        Apart where no route is: whoever tries out paths shall not make us forget the others'.
        Not a target in absolute form: with OPTIONS, a query may change what it stands for.
        """
        target = parse_target(head.method, head.target, head.authority)
        if isinstance(target, Refusal):
            return target
        if target.form is Form.ASTERISK:
            return ServerOptions(authority=target.authority)
        place = _place(head.method, target, tuple(self.candidates(target)))
        if (
            target.form is Form.ORIGIN
            and len(path) <= _PATH_REMEMBERED_MAX
            and len(head.method) <= _METHOD_REMEMBERED_MAX
        ):
            places = self.remembered if place.routes else self.missed
            if len(places) >= REMEMBERED_MAX:
                places.clear()
            places[head.method, path, head.authority] = place
        return place

    def candidates(self, target: Target) -> Iterator[Route]:
        """Yield the routes of this host and path, the most specific first.

        A route may come twice, where two of its hosts match.
        """
        segments = self._index.split(fold(target.normal))
        for tree in self._index.trees(target.authority):
            for entry in tree.find(segments):
                yield entry.route

    def explain(self, head: RequestHead) -> tuple[tuple[Route, Outcome], ...] | Refusal:
        """Return what became of each route, in file order; a Refusal if none was asked.

        For people: it looks at every route. It agrees with `match`.
        """
        target = parse_target(head.method, head.target, head.authority)
        if isinstance(target, Refusal):
            return target
        answer = self.match(head)
        served = answer.route if isinstance(answer, Match) else None
        here = set[str]()
        anywhere = set[str]()
        if target.form is not Form.ASTERISK:
            here.update(route.name for route in self.candidates(target))
            anywhere.update(route.name for route in self._at(target.normal))
        asked = Asked(head.fields, target.query)

        def outcome(route: Route) -> Outcome:
            if route.name not in here:
                return Outcome.HOST if route.name in anywhere else Outcome.PATH
            if failed := _failed_rule(route, asked):
                return failed
            if not route.serves(head.method):
                return Outcome.METHOD
            return Outcome.SERVES if route is served else Outcome.OUTRANKED

        return tuple((route, outcome(route)) for route in self.routes)

    def claims_exact(self, path: bytes) -> bool:
        """Whether a route names exactly this path, under any host and method."""
        return any(route.pattern.is_exact for route in self._at(path))

    def claims(self, path: bytes) -> bool:
        """Whether any route at all matches this path, under any host and method."""
        return any(True for _ in self._at(path))

    def _at(self, path: bytes) -> Iterator[Route]:
        """Yield the routes of this path, whatever their host."""
        normal = normalise(path)
        if not isinstance(normal, Refusal):
            segments = self._index.split(fold(normal))
            for tree in self._index.all_trees():
                for entry in tree.find(segments):
                    yield entry.route


_NO_ROUTE = Refusal(404, "no-route", "No route serves this host and path.")


def _failed_rule(route: Route, asked: Asked) -> Outcome | None:
    """Return which kind of rule the request breaks; its method is judged apart, for 405."""
    if route.headers and not all(rule.holds(asked) for rule in route.headers):
        return Outcome.HEADERS
    if route.query and not all(rule.holds(asked) for rule in route.query):
        return Outcome.QUERY
    return None


def _place(method: str, target: Target, routes: tuple[Route, ...]) -> Place:
    """Decide as much as can be told without the fields and the query."""
    answer = _decide(routes, method, None)
    if isinstance(answer, Route):
        match = _matched(answer, target.normal, target.authority, None)
        return Place(target.normal, target.authority, routes, match)
    return Place(target.normal, target.authority, routes, answer)


def _judge(place: Place, head: RequestHead, query: bytes | None) -> Match | Refusal:
    """Decide with the fields and the query."""
    answer = _decide(place.routes, head.method, Asked(head.fields, query))
    assert answer is not None, "all is known, and still no decision"
    if isinstance(answer, Refusal):
        return answer
    return _matched(answer, place.path, place.authority, query)


def _decide(routes: tuple[Route, ...], method: str, asked: Asked | None) -> Route | Refusal | None:
    """Return the first route that serves; None where it takes what is asked to tell."""
    allowed: set[str] = set()
    for route in routes:
        if route.headers or route.query:
            if asked is None:
                return None
            if _failed_rule(route, asked) is not None:
                continue
        if route.serves(method):
            return route
        allowed |= route.allowed
    return _not_allowed(allowed) if allowed else _NO_ROUTE


def _matched(route: Route, path: bytes, authority: bytes, query: bytes | None) -> Match:
    params = route.pattern.bind(path)
    target = route.path_for(path, params)
    if query is not None:
        target = b"%b?%b" % (target, query)
    return Match(route, target, path, params, authority)


def _not_allowed(allowed: set[str]) -> Refusal:
    allow = (b"allow", ", ".join(sorted(allowed)).encode("ascii"))
    detail = "No route serves this method here; Allow names those that are served."
    return Refusal(405, "method-not-allowed", detail, (allow,))
