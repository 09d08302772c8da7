"""What is taken for an OpenAPI document, and what is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.describing.reading import (
    DOCUMENT_BYTES_MAX,
    OPERATIONS_MAX,
    Description,
    Flaw,
    items,
    members,
    read_description,
    text,
)
from tests.core.describing.services import described, document, get

MANY = {f"/{n}": {"get": {}, "put": {}} for n in range(OPERATIONS_MAX // 2)}


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        pytest.param(b"", Flaw.NOT_JSON, id="nothing"),
        pytest.param(b"<html>", Flaw.NOT_JSON, id="a page"),
        pytest.param(b"openapi: 3.1.0\npaths: {}", Flaw.NOT_JSON, id="YAML"),
        pytest.param(b'"text"', Flaw.NOT_JSON, id="a text"),
        pytest.param(b'{"openapi": "3.1.0", "openapi": "3.0.0"}', Flaw.NOT_JSON, id="a name twice"),
        pytest.param(b"[" * 100 + b"]" * 100, Flaw.NOT_JSON, id="too deep"),
        pytest.param(b"[" * 900_000, Flaw.NOT_JSON, id="far too deep"),
        pytest.param(b"[]", Flaw.NOT_OPENAPI, id="a list"),
        pytest.param(b"{}", Flaw.NOT_OPENAPI, id="some other object"),
        pytest.param(b'{"openapi": 3}', Flaw.NOT_OPENAPI, id="a number for a version"),
        pytest.param(b'{"swagger": "2.0", "paths": {"/": {}}}', Flaw.SWAGGER, id="Swagger 2.0"),
        pytest.param(document({"/": {}}, "3.2.0"), Flaw.VERSION, id="3.2"),
        pytest.param(document({"/": {}}, "2.0"), Flaw.VERSION, id="2.0 by the new name"),
        pytest.param(document({}), Flaw.NO_PATHS, id="no path"),
        pytest.param(document([]), Flaw.NO_PATHS, id="paths that are none"),
        pytest.param(document(MANY | {"/x": get()}), Flaw.TOO_MANY, id="an operation too many"),
        pytest.param(b" " * (DOCUMENT_BYTES_MAX + 1), Flaw.TOO_LARGE, id="a byte too many"),
    ],
)
def test_what_is_no_document_is_refused_by_name(body: bytes, flaw: Flaw) -> None:
    assert read_description(body) is flaw


@pytest.mark.parametrize(
    ("version", "old"), [("3.0.3", True), ("3.0.0-rc1", True), ("3.1.0", False), ("3.1.1", False)]
)
def test_both_versions_are_taken(version: str, old: bool) -> None:
    assert described({"/": get()}, version).old is old


def test_as_many_operations_as_may_be_are_taken() -> None:
    assert len(described(MANY).paths) == OPERATIONS_MAX // 2


def test_what_a_service_says_of_itself_is_kept() -> None:
    schema = {"type": "object"}
    read = described(
        {"/": get()},
        tags=[{"name": "a", "description": "about a"}, {"name": "b"}, "rubbish"],
        components={"schemas": {"S": schema}, "securitySchemes": {"x": {}}, "headers": 3},
    )
    assert read.about == "A service"
    described_so = {"title": "T", "description": "D"}
    assert described({"/": get()}, info=described_so).about == "D"
    assert read.tags == {"a": "about a", "b": "", "": ""}
    assert read.components["schemas"] == {"S": schema}
    assert read.components["headers"] == {}
    assert "securitySchemes" not in read.components


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        pytest.param([{"url": "/v1"}], "/v1", id="a path"),
        pytest.param([{"url": "/v1/"}, {"url": "/v2"}], "/v1", id="the first one counts"),
        pytest.param([{"url": "http://inner:8080/api"}], "/api", id="a server"),
        pytest.param([{"url": "https://example.com"}], "", id="a server's root"),
        pytest.param(
            [{"url": "/{v}", "variables": {"v": {"default": "v3"}}}], "/v3", id="a variable"
        ),
        pytest.param([{"url": "/{v}"}], "", id="a variable without a value"),
        pytest.param([{"url": "v1"}], "", id="relative to who knows what"),
        pytest.param([{"url": "http://["}], "", id="no URL"),
        pytest.param(["/v1"], "", id="no object"),
        pytest.param("/v1", "", id="no list"),
        pytest.param([], "", id="none"),
    ],
)
def test_the_paths_begin_where_the_first_server_says(servers: Any, base: str) -> None:
    assert described({"/": get()}, servers=servers).base == base


def test_what_is_of_another_kind_counts_as_empty() -> None:
    assert (members([]), items({}), text(3)) == ({}, [], "")
    assert (members({"a": 1}), items([1]), text("t")) == ({"a": 1}, [1], "t")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["openapi", "paths", "components", "servers", "url", "tags", "info", "/"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.binary(max_size=200) | JSON.map(lambda read: json.dumps(read).encode()))
def test_any_bytes_are_a_description_or_a_flaw(body: bytes) -> None:
    assert isinstance(read_description(body), (Description, Flaw))
