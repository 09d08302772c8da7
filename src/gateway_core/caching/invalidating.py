"""What a change at the origin makes wrong.

An unsafe request that succeeded invalidates what is stored of its URL, and of the URLs
that Location and Content-Location name, where those are on the same host: otherwise
one origin could empty another's cache.

Source: RFC 9111, section 4.4; RFC 9110, section 9.2.1.
"""

from collections.abc import Iterator
from typing import Final

from ..message import Fields, values

SAFE: Final = frozenset(
    {"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "REPORT", "SEARCH"}
)
"""Methods that change nothing (IANA's registry of methods)."""
_NAMES: Final = (b"location", b"content-location")


def is_unsafe(method: str) -> bool:
    """Whether a request of `method` may change what is stored; unknown ones may."""
    return method not in SAFE


def invalidated(status: int, fields: Fields, url: bytes) -> tuple[bytes, ...]:
    """Return the URLs that an unsafe request for `url` invalidates, `url` first; none if it failed.

    `fields` are the answer's as clients see them.
    """
    if not 200 <= status < 400:
        return ()
    return (url, *dict.fromkeys(_named(fields, url)))


def _named(fields: Fields, url: bytes) -> Iterator[bytes]:
    origin = _origin(url)
    for name in _NAMES:
        for told in values(fields, name):
            target = told.partition(b"#")[0]
            if target.startswith(b"//"):
                target = url.partition(b"//")[0] + target
            if target.startswith(b"/"):
                yield origin + target
            elif b"://" in target.partition(b"?")[0]:
                if _origin(target).lower() == origin:
                    yield origin + target[len(origin) :]
            elif target:
                yield _beside(url, target)


def _origin(url: bytes) -> bytes:
    scheme, mark, rest = url.partition(b"://")
    return scheme + mark + rest.partition(b"/")[0].partition(b"?")[0]


def _beside(url: bytes, reference: bytes) -> bytes:
    """Return a relative reference as the URL that it means, but for dot segments."""
    path = url.partition(b"?")[0]
    return (
        path + reference if reference[:1] == b"?" else path.rpartition(b"/")[0] + b"/" + reference
    )
