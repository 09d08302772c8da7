"""RFC 9110, 5.6.7: what is a date of HTTP, and which time it says."""

import pytest

NOVEMBER_1994 = 784_111_777
NOW = 1_795_856_400
"""2026-11-28T09:00:00Z"""

DATES = [
    pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT", NOVEMBER_1994, id="5.6.7 IMF-fixdate"),
    pytest.param(b"Sunday, 06-Nov-94 08:49:37 GMT", NOVEMBER_1994, id="5.6.7 RFC 850"),
    pytest.param(b"Sun Nov  6 08:49:37 1994", NOVEMBER_1994, id="5.6.7 asctime"),
    pytest.param(
        b"Sun Nov 06 08:49:37 1994", NOVEMBER_1994, id="5.6.7 asctime, a zero for a space"
    ),
    pytest.param(b"SUN, 06 NOV 1994 08:49:37 gmt", NOVEMBER_1994, id="5.6.7 names in any case"),
    pytest.param(b"Mon, 06 Nov 1994 08:49:37 GMT", NOVEMBER_1994, id="the wrong day of the week"),
    pytest.param(b"Thu, 01 Jan 1970 00:00:00 GMT", 0, id="the epoch"),
    pytest.param(b"Wed, 31 Dec 1969 23:59:59 GMT", -1, id="before the epoch"),
    pytest.param(b"Tue, 19 Jan 2038 14:14:08 GMT", 2_147_523_248, id="beyond 31 bits"),
    pytest.param(b"Sun, 21 Nov 2286 04:46:39 GMT", 10_000_039_599, id="far ahead"),
    pytest.param(b"Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800, id="a leap day"),
    pytest.param(b"Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400, id="a leap day of a century"),
    pytest.param(b"Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_799, id="5.6.7 a leap second"),
    pytest.param(b"Thursday, 18-Aug-50 02:01:18 GMT", 2_544_400_878, id="5.6.7 24 years ahead"),
    pytest.param(
        b"Saturday, 28-Nov-76 08:59:59 GMT", 3_373_779_599, id="5.6.7 just under 50 years"
    ),
    pytest.param(b"Saturday, 28-Nov-76 09:00:01 GMT", 218_019_601, id="5.6.7 just over 50 years"),
    pytest.param(b"Friday, 01-Jan-99 00:00:00 GMT", 915_148_800, id="5.6.7 73 years ahead"),
]
NO_DATES = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"0", id="5.3 Expires: 0"),
    pytest.param(b"-1", id="5.3 Expires: -1"),
    pytest.param(b"784111777", id="seconds"),
    pytest.param(b"Sun, 06 Nov 1994 08:49:37 UTC", id="UTC"),
    pytest.param(b"Sun, 06 Nov 1994 08:49:37 +0000", id="an offset"),
    pytest.param(b"Sun, 06 Nov 94 08:49:37 GMT", id="two digits in IMF-fixdate"),
    pytest.param(b"Sun, 6 Nov 1994 08:49:37 GMT", id="one digit of a day"),
    pytest.param(b"Sun 06 Nov 1994 08:49:37 GMT", id="no comma"),
    pytest.param(b"Sun, 06  Nov 1994 08:49:37 GMT", id="two spaces"),
    pytest.param(b"Sun, 06-Nov-1994 08:49:37 GMT", id="dashes"),
    pytest.param(b"Sun, 06 Nov 1994 8:49:37 GMT", id="one digit of an hour"),
    pytest.param(b"Sun, 06 Nov 1994 08.49.37 GMT", id="full stops"),
    pytest.param(b"Sun, 00 Nov 1994 08:49:37 GMT", id="day 0"),
    pytest.param(b"Sun, 31 Nov 1994 08:49:37 GMT", id="31 November"),
    pytest.param(b"Wed, 29 Feb 2023 08:49:37 GMT", id="29 February of no leap year"),
    pytest.param(b"Mon, 29 Feb 1900 08:49:37 GMT", id="29 February of a century"),
    pytest.param(b"Sun, 06 Nov 1994 24:00:00 GMT", id="hour 24"),
    pytest.param(b"Sun, 06 Nov 1994 08:60:37 GMT", id="minute 60"),
    pytest.param(b"Sun, 06 Nov 1994 08:49:61 GMT", id="second 61"),
    pytest.param(b"Sun, 06 Foo 1994 08:49:37 GMT", id="no month"),
    pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT ", id="a space behind"),
    pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", id="two dates"),
    pytest.param("Sun, ٠٦ Nov 1994 08:49:37 GMT".encode(), id="digits of another script"),
]
