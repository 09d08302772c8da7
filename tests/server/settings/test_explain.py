"""Unknown keys, missing keys and wrong types, in words that say what to do."""

import pytest

from gateway_server.settings.schema import Settings
from tests.configurations import ROUTE, only, told


@pytest.mark.parametrize(
    ("text", "path", "cure"),
    [
        pytest.param(
            f"[gateway]\ndrain_timeot = '1s'\n{ROUTE}", "gateway.drain_timeot",
            'did you mean "drain_timeout"?', id="a letter missing",
        ),
        pytest.param(
            f"[gateway]\nMax-Head = 1024\n{ROUTE}", "gateway.Max-Head",
            'did you mean "max_head"?', id="another manner of writing",
        ),
        pytest.param(
            f"workers = 2\n{ROUTE}", "workers", "it belongs to [gateway]", id="the wrong table",
        ),
        pytest.param(
            f"{ROUTE}connect_timeout = '1s'\n", "routes[0].connect_timeout",
            "it belongs to [upstreams.NAME]", id="a key of upstreams in a route",
        ),
        pytest.param(
            f"nonsense = 1\n{ROUTE}", "nonsense", f"known here: {', '.join(Settings.model_fields)}",
            id="nothing like it",
        ),
        pytest.param(
            f"{ROUTE}hosts = ['a.example']\n", "routes[0].hosts", 'did you mean "host"?',
            id="the plural",
        ),
        pytest.param(
            f"{ROUTE}request_headers = {{ sett = {{}} }}\n", "routes[0].request_headers.sett",
            'did you mean "set"?', id="deeper",
        ),
        pytest.param(
            ROUTE.replace('"http://127.0.0.1:8001"', '{ url = "http://h", wieght = 2 }'),
            "upstreams.a.endpoints[0].wieght", 'did you mean "weight"?', id="in an endpoint",
        ),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_with_what_was_meant(text: str, path: str, cure: str) -> None:
    problem = only(told(text))
    assert (problem.path, problem.help) == (path, cure)
    assert problem.message.startswith("unknown key")


@pytest.mark.parametrize(
    ("text", "path", "cure"),
    [
        pytest.param(ROUTE + 'path = { prefix = "/a" }\n', "routes[0].path", 'this is a table; "prefix" is a key of its own, beside it', id="a key inside of another"),
        pytest.param(ROUTE + 'path = { prefix = "/a", host = "a" }\n', "routes[0].path", 'this is a table; "prefix", "host" are keys of their own, beside it', id="keys inside of another"),
        pytest.param(ROUTE + 'path = { exact = "/a" }\n', "routes[0].path", "write one text in quotes, and no table", id="a table for text"),
    ],
)  # fmt: skip
def test_a_table_where_a_text_is_due_is_told_what_belongs_beside(text, path, cure) -> None:
    problem = only(told(text))
    assert (problem.path, problem.message, problem.help) == (path, "must be text", cure)


def test_a_misspelt_key_is_not_told_as_missing_too() -> None:
    problem = only(told(ROUTE.replace("name =", "nmae =")))
    assert (problem.path, problem.help) == ("routes[0].nmae", 'did you mean "name"?')


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        pytest.param(ROUTE.replace('name = "a"\n', ""), "routes[0].name", 'the key "name" is missing', id="missing"),
        pytest.param("[upstreams.a]\n" + ROUTE[ROUTE.index("\n\n") :], "upstreams.a.endpoints", 'the key "endpoints" is missing', id="missing in an upstream"),
        pytest.param(f"gateway = 1\n{ROUTE}", "gateway", "must be a table", id="a number for a table"),
        pytest.param(ROUTE + "methods = 1\n", "routes[0].methods", "must be a list", id="a number for a list"),
        pytest.param(ROUTE + "methods = [1]\n", "routes[0].methods[0]", "must be text", id="a number for text"),
        pytest.param(ROUTE + "headers = []\n", "routes[0].headers", "must be a table", id="a list for a table"),
        pytest.param(ROUTE + "headers = { x-a = false }\n", "routes[0].headers.x-a", "is no rule", id="no rule"),
        pytest.param(ROUTE + "websocket = true\n", "routes[0].websocket", "can only be false, or a table", id="websocket"),
        pytest.param(ROUTE.replace('["http://127.0.0.1:8001"]', "[]"), "upstreams.a.endpoints", "must not be empty", id="no endpoints"),
        pytest.param(ROUTE.replace('["http://127.0.0.1:8001"]', "[1]"), "upstreams.a.endpoints[0]", "must be a table", id="one error for a member"),
        pytest.param(ROUTE.replace("[upstreams.a]", '[upstreams."a b"]').replace('m = "a"', 'm = "a b"'), "", "is no name", id="a name"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_at_its_key(text: str, path: str, message: str) -> None:
    first = told(text)[0]
    assert first.message == message
    assert not path or first.path == path


def test_a_key_without_a_value_is_told_as_that() -> None:
    problems = told("gateway:\nupstreams: {a: {endpoints: ['http://h']}}\nroutes:\n", ".yaml")
    assert [(p.path, p.message) for p in problems if p.severity.value == "error"] == [
        ("gateway", "has no value"),
        ("routes", "has no value"),
    ]
