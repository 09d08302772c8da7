"""Durations and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.settings.schema.values import (
    SIZE_UNITS,
    TIME_UNITS,
    parse_duration,
    parse_size,
    spell_duration,
    spell_size,
)
from tests.configurations import only, told


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("250ms", 250_000_000),
        ("2s", 2_000_000_000),
        ("1.5s", 1_500_000_000),
        ("5m", 300_000_000_000),
        ("1 h", 3_600_000_000_000),
        ("1d", 86_400_000_000_000),
        ("0.1us", 100),
        ("3ns", 3),
        ("0.5ns", None),
        ("1m30s", None),
        ("-1s", None),
        ("1S", None),
        ("s", None),
        ("", None),
        ("1e3s", None),
        ("٣s", None),
        ("9999999999999999999s", None),
    ],
)
def test_a_duration_is_a_number_and_one_unit(text: str, count: int | None) -> None:
    assert parse_duration(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("64MiB", 64 * 2**20),
        ("1GB", 10**9),
        ("1kB", 1000),
        ("1KB", 1000),
        ("1.5KiB", 1536),
        ("8 GiB", 8 * 2**30),
        ("100", 100),
        ("100B", 100),
        ("0", 0),
        ("64M", None),
        ("64mib", None),
        ("1.0000001KiB", None),
        ("-1B", None),
        ("1e6", None),
    ],
)
def test_a_size_is_bytes_or_a_number_and_a_unit(text: str, count: int | None) -> None:
    assert parse_size(text) == count


@given(
    st.integers(0, 10**9), st.sampled_from(sorted(TIME_UNITS)), st.sampled_from(sorted(SIZE_UNITS))
)
def test_whole_counts_of_every_unit_are_exact(count: int, time: str, size: str) -> None:
    assert parse_duration(f"{count}{time}") == count * TIME_UNITS[time]
    assert parse_size(f"{count}{size}") == count * SIZE_UNITS[size]


@pytest.mark.parametrize(
    ("line", "message", "cure"),
    [
        pytest.param("head_timeout = 10", "is no duration", '"10s", or "10ms"', id="a bare number"),
        pytest.param('head_timeout = "10"', "is no duration", '"10s", or "10ms"', id="quoted"),
        pytest.param(
            'head_timeout = "1m30s"', "is no duration", '"90s" for "1m30s"', id="two units"
        ),
        pytest.param('head_timeout = "soon"', "is no duration", "ns, us, ms", id="a word"),
        pytest.param("head_timeout = true", "is no duration", "ns, us, ms", id="a switch"),
        pytest.param('head_timeout = "0s"', "must be from 1ms to 1d", "", id="no time at all"),
        pytest.param('drain_timeout = "2d"', "must be from 0s to 1h", "", id="too long"),
        pytest.param('max_head = "64M"', "is no size", '"64MiB" counts by 1024', id="neither unit"),
        pytest.param('max_head = "64mib"', "is no size", '"64MiB" counts by 1024', id="case"),
        pytest.param('max_head = "big"', "is no size", "write bytes", id="a word for a size"),
        pytest.param("max_head = 1.5", "is no size", "write bytes", id="half a byte"),
        pytest.param("max_head = 10", "must be from 1KiB to 1MiB", "", id="too small"),
        pytest.param(
            "max_request_body = true", "must be a size, or false", "", id="no bound is false"
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(line: str, message: str, cure: str) -> None:
    errors = [problem for problem in told(f"[gateway]\n{line}\n") if problem.line]
    problem = only(tuple(errors))
    assert problem.message.startswith(message)
    assert cure in problem.help


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0ns"), (90 * 10**9, "90s"), (300 * 10**9, "5m"), (86_400 * 10**9, "1d"), (1_500_000, "1500us")],
)  # fmt: skip
def test_a_duration_is_spelt_in_the_largest_unit_that_leaves_no_rest(count: int, text: str) -> None:
    assert spell_duration(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0B"), (1000, "1000B"), (65_536, "64KiB"), (8 * 2**30, "8GiB")]
)
def test_a_size_is_spelt_in_the_largest_unit_that_leaves_no_rest(count: int, text: str) -> None:
    assert spell_size(count) == text


@given(st.integers(0, 10**17))
def test_what_is_spelt_reads_as_the_same(count: int) -> None:
    assert parse_duration(spell_duration(count)) == count
    assert parse_size(spell_size(count)) == count
