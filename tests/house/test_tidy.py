"""The rules of this house that a machine can check."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
FILES = sorted(SRC.rglob("*.py"))
CORE_MODULES = [
    path for path in sorted((SRC / "gateway_core").rglob("*.py")) if path.name != "__init__.py"
]
PACKAGES = [path for path in FILES if path.name == "__init__.py"]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
VAGUE = {"utils.py", "helpers.py", "base.py", "common.py", "misc.py"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_one_thing(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= FILE_LINES_MAX, f"{lines} lines: two things in one?"
    assert path.name not in VAGUE


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, (
                f"{path.name}:{node.lineno} {node.name}: {lines} lines"
            )


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "no module docstring"


@pytest.mark.parametrize("path", CORE_MODULES, ids=name)
def test_a_core_module_has_its_test_file(path: Path) -> None:
    inside = path.relative_to(SRC / "gateway_core")
    assert (ROOT / "tests" / "core" / inside.parent / f"test_{inside.name}").is_file()


@pytest.mark.parametrize("path", PACKAGES, ids=name)
def test_what_a_package_exports_is_there_and_in_order(path: Path) -> None:
    module = importlib.import_module(".".join(path.parent.relative_to(SRC).parts))
    exported = getattr(module, "__all__", [])
    assert list(exported) == sorted(exported, key=_isort_style)
    assert all(hasattr(module, each) for each in exported)


def _isort_style(word: str) -> tuple[int, str]:
    """Constants, classes, functions: the order that ruff keeps."""
    return (0 if word.isupper() else 1 if word[0].isupper() else 2, word)


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{name(page)} links to {target}"
