"""How old an answer was when it came.

    apparent_age = max(0, response_time - date_value)
    response_delay = response_time - request_time
    corrected_age_value = age_value + response_delay
    corrected_initial_age = max(apparent_age, corrected_age_value)

What it has aged here since is `Entry.age`.

Source: RFC 9111, sections 4.2.3 (whose names these are) and 5.1.
"""

from typing import Final

from ..clock import UnixTime
from ..message import Fields, value
from .dates import parse_date
from .directives import DELTA_MAX, delta

AGE: Final = b"age"
DATE: Final = b"date"


def initial_age(fields: Fields, asked_at: UnixTime, answered_at: UnixTime) -> int:
    """Return corrected_initial_age in seconds, from 0 to DELTA_MAX."""
    apparent_age = max(0, answered_at - date_value(fields, answered_at))
    response_delay = max(0, answered_at - asked_at)
    corrected_age_value = age_value(fields) + response_delay
    return min(max(apparent_age, corrected_age_value), DELTA_MAX)


def age_value(fields: Fields) -> int:
    """Return what Age says: the first member of the first line; 0 if that is no number (5.1)."""
    told = value(fields, AGE)
    return 0 if told is None else delta(told.partition(b",")[0].strip(b" \t")) or 0


def date_value(fields: Fields, answered_at: UnixTime) -> UnixTime:
    """Return when the answer was made; when it came, if Date is missing or broken (4.2.3)."""
    told = value(fields, DATE)
    found = None if told is None else parse_date(told, answered_at)
    return answered_at if found is None else found
