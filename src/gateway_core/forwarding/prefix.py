"""Put a stripped prefix back into what an answer says of paths.

A service behind `strip_prefix` does not know that clients see its `/items` as
`/service-a/items`. Three kinds of reference leave it:

    /items            path-absolute: the prefix is put back
    http://own/items  absolute, on an authority of its own: likewise, on the public one
    items, ?page=2    relative to the request, whose path has the prefix: right as it is

`//host/items` and other authorities lead elsewhere on purpose and stay. So does a path
that already lies under the prefix: services that read X-Forwarded-Prefix write it
themselves; and rewriting twice is rewriting once.

Source: RFC 3986, section 4.2; RFC 9110, 8.7 and 10.2.2; RFC 6265, 5.1.4 and 5.2.4.
"""

import re
from collections.abc import Container
from typing import Final, NamedTuple

_PATH_ENDS: Final = (b"/", b"?", b"#")
_ABSOLUTE: Final = re.compile(rb"(https?)://([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_REFRESH: Final = re.compile(rb"([\s0-9.]*[;,]\s*url\s*=\s*)(.*)", re.IGNORECASE | re.DOTALL)
_DEFAULT_PORT: Final = {b"http": b":80", b"https": b":443"}


class Face(NamedTuple):
    """How the client addresses what the upstream answers for."""

    prefix: bytes
    """Without a slash at its end: b"/service-a"; b"" where nothing was stripped."""
    origin: bytes
    """`https://example.com`, or b"" where the client named no authority."""
    own: Container[bytes]
    """Authorities in lower case, without default port, by which the upstream knows itself."""


def reference(told: bytes, face: Face) -> bytes:
    """Return a URI reference of the upstream's as the client must see it."""
    if told.startswith(b"/"):
        if told.startswith(b"//"):
            return told
        return _under(told, face.prefix)
    absolute = _ABSOLUTE.fullmatch(told)
    if absolute is None:
        return told
    scheme, authority, rest = absolute[1].lower(), absolute[2], absolute[3]
    if without_default_port(authority, scheme) not in face.own:
        return told
    path = rest if rest.startswith(b"/") else b"/" + rest
    return face.origin + _under(path, face.prefix)


def refresh(told: bytes, face: Face) -> bytes:
    """Return a Refresh value (`5; url=/items`) with its reference rewritten."""
    match = _REFRESH.fullmatch(told)
    if match is None:
        return told
    url = match[2]
    quote = url[:1] if url[:1] in {b"'", b'"'} else b""
    bare, closing, rest = url[len(quote) :].partition(quote) if quote else (url, b"", b"")
    return match[1] + quote + reference(bare, face) + closing + rest


def cookie(told: bytes, prefix: bytes) -> bytes:
    """Return a Set-Cookie value whose Path lies under `prefix`; all other bytes stay.

    `Path=/` becomes `/service-a`, not `/service-a/`: by RFC 6265, 5.1.4 the former
    matches exactly what the route's prefix matches, whole segments, the bare prefix too.

    A `__Host-` cookie must say `Path=/` and would be thrown away with any other. A
    cookie without Path, or with one that is no absolute path, gets a default from
    the client's own request path, under the prefix already. A prefix with a semicolon
    cannot be written in a cookie.
    """
    name, semicolon, attributes = told.partition(b";")
    if not semicolon or b";" in prefix or name.lstrip(b" \t").lower().startswith(b"__host-"):
        return told
    return name + b";" + b";".join(_attribute(each, prefix) for each in attributes.split(b";"))


def _attribute(text: bytes, prefix: bytes) -> bytes:
    name, _, path = text.partition(b"=")
    if name.strip(b" \t").lower() != b"path":
        return text
    path = path.strip(b" \t")
    if not path.startswith(b"/"):
        return text
    before, _, after = text.partition(path)
    return before + (prefix if path == b"/" else _under(path, prefix)) + after


def _under(path: bytes, prefix: bytes) -> bytes:
    """Return `path` under `prefix`, unless it lies there already."""
    if path.startswith(prefix):
        rest = path[len(prefix) :]
        if not rest or rest.startswith(_PATH_ENDS):
            return path
    return prefix + path


def without_default_port(authority: bytes, scheme: bytes) -> bytes:
    """Return the comparable form of an authority (RFC 9110, 4.2.3)."""
    return authority.lower().removesuffix(_DEFAULT_PORT.get(scheme, b""))
