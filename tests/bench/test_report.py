"""Medians, ratios, and what makes a row invalid or doubtful."""

import dataclasses
from xml.etree import ElementTree as ET

import pytest

from bench.measuring import DIRECT, Measurement
from bench.plot import bar_length, svg
from bench.report import Examined, Results, markdown, number, summaries
from bench.scenarios import BY_NAME
from bench.summary import ratio, reference_of, summarise
from bench.verify import Proof

PROXIED = BY_NAME["proxied-32"]


def row(turn: int, work: int, cpu: float, subject: str = "gateway-stock", **more) -> Measurement:
    """A good measurement of two seconds on a core of its own."""
    start = Measurement(
        subject, "proxied-32", turn, work=work, seconds=2.0, cpu_seconds=cpu,
        p50_ms=1.0, p99_ms=float(turn), before_bytes=1 << 20, peak_bytes=3 << 20, busy=0.99,
    )  # fmt: skip
    return dataclasses.replace(start, **more)


def test_a_figure_is_the_median_of_its_rounds() -> None:
    found = summarise(PROXIED, [row(1, 20_000, 2.0), row(2, 2_000, 1.0), row(3, 22_000, 2.2)])
    assert found.rate == 10_000
    assert found.cost == pytest.approx(1.0)
    assert found.p99_ms == 2.0
    assert found.growth_bytes == 2 << 20
    assert found.spread == pytest.approx(1.0)
    assert found.doubts == ()


def test_one_round_with_errors_makes_the_whole_row_invalid() -> None:
    rows = [row(1, 20_000, 2.0), row(2, 20_000, 2.0, invalid="3 errors"), row(3, 20_000, 2.0)]
    found = summarise(PROXIED, rows)
    assert found.invalid == "round 2: 3 errors"
    assert found.figure(PROXIED.figure) is None


def test_further_invalid_rounds_are_counted() -> None:
    rows = [row(1, 0, 0.0, invalid="died"), row(2, 0, 0.0, invalid="died")]
    assert summarise(PROXIED, rows).invalid == "round 1: died (and in 1 more rounds)"


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        pytest.param({"foreign": 0.2}, "others took 20% of its core", id="noisy-neighbour"),
        pytest.param({"load_foreign": 0.3}, "others took 30% of the load's core", id="noisy-load"),
        pytest.param({"busy": 0.5}, "not saturated", id="the-load-was-the-limit"),
        pytest.param({"cpu_seconds": 0.02}, "few CPU ticks", id="too-short"),
        pytest.param({"peak_bytes": 0}, "peak memory unknown", id="kernel-without-clear-refs"),
    ],
)
def test_what_makes_a_figure_doubtful_is_said_in_its_row(more, doubt: str) -> None:
    found = summarise(PROXIED, [row(1, 20_000, 2.0, **more)])
    assert any(each.startswith(doubt) for each in found.doubts)


@pytest.mark.parametrize(("late", "doubtful"), [(0.1, False), (0.6, True)])
def test_a_latency_is_doubted_where_its_generator_was_late_itself(
    late: float, doubtful: bool
) -> None:
    found = summarise(BY_NAME["half-load"], [row(1, 600, 0.5, p99_ms=2.0, late_ms=late)])
    assert any("late itself" in each for each in found.doubts) is doubtful


@pytest.mark.parametrize(("seconds", "lagged"), [(3.02, False), (3.4, True)])
def test_a_subject_that_did_not_keep_up_with_the_rate_is_named(seconds, lagged: bool) -> None:
    rows = [row(1, 600, 0.5, seconds=seconds, asked_seconds=3.0)]
    doubts = summarise(BY_NAME["fixed-rate"], rows).doubts
    assert ("did not keep up with the rate" in doubts) is lagged


def test_idle_tells_bytes_for_each_connection_that_was_held() -> None:
    found = summarise(BY_NAME["idle"], [row(1, 2_000, 0.5)])
    assert found.growth_each == (2 << 20) / 1000


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(2.0, 4.0, 0.5), (None, 1.0, None), (1.0, None, None), (1.0, 0.0, None)],
)
def test_a_ratio_without_a_side_is_none(ours, theirs, expected) -> None:
    assert ratio(ours, theirs) == expected


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        pytest.param(["nginx", "gateway-stock"], "", "gateway-stock", id="ours"),
        pytest.param(["nginx", "gateway-stock"], "nginx", "nginx", id="wanted"),
        pytest.param(["nginx", "envoy"], "", "nginx", id="none-of-ours"),
        pytest.param([], "", "", id="nobody"),
    ],
)
def test_the_reference_is_the_one_asked_for_or_ours(names, wanted: str, expected: str) -> None:
    assert reference_of(names, wanted) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (207_918.4, "207,918"),
        (15.66, "15.7"),
        (1.0, "1.00"),
        (0.123, "0.12"),
        (0.00757, "0.0076"),
    ],
)
def test_a_number_has_the_digits_that_matter(value, text: str) -> None:
    assert number(value) == text


def results(rows: list[Measurement]) -> Results:
    tested = [
        Examined("gateway-stock", "ours", "1.0", Proof(request_id=True)),
        Examined("nginx", "theirs | with a bar", "1.22", Proof()),
    ]
    plan = {"rounds": 1, "seconds": 2.0}
    skipped = {"envoy": "not to be had"}
    return Results({"machine": "a box"}, plan, "gateway-stock", tested, skipped, rows)


ROWS = [
    row(1, 500_000, 0.5, DIRECT),
    row(1, 10_000, 2.0),
    row(1, 40_000, 2.0, "nginx"),
]


def test_the_report_compares_ours_with_each_row_and_names_who_was_left_out() -> None:
    text = markdown(results(ROWS), "x.svg")
    lines = text.splitlines()
    (nginx,) = [line for line in lines if line.startswith("| `nginx` | 20,000")]
    assert nginx.split("|")[2:6] == [" 20,000 ", " 0.25 ", " 0.50 ", " 4.00 "]
    assert any(line.startswith("| *upstream, directly* | 250,000") for line in lines)
    assert "- `envoy`: not to be had" in lines
    assert r"theirs \| with a bar" in text


def test_an_invalid_row_shows_no_figure() -> None:
    rows = [row(1, 10_000, 2.0), row(1, 40_000, 2.0, "nginx", invalid="7 errors")]
    (line,) = [each for each in markdown(results(rows)).splitlines() if "7 errors" in each]
    assert "40,000" not in line
    assert "20,000" not in line


def test_without_a_valid_reference_nothing_is_compared() -> None:
    rows = [row(1, 10_000, 2.0, invalid="died"), row(1, 40_000, 2.0, "nginx")]
    lines = markdown(results(rows)).splitlines()
    (line,) = [each for each in lines if each.startswith("| `nginx` | 20,000")]
    assert line.split("|")[3].strip() == "-"


def test_every_table_is_as_wide_in_each_line() -> None:
    rows = [
        *ROWS,
        *[dataclasses.replace(each, scenario=name) for name in BY_NAME for each in ROWS[1:]],
    ]
    width = 0
    for line in markdown(results(rows)).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = line.replace(r"\|", "").count("|")
        assert width in {0, cells}
        width = cells


def test_the_plot_is_svg_with_a_bar_for_each_subject_and_none_for_the_upstream() -> None:
    root = ET.fromstring(svg(summaries(results(ROWS))))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "gateway-stock" in texts
    assert "nginx" in texts
    assert DIRECT not in texts


@pytest.mark.parametrize(
    ("value", "length"),
    [(1.0, 10.0), (10.0, 55.0), (100.0, 100.0)],
    ids=["least", "middle", "most"],
)
def test_a_bar_is_logarithmic(value: float, length: float) -> None:
    assert bar_length(value, 1.0, 100.0, 100.0) == pytest.approx(length)


def test_a_bar_alone_fills_its_panel() -> None:
    assert bar_length(3.0, 3.0, 3.0, 100.0) == 100.0
