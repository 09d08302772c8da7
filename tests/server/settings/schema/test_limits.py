"""Rates and keys, as operators write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import seconds
from gateway_core.errors import ConfigError
from gateway_core.limiting import ByClient, ByConsumer, ByHeader, ByRoute, Rate
from gateway_server.settings.schema.limits import parse_rate
from gateway_server.settings.schema.values import TIME_UNITS
from tests.configurations import ROUTE, only, read, told

CURE = 'write requests, a slash and a time: "10/60s", "100/s", "5000/1h"'


def limited(line: str) -> str:
    return f'{ROUTE}limits = ["l"]\n\n[limits.l]\n{line}\n'


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/60s", Rate(10, seconds(60))),
        ("10 / 60s", Rate(10, seconds(60))),
        ("100/s", Rate(100, seconds(1))),
        ("5000/1h", Rate(5000, seconds(3600))),
        ("1/d", Rate(1, seconds(86_400))),
        ("3/0.5s", Rate(3, seconds(0.5))),
        ("10", None),
        ("10/", None),
        ("/60s", None),
        ("-1/s", None),
        ("10/60", None),
        ("10/1m30s", None),
        ("1.5/s", None),
        ("10/s/s", None),
        ("", None),
    ],
)
def test_a_rate_is_requests_a_slash_and_a_time(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@given(st.text(max_size=60))
def test_any_text_is_a_rate_or_none_or_out_of_bounds(text: str) -> None:
    try:
        rate = parse_rate(text)
    except ConfigError as error:
        assert error.path in {"quota", "window"}
    else:
        assert rate is None or rate.quota > 0


@given(
    st.integers(1, 10**6),
    st.integers(1, 300),
    st.sampled_from([unit for unit in TIME_UNITS if unit not in {"ns", "us"}]),
)
def test_a_rate_that_is_written_is_the_rate_that_is_read(quota, count, unit) -> None:
    assert parse_rate(f"{quota}/{count}{unit}") == Rate(quota, count * TIME_UNITS[unit])


@pytest.mark.parametrize(
    ("line", "message", "cure"),
    [
        ('rate = "often"', "is no rate", CURE),
        ("rate = 10", "is no rate", 'in what time? "10/1s", "10/1m"'),
        ("rate = true", "is no rate", CURE),
        ('rate = "10/60"', "is no rate", 'the time needs a unit: "10/60s"'),
        ('rate = "10 per minute"', "is no rate", 'write "10/1m"'),
        ('rate = "10/5 minutes"', "is no rate", 'write "10/5m"'),
        ('rate = "10/min"', "is no rate", 'write "10/1m"'),
        ('rate = "10/fortnight"', "is no rate", CURE),
        (
            'rate = "0/60s"',
            "the number of requests must be from 1 to 1000000 requests",
            CURE,
        ),
        (
            'rate = "2000000/s"',
            "the number of requests must be from 1 to 1000000 requests",
            CURE,
        ),
        ('rate = "10/0s"', "the time must be from 1ms to 366d", CURE),
        ('rate = "10/400d"', "the time must be from 1ms to 366d", CURE),
    ],
)
def test_a_rate_that_is_none_is_told_with_its_place_and_a_cure(line, message, cure) -> None:
    problem = only(told(limited(line)))
    assert (problem.path, problem.line, problem.column) == ("limits.l.rate", 11, 8)
    assert (problem.message, problem.help) == (message, cure)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('rate = "1/s"\nburst = 0', "limits.l.burst"),
        ('rate = "1/s"\nalgorithm = "token-bucket"', "limits.l.algorithm"),
        ('rate = "1/s"\nkeys_max = 0', "limits.l.keys_max"),
        ('rate = "1/s"\nwhen_full = "panic"', "limits.l.when_full"),
        ('rate = "1/s"\nheaders = "Retry-After"', "limits.l.headers[0]"),
        ('rate = "1/s"\nshadow = "yes"', "limits.l.shadow"),
        ("concurrent = 0", "limits.l.concurrent"),
        ('concurrent = 1\nretry_after = "0s"', "limits.l.retry_after"),
    ],
)
def test_nonsense_is_told_at_its_key(line: str, path: str) -> None:
    assert only(told(limited(line))).path.startswith(path.removesuffix("[0]"))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ('"client"', (ByClient(),)),
        ('["consumer", "route"]', (ByConsumer(), ByRoute())),
        ('"header:X-Team"', (ByHeader(b"x-team"),)),
        ("[]", ()),
    ],
)
def test_keys_are_one_or_several(written: str, key: tuple) -> None:
    text = limited(f'rate = "1/s"\nkey = {written}')
    if "consumer" in written:
        assert "counts by consumer" in only(told(text)).message
    assert read(text).limits["l"].key == key


def test_without_a_key_it_is_the_client() -> None:
    assert read(limited('rate = "1/s"')).limits["l"].key == (ByClient(),)


@pytest.mark.parametrize("written", ['"cookie:session"', '"header:"', '"header:a b"', '"ip"', "1"])
def test_what_is_no_key_is_told_with_all_that_are(written: str) -> None:
    problem = only(told(limited(f'rate = "1/s"\nkey = {written}')))
    assert problem.path.startswith("limits.l.key")
    assert "header:NAME" in problem.help or "list" in problem.message


def test_a_rate_may_come_from_the_environment_and_is_not_shown_if_wrong() -> None:
    text = limited('rate = "${RATE}"')
    assert read(text, environ={"RATE": "7/s"}).limits["l"].rate == Rate(7, seconds(1))
    problem = only(told(text, environ={"RATE": "hunter2 per day"}))
    assert "hunter2" not in str(problem)
