"""Import directions are checked in every test run, not hoped for."""

import ast
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "src" / "gateway_core").rglob("*.py"))

IMPURE = {"http.client", "http.server", "http.cookiejar", "urllib.request", "urllib.error"}
"""Parts of packages whose other parts are pure; import-linter names whole packages only."""


def test_every_import_contract_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert (
        cli.lint_imports(config_filename="pyproject.toml", no_cache=True) == cli.EXIT_STATUS_SUCCESS
    )


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_core_module_imports_no_impure_part_of_a_package(path: Path) -> None:
    assert not imported(path) & IMPURE


def called(path: Path) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_core_module_neither_prints_nor_opens_nor_runs_code(path: Path) -> None:
    assert not called(path) & {"open", "print", "input", "exec", "eval", "__import__"}
