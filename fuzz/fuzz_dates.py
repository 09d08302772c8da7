"""One date of HTTP.

Invariant: any bytes give a time or none, never an exception; what is read is written again
as a date that says the same; the standard library (the oracle) reads no other time where it
reads one at all, but for leap seconds and years of two digits, which it has rules of its own for.
"""

import email.utils
from typing import Final

from gateway_core.caching.dates import format_date, parse_date
from gateway_core.clock import UnixTime

SEEDS: Final[list[bytes]] = [
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sunday, 06-Nov-94 08:49:37 GMT",
    b"Sun Nov  6 08:49:37 1994",
    b"Thu, 29 Feb 2024 23:59:60 gmt",
    b"Thu, 18 Aug 2050 02:01:18 UTC",
    b"0",
]
NOW: Final = UnixTime(1_795_856_400)
_YEAR_1000: Final = -30_610_224_000
"""Years before it are of this century and the last to the oracle."""


def check(data: bytes) -> None:
    """Take `data` for the value of a field."""
    found = parse_date(data, NOW)
    if found is None:
        return
    assert parse_date(format_date(found), NOW) == found
    theirs = email.utils.parsedate_tz(data.decode("ascii"))
    two_digits = b"-" in data
    if theirs is not None and not two_digits and b":60 " not in data and found >= _YEAR_1000:
        assert email.utils.mktime_tz((*theirs[:9], theirs[9] or 0)) == found
