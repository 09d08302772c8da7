"""Templates in `request_headers.set`, and `request_query`."""

import pytest

from gateway_core.transforming import Otherwise
from gateway_server.settings.build import build_routes
from gateway_server.settings.transformations import build_answer_changes, build_transformations
from tests.configurations import ROUTE, only, read, told


def test_a_value_with_braces_is_filled_for_each_request_and_others_are_not() -> None:
    settings = read(ROUTE + 'request_headers.set = { X-Who = "{consumer}", X-Team = "a" }')
    (route,) = build_routes(settings)
    assert route.request_edits.set == ((b"x-team", b"a"),)
    assert build_transformations(settings)["a"].names == {b"x-who"}


def test_a_query_is_changed() -> None:
    line = 'request_query = { set = { page = "1" }, remove = "debug" }'
    change = build_transformations(read(ROUTE + line))["a"]
    assert [name for name, _ in change.query] == ["page"]
    assert change.without == {b"debug"}


def test_a_route_that_changes_nothing_so_has_no_transformation() -> None:
    assert build_transformations(read(ROUTE)) == {}


def test_what_the_path_binds_may_be_referred_to() -> None:
    text = ROUTE.replace('prefix = "/a"', 'path = "/a/{id}"')
    line = 'request_headers.set = { X-Item = "{id}" }'
    assert build_transformations(read(text + line))["a"].params == ("id",)


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        (
            'request_headers.set = { X-Who = "{nosuch}" }',
            "request_headers.set.X-Who",
            "nosuch is nothing here",
        ),
        (
            'request_headers.set = { X-Who = "{a..b}" }',
            "request_headers.set.X-Who",
            "character 3: '.' cannot stand here",
        ),
        ('request_headers.set = { X-Who = "}" }', "request_headers.set.X-Who", "without its pair"),
        (
            'request_headers.set = { Host = "{client}" }',
            "request_headers.set.Host",
            "preserve_host",
        ),
        (
            'response_headers.add = { X-Who = ["a", "{nosuch}"] }',
            "response_headers.add.X-Who",
            "nosuch is nothing here",
        ),
        (
            'response_headers.set = { X-Who = "{claims}" }',
            "response_headers.set.X-Who",
            "name one of them",
        ),
        ("response_status = { 204 = 200 }", "response_status.204", "says how the message"),
        ("response_status = { 404 = 304 }", "response_status.404", "cannot be told"),
        ('response_body = { document = "a..b" }', "response_body.document", "character 3"),
        (
            'response_body = { document = { a = { b = "parts" } } }',
            "response_body.document.a.b",
            "parts is nothing here",
        ),
        ('request_query.set = { p = "{" }', "request_query.set.p", "without its pair"),
        ('request_query.set = { p = "{parts.a}" }', "request_query.set.p", "parts is nothing here"),
    ],
)
def test_a_mistake_has_its_place(line: str, path: str, message: str) -> None:
    problem = only(told(ROUTE + line))
    assert problem.path == f"routes[0].{path}"
    assert message in problem.message


def test_what_is_said_of_answers_is_built() -> None:
    lines = """
response_status = { 404 = 410, "5xx" = 502 }
response_headers = { set = { X-A = "{client}", X-B = "b" }, add = { X-C = ["{client}", "c"] } }
response_body = { document = { a = "body.a" }, max_size = "2KiB", otherwise = "pass" }
"""
    settings = read(ROUTE + lines)
    change = build_answer_changes(settings)["a"]
    assert change.statuses.told(404) == 410
    assert [name for name, _ in change.fields] == [b"x-a"]
    assert [name for name, _ in change.added] == [b"x-c"]
    assert change.rewriting is not None
    assert (change.rewriting.size_max, change.rewriting.otherwise) == (2048, Otherwise.PASS)
    (route,) = build_routes(settings)
    assert route.response_edits.set == ((b"x-b", b"b"),)
    assert route.response_edits.add == ((b"x-c", b"c"),)
    assert build_answer_changes(read(ROUTE)) == {}


def test_a_number_may_be_a_key_in_yaml_too() -> None:
    text = """
upstreams: { a: { endpoints: ["http://127.0.0.1:1"] } }
routes: [{ name: a, prefix: /a, upstream: a, response_status: { 404: 410 } }]
"""
    assert read(text, ".yaml").routes[0].response_status == {"404": 410}
