"""Which requests ask for one thing: the key under which its answers lie.

    consumer | route | scheme://authority/path?query | headers and cookies of the route's

The path is in the normal form that was matched and is forwarded, so that no spelling of a
path is cached as one thing and answered as another. The route is part of the key: what else
routes look at (a header, a method) leads to another key, not to another's answer.

A request that bears a field by which frameworks let a client rename what it asks for is
no business of a cache: neither answered from it nor stored (see OVERRIDING).

Source: RFC 9111, section 2; Kettle, "Practical Web Cache Poisoning" (2018).
"""

from collections.abc import Iterable
from typing import Final

from ..message import Fields, values
from .policy import CachePolicy, QueryKey

_SEPARATOR: Final = b"\0"
"""In no name of a route and no URL. What may hold any bytes is told with its size."""

OVERRIDING: Final = frozenset(
    {
        b"x-forwarded-path",
        b"x-forwarded-scheme",
        b"x-forwarded-server",
        b"x-forwarded-ssl",
        b"x-host",
        b"x-http-host-override",
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-original-host",
        b"x-original-uri",
        b"x-original-url",
        b"x-rewrite-url",
        b"x-url-scheme",
    }
)
"""Names of fields that some backends take for the URL, the host or the method of a request."""


def make_key(
    policy: CachePolicy, *, consumer: str, route: str, url: bytes, fields: Fields
) -> bytes:
    """Return the key of a request for `url`, which is `cache_url`'s."""
    who = _sized(consumer.encode()) if policy.partition and consumer else b""
    if not (policy.key_headers or policy.key_cookies):
        return b"%b\0%b\0%b" % (who, route.encode("ascii"), url)
    parts = [who, route.encode("ascii"), url]
    parts += [_sized(*values(fields, name)) for name in policy.key_headers]
    if policy.key_cookies:
        jar = cookies(fields)
        parts += [_sized(*jar.get(name, ())) for name in policy.key_cookies]
    return _SEPARATOR.join(parts)


def cache_url(
    policy: CachePolicy, *, scheme: str, authority: bytes, path: bytes, query: bytes | None
) -> bytes:
    """Return the URL by which an answer is stored, and purged.

    `path` is in normal form. Scheme and authority are the client's, since answers may
    name them: a Location, a cookie's domain.
    """
    keyed = _query(policy, query)
    return b"%b://%b%b%b" % (scheme.encode("ascii"), authority.lower(), path, keyed)


def _query(policy: CachePolicy, query: bytes | None) -> bytes:
    if query is None or policy.query is QueryKey.NONE:
        return b""
    if policy.query is QueryKey.ALL:
        return b"?" + query
    wanted = policy.query_names
    kept = [piece for piece in query.split(b"&") if piece.partition(b"=")[0] in wanted]
    return b"?" + b"&".join(kept) if kept else b""


def cookies(fields: Fields) -> dict[bytes, list[bytes]]:
    """Return the values of the cookies that a request bears, by their names."""
    jar: dict[bytes, list[bytes]] = {}
    for line in values(fields, b"cookie"):
        for pair in line.split(b";"):
            name, equals, told = pair.strip(b" \t").partition(b"=")
            if equals:
                jar.setdefault(name, []).append(told)
    return jar


def has_unkeyed_cookie(policy: CachePolicy, fields: Fields) -> bool:
    """Whether a request bears a cookie by which its answer may differ, unknown to the key."""
    if not _has(fields, b"cookie") or b"cookie" in policy.key_headers:
        return False
    return not policy.key_cookies or not cookies(fields).keys() <= set(policy.key_cookies)


def _sized(*parts: bytes) -> bytes:
    """Return `parts` as one text that no others make."""
    return b"".join([b"%d:%b" % (len(part), part) for part in parts])


def _has(fields: Fields, name: bytes) -> bool:
    return any(line[0] == name for line in fields)


def names_of(policy: CachePolicy) -> Iterable[bytes]:
    """Yield the names of the fields that the key depends on; they must reach the origin."""
    yield from policy.key_headers
    yield from policy.vary
    if policy.key_cookies:
        yield b"cookie"
