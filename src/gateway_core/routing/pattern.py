"""Which paths a route serves: a prefix of whole segments, or a template of a whole path.

    prefix  /service-a        /service-a, /service-a/, /service-a/x; not /service-ab
    path    /items            exactly that; not /items/
    path    /items/{id}       one segment, not empty; not /items/, not /items/1/
    path    /files/{rest...}  all that follows the slash, also nothing: /files/, /files/a/b;
                              not /files (as Go's ServeMux, and as `/files/*` in Caddy)

A parameter is a whole segment, since `{name}.json` would have to say what becomes of
`a.json.json`. It is bound to the bytes of the path's normal form, still encoded.
Comparing is case-sensitive, but for the hex digits of escapes.

Source: Kubernetes Gateway API, HTTPPathMatch.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..errors import ConfigError
from ..refusal import Refusal
from .target import fold, normalise

SEGMENTS_MAX: Final = 64
"""Segments of a configured path: bounds the work that a request's path can cause."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
_CURES: Final = {
    "?": 'a query is matched by `query = { name = "value" }`',
    "#": "a fragment never reaches a server",
    "\\": "write it as %5C",
    "{": "a parameter is a whole segment, as in /items/{id}; a literal brace is %7B",
    "}": "a parameter is a whole segment, as in /items/{id}; a literal brace is %7D",
}


class Kind(enum.Enum):
    """How much of a request's path a pattern speaks of."""

    PATH = "path"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Param:
    """A segment that a request fills in; `rest`: all segments from here on."""

    name: str
    rest: bool = False

    def __str__(self) -> str:
        return f"{{{self.name}...}}" if self.rest else f"{{{self.name}}}"


Part: TypeAlias = bytes | Param
"""A segment of a template: the bytes it must have, or a parameter."""

Specificity: TypeAlias = tuple[int, int, int, tuple[bool, ...], bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A set of paths. Made by `Pattern.prefix` or `Pattern.path`."""

    kind: Kind
    parts: tuple[Part, ...]
    """Segments that must be there, escapes folded; without the `{rest...}`."""
    rest: Param | None = None

    @staticmethod
    def prefix(text: str) -> "Pattern":
        """Take a prefix; a slash at its end says nothing. ConfigError (path "") on nonsense."""
        parts = template(text)
        for part in parts:
            if isinstance(part, Param):
                cure = f'path = "{text.rstrip("/")}/{{rest...}}"'
                raise ConfigError("", f"a prefix has no parameters: use {cure}")
        return Pattern(Kind.PREFIX, parts if parts[-1] else parts[:-1])

    @staticmethod
    def path(text: str) -> "Pattern":
        """Take a whole path or its template. ConfigError (path "") on nonsense."""
        parts = template(text)
        last = parts[-1]
        if isinstance(last, Param) and last.rest:
            return Pattern(Kind.PATH, parts[:-1], last)
        return Pattern(Kind.PATH, parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that a match binds, in order."""
        named = [part.name for part in self.parts if isinstance(part, Param)]
        return tuple(named if self.rest is None else [*named, self.rest.name])

    @property
    def is_exact(self) -> bool:
        """Whether it is a single path."""
        return self.kind is Kind.PATH and not self.names

    @property
    def specificity(self) -> Specificity:
        """A key that sorts the more specific first, among patterns that match one path.

        An exact path, then a template of the whole path, then what is open at its end:
        a prefix or a `{rest...}`, the longest first. Among equals more literal segments,
        then the literal further to the left; `/a/{rest...}` before the prefix `/a`.
        """
        params = tuple(isinstance(part, Param) for part in self.parts)
        literals = len(params) - sum(params)
        is_open = self.kind is Kind.PREFIX or self.rest is not None
        first = 2 if is_open else int(any(params))
        return (first, -len(params), -literals, params, self.kind is Kind.PREFIX)

    def bind(self, path: bytes) -> dict[str, bytes]:
        """Return what the parameters stand for in `path`, which this pattern matches."""
        segments = path[1:].split(b"/", len(self.parts))
        bound = {
            part.name: segment
            for part, segment in zip(self.parts, segments, strict=False)
            if isinstance(part, Param)
        }
        if self.rest is not None:
            bound[self.rest.name] = segments[-1]
        return bound

    def strip(self, path: bytes) -> bytes:
        """Return what `path` leaves behind this prefix, which matches it: "/" for nothing.

        What is left may begin with `//`: that is a path still where a target in
        origin-form is read (RFC 9112, 3.2.1), and the client's own doing. It holds no
        dot segment, since `path` does not.
        """
        assert self.kind is Kind.PREFIX
        length = sum([len(part) + 1 for part in self.parts if isinstance(part, bytes)])
        return path[length:] or b"/"

    def __str__(self) -> str:
        parts = self.parts if self.rest is None else (*self.parts, self.rest)
        return written(parts)


def template(text: str) -> tuple[Part, ...]:
    """Take `/literal/{param}/{rest...}` apart; ConfigError (path "") on nonsense.

    Literals become what a client's path becomes: unreserved characters decoded, other
    escapes folded. Non-ASCII is encoded as every client does (UTF-8, RFC 3987, 3.1).
    """
    if not text.startswith("/"):
        raise ConfigError("", f"{text!r} does not begin with a slash: write {'/' + text!r}")
    segments = text[1:].split("/")
    if len(segments) > SEGMENTS_MAX:
        raise ConfigError("", f"more than {SEGMENTS_MAX} segments")
    if "" in segments[:-1]:
        raise ConfigError("", f"{text!r} has an empty segment: write one slash for two")
    parts = tuple(_part(segment) for segment in segments)
    _refuse_bad_params(parts)
    return parts


def written(parts: tuple[Part, ...]) -> str:
    """Return the text of a template, for operators."""
    texts = (str(part) if isinstance(part, Param) else part.decode("ascii") for part in parts)
    return "/" + "/".join(texts)


def fill(parts: tuple[Part, ...], params: Mapping[str, bytes]) -> bytes:
    """Return the path that the template stands for; `params` holds each of its names.

    Whole segments of a path in normal form, put between literals that are no dot
    segments, make no dot segment: the result cannot climb.
    """
    segments = (params[part.name] if isinstance(part, Param) else part for part in parts)
    return b"/" + b"/".join(segments)


def _part(segment: str) -> Part:
    if segment.startswith("{") and segment.endswith("}"):
        inner = segment[1:-1]
        name = inner.removesuffix("...")
        if not _NAME.fullmatch(name):
            raise ConfigError("", f"{segment!r}: a parameter's name is letters, digits and _")
        return Param(name, rest=name != inner)
    return _literal(segment)


def _literal(segment: str) -> bytes:
    for char, cure in _CURES.items():
        if char in segment:
            raise ConfigError("", f"{segment!r} holds {char!r}: {cure}")
    if any(char <= " " or char == "\x7f" for char in segment):
        raise ConfigError("", f"{segment!r} holds a space or control character: percent-encode it")
    try:
        sent = _NON_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), segment.encode("utf-8"))
    except UnicodeEncodeError:
        raise ConfigError("", f"{segment!r} is not Unicode text") from None
    normal = normalise(b"/" + sent)
    if isinstance(normal, Refusal):
        raise ConfigError("", f"{segment!r} can match no request: {normal.detail}")
    if segment and normal == b"/":
        raise ConfigError("", f"{segment!r} is a dot segment: write the path that it leads to")
    return fold(normal[1:])


def _refuse_bad_params(parts: tuple[Part, ...]) -> None:
    names: set[str] = set()
    for part in parts:
        if isinstance(part, Param):
            if part.name in names:
                raise ConfigError("", f"two parameters are called {part.name!r}: rename one")
            if part.rest and part is not parts[-1]:
                raise ConfigError("", f"{part} takes all that follows: it can only be the last")
            names.add(part.name)
