"""Which pages of other origins may use a route from a browser (CORS).

    OPTIONS, Origin, Access-Control-Request-Method    a preflight: answered here, before
                                                      anybody is asked who they are, since
                                                      browsers send it without credentials
    any other request with Origin                     goes on; its answer tells the browser
                                                      whether the page may read it

The gateway alone says what is shared: what services say of it is taken off. Nothing of this
keeps anybody else than a browser from anything.

Source: Fetch Standard, sections 3.2 (CORS protocol) and 3.2.5 (credentials); RFC 9110, 12.5.5.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from .errors import ConfigError
from .message import Fields, RequestHead, value, values
from .refusal import Refusal

ANY: Final = b"*"
NAMES_BYTES_MAX: Final = 4096
"""Of the names of fields that a preflight asks for."""
ORIGIN_BYTES_MAX: Final = 300
"""Scheme, a host of 255 bytes, port."""

MAX_AGE_SECONDS: Final = 600
"""For which browsers remember a preflight: Chromium takes two hours at most, Firefox a day."""

CORS_FIELDS: Final = frozenset(
    {
        b"access-control-allow-credentials",
        b"access-control-allow-headers",
        b"access-control-allow-methods",
        b"access-control-allow-origin",
        b"access-control-expose-headers",
        b"access-control-max-age",
    }
)
"""What the gateway says in place of the service."""

_METHOD: Final = b"access-control-request-method"
_HEADERS: Final = b"access-control-request-headers"
_VARY: Final = (b"vary", b"Origin")
_VARY_PREFLIGHT: Final = (
    b"vary",
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)
_USUAL_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_NAMES: Final = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, "
_SCHEME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")

FOREIGN: Final = Refusal(
    403, "origin-refused", "Pages of this origin may not use this.", (_VARY_PREFLIGHT,)
)
PREFLIGHT: Final = Refusal(204, "preflight", "")


@dataclass(frozen=True, slots=True)
class Sharing:
    """What one route shares with whom. ConfigError for what browsers would not obey."""

    origins: frozenset[bytes]
    """`https://app.example`, `https://*.app.example` (one label or more), or ANY alone."""
    credentials: bool = False
    """Whether the browser sends cookies and the like along, and shows the page the answer."""
    methods: tuple[str, ...] = _USUAL_METHODS
    headers: tuple[str, ...] | None = None
    """Names of fields that pages may set; None: whichever they ask for."""
    expose: tuple[str, ...] = ()
    """Names of fields of answers that pages may read, beyond the harmless ones."""
    max_age_seconds: int = MAX_AGE_SECONDS
    _wildcards: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False)
    """Scheme with its slashes, and how the host ends."""

    def __post_init__(self) -> None:
        """Refuse what would share with everybody what is meant for one."""
        if ANY in self.origins and self.credentials:
            raise ConfigError(
                "credentials", 'cannot be shared with every origin: name them, not "*"'
            )
        if ANY in self.origins and len(self.origins) > 1:
            raise ConfigError("origins", '"*" is every origin: remove the others')
        for origin in sorted(self.origins - {ANY}):
            _check_origin(origin)
        split = (origin.partition(b"*") for origin in self.origins if b"://*." in origin)
        object.__setattr__(self, "_wildcards", tuple((front, end) for front, _, end in split))

    def takes(self, origin: bytes) -> bool:
        """Whether pages of `origin` may use the route. Origins are compared byte for byte."""
        if origin in self.origins or ANY in self.origins:
            return True
        return len(origin) <= ORIGIN_BYTES_MAX and any(
            origin.startswith(front)
            and origin.endswith(end)
            and _is_labels(origin[len(front) : -len(end)])
            for front, end in self._wildcards
        )

    def preflight(self, head: RequestHead) -> Refusal:
        """Answer a preflight: see `is_preflight`."""
        origin = value(head.fields, b"origin") or b""
        if not self.takes(origin):
            return FOREIGN
        told = [
            *self._origin_fields(origin),
            (b"access-control-allow-methods", ", ".join(self.methods).encode("ascii")),
            (b"access-control-max-age", b"%d" % self.max_age_seconds),
            _VARY_PREFLIGHT,
        ]
        if allowed := self._allowed_headers(head):
            told.append((b"access-control-allow-headers", allowed))
        return replace(PREFLIGHT, fields=tuple(told))

    def fields(self, head: RequestHead) -> Fields:
        """Return what the answer to `head` tells the browser, whoever answers."""
        varies = () if ANY in self.origins else (_VARY,)
        told = values(head.fields, b"origin")
        if len(told) != 1 or not self.takes(told[0]):
            return varies
        exposed = ", ".join(self.expose).encode("ascii")
        more = ((b"access-control-expose-headers", exposed),) if exposed else ()
        return (*self._origin_fields(told[0]), *more, *varies)

    def _origin_fields(self, origin: bytes) -> Fields:
        told = ((b"access-control-allow-origin", ANY if ANY in self.origins else origin),)
        return (*told, (b"access-control-allow-credentials", b"true")) if self.credentials else told

    def _allowed_headers(self, head: RequestHead) -> bytes:
        if self.headers is not None:
            return ", ".join(self.headers).encode("ascii")
        asked = b", ".join(values(head.fields, _HEADERS))
        if len(asked) > NAMES_BYTES_MAX or asked.translate(None, _NAMES):
            return b""
        return asked


def is_preflight(head: RequestHead) -> bool:
    """Whether a browser asks what it may ask, and from where (Fetch, 3.2.2)."""
    return (
        head.method == "OPTIONS"
        and len(values(head.fields, b"origin")) == 1
        and len(values(head.fields, _METHOD)) == 1
    )


def asked_for(head: RequestHead) -> RequestHead:
    """Return the head of the request that the preflight `head` is about, as far as it is known."""
    method = (value(head.fields, _METHOD) or b"").decode("latin-1")
    return replace(head, method=method)


def _is_labels(text: bytes) -> bool:
    """Whether `text` is what may stand for the star: labels of a host, and nothing else."""
    labels = b"abcdefghijklmnopqrstuvwxyz0123456789-_."
    return bool(text) and not text.translate(None, labels) and not text.startswith(b".")


def _check_origin(origin: bytes) -> None:
    text = origin.decode("latin-1")
    scheme, mark, rest = text.partition("://")
    host = rest.removeprefix("*.")
    if text == "null":
        raise ConfigError(
            "origins", '"null" is the origin of any sandboxed page: it cannot be told'
        )
    if not (mark and scheme) or not _SCHEME.issuperset(scheme) or not host or text != text.lower():
        raise ConfigError("origins", f"{text!r} is no origin: write scheme and host in lower case")
    if set(host) & set("/*?#@") or not text.isascii() or len(text) > ORIGIN_BYTES_MAX:
        raise ConfigError("origins", f"{text!r} is no origin: it ends with its host, or the port")
