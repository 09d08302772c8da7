"""Texts with values in them: `/prices/{parts.product.sku}`.

What stands in braces is a JMESPath expression; its value is a text, a number or a truth
value. `{{` and `}}` stand for braces. Values are data wherever they stand:

    in a path     percent-encoded but for RFC 3986's unreserved characters: `/` is %2F
    in a query    the same
    in a field    CR, LF, other control characters and non-ASCII are percent-encoded

Dots are unreserved, so that no encoding keeps a segment `..` from being one: a value
that makes a dot segment fills no path.

Source: RFC 3986, sections 2.3 and 5.2.4; RFC 9110, section 5.5.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote

from ..errors import ConfigError
from ..refusal import Refusal
from ..routing.target import TARGET_MAX, normalise
from .documents import Document
from .expressions import Expression, Fault
from .interpreting import Budget
from .syntax import Reference

VALUE_MAX: Final = 8 * 1024
"""Bytes of a filled field: servers take heads of about that size."""

_PIECES: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NOT_IN_A_PATH: Final = {
    "?": "write query = { name = ... }",
    "#": "a fragment never reaches a server",
    "\\": "write it as %5C",
}
_UNWRITABLE: Final = re.compile(rb"[^\x20-\x7e]")

Piece: TypeAlias = str | Expression


@dataclass(frozen=True, slots=True)
class Template:
    """A text to be filled. Made by `path_template`, `query_template` or `field_template`."""

    text: str
    pieces: tuple[Piece, ...]
    fixed: bytes = b""
    """The path, where there is nothing to fill in."""

    @property
    def expressions(self) -> Iterator[Expression]:
        """The expressions in it, in order."""
        return (piece for piece in self.pieces if isinstance(piece, Expression))

    @property
    def references(self) -> frozenset[Reference]:
        """All that its expressions refer to."""
        return frozenset(name for each in self.expressions for name in each.references)

    @property
    def alone(self) -> bool:
        """Whether it is one expression and nothing beside: it may be left out, then."""
        return len(self.pieces) == 1 and isinstance(self.pieces[0], Expression)


class Unfilled(Exception):  # noqa: N818 - caught in this package alone: not an error but an answer
    """A value is missing or does not fit. Says what of it, never what it was, nor the text."""

    def __init__(self, template: Template, problem: str, *, missing: bool = False) -> None:
        super().__init__(problem)
        self.template = template
        self.missing = missing
        """Whether there is no value at all, where a template is one expression alone."""


def path_template(text: str) -> Template:
    """Take the template of a path. ConfigError (path "") on nonsense."""
    if not text.startswith("/"):
        raise ConfigError("", f"{text!r} does not begin with a slash: write {'/' + text!r}")
    pieces: list[Piece] = []
    for piece in _pieces(text):
        if isinstance(piece, str):
            for char, cure in _NOT_IN_A_PATH.items():
                if char in piece:
                    raise ConfigError("", f"{text!r} holds {char!r}: {cure}")
        pieces.append(quote(piece, safe="/%:@!$&'()*+,;=~") if isinstance(piece, str) else piece)
    sample = "".join(piece if isinstance(piece, str) else "x" for piece in pieces).encode("ascii")
    normal = normalise(sample)
    if isinstance(normal, Refusal):
        raise ConfigError("", f"{text!r} can be asked for nowhere: {normal.detail}")
    if normal != sample:
        raise ConfigError("", f"{text!r} is not in normal form: write {normal.decode('ascii')!r}")
    fixed = b"" if any(isinstance(piece, Expression) for piece in pieces) else sample
    return Template(text, tuple(pieces), fixed)


def query_template(text: str) -> Template:
    """Take the template of a query parameter's value. ConfigError (path "") on nonsense."""
    return Template(text, tuple(_pieces(text)))


def field_template(text: str) -> Template:
    """Take the template of a field's value. ConfigError (path "") on nonsense."""
    pieces = tuple(_pieces(text))
    for piece in pieces:
        if isinstance(piece, str) and _UNWRITABLE.search(piece.encode("utf-8", "replace")):
            raise ConfigError("", "a field holds no control characters, and ASCII only")
    return Template(text, pieces)


def fill_path(template: Template, scope: dict[str, Document], budget: Budget) -> bytes:
    """Return the path, in normal form. Raises Unfilled."""
    if template.fixed:
        return template.fixed
    path = "".join(_quoted(text, template) for text in _texts(template, scope, budget))
    filled = path.encode("ascii")
    if len(filled) > TARGET_MAX:
        raise Unfilled(template, "is too long")
    if normalise(filled) != filled:
        raise Unfilled(template, "makes a dot segment, or holds a NUL")
    return filled


def fill_query(
    query: tuple[tuple[str, Template], ...], scope: dict[str, Document], budget: Budget
) -> bytes:
    """Return the query, b"" for none; a parameter whose value is missing is left out."""
    if not query:
        return b""
    pairs: list[str] = []
    for name, template in query:
        try:
            texts = [text for text, _ in _texts(template, scope, budget)]
        except Unfilled as unfilled:
            if unfilled.missing:
                continue
            raise
        pairs.append(f"{_escaped(name, template)}={_escaped(''.join(texts), template)}")
    filled = "&".join(pairs).encode("ascii")
    if len(filled) > TARGET_MAX:
        raise Unfilled(query[0][1], "is too long")
    return filled


def fill_field(template: Template, scope: dict[str, Document], budget: Budget) -> bytes | None:
    """Return the value of a field, None where it is missing. Raises Unfilled."""
    try:
        text = "".join(text for text, _ in _texts(template, scope, budget))
        filled = _UNWRITABLE.sub(_percent, text.encode("utf-8", "surrogateescape")).strip(b" ")
    except UnicodeEncodeError:
        raise Unfilled(template, "is half a character") from None
    except Unfilled as unfilled:
        if unfilled.missing:
            return None
        raise
    if len(filled) > VALUE_MAX:
        raise Unfilled(template, "is too long")
    return filled


def _pieces(text: str) -> Iterator[Piece]:
    literal, at = "", 0
    for found in _PIECES.finditer(text):
        literal += text[at : found.start()]
        at = found.end()
        if found[0] in ("{{", "}}"):
            literal += found[0][0]
        elif found[1] is None:
            raise ConfigError(
                "", f"{text!r}, character {found.start() + 1}: a brace without its pair"
            )
        else:
            if literal:
                yield literal
            literal = ""
            yield Expression.of(found[1].strip())
    literal += text[at:]
    if literal:
        yield literal


def _texts(
    template: Template, scope: dict[str, Document], budget: Budget
) -> Iterator[tuple[str, bool]]:
    """Yield each piece as text, and whether it is a value."""
    for piece in template.pieces:
        if isinstance(piece, str):
            yield piece, False
            continue
        value = piece.search(scope, budget)
        if isinstance(value, Fault):
            raise Unfilled(template, f"cannot be computed: {value.value}")
        yield _as_text(value, template), True


def _as_text(value: Document, template: Template) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if value is None:
        raise Unfilled(template, "is missing", missing=template.alone)
    raise Unfilled(template, "is a list or an object")


def _quoted(piece: tuple[str, bool], template: Template) -> str:
    text, is_value = piece
    if is_value and not text:
        raise Unfilled(template, "is empty")
    return _escaped(text, template) if is_value else text


def _escaped(text: str, template: Template) -> str:
    try:
        return quote(text.encode("utf-8", "surrogateescape"), safe="")
    except UnicodeEncodeError:
        raise Unfilled(template, "is half a character") from None


def _percent(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
