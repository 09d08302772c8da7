"""One route as the operator wrote it: which requests it serves, and how they go on.

Plain data. Which of several matching routes serves is the router's business.

Source: Kubernetes Gateway API, HTTPRouteMatch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import unquote_to_bytes

from ..errors import ConfigError
from ..message import FieldEdits, Fields
from .pattern import Kind, Param, Part, Pattern, fill, template, written

BODY_MAX: Final = 64 * 2**20
"""Bytes of a request's body, unless a route says otherwise (`max_request_body`)."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FIELD_NAME: Final = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_HOST: Final = re.compile(r"(?:\*\.)?[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*|\[[0-9a-f:.]+\]")
_KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NEVER_SERVED: Final = frozenset({"CONNECT", "TRACE"})
_NO_EDITS: Final = FieldEdits()


@dataclass(slots=True)
class Asked:
    """What the rules of routes may look at in one request: parsed once, when first asked for."""

    fields: Fields
    query: bytes | None
    _values: dict[bytes, list[bytes]] | None = None
    _parameters: dict[bytes, bytes] | None = None

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of the field lines called `name` (lower case)."""
        if self._values is None:
            self._values = {}
            for key, value in self.fields:
                self._values.setdefault(key, []).append(value)
        return self._values.get(name, [])

    def parameter(self, name: bytes) -> bytes | None:
        """Return the decoded value of the first query parameter called `name`, or None."""
        if self._parameters is None:
            self._parameters = parse_query(self.query or b"")
        return self._parameters.get(name)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field that must be there.

    One of its lines must be `value`, byte for byte: case counts, and a line that is a
    list is one value. None: any value will do. ConfigError (path "name") on nonsense.
    """

    name: bytes
    """Lower case."""
    value: bytes | None = None

    def __post_init__(self) -> None:
        if not _FIELD_NAME.fullmatch(self.name):
            raise ConfigError("name", f"{self.name!r} is no field name in lower case")
        if self.name == b"host":
            raise ConfigError("name", 'a host is matched by `host = "api.example.com"`')

    def holds(self, asked: Asked) -> bool:
        """Whether the request obeys this rule."""
        found = asked.values(self.name)
        return bool(found) if self.value is None else self.value in found


@dataclass(frozen=True, slots=True)
class QueryRule:
    """A query parameter that must be there.

    Compared after decoding (`%61` is "a", `+` is a space), case counts; of a repeated
    parameter the first counts. None: any value will do, also none at all.
    """

    name: bytes
    """Decoded."""
    value: bytes | None = None
    """Decoded."""

    def holds(self, asked: Asked) -> bool:
        """Whether the request obeys this rule."""
        found = asked.parameter(self.name)
        return found is not None and (self.value is None or self.value == found)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The path that an upstream is asked for in place of the client's. Made by `Rewrite.path`."""

    parts: tuple[Part, ...]

    @staticmethod
    def path(text: str) -> "Rewrite":
        """Take a template such as `/v2/{id}`. ConfigError (path "") on nonsense.

        A name that the pattern binds to the rest of a path may be written `{rest}` or
        `{rest...}`; the latter, as in a pattern, at the end only.
        """
        return Rewrite(template(text))

    def fill(self, params: Mapping[str, bytes]) -> bytes:
        """Return the path; `params` holds each name of the template."""
        return fill(self.parts, params)

    def problem(self, pattern: Pattern) -> str | None:
        """Return why it cannot be filled from what `pattern` binds, or None."""
        if pattern.kind is Kind.PREFIX:
            cure = f'path = "{str(pattern).rstrip("/")}/{{rest...}}"'
            return f"a prefix binds nothing to fill in: use {cure} with {{rest...}} in the rewrite"
        for part in self.parts:
            if isinstance(part, Param):
                if part.name not in pattern.names:
                    return f"the path binds no {{{part.name}}}: it binds {_listed(pattern.names)}"
                if part.rest and (pattern.rest is None or part.name != pattern.rest.name):
                    return f"{part} is one segment in the path: write {{{part.name}}}"
        return None

    def __str__(self) -> str:
        return written(self.parts)


@dataclass(frozen=True, slots=True)
class Route:
    """Requests that go the same way. ConfigError, with the field as its path, on nonsense."""

    name: str
    pattern: Pattern
    upstream: str
    """Name of an Upstream."""
    hosts: tuple[str, ...] = ()
    """Any of these: "api.example.com", or "*.example.com" for one or more labels before it.
    Lower case, without port; none: every host."""
    methods: frozenset[str] = frozenset()
    """None: every method. GET implies HEAD."""
    headers: tuple[FieldRule, ...] = ()
    """All of these."""
    query: tuple[QueryRule, ...] = ()
    """All of these."""
    strip_prefix: bool = False
    """Whether the prefix stays behind: `/service-a/x` asks the upstream for `/x`."""
    rewrite: Rewrite | None = None
    request_edits: FieldEdits = _NO_EDITS
    response_edits: FieldEdits = _NO_EDITS
    body_max: int | None = BODY_MAX
    """Bytes of a request's body; None: no bound."""
    websocket: bool = True
    """Whether an upgrade to WebSocket is relayed."""
    origins: frozenset[bytes] | None = None
    """Whose pages may open a WebSocket, as Origin names them in lower case; None: anybody's."""

    def __post_init__(self) -> None:
        for index, host in enumerate(self.hosts):
            if problem := _host_problem(host):
                raise ConfigError(f"hosts.{index}", problem)
        for method in sorted(self.methods):
            if problem := _method_problem(method):
                raise ConfigError("methods", problem)
        if self.strip_prefix and self.pattern.kind is not Kind.PREFIX:
            raise ConfigError("strip_prefix", "only a prefix can be stripped: use `rewrite`")
        if self.rewrite is not None:
            if self.strip_prefix:
                raise ConfigError("rewrite", "a route has strip_prefix or rewrite, not both")
            if problem := self.rewrite.problem(self.pattern):
                raise ConfigError("rewrite", problem)

    @property
    def allowed(self) -> frozenset[str]:
        """The methods it serves, implied ones included; empty: every method."""
        return self.methods | {"HEAD"} if "GET" in self.methods else self.methods

    def serves(self, method: str) -> bool:
        """Whether its methods have this one (case-sensitive, RFC 9110, 9.1)."""
        methods = self.methods
        return not methods or method in methods or (method == "HEAD" and "GET" in methods)

    def path_for(self, path: bytes, params: Mapping[str, bytes]) -> bytes:
        """Return the path to ask the upstream for, where `path` in normal form matches."""
        if self.rewrite is not None:
            return self.rewrite.fill(params)
        return self.pattern.strip(path) if self.strip_prefix else path


def parse_query(query: bytes) -> dict[bytes, bytes]:
    """Return the decoded parameters of a query, the first of each name.

    As browsers write it: `&` between parameters, `+` for a space, broken escapes for
    themselves; a name without `=` has an empty value; `;` is data (WHATWG URL, 5.1).
    """
    parameters: dict[bytes, bytes] = {}
    for piece in query.replace(b"+", b" ").split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            parameters.setdefault(unquote_to_bytes(name), unquote_to_bytes(value))
    return parameters


def _host_problem(host: str) -> str | None:
    if not _HOST.fullmatch(host):
        return (
            f'{host!r} is neither a host nor "*." and a host: lower case, no port, no dot at '
            "the end; international names as xn--; no hosts at all for every host"
        )
    if host.startswith("["):
        try:
            canonical = f"[{IPv6Address(host[1:-1]).compressed}]"
        except ValueError:
            return f"{host!r} is no IPv6 address"
        return None if host == canonical else f"{host!r} is written {canonical!r}"
    return None


def _method_problem(method: str) -> str | None:
    if not _TOKEN.fullmatch(method):
        return f"{method!r} is no method"
    if method in _NEVER_SERVED:
        return f"{method} is never served: remove it"
    if method not in _KNOWN_METHODS and method.upper() in _KNOWN_METHODS:
        return f"methods are case-sensitive: write {method.upper()} for {method!r}"
    return None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"{{{name}}}" for name in names) or "nothing"
