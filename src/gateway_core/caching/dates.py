"""Dates of HTTP: three ways to write one, of which senders may use the first.

    Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
    Sunday, 06-Nov-94 08:49:37 GMT    RFC 850
    Sun Nov  6 08:49:37 1994          asctime

The case of names does not matter, nor whether the day of the week is the right one: it
adds nothing. Anything else that is off makes it no date, and what the lack of one
means is up to the caller, who takes the stricter reading.

Source: RFC 9110, section 5.6.7. The calendar is the proleptic Gregorian one.
"""

import re
from typing import Final

from ..clock import UnixTime

_DAY: Final = 86_400
_MONTHS: Final = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAYS: Final = b"Mon Tue Wed Thu Fri Sat Sun".split()
_NUMBER: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_MONTH: Final = rb"(?P<month>" + b"|".join(_MONTHS) + rb")"
_TIME: Final = rb"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_SHORT: Final = rb"(?:" + b"|".join(_DAYS) + rb")"
_LONG: Final = rb"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        _SHORT + rb", (?P<day>[0-9]{2}) " + _MONTH + rb" (?P<year>[0-9]{4}) " + _TIME + rb" GMT",
        _LONG + rb", (?P<day>[0-9]{2})-" + _MONTH + rb"-(?P<year>[0-9]{2}) " + _TIME + rb" GMT",
        _SHORT + rb" " + _MONTH + rb" (?P<day>[0-9]{2}| [0-9]) " + _TIME + rb" (?P<year>[0-9]{4})",
    )
)
_LENGTH_MAX: Final = len(b"Wednesday, 06-Nov-94 08:49:37 GMT")
_DAYS_OF: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_YEAR_TOO_FAR: Final = 50
"""Years ahead beyond which two digits mean the last century (RFC 9110, 5.6.7)."""


def parse_date(text: bytes, now: UnixTime) -> UnixTime | None:
    """Return the time that `text` says, or None if it is no date of HTTP.

    `now` is what years of two digits are judged by.
    """
    if len(text) > _LENGTH_MAX:
        return None
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _time(found, now)
    return None


def _time(found: re.Match[bytes], now: UnixTime) -> UnixTime | None:
    year, month, day = int(found["year"]), _NUMBER[found["month"].lower()], int(found["day"])
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"])
    # Second 60 is a leap second (RFC 9110, 5.6.7); days have none here.
    if hour > 23 or minute > 59 or second > 60 or not 1 <= day <= _DAYS_OF[month - 1]:
        return None
    clock = hour * 3600 + minute * 60 + min(second, 59)
    if len(found["year"]) == 2:
        year += _century(year, now, (month, day), clock)
    if month == 2 and day == 29 and not _is_leap(year):
        return None
    return UnixTime(_days(year, month, day) * _DAY + clock)


def _century(two_digits: int, now: UnixTime, date: tuple[int, int], clock: int) -> int:
    """Return the century of a year: this one, or the last if that lies too far ahead."""
    this_year, this_month, this_day = _civil(now // _DAY)
    century = this_year // 100 * 100
    ahead = century + two_digits - this_year
    too_late = (*date, clock) > (this_month, this_day, now % _DAY)
    if ahead > _YEAR_TOO_FAR or (ahead == _YEAR_TOO_FAR and too_late):
        return century - 100
    if ahead < -_YEAR_TOO_FAR:
        return century + 100  # near the end of a century, 01 is in the next
    return century


def format_date(time: UnixTime) -> bytes:
    """Return `time` as a sender writes it (IMF-fixdate)."""
    days, clock = divmod(time, _DAY)
    year, month, day = _civil(days)
    name = _DAYS[(days + 3) % 7]  # 1970-01-01 was a Thursday
    hour, minute, second = clock // 3600, clock // 60 % 60, clock % 60
    month_name = _MONTHS[month - 1]
    return b"%b, %02d %b %04d %02d:%02d:%02d GMT" % (
        name, day, month_name, year, hour, minute, second,
    )  # fmt: skip


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01. Years begin in March here, so that leap days end them."""
    year -= month <= 2
    month = (month + 9) % 12
    of_year = (153 * month + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719_468


def _civil(days: int) -> tuple[int, int, int]:
    """Return the year, the month and the day that lie `days` after 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    return year + era * 400 + (month >= 10), (month + 2) % 12 + 1, day
