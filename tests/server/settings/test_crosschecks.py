"""What no key shows alone."""

import pytest

from gateway_server.settings.problem import Severity
from tests.configurations import ROUTE, only, read, told

SECOND = '[[routes]]\nname = "b"\nprefix = "/b"\nupstream = "a"\n'


def test_an_unknown_upstream_is_told_with_the_near_one() -> None:
    text = ROUTE.replace("[upstreams.a]", "[upstreams.service-a]").replace(
        'm = "a"', 'm = "servce-a"'
    )
    problem = told(text)[-1]
    assert (problem.path, problem.line) == ("routes[0].upstream", 7)
    assert problem.message == 'there is no upstream "servce-a"'
    assert problem.help == 'did you mean "service-a"?'


def test_an_unknown_upstream_is_told_with_all_that_there_are() -> None:
    problem = told(ROUTE.replace('m = "a"', 'm = "zzz"'))[-1]
    assert problem.help == "known: a"


def test_without_any_upstream_the_cure_is_to_write_one() -> None:
    problem = only(told(SECOND))
    assert problem.help == 'write [upstreams.a] with endpoints = ["http://host:port"]'


def test_two_routes_of_one_name_are_an_error_at_the_second() -> None:
    problem = only(told(ROUTE + SECOND.replace('"b"', '"a"')))
    assert (problem.path, problem.line) == ("routes[1].name", 9)
    assert problem.message == "routes[0] has this name already"


def test_an_upstream_that_no_route_leads_to_is_a_warning() -> None:
    problem = only(told(ROUTE + '[upstreams.spare]\nendpoints = ["http://h"]\n'))
    assert (problem.severity, problem.path) == (Severity.WARNING, "upstreams.spare")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('prefix = "/x"', 'prefix = "/x/"'),
        ('prefix = "/x"', 'prefix = "/%78"'),
        ('path = "/x/{a}"', 'path = "/x/{b}"'),
        ('path = "/x"\nhost = ["a.example", "b.example"]', 'path = "/x"\nhost = ["B.example", "a.example"]'),
        ('path = "/x"\nmethods = ["GET"]', 'path = "/x"\nmethods = ["HEAD", "GET"]'),
    ],
)  # fmt: skip
def test_a_route_that_is_never_reached_is_a_warning(first: str, second: str) -> None:
    text = ROUTE.replace('prefix = "/a"', first) + SECOND.replace('prefix = "/b"', second)
    problem = only(told(text))
    assert (problem.severity, problem.path) == (Severity.WARNING, "routes[1]")
    assert "routes[0] takes the same requests" in problem.message


def test_routes_that_differ_are_no_warning() -> None:
    text = ROUTE + SECOND.replace('"/b"', '"/a"') + 'headers = { x-a = "1" }\n'
    assert told(text) == ()
    assert told(ROUTE + SECOND.replace('"/b"', '"/a"') + "query = { a = true }\n") == ()


def test_no_routes_are_a_warning() -> None:
    problem = only(told("[gateway]\n"))
    assert (problem.severity, problem.line) == (Severity.WARNING, 0)
    assert read("[gateway]\n").routes == ()


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        pytest.param('prefix = "a"', "prefix", "does not begin with a slash", id="no slash"),
        pytest.param('prefix = "/{id}"', "prefix", "a prefix has no parameters", id="parameters"),
        pytest.param('path = "/x"\nstrip_prefix = true', "strip_prefix", "only a prefix", id="strip"),
        pytest.param('path = "/{id}"\nrewrite = "/{ID}"', "rewrite", "binds no {ID}", id="unbound"),
        pytest.param('prefix = "/a"\nrewrite = "/b"', "rewrite", "a prefix binds nothing", id="rewrite"),
        pytest.param('prefix = "/a"\nmethods = ["get"]', "methods[0]", "write GET", id="case"),
        pytest.param('prefix = "/a"\nhost = "a:80"', "host", "no port", id="port"),
        pytest.param('prefix = "/a"\nheaders = { "a b" = "c" }', 'headers."a b"', "no field name", id="field"),
        pytest.param(
            'prefix = "/a"\nrequest_headers = { set = { Host = "x" } }',
            "request_headers.set.Host", "preserve_host", id="host",
        ),
        pytest.param(
            'prefix = "/a"\nresponse_headers = { add = { X-A = ["b", "c\\n"] } }',
            "response_headers.add.X-A[1]", "control character", id="line break",
        ),
        pytest.param(
            'prefix = "/a"\nresponse_headers = { remove = ["Connection"] }',
            "response_headers.remove[0]", "cannot be changed", id="framing",
        ),
        pytest.param('prefix = "/a"\npath = "/a"', "path", "not both", id="both"),
        pytest.param("", "", "neither prefix nor path", id="neither"),
    ],
)  # fmt: skip
def test_what_the_core_refuses_is_told_at_its_key(line: str, path: str, message: str) -> None:
    problem = only(told(ROUTE.replace('prefix = "/a"', line)))
    assert problem.path == f"routes[0].{path}".rstrip(".")
    assert message in problem.message
    assert problem.line


def test_every_mistake_of_a_route_is_told_at_once() -> None:
    route = (
        ROUTE.replace('"/a"', '"a"') + 'methods = ["get", "TRACE"]\nhost = ["x:1", "y.example"]\n'
    )
    assert [problem.path for problem in told(route)] == [
        "routes[0].prefix",
        "routes[0].methods[0]",
        "routes[0].methods[1]",
        "routes[0].host[0]",
    ]


def test_one_endpoint_twice_is_an_error() -> None:
    text = ROUTE.replace(
        '["http://127.0.0.1:8001"]', '["http://H", { url = "http://h:80", weight = 2 }]'
    )
    problem = only(told(text))
    assert (problem.path, problem.message) == (
        "upstreams.a.endpoints[1]",
        "endpoints[0] is the same",
    )


def test_tls_without_an_https_endpoint_is_a_warning() -> None:
    text = ROUTE.replace("\n\n", "\ntls = { verify = false }\n\n", 1)
    assert only(told(text)).severity is Severity.WARNING
    assert told(text.replace("http://", "https://")) == ()


def test_a_key_needs_its_certificate() -> None:
    text = ROUTE.replace("http://", "https://").replace("\n\n", '\ntls = { key = "k.pem" }\n\n', 1)
    assert only(told(text)).message == "a key needs its certificate"
