"""A route's rules, what it refuses to be, and the path that it asks for."""

import copy

import pytest

from gateway_core.errors import ConfigError
from gateway_core.routing.pattern import Pattern
from gateway_core.routing.route import (
    Asked,
    FieldRule,
    QueryRule,
    Rewrite,
    Route,
    parse_query,
)

PREFIX = Pattern.prefix("/a")
ITEM = Pattern.path("/items/{id}")
FILES = Pattern.path("/files/{name}/{rest...}")


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        pytest.param(FieldRule(b"x-team"), True, id="it is there"),
        pytest.param(FieldRule(b"x-none"), False, id="it is not there"),
        pytest.param(FieldRule(b"x-team", b"a"), True, id="with this value"),
        pytest.param(FieldRule(b"x-team", b"b"), True, id="with this value in another line"),
        pytest.param(FieldRule(b"x-team", b"A"), False, id="with this value, case apart"),
        pytest.param(FieldRule(b"x-list", b"a"), False, id="a member of a list is no value"),
        pytest.param(FieldRule(b"x-list", b"a, b"), True, id="a list is one value"),
        pytest.param(FieldRule(b"x-empty"), True, id="it is there and empty"),
        pytest.param(FieldRule(b"x-empty", b""), True, id="empty on purpose"),
        pytest.param(QueryRule(b"v"), True, id="a parameter is there"),
        pytest.param(QueryRule(b"w"), False, id="a parameter is not there"),
        pytest.param(QueryRule(b"w", b"1"), False, id="nor has it a value"),
        pytest.param(QueryRule(b"v", b"1"), True, id="a parameter's first value"),
        pytest.param(QueryRule(b"v", b"2"), False, id="a parameter's second value"),
        pytest.param(QueryRule(b"q r", "é&".encode()), True, id="decoded"),
        pytest.param(QueryRule(b"flag", b""), True, id="without a value"),
        pytest.param(QueryRule(b"V"), False, id="case counts"),
    ],
)
def test_a_rule_holds(rule: FieldRule | QueryRule, holds: bool) -> None:
    fields = ((b"x-team", b"a"), (b"x-list", b"a, b"), (b"x-team", b"b"), (b"x-empty", b""))
    asked = Asked(fields, b"v=1&v=2&flag&q+r=%C3%a9%26")
    assert rule.holds(asked) is holds
    assert rule.holds(asked) is holds


def test_a_request_without_a_query_has_no_parameters() -> None:
    assert not QueryRule(b"").holds(Asked((), None))


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(b"&&", {}, id="separators alone"),
        pytest.param(b"a=1&b=2", {b"a": b"1", b"b": b"2"}, id="two"),
        pytest.param(b"a=1&%61=2", {b"a": b"1"}, id="the first counts, after decoding"),
        pytest.param(b"a=b=c", {b"a": b"b=c"}, id="the first equals sign parts"),
        pytest.param(b"=x", {b"": b"x"}, id="no name"),
        pytest.param(b"a;b=1", {b"a;b": b"1"}, id="a semicolon is data"),
        pytest.param(b"a=%2B+%", {b"a": b"+ %"}, id="plus, encoded plus, broken escape"),
    ],
)
def test_a_query_is_read_as_browsers_write_it(query: bytes, parameters: object) -> None:
    assert parse_query(query) == parameters


@pytest.mark.parametrize(
    ("name", "why"), [(b"X-A", "lower"), (b"", "name"), (b"a b", "name"), (b"host", "host =")]
)
def test_a_field_rule_needs_a_field_name(name: bytes, why: str) -> None:
    with pytest.raises(ConfigError) as error:
        FieldRule(name)
    assert error.value.path == "name"
    assert why in error.value.problem


@pytest.mark.parametrize(
    ("settings", "path", "why"),
    [
        pytest.param({"hosts": ("a", "B.c")}, "hosts.1", "lower case", id="a host in upper case"),
        pytest.param({"hosts": ("a:80",)}, "hosts.0", "no port", id="a host with a port"),
        pytest.param({"hosts": ("*",)}, "hosts.0", "no hosts at all", id="a star alone"),
        pytest.param({"hosts": ("a.*.b",)}, "hosts.0", "neither", id="a star inside"),
        pytest.param({"hosts": ("a.",)}, "hosts.0", "no dot", id="a dot at the end"),
        pytest.param({"hosts": ("",)}, "hosts.0", "neither", id="an empty host"),
        pytest.param({"hosts": ("bücher.de",)}, "hosts.0", "xn--", id="an international name"),
        pytest.param({"hosts": ("[1::2::3]",)}, "hosts.0", "IPv6", id="no IPv6 address"),
        pytest.param({"hosts": ("[0::1]",)}, "hosts.0", "'[::1]'", id="IPv6 written at length"),
        pytest.param({"methods": frozenset({"GE T"})}, "methods", "no method", id="no token"),
        pytest.param(
            {"methods": frozenset({"get"})}, "methods", "GET", id="a method in lower case"
        ),
        pytest.param({"methods": frozenset({"TRACE"})}, "methods", "never", id="TRACE"),
        pytest.param(
            {"pattern": ITEM, "strip_prefix": True},
            "strip_prefix",
            "rewrite",
            id="no prefix to strip",
        ),
        pytest.param(
            {"strip_prefix": True, "rewrite": Rewrite.path("/b")}, "rewrite", "not both", id="both"
        ),
        pytest.param(
            {"rewrite": Rewrite.path("/b")}, "rewrite", 'path = "/a/{rest...}"', id="of a prefix"
        ),
        pytest.param(
            {"pattern": ITEM, "rewrite": Rewrite.path("/v2/{name}")},
            "rewrite",
            "binds {id}",
            id="a name that is not bound",
        ),
        pytest.param(
            {"pattern": Pattern.path("/x"), "rewrite": Rewrite.path("/v2/{name}")},
            "rewrite",
            "binds nothing",
            id="nothing is bound",
        ),
        pytest.param(
            {"pattern": ITEM, "rewrite": Rewrite.path("/v2/{id...}")},
            "rewrite",
            "write {id}",
            id="one segment is no rest",
        ),
        pytest.param(
            {"pattern": FILES, "rewrite": Rewrite.path("/v2/{name...}")},
            "rewrite",
            "write {name}",
            id="one segment is no rest, though there is one",
        ),
    ],
)
def test_nonsense_is_an_error_that_names_its_field(
    settings: dict[str, object], path: str, why: str
) -> None:
    with pytest.raises(ConfigError) as error:
        Route(**{"name": "r", "pattern": PREFIX, "upstream": "u", **settings})
    assert error.value.path == path
    assert why in error.value.problem


def test_a_rewrite_refuses_what_a_pattern_refuses() -> None:
    for text in ("v2", "/a/../b", "/a?x=1", "/{id}.json", "/{a...}/b"):
        with pytest.raises(ConfigError):
            Rewrite.path(text)


def test_sound_hosts_and_methods_are_taken() -> None:
    route = Route(
        "r",
        PREFIX,
        "u",
        hosts=("a_b.example.com", "*.example.com", "10.0.0.1", "[::1]", "localhost"),
        methods=frozenset({"GET", "PROPFIND", "M-SEARCH"}),
    )
    assert copy.deepcopy(route) == route


@pytest.mark.parametrize(
    ("methods", "method", "serves"),
    [
        pytest.param((), "ANYTHING", True, id="none named: every method"),
        pytest.param(("GET",), "GET", True, id="named"),
        pytest.param(("GET",), "HEAD", True, id="9.3.2 GET implies HEAD"),
        pytest.param(("POST",), "HEAD", False, id="POST does not"),
        pytest.param(("HEAD",), "GET", False, id="HEAD does not imply GET"),
        pytest.param(("GET",), "get", False, id="9.1 case counts"),
    ],
)
def test_the_methods_of_a_route(methods: tuple[str, ...], method: str, serves: bool) -> None:
    route = Route("r", PREFIX, "u", methods=frozenset(methods))
    assert route.serves(method) is serves
    assert not methods or (method in route.allowed) is serves


@pytest.mark.parametrize(
    ("route", "path", "asked"),
    [
        pytest.param(Route("r", PREFIX, "u"), b"/a/b", b"/a/b", id="as it is"),
        pytest.param(Route("r", PREFIX, "u", strip_prefix=True), b"/a/b", b"/b", id="stripped"),
        pytest.param(
            Route("r", ITEM, "u", rewrite=Rewrite.path("/v2/{id}/")),
            b"/items/a%2fb",
            b"/v2/a%2fb/",
            id="rewritten",
        ),
        pytest.param(
            Route("r", FILES, "u", rewrite=Rewrite.path("/{rest}/of/{name}")),
            b"/files/n/a/b",
            b"/a/b/of/n",
            id="rewritten, the rest in front",
        ),
        pytest.param(
            Route("r", FILES, "u", rewrite=Rewrite.path("/{rest...}")),
            b"/files/n/",
            b"/",
            id="rewritten to nothing",
        ),
        pytest.param(
            Route("r", ITEM, "u", rewrite=Rewrite.path("/")), b"/items/1", b"/", id="to the root"
        ),
    ],
)
def test_the_path_that_the_upstream_is_asked_for(route: Route, path: bytes, asked: bytes) -> None:
    assert route.path_for(path, route.pattern.bind(path)) == asked


def test_a_rewrite_is_written_as_it_was_configured() -> None:
    assert str(Rewrite.path("/v2/{id}/{rest...}")) == "/v2/{id}/{rest...}"
