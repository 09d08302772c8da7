"""What answers tell browsers so that a page is harder to misuse: an option of a route.

In place of what the service says of the same; nothing that a page needs to work is
forbidden, so no Content-Security-Policy, which only who made the page can write.

Source: RFC 6797 (HSTS); Fetch Standard, 3.6 (nosniff); HTML, 7.4.3 (X-Frame-Options);
Referrer Policy; OWASP HTTP Headers Cheat Sheet.
"""

from typing import Final

from .message import Fields

_ALWAYS: Final[Fields] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
_SECURE: Final[Fields] = ((b"strict-transport-security", b"max-age=31536000"), *_ALWAYS)
"""RFC 6797, 7.2: never told without TLS. A year; no subdomains, which others may serve."""

SECURITY_FIELDS: Final = frozenset(name for name, _ in _SECURE)
"""What the gateway says in place of the service."""


def security_fields(scheme: str) -> Fields:
    """Return what an answer tells a client that speaks `scheme`, as it sees it."""
    return _SECURE if scheme == "https" else _ALWAYS
