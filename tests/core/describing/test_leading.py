"""Where clients find what a service describes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.describing.leading import SAMPLE, Way, canonical, parameters, sample, ways
from gateway_core.message import RequestHead
from gateway_core.routing import Match, Pattern, Rewrite, Route, Router


def prefix(text: str, strip: bool = False) -> Route:
    return Route("r", Pattern.prefix(text), "u", strip_prefix=strip)


def path(text: str, rewrite: str = "") -> Route:
    return Route("r", Pattern.path(text), "u", rewrite=Rewrite.path(rewrite) if rewrite else None)


def led(text: str, *fixed: str) -> Way:
    return Way(text, frozenset(fixed))


@pytest.mark.parametrize(
    ("route", "theirs", "way"),
    [
        (prefix("/a", strip=True), "/items/{id}", led("/a/items/{id}")),
        (prefix("/a", strip=True), "/", led("/a/")),
        (prefix("/", strip=True), "/x", led("/x")),
        (prefix("/"), "/x/{y}", led("/x/{y}")),
        (prefix("/users"), "/users/{id}", led("/users/{id}")),
        (prefix("/users"), "/users", led("/users")),
        (prefix("/users"), "/users/", led("/users/")),
        (prefix("/users"), "/orders", None),
        (prefix("/users"), "/usersx", None),
        (prefix("/users"), "/", None),
        (prefix("/users"), "no path", None),
        (prefix("/north"), "/{shop}/items", led("/north/items", "shop")),
        (prefix("/a/b"), "/{x}/{x}", None),
        (prefix("/a/a"), "/{x}/{x}", led("/a/a", "x")),
        (prefix("/a"), "/{x}/more/{x}", led("/a/more/a", "x")),
        (prefix("/a"), "/{x}.json", None),
        (path("/items/{id}"), "/items/{item}", led("/items/{item}")),
        (path("/items/{id}"), "/items/latest", led("/items/latest")),
        (path("/items/{id}"), "/items/{a}.json", led("/items/{a}.json")),
        (path("/items/{id}"), "/items/", None),
        (path("/items/{id}"), "/items/a/b", None),
        (path("/files/{rest...}"), "/files/a/{b}", led("/files/a/{b}")),
        (path("/files/{rest...}"), "/files/", led("/files/")),
        (path("/files/{rest...}"), "/files", None),
        (path("/p/{id}", "/q/{id}"), "/q/{pid}", led("/p/{pid}")),
        (path("/p/{id}", "/q/{id}"), "/p/{id}", None),
        (path("/t/{tenant}/health", "/health"), "/health", led("/t/{tenant}/health")),
        (path("/{a}/{b}", "/x/{b}"), "/x/{a}", led("/{a_}/{a}")),
        (path("/f/{r...}", "/g/{r}/meta"), "/g/a/b/meta", led("/f/a/b")),
        (path("/f/{r...}", "/g/{r}/meta"), "/g/meta", None),
        (path("/caf%C3%A9/{x}"), "/café/{y}", led("/caf%C3%A9/{y}")),
        (path("/x"), "/%78", led("/x")),
        (path("/x"), "/%zz", None),
        (prefix("/a", strip=True), "/" + "x/" * 70, None),
    ],
    ids=str,
)  # fmt: skip
def test_the_way_back_through_a_route(route: Route, theirs: str, way: Way | None) -> None:
    assert ways(route, theirs) == way


def test_the_names_of_parameters() -> None:
    assert parameters("/a/{b}/{c}.json") == ["b", "c"]
    assert canonical("/a/{b}/{c}.json") == canonical("/a/{x}/{y}.json") == "/a/{}/{}.json"
    assert sample("/a/{b}/{c}.json") == f"/a/{SAMPLE}/{SAMPLE}.json".encode()
    assert sample("/é {x}") == b"/%C3%A9%20" + SAMPLE.encode()


segment = st.sampled_from(["a", "b", "{x}", "{y}"])
ROUTES: Any = st.builds(
    prefix, st.sampled_from(["/", "/a", "/a/b"]), st.booleans()
) | st.sampled_from(
    [path("/{p}/a"), path("/a/{r...}"), path("/a/{p}", "/b/{p}"), path("/{p}/{q}", "/{q}/a")]
)


@given(ROUTES, st.lists(segment, min_size=1, max_size=3, unique=True))
def test_whoever_goes_the_way_gets_to_what_the_service_describes(
    route: Route, segments: list[str]
) -> None:
    theirs = "/" + "/".join(segments)
    way = ways(route, theirs)
    if way is None:
        return
    match = Router((route,)).match(RequestHead("GET", sample(way.path), b"", ()))
    assert isinstance(match, Match), way
    asked = match.target.split(b"/")
    wanted = sample(theirs).split(b"/")
    assert len(asked) == len(wanted)
    for got, meant, name in zip(asked, wanted, theirs.split("/"), strict=True):
        assert got == meant or name.strip("{}") in way.fixed
