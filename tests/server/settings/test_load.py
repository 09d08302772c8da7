"""From a file to settings: five mistakes are five errors, and no secret is ever told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway_server.settings import SettingsError, Severity, load
from gateway_server.settings.load import BUILT_IN, examine, examine_text
from gateway_server.settings.report import plain
from tests.configurations import ROUTE, only, read, told

FIVE_TOML = """\
[gateway]
workers = "2"
drain_timeot = "30s"

[upstreams.service-a]
endpoints = ["127.0.0.1:8001"]

[[routes]]
name = "a"
prefix = "service-a"
upstream = "servce-a"
"""
FIVE_YAML = """\
gateway:
  workers: "2"
  drain_timeot: 30s
upstreams:
  service-a:
    endpoints:
      - 127.0.0.1:8001
routes:
  - name: a
    prefix: service-a
    upstream: servce-a
"""
FIVE_JSON = """\
{
  "gateway": {"workers": "2",
              "drain_timeot": "30s"},
  "upstreams": {"service-a": {
    "endpoints": ["127.0.0.1:8001"]
  }},
  "routes": [
    {"name": "a", "prefix": "service-a",
     "upstream": "servce-a"}
  ]
}
"""
PATHS = (
    "gateway.workers",
    "gateway.drain_timeot",
    "upstreams.service-a.endpoints[0]",
    "routes[0].prefix",
    "routes[0].upstream",
)


@pytest.mark.parametrize(
    ("text", "suffix", "places"),
    [
        pytest.param(FIVE_TOML, ".toml", [(2, 11), (3, 1), (6, 14), (10, 10), (11, 12)], id="TOML"),
        pytest.param(FIVE_YAML, ".yaml", [(2, 12), (3, 3), (7, 9), (10, 13), (11, 15)], id="YAML"),
        pytest.param(FIVE_JSON, ".json", [(2, 26), (3, 15), (5, 19), (8, 29), (9, 18)], id="JSON"),
    ],
)
def test_five_mistakes_are_five_errors_each_at_its_place(
    text: str, suffix: str, places: list[tuple[int, int]]
) -> None:
    errors = [problem for problem in told(text, suffix) if problem.severity is Severity.ERROR]
    assert [problem.path for problem in errors] == list(PATHS)
    assert [(problem.line, problem.column) for problem in errors] == places
    assert all(problem.help or "write" in problem.message for problem in errors)


def test_the_three_syntaxes_say_the_same() -> None:
    yaml = """\
upstreams:
  a:
    endpoints: [http://127.0.0.1:8001]
routes:
- {name: a, prefix: /a, upstream: a}
"""
    tree = {
        "upstreams": {"a": {"endpoints": ["http://127.0.0.1:8001"]}},
        "routes": [{"name": "a", "prefix": "/a", "upstream": "a"}],
    }
    assert read(ROUTE) == read(yaml, ".yaml") == read(json.dumps(tree), ".json")


def test_a_file_is_loaded_by_its_path_or_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [route.name for route in load(None, {}).routes][:2] == ["service-a", "service-b"]
    assert examine(None, {}).name == BUILT_IN
    Path("gateway.yml").write_text("routes: []", encoding="utf-8")
    assert load(None, {}).routes == ()
    Path("mine.toml").write_text(ROUTE, encoding="utf-8")
    assert load(Path("mine.toml"), {}) == load(None, {"GATEWAY_CONFIG": "mine.toml"}) == read(ROUTE)


def test_a_mistake_of_syntax_is_one_error_with_its_line() -> None:
    problem = only(told(ROUTE + "nonsense\n"))
    assert (problem.file, problem.line, problem.excerpt) == ("gateway.toml", 8, "nonsense")


def test_warnings_do_not_keep_the_gateway_from_starting() -> None:
    examined = examine_text(ROUTE + '[upstreams.b]\nendpoints = ["http://b"]\n', ".toml", {}, "g")
    assert len(examined.warnings) == 1
    assert len(examined.settings.upstreams) == 2


def test_files_that_are_not_there_are_warnings(tmp_path: Path) -> None:
    pem = tmp_path / "there.pem"
    pem.touch()
    text = f'gateway.tls = {{ certificate = "{pem}", key = "nowhere/key.pem" }}\n' + ROUTE.replace(
        "\n\n", '\ntls = { ca = "nowhere/ca.pem" }\n\n', 1
    ).replace("http://", "https://")
    path = tmp_path / "g.toml"
    path.write_text(text, encoding="utf-8")
    warnings = examine(path, {}).warnings
    assert [problem.path for problem in warnings] == ["gateway.tls.key", "upstreams.a.tls.ca"]
    assert told(text) == ()


@pytest.mark.parametrize("text", ["[]", '"x"', "1", "null"])
def test_a_file_that_is_no_table_is_told(text: str) -> None:
    assert only(told(text, ".json")).message.startswith("must be a table")


def test_a_missing_variable_is_told_once_with_its_place() -> None:
    text = f'[gateway]\nworkers = "${{WORKERS}}"\n{ROUTE}'
    problem = only(told(text))
    assert problem.message == "the environment variable WORKERS is not set"
    assert (problem.path, problem.line, problem.column) == ("gateway.workers", 2, 11)


SECRET = "s3cr3t-4f1c9e2d7b"


def in_route(line: str) -> Callable[[str], str]:
    return lambda value: ROUTE + line.replace("@", value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda v: ROUTE.replace("/a", v), id="a pattern"),
        pytest.param(lambda v: ROUTE.replace('m = "a"', f'm = "{v}"'), id="an upstream's name"),
        pytest.param(lambda v: ROUTE.replace("http://127.0.0.1:8001", v), id="an endpoint"),
        pytest.param(lambda v: f'[gateway]\nworkers = "{v}"\n{ROUTE}', id="a number"),
        pytest.param(lambda v: f'[gateway]\nhead_timeout = "{v}"\n{ROUTE}', id="a duration"),
        pytest.param(lambda v: f'[gateway]\nmax_head = "{v}"\n{ROUTE}', id="a size"),
        pytest.param(lambda v: f'[gateway]\ntrusted_proxies = "{v}"\n{ROUTE}', id="a network"),
        pytest.param(lambda v: f'[gateway]\nbind = ["{v}"]\n{ROUTE}', id="an address"),
        pytest.param(lambda v: f'[gateway]\naccess_log = "{v}"\n{ROUTE}', id="a choice"),
        pytest.param(lambda v: f'[gateway]\nunknown = "{v}"\n{ROUTE}', id="an unknown key"),
        pytest.param(in_route('host = ["@ "]\n'), id="a host"),
        pytest.param(in_route('methods = ["@ "]\n'), id="a method"),
        pytest.param(in_route('rewrite = "@"\n'), id="a rewrite"),
        pytest.param(in_route('request_headers.set = { x-a = "@\\n" }\n'), id="a field's value"),
        pytest.param(in_route('request_headers.remove = ["@ "]\n'), id="a field's name"),
    ],
)
def test_what_the_environment_brought_is_never_told(text: Callable[[str], str]) -> None:
    problems = told(text("${TOLD}"), environ={"TOLD": SECRET})
    assert any(problem.severity is Severity.ERROR for problem in problems)
    assert "s3cr3t" not in plain(problems) + "".join(map(str, problems))
    assert "4f1c9e2d7b" not in plain(problems)


def test_names_from_the_environment_are_not_told_by_the_routes_they_clash_with() -> None:
    route = ROUTE.replace('name = "a"', 'name = "${TOLD}"')
    twice = route + route[route.index("[[") :]
    assert SECRET not in plain(told(twice, environ={"TOLD": SECRET}))


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        'passwrd = "hunter2"',
        'bind = "http://me:hunter2@h"',
        'api_keys = ["hunter2", "hunter2"]',
        'auth = { token = { value = "hunter2" } }',
        'secret = """\nhunter2\nhunter2"""\nother = 1',
        "token = hunter2",
        "secret = '''\nhunter2",
    ],
)
def test_what_stands_under_a_secret_name_is_never_told(line: str) -> None:
    problems = told(f"[gateway]\n{line}\n")
    assert problems
    assert "hunter2" not in plain(problems)


KEYS = st.sampled_from(
    ["gateway", "upstreams", "routes", "name", "prefix", "path", "upstream", "endpoints", "url",
     "tls", "bind", "workers", "host", "methods", "headers", "set", "add", "remove", "a", "", "${"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["/a", "/{b}", "http://h", "unix:/x", "a", "${A}", "${A:-/x}", "GET", "1s", "\ud800"])
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "gateway": TREES | st.dictionaries(KEYS, LEAVES),
        "upstreams": TREES | st.dictionaries(KEYS, st.fixed_dictionaries({"endpoints": TREES})),
        "routes": TREES | st.lists(st.dictionaries(KEYS, LEAVES | TREES), max_size=3),
    },
)


@settings(max_examples=200)
@example(tree={"routes": [{"name": "\ud800"}]})
@example(tree={"gateway": {"\ud800": 1}})
@given(tree=TREES | SHAPED)
def test_no_tree_makes_anything_but_a_settings_error(tree: object) -> None:
    text = json.dumps(tree)
    for suffix in (".json", ".yaml"):
        try:
            examine_text(text, suffix, {"A": "b"}, "g")
        except SettingsError as error:
            assert plain(error.problems).encode()


@given(st.text(max_size=80), st.sampled_from([".toml", ".yaml", ".yml", ".json"]))
def test_no_text_makes_anything_but_a_settings_error(text: str, suffix: str) -> None:
    try:
        examine_text(text, suffix, {}, "g")
    except SettingsError as error:
        assert plain(error.problems).encode()
