"""One document of all that the gateway serves."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.describing import Description, Flaw, describe, host_rules, read_description
from gateway_core.describing.leading import sample
from gateway_core.identifying import Guard
from gateway_core.message import RequestHead
from gateway_core.routing import FieldRule, Match, Pattern, QueryRule, Rewrite, Route, Router
from tests.core.describing.services import (
    OK,
    TOKENS,
    below,
    described,
    document,
    get,
    guard,
    serving,
)

ITEMS = {"/items": {**get("list"), "post": {"responses": OK}}, "/items/{id}": get("read")}
PAGES = frozenset({b"/", b"/livez", b"/token", b"/users/me", b"/openapi.json"})


def told(served: Any, authority: bytes = b"", **services: Description) -> Any:
    return describe(served, services, authority).document


def operations(found: Any) -> set[str]:
    return {f"{method.upper()} {path}" for path, item in found["paths"].items() for method in item}


def test_an_empty_gateway_describes_itself() -> None:
    found = told(serving(pages=PAGES, member=Guard((TOKENS,))))
    assert found["openapi"] == "3.1.0"
    assert found["info"] == {"title": "T", "version": "1"}
    assert operations(found) == {
        "GET /", "GET /livez", "POST /token", "GET /users/me", "GET /openapi.json",
    }  # fmt: skip
    assert found["components"]["securitySchemes"]["members"]["type"] == "oauth2"
    assert found["paths"]["/users/me"]["get"]["security"] == [{"members": []}]
    assert found["tags"] == [{"name": "gateway", "description": "The gateway itself."}]


def test_a_service_is_told_where_clients_find_it() -> None:
    found = told(serving(below("/shop", "up")), up=described(ITEMS))
    assert operations(found) == {"GET /shop/items", "POST /shop/items", "GET /shop/items/{id}"}
    assert "securitySchemes" not in found["components"]
    assert {"name": "up", "description": "A service"} in found["tags"]


def test_a_service_that_lives_below_a_path_of_its_own_is_found_there() -> None:
    services = described(ITEMS, servers=[{"url": "http://inner:1/v1"}])
    rewritten = Route(
        "r", Pattern.path("/i/{rest...}"), "up", rewrite=Rewrite.path("/v1/{rest...}")
    )
    assert "GET /i/items" in operations(told(serving(rewritten), up=services))
    assert "GET /shop/v1/items" in operations(told(serving(below("/shop", "up")), up=services))


def test_methods_that_a_route_does_not_serve_are_not_told() -> None:
    route = below("/shop", "up", methods=frozenset({"GET"}))
    found = told(
        serving(route), up=described({"/x": {**get(), "put": {}, "head": {}, "trace": {}}})
    )
    assert operations(found) == {"GET /shop/x", "HEAD /shop/x"}


def test_what_another_route_serves_or_the_gateway_itself_is_not_told_of_this_one() -> None:
    routes = (below("/shop", "up"), Route("own", Pattern.path("/shop/items"), "other"))
    found = told(serving(*routes, pages=frozenset({b"/shop/items/me"})), up=described(ITEMS))
    assert operations(found) == {"GET /shop/items/{id}"}
    found = told(
        serving(below("/users", "up", strip=False), pages=PAGES),
        up=described({"/users/me": get(), "/users/{id}": get()}),
    )
    assert found["paths"]["/users/me"]["get"]["operationId"] == "gateway-me"
    assert "GET /users/{id}" in operations(found)


def test_hosts_count_as_they_do_for_requests() -> None:
    a = below("/x", "up", name="a", hosts=("api.example.com",))
    b = below("/x", "other", name="b", hosts=("*.example.com",))
    served, item = serving(a, b), {"/items": get()}
    services = {"up": described(item), "other": described({"/else": get()})}
    assert operations(told(served, b"api.example.com:8000", **services)) == {"GET /x/items"}
    assert operations(told(served, b"www.example.com", **services)) == {"GET /x/else"}
    assert operations(told(served, b"localhost", **services)) == set()
    assert host_rules(served.routes, b"API.example.com") == ("*.example.com", "api.example.com")
    assert host_rules(served.routes, b"www.example.com:1") == ("*.example.com",)
    assert host_rules(served.routes, b"example.com") == ()


def test_routes_that_ask_for_fields_are_asked_so() -> None:
    plain = below("/x", "up", name="plain")
    newer = below(
        "/x", "new", name="new", headers=(FieldRule(b"x-v", b"2"),), query=(QueryRule(b"q"),)
    )
    item = described({"/a": get()}), described({"/a": get(), "/b": get()})
    found = told(serving(plain, newer), up=item[0], new=item[1])
    assert operations(found) == {"GET /x/a", "GET /x/b"}
    assert found["paths"]["/x/a"]["get"]["tags"] == ["up"]
    names = {each["name"] for each in found["paths"]["/x/b"]["get"]["parameters"]}
    assert names == {"x-v", "q"}


def test_two_services_never_collide() -> None:
    def service(kind: str) -> Description:
        item = get(
            "list",
            tags=["admin"],
            responses={
                "200": {
                    "description": "ok",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}},
                }
            },
        )
        return described({"/s": item}, components={"schemas": {"S": {"type": kind}}})

    found = told(
        serving(below("/a", "a"), below("/b", "b")), a=service("object"), b=service("array")
    )
    assert found["components"]["schemas"]["a.S"] == {"type": "object"}
    assert found["components"]["schemas"]["b.S"] == {"type": "array"}
    ids = [found["paths"][path]["get"]["operationId"] for path in ("/a/s", "/b/s")]
    assert ids == ["a.list", "b.list"]
    assert {tag["name"] for tag in found["tags"]} == {"gateway", "a: admin", "b: admin"}


def test_two_routes_to_one_service_share_its_components_and_not_its_operations() -> None:
    routes = (below("/a", "up", name="a"), below("/b", "up", name="b"))
    asks = guard("read", both=True)
    found = told(
        serving(*routes, guards={"b": asks}, limited=frozenset({"a"})), up=described(ITEMS)
    )
    first, second = (found["paths"][path]["get"] for path in ("/a/items", "/b/items"))
    assert (first["operationId"], second["operationId"]) == ("a.list", "b.list")
    assert (first["security"], second["security"]) == (
        [],
        [{"clients": ["read"]}, {"members": ["read"]}],
    )
    assert "429" in first["responses"]
    assert "401" in second["responses"]


def test_paths_that_differ_in_the_names_of_parameters_are_one() -> None:
    reads = Route("reads", Pattern.path("/i/{x}"), "a", methods=frozenset({"GET"}))
    writes = Route("writes", Pattern.path("/i/{x}"), "b", methods=frozenset({"PUT"}))
    mine = {"name": "name", "in": "path", "required": True, "description": "theirs"}
    found = told(
        serving(reads, writes),
        a=described({"/i/{id}": get()}),
        b=described({"/i/{name}": {"put": {"parameters": [mine, {"name": "q", "in": "query"}]}}}),
    )
    assert operations(found) == {"GET /i/{id}", "PUT /i/{id}"}
    put = found["paths"]["/i/{id}"]["put"]
    assert put["parameters"] == [{**mine, "name": "id"}, {"name": "q", "in": "query"}]


def test_a_word_in_a_parameters_place_is_told_as_that_word() -> None:
    route = below("/north", "up", strip=False)
    found = told(serving(route), up=described({"/{shop}/items": get()}))
    assert operations(found) == {"GET /north/items"}
    assert found["paths"]["/north/items"]["get"]["parameters"] == []


def test_compositions_are_the_gateways_own() -> None:
    one = Route("detail", Pattern.path("/p/{id}"), "", methods=frozenset({"GET"}))
    rest = Route("files", Pattern.path("/f/{all...}"), "")
    hidden = Route("hidden", Pattern.path("/livez"), "")
    served = serving(
        one,
        rest,
        hidden,
        composed={"detail": ("a", "b"), "files": ("c",), "hidden": ("d",)},
        guards={"detail": guard()},
        pages=frozenset({b"/livez"}),
    )
    found = told(served)
    assert operations(found) == {"GET /p/{id}", "GET /f/{all}", "GET /livez"}
    detail = found["paths"]["/p/{id}"]["get"]
    assert detail["summary"] == "Composed of a, b"
    assert detail["security"] == [{"clients": []}]
    assert detail["responses"].keys() == {"200", "401"}
    assert found["paths"]["/livez"]["get"]["operationId"] == "gateway-alive"


def test_a_service_that_describes_too_much_harms_no_other() -> None:
    shared = {"x": {"name": "x", "in": "path", "required": True, "example": "x" * 1_000_000}}
    methods: Any = {key: {} for key in ["get", "put", "post", "delete", "patch"]}
    item = {**methods, "parameters": [{"$ref": "#/components/parameters/x"}]}
    paths = {f"/{n}/{{x}}": item for n in range(3)}
    large = described(paths, components={"parameters": shared})
    found = describe(
        serving(below("/a", "a"), below("/b", "b")), {"a": large, "b": described(ITEMS)}
    )
    assert {note.reason for note in found.notes} == {Flaw.TOO_MUCH.value}
    assert [note.service for note in found.notes] == ["a"]
    assert operations(found.document) == {"GET /b/items", "POST /b/items", "GET /b/items/{id}"}


def test_a_path_that_is_described_elsewhere_is_noted() -> None:
    paths = {"/a": {"$ref": "other.json"}, "/b": "rubbish", "no slash": get(), "/c": get()}
    found = describe(serving(below("/x", "up")), {"up": described(paths)})
    assert operations(found.document) == {"GET /x/c"}
    assert [(note.reason, note.where) for note in found.notes] == [
        ("reference-elsewhere", "other.json")
    ]


# Whatever a service publishes

NAMES = st.sampled_from(
    ["$ref", "/a", "/{x}", "get", "put", "parameters", "responses", "200", "content", "schema",
     "properties", "items", "allOf", "oneOf", "discriminator", "mapping", "name", "in", "tags",
     "S", "schemas", "description", "headers", "operationId", "security", "x-y", "example"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.sampled_from(
    ["path", "query", "x", "#/components/schemas/S", "#/components/schemas/S/properties/x", "S",
     "#/components/parameters/S", "http://inner", "/{x}", 3]
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)
ITEM = st.dictionaries(st.sampled_from(["get", "put", "parameters", "$ref"]), ANYTHING)
PATHS = st.dictionaries(st.sampled_from(["/a", "/{x}", "/a/{x}", "a", ""]), ITEM, min_size=1)
SECTION = st.dictionaries(st.sampled_from(["S", "T/x", "é"]), ANYTHING)
COMPONENTS = st.dictionaries(
    st.sampled_from(["schemas", "parameters", "responses", "headers", "examples"]), SECTION
)


@given(PATHS, COMPONENTS, ANYTHING, st.sampled_from(["3.0.0", "3.1.0"]))
def test_whatever_is_published_every_reference_that_is_told_leads_somewhere(
    paths: Any, components: Any, rest: Any, version: str
) -> None:
    read = read_description(
        document(paths, version, components=components, tags=rest, servers=rest)
    )
    assert isinstance(read, Description)
    routes = (
        below("/up", "up"),
        Route("p", Pattern.path("/p/{y}"), "up", rewrite=Rewrite.path("/a/{y}")),
    )
    found = told(serving(*routes), up=read)
    json.dumps(found, allow_nan=False)
    for reference in references(found):
        at: Any = found
        for step in reference.removeprefix("#/").split("/"):
            at = at[int(step)] if isinstance(at, list) else at[step]
    router = Router(routes)
    for path in found["paths"]:
        assert isinstance(router.match(RequestHead("GET", sample(path), b"", ())), Match)


def references(value: Any, data: bool = False) -> Iterator[str]:
    """Yield where references lead that are some: not those in examples."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "$ref" and isinstance(each, str):
                yield each
            elif name not in {"example", "enum", "default", "const", "x"}:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


@pytest.mark.parametrize("bad", [b"", b"[]", b"{}", b'{"swagger": "2.0"}'])
def test_what_is_no_document_is_no_description(bad: bytes) -> None:
    assert isinstance(read_description(bad), Flaw)
