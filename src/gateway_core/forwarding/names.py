"""Field names: which belong to one connection, and which a nomination cannot touch.

Source: RFC 9110, sections 5.1, 5.5, 7.6.1; RFC 9113, section 8.2.2.
"""

from itertools import chain
from typing import Final

from ..message import Fields, members

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Never forwarded (RFC 9110, 7.6.1). Of TE, `trailers` is said again by us."""

FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"trailer"})
"""Say how a body is delimited: written afresh on every connection."""

PROXY_AUTHENTICATION: Final = frozenset(
    {b"proxy-authenticate", b"proxy-authentication-info", b"proxy-authorization"}
)
"""Between a client and the first proxy that asks (RFC 9110, 11.7)."""

END_TO_END: Final = frozenset(
    b"""
    accept accept-charset accept-encoding accept-language accept-patch accept-post
    accept-ranges access-control-allow-credentials access-control-allow-headers
    access-control-allow-methods access-control-allow-origin access-control-expose-headers
    access-control-max-age access-control-request-headers access-control-request-method age
    allow alt-svc authentication-info authorization baggage cache-control cache-status
    cdn-cache-control content-disposition content-encoding content-language content-length
    content-location content-range content-security-policy content-type cookie
    cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy date dnt
    early-data etag expires from host idempotency-key if-match if-modified-since
    if-none-match if-range if-unmodified-since last-event-id last-modified link location
    max-forwards origin permissions-policy pragma priority proxy-status range ratelimit
    ratelimit-policy referer referrer-policy refresh retry-after sec-ch-ua sec-ch-ua-mobile
    sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc
    sec-websocket-accept sec-websocket-extensions sec-websocket-key sec-websocket-protocol
    sec-websocket-version server server-timing set-cookie strict-transport-security
    timing-allow-origin traceparent tracestate upgrade-insecure-requests user-agent vary via
    www-authenticate x-api-key x-content-type-options x-frame-options x-requested-with
    x-xss-protection
    """.split()
)
"""Names that everyone knows to be meant for all recipients.

Naming one of these in Connection is forbidden (RFC 9110, 7.6.1: "a sender MUST NOT
send a connection option corresponding to a field intended for all recipients") and is
an attack in practice: it makes a proxy strip what the service behind it relies on.
"""

_ABOUT_THE_CONNECTION: Final = frozenset({b"connection", b"te", b"transfer-encoding"})
_OPTIONS: Final = frozenset({b"keep-alive", b"close", b"Keep-Alive", b"Close"})
_SMALL_TALK: Final = frozenset((b"connection", option) for option in _OPTIONS)
"""Lines that name no field, and of all Connection lines nearly every one."""

X_FORWARDED: Final = b"x-forwarded-"
"""How the names of a family begin that has no registry and no end."""

_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN: Final = b"-0123456789abcdefghijklmnopqrstuvwxyz"
_CONTROLS: Final = bytes(byte for byte in (*range(0x20), 0x7F) if byte != 0x09)
_FEW: Final = 32
_NUL, _LF, _CR = b"\0\n\r"  # as numbers: `in` is three times as fast with them
_COLLAPSE: Final = bytes(byte if byte in _PLAIN else ord("-") for byte in range(256))


def is_token(text: bytes) -> bool:
    """Whether `text` is a token (RFC 9110, 5.6.2)."""
    return bool(text) and not text.translate(None, _TOKEN)


def is_plain(name: bytes) -> bool:
    """Whether a name has lower-case letters, digits and hyphens alone: one spelling everywhere."""
    return bool(name) and not name.translate(None, _PLAIN)


def is_value(value: bytes) -> bool:
    """Whether `value` can stand in a field line as it is (RFC 9110, 5.5)."""
    return value == value.strip(b" \t") and len(value.translate(None, _CONTROLS)) == len(value)


def collapse(name: bytes) -> bytes:
    """Return the name that CGI and its heirs may take `name` for (RFC 3875, 4.1.18).

    They turn hyphens into underscores, and some of them every other mark as well,
    so that `X_Forwarded_For` and `X-Forwarded-For` end up in one variable.
    """
    return name.translate(_COLLAPSE)


def about_the_connection(fields: Fields) -> Fields:
    """Return the lines that tell something of the connection; for most messages none do."""
    return tuple(
        [line for line in fields if line[0] in _ABOUT_THE_CONNECTION and line not in _SMALL_TALK]
    )


def nominated(fields: Fields, protected: frozenset[bytes]) -> frozenset[bytes]:
    """Return the names that Connection calls hop-by-hop, without the `protected` ones.

    Fields of the X-Forwarded family are protected always: a proxy before us may have sent
    its client's Connection on, and the client would choose what we hear of it.
    """
    names = {name.lower() for name in members(fields, b"connection")} - protected
    return frozenset(name for name in names if not name.startswith(X_FORWARDED))


_NONE: Final[tuple[bytes, ...]] = ()


def writable(fields: Fields) -> Fields:
    """Return `fields` without lines that would end early on the wire; normally all of them.

    Nothing of the kind comes through our HTTP/1 parser. An HTTP/2 value can hold a line
    break, and would become two lines in HTTP/1: RFC 9113, 8.2.1.
    """
    # To add up tuples takes time in the square of their number, and a third of it for few.
    few = len(fields) <= _FEW
    text = b"".join(sum(fields, _NONE) if few else chain.from_iterable(fields))
    if not (_LF in text or _CR in text or _NUL in text):
        return fields
    return tuple(line for line in fields if not _breaks(line[0] + line[1]))


def _breaks(text: bytes) -> bool:
    return _LF in text or _CR in text or _NUL in text
