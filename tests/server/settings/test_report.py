"""Problems as a compiler shows them."""

import pytest

from gateway_server.settings.problem import Problem, Severity
from gateway_server.settings.report import counted, pieces, plain
from tests.configurations import told


def test_a_problem_is_shown_with_its_line_and_a_caret() -> None:
    assert (
        plain(told('[gateway]\nworkers = "2"\n\n[[routes]]\n')[:1])
        == """\
error: gateway.workers: is no whole number
  --> gateway.toml:2:11
   |
2  | workers = "2"
   |           ^^^
   = help: write a whole number, without quotes

"""
    )


def test_a_problem_without_a_place_is_shown_with_its_file_alone() -> None:
    assert plain([Problem("g.toml", "is empty", severity=Severity.WARNING)]) == (
        "warning: is empty\n --> g.toml\n\n"
    )


@pytest.mark.parametrize(
    ("excerpt", "mark", "width", "carets"),
    [
        pytest.param('a = "x"', 4, 3, "    ^^^", id="plain"),
        pytest.param('"名" = "x"', 6, 3, "       ^^^", id="wide characters before"),
        pytest.param('"e\u0301" = 1', 7, 1, "      ^", id="a combining accent before"),
        pytest.param('a = "名"', 4, 3, "    ^^^^", id="wide characters marked"),
        pytest.param("a =", 3, 1, "   ^", id="behind the end"),
    ],
)
def test_the_caret_stands_below_what_it_marks(
    excerpt: str, mark: int, width: int, carets: str
) -> None:
    shown = plain([Problem("g", "m", line=1, column=1, excerpt=excerpt, mark=mark, width=width)])
    assert shown.splitlines()[4] == f"   | {carets}"


def test_line_numbers_widen_the_frame() -> None:
    shown = plain([Problem("g", "m", line=1234, column=1, excerpt="x", help="h")])
    assert shown.splitlines() == [
        "error: m",
        "     --> g:1234:1",
        "      |",
        "1234  | x",
        "      | ^",
        "      = help: h",
        "",
    ]


def test_the_styled_pieces_are_the_plain_text() -> None:
    problem = Problem("g", "m", "a.b", 1, 1, "h", excerpt="x")
    assert "".join(text for text, _ in pieces(problem)) == plain([problem])
    assert ("error", "bold red") in list(pieces(problem))


def test_a_file_name_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in plain([Problem("g\x1b[2J", "m")])


def test_problems_are_counted_in_words() -> None:
    warning = Problem("g", "w", severity=Severity.WARNING)
    assert counted([Problem("g", "e"), warning, warning]) == "1 error, 2 warnings"
    assert counted([]) == ""
