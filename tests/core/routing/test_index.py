"""The index: what a walk finds, in which order, and how much it looks at."""

import pytest

from gateway_core.routing.index import Index, precedence
from gateway_core.routing.pattern import Pattern
from gateway_core.routing.route import FieldRule, QueryRule, Route


def found(index: Index, path: bytes, authority: bytes = b"") -> list[str]:
    segments = index.split(path)
    trees = index.trees(authority)
    return [entry.route.name for tree in trees for entry in tree.find(segments)]


PATTERNS = {
    "root": Pattern.path("/"),
    "all": Pattern.prefix("/"),
    "a": Pattern.prefix("/a"),
    "a/": Pattern.path("/a/"),
    "a/b": Pattern.path("/a/b"),
    "a/{x}": Pattern.path("/a/{x}"),
    "{x}/b": Pattern.path("/{x}/b"),
    "a/{r}": Pattern.path("/a/{r...}"),
    "deep": Pattern.path("/a/{x}/c/{y}/e"),
}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        pytest.param(b"/", ["root", "all"], id="the root"),
        pytest.param(b"//", ["all"], id="two slashes are not the root"),
        pytest.param(b"/a", ["a", "all"], id="a prefix itself"),
        pytest.param(b"/ab", ["all"], id="a prefix is whole segments"),
        pytest.param(b"/a/", ["a/", "a/{r}", "a", "all"], id="a slash; a parameter is not empty"),
        pytest.param(b"/a/b", ["a/b", "a/{x}", "{x}/b", "a/{r}", "a", "all"], id="everything"),
        pytest.param(b"/a/z", ["a/{x}", "a/{r}", "a", "all"], id="a parameter"),
        pytest.param(b"/z/b", ["{x}/b", "all"], id="a parameter in front"),
        pytest.param(b"//b", ["all"], id="a parameter in front is not empty"),
        pytest.param(b"/a/b/c/d/e", ["deep", "a/{r}", "a", "all"], id="the longest pattern"),
        pytest.param(b"/a/b/c/d/e/", ["a/{r}", "a", "all"], id="a slash more than the longest"),
        pytest.param(b"/a/b/c/d/e/f", ["a/{r}", "a", "all"], id="longer than the longest"),
    ],
)
def test_a_walk_finds_what_matches_the_most_specific_first(path: bytes, names: list[str]) -> None:
    routes = tuple(Route(name, pattern, "u") for name, pattern in PATTERNS.items())
    assert found(Index.of(routes), path) == names
    assert found(Index.of(routes[::-1]), path) == names


def test_a_walk_ends_where_no_pattern_goes_on() -> None:
    index = Index.of((Route("b", Pattern.path("/b/c/d"), "u"),))
    assert found(index, b"/x/y/z/w") == []
    assert found(index, b"/b") == []


def test_a_path_is_split_no_further_than_patterns_look() -> None:
    index = Index.of((Route("b", Pattern.path("/b/{x}"), "u"),))
    assert index.split(b"/" * 16_000) == [b"", b"", b"/" * 15_997]
    assert Index.of(()).split(b"/a/b") == [b"a/b"]


HOSTS = (
    Route("any", Pattern.prefix("/"), "u"),
    Route("wild", Pattern.prefix("/"), "u", hosts=("*.example.com",)),
    Route("wilder", Pattern.prefix("/"), "u", hosts=("*.b.example.com",)),
    Route("exact", Pattern.prefix("/"), "u", hosts=("a.b.example.com", "other.org")),
)


@pytest.mark.parametrize(
    ("authority", "names"),
    [
        pytest.param(b"", ["any"], id="no host"),
        pytest.param(b"example.com", ["any"], id="a wildcard needs a label"),
        pytest.param(b"notexample.com", ["any"], id="a wildcard is whole labels"),
        pytest.param(b"a.example.com:80", ["wild", "any"], id="one label"),
        pytest.param(b"a.c.example.com", ["wild", "any"], id="two labels"),
        pytest.param(b"x.b.Example.Com.", ["wilder", "wild", "any"], id="the longest first"),
        pytest.param(b"a.b.example.com", ["exact", "wilder", "wild", "any"], id="exact first"),
        pytest.param(b"other.org", ["exact", "any"], id="another host of the same route"),
    ],
)
def test_the_more_specific_host_comes_first(authority: bytes, names: list[str]) -> None:
    assert found(Index.of(HOSTS), b"/x", authority) == names


def test_every_tree_is_every_tree() -> None:
    index = Index.of(HOSTS)
    names = [e.route.name for tree in index.all_trees() for e in tree.find([b"x"])]
    assert sorted(names) == ["any", "exact", "exact", "wild", "wilder"]


def test_the_order_of_precedence() -> None:
    narrow, wide = Pattern.path("/a"), Pattern.prefix("/a")
    header, query = FieldRule(b"x"), QueryRule(b"x")
    gets = frozenset({"GET"})
    ordered = [
        (Route("host", wide, "u"), "a.b"),
        (Route("longest wildcard", wide, "u"), "*.a.b"),
        (Route("wildcard", narrow, "u"), "*.b"),
        (Route("path", narrow, "u"), ""),
        (Route("method", wide, "u", methods=gets), ""),
        (Route("two headers", wide, "u", headers=(header, FieldRule(b"y"))), ""),
        (Route("header and query", wide, "u", headers=(header,), query=(query,)), ""),
        (Route("header", wide, "u", headers=(header,)), ""),
        (Route("query", wide, "u", query=(query,)), ""),
        (Route("file order", wide, "u"), ""),
        (Route("file order again", wide, "u"), ""),
    ]
    keys = [precedence(route, host, place) for place, (route, host) in enumerate(ordered)]
    assert keys == sorted(keys)
    # The place in the file parts equals alone: moved back to front, only the last two change.
    moved = [precedence(route, host, -place) for place, (route, host) in enumerate(ordered)]
    assert sorted(moved) == [*moved[:-2], moved[-1], moved[-2]]
