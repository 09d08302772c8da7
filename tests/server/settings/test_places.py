"""Paths as people read them, and the nearest place to one."""

import pytest

from gateway_server.settings.places import KeyPath, Span, Spot, printable, quote, spell


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param((), "", id="the whole file"),
        pytest.param(("routes", 0, "prefix"), "routes[0].prefix", id="a list's member"),
        pytest.param(
            ("upstreams", "a.b", "endpoints", 1), 'upstreams."a.b".endpoints[1]', id="dot"
        ),
        pytest.param(("a", "", "b"), 'a."".b', id="an empty name"),
        pytest.param(("a\x1b[2J",), '"a\\x1b[2J"', id="what a terminal would obey"),
    ],
)
def test_a_path_is_spelled_as_its_reader_would_write_it(path: KeyPath, text: str) -> None:
    assert spell(path) == text


def test_the_nearest_spot_is_the_innermost_one_on_the_way() -> None:
    inner = Spot(Span(2, 1, 2, 5))
    root = Spot(children={"a": Spot(children={0: inner})})
    assert root.nearest(("a", 0, "missing", "more")) == (inner, ("a", 0))
    assert root.nearest(("b",)) == (root, ())


def test_spots_are_walked_in_the_order_of_the_file() -> None:
    root = Spot(children={"a": Spot(children={0: Spot(), 1: Spot()}), "b": Spot()})
    assert [path for path, _ in root.walk()] == [(), ("a",), ("a", 0), ("a", 1), ("b",)]


def test_nothing_that_moves_a_cursor_is_shown() -> None:
    assert quote("a\n\x1b") == '"a\\n\\x1b"'
    assert printable("a\x1b\u202eb") == "a\ufffd\ufffdb"
