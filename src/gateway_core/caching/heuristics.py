"""How long an answer is fresh of which nobody says so.

A tenth of the time since it was last modified, and a day at most: a page that did not
change for ten days will hardly change within the next one. Without Last-Modified nothing
is guessed. Only answers whose status is defined to allow it, or that are marked public.

Source: RFC 9111, section 4.2.2; RFC 9110, section 15.1.
"""

from typing import Final

from ..clock import UnixTime

HEURISTIC_STATUSES: Final = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
"""Those that RFC 9110, 15.1 calls heuristically cacheable."""
HEURISTIC_SECONDS_MAX: Final = 86_400
_SHARE: Final = 10


def guessed_lifetime(
    status: int, *, public: bool, modified: UnixTime | None, date: UnixTime
) -> int | None:
    """Return the seconds, or None where nothing may or can be guessed."""
    if modified is None or not (public or status in HEURISTIC_STATUSES):
        return None
    return min(max(date - modified, 0) // _SHARE, HEURISTIC_SECONDS_MAX)
