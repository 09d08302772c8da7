"""Excerpts: the right line, the right columns, and nothing secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.settings.places import Span
from gateway_server.settings.problem import Finding, Severity
from gateway_server.settings.source import LINE_MAX, PROBLEMS_MAX, Source
from gateway_server.settings.syntax import parse


def source(text: str, suffix: str = ".toml") -> Source:
    return Source("g", text, parse(text, suffix).spot)


def marked(source: Source, finding: Finding) -> tuple[str, str]:
    problem = source.problem(finding)
    return problem.excerpt, problem.excerpt[problem.mark : problem.mark + problem.width]


def test_a_value_or_its_key_is_marked() -> None:
    file = source('a = 1\n  b = { c = "d" }\n')
    assert marked(file, Finding(("b", "c"), "")) == ('  b = { c = "d" }', '"d"')
    assert marked(file, Finding(("b", "c"), "", on_key=True)) == ('  b = { c = "d" }', "c")


def test_a_key_that_is_missing_is_told_at_its_table() -> None:
    problem = source("[t]\na = 1\n").problem(Finding(("t", "b"), "is missing", on_key=True))
    assert (problem.path, problem.line, problem.column) == ("t.b", 1, 2)


def test_a_part_of_a_value_is_told_as_the_value() -> None:
    problem = source('bind = "x"\n').problem(Finding(("bind", 0), "is odd"))
    assert (problem.path, problem.line, problem.column) == ("bind", 1, 8)


def test_a_finding_about_the_whole_file_has_no_line() -> None:
    problem = source("a = 1\n").problem(Finding((), "is odd"))
    assert (problem.line, problem.column, problem.excerpt) == (0, 0, "")


@pytest.mark.parametrize(
    ("text", "path", "excerpt", "mark"),
    [
        pytest.param('p = { password = "x y", b = 1 }', ("p", "b"), "p = { password = ***, b = 1 }", "1", id="before"),
        pytest.param('p = { b = 1, password = "x y" }', ("p", "b"), "p = { b = 1, password = *** }", "1", id="behind"),
        pytest.param('p = { password = "x y" }', ("p", "password"), "p = { password = *** }", "***", id="itself"),
        pytest.param('p = { password = "x y" }', ("p",), "p = { password = *** }", "{ password = *** }", id="around"),
        pytest.param('u = "http://me:pw@h"', ("u",), 'u = "http://***@h"', '"http://***@h"', id="within"),
        pytest.param("keys = ['x', 'y']", ("keys", 1), "keys = [***, ***]", "***", id="below"),
        pytest.param("\tt = 1", ("t",), " t = 1", "1", id="a tab"),
        pytest.param('t = "\u202ea"', ("t",), 't = "\ufffda"', '"\ufffda"', id="what turns text round"),
    ],
)  # fmt: skip
def test_what_is_secret_is_masked_and_the_mark_stays_right(
    text: str, path: tuple[str | int, ...], excerpt: str, mark: str
) -> None:
    assert marked(source(text), Finding(path, "")) == (excerpt, mark)


def test_every_line_of_a_secret_over_lines_is_masked() -> None:
    text = 'secret = """\none\ntwo"""\n'
    file = source(text)
    shown = [file.problem(Finding((), "", at=Span(n, 1, n, 2))).excerpt for n in (1, 2, 3)]
    assert shown == ["secret = ***", "***", "***"]


def test_a_secret_in_a_text_that_cannot_be_read_is_masked() -> None:
    text = 'password = "hunter2'
    problem = Source("g", text).syntax_problem("no TOML", 1, 20, "")
    assert (problem.excerpt, problem.line, problem.column) == ("password = ***", 1, 20)


def test_a_mistake_of_syntax_without_a_place_has_none() -> None:
    assert Source("g", "x").syntax_problem("no TOML", 0, 0, "").line == 0
    assert Source("g", "x").syntax_problem("no TOML", 9, 1, "").line == 0


def test_a_long_line_is_cropped_around_the_mark() -> None:
    text = "a = [" + "1, " * 500 + "'x', " + "2, " * 500 + "]"
    excerpt, mark = marked(source(text), Finding(("a", 500), ""))
    assert mark == "'x'"
    assert len(excerpt) == LINE_MAX
    assert (excerpt[0], excerpt[-1]) == ("…", "…")


def test_a_secret_does_not_show_at_the_edge_of_a_cropped_line() -> None:
    text = "a = ['http://" + "hunter2" * 100 + "@h', 1]"
    assert "hunter2" not in marked(source(text), Finding(("a", 1), ""))[0]


def test_problems_come_in_the_order_of_the_file() -> None:
    file = source("a = 1\nb = 2\n")
    told = file.problems([Finding(("b",), "2"), Finding((), "0"), Finding(("a",), "1")])
    assert [problem.message for problem in told] == ["0", "1", "2"]


def test_of_too_many_problems_the_first_errors_are_told() -> None:
    text = "".join(f"k{n} = 1\n" for n in range(900))
    findings = [
        Finding((f"k{n}",), str(n), severity=Severity.ERROR if n % 2 else Severity.WARNING)
        for n in range(900)
    ]
    told = source(text).problems(findings)
    assert len(told) == PROBLEMS_MAX + 1
    assert {problem.severity for problem in told} == {Severity.ERROR}
    assert (told[0].message, told[-1].message) == ("1", "and 700 more")


@given(st.text(max_size=200), st.integers(1, 5), st.integers(1, 300), st.integers(0, 300))
def test_any_place_in_any_text_gives_an_excerpt(
    text: str, line: int, column: int, more: int
) -> None:
    at = Span(line, column, line, column + more)
    problem = Source("g", text).problem(Finding((), "", at=at))
    assert len(problem.excerpt) <= LINE_MAX
    assert 0 <= problem.mark <= len(problem.excerpt)
    assert problem.width >= 1
