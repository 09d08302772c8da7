"""A problem in one line, for logs."""

from gateway_server.settings.problem import Problem, SettingsError, Severity


def test_a_problem_is_one_line_with_place_path_and_cure() -> None:
    problem = Problem("g.toml", "is odd", "routes[0].name", 3, 8, help="make it even")
    assert str(problem) == "g.toml:3:8: error: routes[0].name: is odd (make it even)"


def test_a_problem_without_a_place_names_its_file_alone() -> None:
    problem = Problem("g.toml", "is empty", severity=Severity.WARNING)
    assert str(problem) == "g.toml: warning: is empty"


def test_a_line_of_a_log_cannot_be_forged_by_a_name() -> None:
    assert "\n" not in str(Problem("g\n.toml", "a\r\nb"))


def test_an_error_tells_every_problem() -> None:
    error = SettingsError((Problem("a", "x"), Problem("a", "y")))
    assert str(error) == "a: error: x\na: error: y"
