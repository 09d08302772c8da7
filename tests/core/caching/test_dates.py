"""Dates are read in three forms and written in one; what is off is no date."""

import calendar
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.dates import format_date, parse_date
from gateway_core.clock import UnixTime
from tests.core.caching.cases.dates import DATES, NO_DATES, NOW

moments = st.integers(-62_135_596_800, 253_402_300_799).map(UnixTime)
"""All of the years 1 to 9999."""


@pytest.mark.parametrize(("text", "time"), DATES)
def test_a_date_in_each_form(text: bytes, time: int) -> None:
    assert parse_date(text, UnixTime(NOW)) == time


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_off_is_no_date(text: bytes) -> None:
    assert parse_date(text, UnixTime(NOW)) is None


@given(moments)
def test_what_is_written_is_read_again(moment: UnixTime) -> None:
    assert parse_date(format_date(moment), UnixTime(0)) == moment


@given(moments)
def test_the_calendar_is_that_of_the_standard_library(moment: UnixTime) -> None:
    broken_down = time.gmtime(moment)
    year = broken_down.tm_year
    assert format_date(moment).decode() == (
        f"{calendar.day_abbr[broken_down.tm_wday]}, {broken_down.tm_mday:02} "
        f"{calendar.month_abbr[broken_down.tm_mon]} {year:04} {time.strftime('%H:%M:%S', broken_down)} GMT"
    )


@given(st.integers(0, 200_000_000_000).map(UnixTime), st.integers(-49 * 365, 49 * 365))
def test_two_digits_mean_the_year_within_fifty_of_now(now: UnixTime, days: int) -> None:
    moment = UnixTime(now + days * 86_400)
    long = format_date(moment)
    _, day, month, year, clock, _ = long.decode().split()
    short = f"Sunday, {day}-{month}-{year[2:]} {clock} GMT".encode()
    assert parse_date(short, now) == moment


@given(st.binary(max_size=60), moments)
def test_any_bytes_give_a_time_or_none(text: bytes, now: UnixTime) -> None:
    found = parse_date(text, now)
    assert found is None or isinstance(found, int)
