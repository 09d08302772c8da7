"""Templates of paths, queries and fields, and values to fill them.

The input is a template, and behind its line the value of `v` in it: any bytes, as a request
would have them.

Invariant: any text is a template or a ConfigError; whatever the value is, a path gains no
segment, a query no parameter and a field no line, nothing leaves as a control character or
beyond ASCII, and what was filled in is read back as the very bytes; or the template is not
filled, and says so without a word of the value.
"""

from typing import Final
from urllib.parse import unquote_to_bytes

from gateway_core.composing import (
    Budget,
    Document,
    Template,
    Unfilled,
    field_template,
    fill_field,
    fill_path,
    fill_query,
    path_template,
    query_template,
)
from gateway_core.errors import ConfigError
from gateway_core.refusal import Refusal
from gateway_core.routing.target import normalise
from gateway_core.transforming import Transformation

SEEDS: Final[list[bytes]] = [
    b"/a/{v}/b\n..",
    b"/a/{v}\na/b?c#d",
    b"/{v}x{v}\n.",
    b"/{{{v}}}/%41\n%2e%2e",
    b"/a;p={v}\n\r\nX-Evil: 1",
    b"x {v}, {v || 'none'}\n\r\nSet-Cookie: a=b\x00",
    b"{v}\n \t ",
    b"{v}\n\xff\xfe&p=2=3+4",
    b"/{length(v)}\n0123456789",
    b"/{v}\n\xed\xa0\x80",
    b"/{v\n1",
    b"/a/{join('/', [v, v])}\n..",
]
_MARK: Final = "x"


def check(data: bytes) -> None:
    """Fill the first line of `data` with the rest, as a path, a query and a field."""
    line, _, raw = data.partition(b"\n")
    text = line.decode("utf-8", "replace")
    value = raw.decode("utf-8", "surrogateescape")
    scope: dict[str, Document] = {"v": value}
    _check_path(text, scope)
    _check_query(text, scope)
    _check_field(text, scope)


def _check_path(text: str, scope: dict[str, Document]) -> None:
    try:
        template = path_template(text)
    except ConfigError:
        return
    plain = fill_plain(template)
    try:
        filled = fill_path(template, scope, Budget())
    except Unfilled as unfilled:
        _says_nothing(unfilled, scope)
        return
    assert filled.startswith(b"/")
    assert filled.count(b"/") == plain.count(b"/"), "a segment was gained"
    assert _is_clean(filled)
    assert not {*b"?# "} & {*filled}
    normal = normalise(filled)
    assert not isinstance(normal, Refusal)
    assert normal == filled


def fill_plain(template: Template) -> bytes:
    """Return the path with a letter in the place of each value."""
    return "".join(each if isinstance(each, str) else _MARK for each in template.pieces).encode()


def _check_query(text: str, scope: dict[str, Document]) -> None:
    try:
        template = query_template(text)
    except ConfigError:
        return
    try:
        filled = fill_query((("p", template),), scope, Budget())
    except Unfilled as unfilled:
        _says_nothing(unfilled, scope)
        return
    assert _is_clean(filled)
    if filled:
        assert filled.count(b"=") == 1, "a name was gained"
        assert not {*b"&#?/+ "} & {*filled}, "a parameter was gained"
        if template.pieces and text == "{v}":
            said = scope["v"]
            assert isinstance(said, str)
            assert unquote_to_bytes(filled[2:]) == said.encode("utf-8", "surrogateescape")
    changed = Transformation(query=(("p", query_template("1")),)).target(b"/?a=1&p=2", {})
    assert changed == b"/?a=1&p=1"


def _check_field(text: str, scope: dict[str, Document]) -> None:
    try:
        template = field_template(text)
    except ConfigError:
        return
    try:
        filled = fill_field(template, scope, Budget())
    except Unfilled as unfilled:
        _says_nothing(unfilled, scope)
        return
    if filled is not None:
        assert _is_clean(filled)
        assert filled == filled.strip(b" \t")


def _is_clean(filled: bytes) -> bool:
    return all(0x20 <= octet < 0x7F for octet in filled)


def _says_nothing(unfilled: Unfilled, scope: dict[str, Document]) -> None:
    said = scope["v"]
    assert isinstance(said, str)
    if len(said) > 30:  # longer than any of our own words are alike
        assert said not in str(unfilled)
