"""What generators print is read rightly, or not at all."""

import json

import pytest

from bench.load import UnreadableOutputError, parse_h2load, parse_own, parse_wrk

WRK = """Running 1s test @ http://127.0.0.1:28111/api/item.json
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   327.08us  775.84us   6.05ms   92.24%
    Req/Sec   189.31k    49.79k  225.01k    72.73%
  Latency Distribution
     50%  109.00us
     75%  115.00us
     90%  437.00us
     99%    4.32ms
  206954 requests in 1.10s, 229.73MB read
Requests/sec: 188184.65
Transfer/sec:    208.90MB
"""

H2LOAD = """starting benchmark...
finished in 2.50s, 80.00 req/s, 90.94KB/s
requests: 160 total, 168 started, 160 done, 100 succeeded, 60 failed, 3 errored, 2 timeout
status codes: 100 2xx, 1 3xx, 57 4xx, 2 5xx
traffic: 181.88KB (186240) total, 18.28KB (18720) headers (space savings 0.00%), 157.50KB data
"""


def test_a_clean_run_of_wrk_has_its_count_its_true_length_and_percentiles_in_one_unit() -> None:
    found = parse_wrk(WRK)
    assert (found.work, found.seconds, found.errors) == (206954, 1.10, 0)
    assert found.p50_ms == pytest.approx(0.109)
    assert found.p99_ms == pytest.approx(4.32)


@pytest.mark.parametrize(
    ("line", "errors"),
    [
        pytest.param(
            "  Socket errors: connect 1, read 20, write 300, timeout 4000", 4321, id="socket"
        ),
        pytest.param("  Non-2xx or 3xx responses: 17", 17, id="status"),
        pytest.param(
            "  Socket errors: connect 0, read 5, write 0, timeout 0\n  Non-2xx or 3xx responses: 2",
            7,
            id="both",
        ),
    ],
)
def test_everything_that_wrk_complains_of_counts_as_an_error(line: str, errors: int) -> None:
    found = parse_wrk(WRK.replace("Requests/sec", f"{line}\nRequests/sec"))
    assert found.errors == errors
    assert found.told


def test_a_run_of_wrk_without_an_answer_has_no_latency_rather_than_none_at_all() -> None:
    text = WRK.replace("206954 requests", "0 requests")
    for value in ("109.00us", "4.32ms"):
        text = text.replace(value, "0.00us")
    found = parse_wrk(text)
    assert found.work == 0
    assert found.p50_ms is None
    assert found.p99_ms is None


@pytest.mark.parametrize(
    ("unit", "milliseconds"), [("us", 0.0025), ("ms", 2.5), ("s", 2500.0), ("m", 150_000.0)]
)
def test_wrk_changes_its_unit_by_size(unit: str, milliseconds: float) -> None:
    assert parse_wrk(WRK.replace("4.32ms", f"2.5{unit}")).p99_ms == pytest.approx(milliseconds)


@pytest.mark.parametrize(
    ("status_class", "work", "errors"),
    [pytest.param(2, 100, 65, id="2xx"), pytest.param(4, 57, 108, id="4xx")],
)
def test_h2load_counts_the_wanted_class_and_everything_else_as_an_error(
    status_class: int, work: int, errors: int
) -> None:
    found = parse_h2load(H2LOAD, status_class)
    assert (found.work, found.errors, found.seconds) == (work, errors, 2.5)
    assert "5xx" in found.told


@pytest.mark.parametrize("parse", [parse_wrk, parse_h2load, parse_own])
@pytest.mark.parametrize("text", ["", "unable to connect to 127.0.0.1:1", "{}", '{"wrong": 1}'])
def test_no_figure_is_made_from_what_is_not_understood(parse, text: str) -> None:
    with pytest.raises(UnreadableOutputError):
        parse(text)


def test_our_own_generators_end_with_a_line_of_json() -> None:
    line = json.dumps({"work": 3, "seconds": 1.5, "errors": 0, "p99_ms": 2.0})
    found = parse_own(f"a warning\n{line}\n")
    assert (found.work, found.seconds, found.p99_ms, found.p50_ms) == (3, 1.5, 2.0, None)
