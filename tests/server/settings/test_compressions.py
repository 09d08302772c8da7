"""`compress` of a route: true, or a table."""

import importlib.util

import pytest

from gateway_core.compressing import CODINGS, SIZE_MIN, TYPES, Compression
from gateway_server.settings.compressions import build_compressions
from tests.configurations import ROUTE, only, read, told


def rule(line: str) -> Compression | None:
    return build_compressions(read(ROUTE + line)).get("a")


def test_true_stands_for_all_defaults_and_false_for_none() -> None:
    assert rule("compress = true") == Compression(CODINGS, SIZE_MIN, TYPES)
    assert rule("compress = false") is None
    assert rule("") is None


def test_a_table_says_which() -> None:
    line = 'compress = { codings = ["gzip", "br"], types = ["Text/HTML", "image/*"], min_size = "2KiB" }'
    assert rule(line) == Compression(("gzip", "br"), 2048, ("text/html", "image/*"))
    assert rule('compress = { codings = "gzip" }') == Compression(("gzip",))


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ('compress = { codings = ["deflate"] }', "compress.codings[0]", 'must be "zstd", "br" or'),
        ('compress = { types = ["html"] }', "compress.types[0]", "is no media type"),
        ('compress = { types = ["*/*"] }', "compress.types[0]", "is no media type"),
        ('compress = "yes"', "compress", "must be a table"),
        ("compress = { level = 9 }", "compress.level", 'unknown key "level"'),
    ],
)
def test_a_mistake_has_its_place(line: str, path: str, message: str) -> None:
    problem = only(told(ROUTE + line))
    assert problem.path == f"routes[0].{path}"
    assert message in problem.message


def test_a_coding_whose_package_is_missing_is_told_or_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    missing = {"brotli", "zstandard"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else find(name)
    )
    assert rule("compress = true") == Compression(("gzip",))
    problem = only(told(f'{ROUTE}compress = {{ codings = ["br"] }}'))
    assert "not installed here" in problem.message
    assert "trio-gateway[compress]" in problem.help
