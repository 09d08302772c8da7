"""From settings to the core's values. Whatever a core constructor refuses has its key's path."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from gateway_core.errors import ConfigError
from gateway_core.forwarding.rules import Believed, ForwardingRules, check_edits
from gateway_core.forwarding.trust import parse_trusted
from gateway_core.message import FieldEdits
from gateway_core.relay import RelayRules
from gateway_core.routing import FieldRule, Pattern, QueryRule, Rewrite, Route
from gateway_core.upstream import Upstream

from .compositions import composed_or_forwarded
from .compressions import compression_findings
from .identity import reserved_names
from .places import KeyPath, spell
from .problem import Finding
from .protection import protection
from .schema import Edits, RouteSettings, Settings, UpstreamSettings
from .transformations import assemble_changes, is_template

if TYPE_CHECKING:
    from ..upstream.tls import TlsSettings

T = TypeVar("T")

_ANY: Final = Pattern.prefix("/")
"""Stands in for a pattern that is missing, so that the rest of its route is judged all the same."""


def build_routes(settings: Settings) -> tuple[Route, ...]:
    """Return the routes in file order. ConfigError, with the key's path, for the first bad one."""
    routes: list[Route] = []
    for index, wanted in enumerate(settings.routes):
        route, findings = assemble_route(wanted, settings.gateway.max_request_body)
        if route is None:
            first = findings[0]
            raise ConfigError(spell(("routes", index, *first.path)), first.message)
        routes.append(route)
    return tuple(routes)


def build_upstreams(settings: Settings) -> dict[str, Upstream]:
    """Return the upstreams by name, in file order."""
    return {name: _upstream(name, wanted) for name, wanted in settings.upstreams.items()}


def build_relays(settings: Settings) -> dict[str, RelayRules]:
    """Return how WebSockets are held, by the name of their route."""
    return {
        route.name: RelayRules(
            message_max=wanted.max_message,
            idle_timeout=wanted.idle_timeout,
            ping_interval=wanted.ping_interval,
            close_timeout=wanted.close_timeout,
            grace=wanted.grace,
            rate=wanted.messages,
            rate_waits=wanted.too_fast == "wait",
        )
        for route in settings.routes
        if (wanted := route.websocket) is not False
    }


def build_tls(settings: Settings) -> "dict[str, TlsSettings]":
    """Return how each upstream's endpoints are trusted, by the upstream's name."""
    from ..upstream.tls import TlsSettings  # not for `gateway check`: it brings the HTTP client

    return {
        name: TlsSettings(**{key: value for key, value in wanted.tls if value is not None})
        for name, wanted in settings.upstreams.items()
        if wanted.tls is not None
    }


def build_forwarding(settings: Settings) -> ForwardingRules:
    """Return how heads are cleaned on their way through."""
    gateway = settings.gateway
    return ForwardingRules(
        trusted=parse_trusted(gateway.trusted_proxies),
        believed=Believed(gateway.believed),
        pseudonym=gateway.via.encode("ascii"),
        forward_proxy_authorization=gateway.forward_proxy_authorization,
        trailers=gateway.trailers,
        reserved=reserved_names(settings),
    )


def assemble_route(
    wanted: RouteSettings, bound: int | Literal[False]
) -> tuple[Route | None, list[Finding]]:
    """Return the route, or None and everything that keeps it from being one.

    `bound` is on bodies, where the route says nothing; False: none. The findings'
    paths begin at the route.
    """
    parts = _Parts()
    pattern = _pattern(wanted, parts)
    rewrite = _rewrite(wanted, parts)
    if wanted.max_request_body is not None:
        bound = wanted.max_request_body
    route = Route(
        wanted.name,
        pattern or _ANY,
        wanted.upstream or "",
        headers=_headers(wanted, parts),
        query=tuple(QueryRule(n.encode(), _value(rule)) for n, rule in wanted.query.items()),
        request_edits=_edits(wanted.request_headers, "request_headers", parts),
        response_edits=_edits(wanted.response_headers, "response_headers", parts),
        body_max=None if bound is False else bound,
        websocket=wanted.websocket is not False and wanted.compose is None,
        origins=_origins(wanted),
    )
    hosts = tuple(host.lower() for host in wanted.host)
    for index, host in enumerate(hosts):
        parts.take(("host", index), partial(replace, route, hosts=(host,)))
    for index, method in enumerate(wanted.methods):
        parts.take(("methods", index), partial(replace, route, methods=frozenset({method})))
    if pattern is not None:
        at = "strip_prefix" if rewrite is None else "rewrite"
        change = partial(replace, route, strip_prefix=wanted.strip_prefix, rewrite=rewrite)
        route = parts.take((at,), change) or route
    parts.findings.extend(composed_or_forwarded(wanted, pattern))
    parts.findings.extend(assemble_changes(wanted, pattern)[1])
    if wanted.compress is not None:
        parts.findings.extend(compression_findings(wanted.compress))
    if parts.findings:
        return None, parts.findings
    return replace(route, hosts=hosts, methods=frozenset(wanted.methods)), []


@dataclass(slots=True)
class _Parts:
    """Builds parts, and collects why they cannot be built."""

    findings: list[Finding] = field(default_factory=list[Finding])

    def take(self, path: KeyPath, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ConfigError as error:
            self.findings.append(Finding(path, error.problem, echoes=True))
            return None


def _origins(wanted: RouteSettings) -> frozenset[bytes] | None:
    origins = wanted.websocket.origins if wanted.websocket else ()
    return frozenset(origin.encode("ascii") for origin in origins) or None


def _pattern(wanted: RouteSettings, parts: _Parts) -> Pattern | None:
    prefix, path = wanted.prefix, wanted.path
    if prefix is not None and path is not None:
        parts.findings.append(
            Finding(("path",), "a route has prefix or path, not both", on_key=True)
        )
    elif prefix is not None:
        return parts.take(("prefix",), partial(Pattern.prefix, prefix))
    elif path is not None:
        return parts.take(("path",), partial(Pattern.path, path))
    else:
        cure = 'write prefix = "/..." for all below it, or path = "/..." for that one'
        parts.findings.append(Finding(("prefix",), "the route has neither prefix nor path", cure))
    return None


def _rewrite(wanted: RouteSettings, parts: _Parts) -> Rewrite | None:
    text = wanted.rewrite
    return None if text is None else parts.take(("rewrite",), partial(Rewrite.path, text))


def _headers(wanted: RouteSettings, parts: _Parts) -> tuple[FieldRule, ...]:
    rules = [
        parts.take(("headers", name), partial(FieldRule, _name(name), _value(rule)))
        for name, rule in wanted.headers.items()
    ]
    return tuple(rule for rule in rules if rule is not None)


def _edits(wanted: Edits, key: str, parts: _Parts) -> FieldEdits:
    """Return the changes, but for templates; each field is judged by itself, so that each has its finding."""
    one_by_one: list[tuple[KeyPath, FieldEdits]] = [
        *(
            ((key, "remove", index), FieldEdits(remove=frozenset({_name(name)})))
            for index, name in enumerate(wanted.remove)
        ),
        *(
            ((key, "set", name), FieldEdits(set=((_name(name), text.encode()),)))
            for name, text in wanted.set.items()
        ),
        *(
            ((key, "add", name, index), FieldEdits(add=((_name(name), text.encode()),)))
            for name, texts in wanted.add.items()
            for index, text in enumerate(texts)
        ),
    ]
    edits = FieldEdits()
    for path, part in one_by_one:
        parts.take(path, partial(check_edits, part))
        if any(is_template(text.decode()) for _, text in part.set + part.add):
            continue  # filled anew for each request: see `transformations`
        edits = FieldEdits(edits.remove | part.remove, edits.set + part.set, edits.add + part.add)
    return edits


def _name(name: str) -> bytes:
    return name.lower().encode()


def _value(rule: str | Literal[True]) -> bytes | None:
    return None if rule is True else rule.encode()


def _upstream(name: str, wanted: UpstreamSettings) -> Upstream:
    return Upstream(
        name,
        tuple(replace(endpoint.url, weight=endpoint.weight) for endpoint in wanted.endpoints),
        connect_timeout=wanted.connect_timeout,
        response_timeout=wanted.response_timeout,
        idle_timeout=wanted.idle_timeout,
        preserve_host=wanted.preserve_host,
        connections_max=wanted.connections_max,
        waiting_max=wanted.waiting_max,
        **protection(wanted),
    )
