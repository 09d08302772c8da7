"""X-Request-ID: one name for a request in every log that it passes."""

from typing import Final

from ..message import Fields, values

REQUEST_ID: Final = b"x-request-id"

REQUEST_ID_MAX: Final = 128
"""Characters: twice a SHA-256 in hex. A longer one would be a way to fill logs."""

_SANE: Final = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._~+/=:@-"
"""Letters and marks of UUIDs, ULIDs, base64 and `host:pid:count`: nothing that a log
line, a shell or a query would take for more than a name."""


def request_id(fields: Fields, fresh: str) -> str:
    """Return the client's own id if it brings exactly one and it is sane, else `fresh`."""
    if REQUEST_ID not in dict(fields):  # in C, and often
        return fresh
    match values(fields, REQUEST_ID):
        case [told] if 0 < len(told) <= REQUEST_ID_MAX and not told.translate(None, _SANE):
            return told.decode("ascii")
        case _:
            return fresh
