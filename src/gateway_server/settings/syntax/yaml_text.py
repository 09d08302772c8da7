"""YAML, read from libyaml's events, one pass, without recursion.

Plain words mean what YAML 1.2's core schema says (section 10.3.2): `off`, `no`,
`on` and `1:30` are text, as an operator means them. Tags, and keys that are no
words, are errors. Anchors, aliases and `<<` are allowed; what they unfold to is
bounded, so that a file of nine lines cannot stand for a thousand million values.
"""

import re
from dataclasses import dataclass, field
from typing import Final, cast

import yaml

from ..places import DEPTH_MAX, KeyPath, Span, Spot
from ..problem import Finding
from .json_text import duplicate
from .parsed import Parsed, SyntaxFaultError

NODES_MAX: Final = 100_000
"""Values after aliases are unfolded: 100 times a large gateway's."""

NUMBER_MAX: Final = 400
"""Characters of a number: no float has more before its point. What is longer is text."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INT: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


def parse_yaml(text: str) -> Parsed:
    """Read one YAML document. Keys that are written twice are faults. Raises SyntaxFaultError."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.receive(event)
    except yaml.MarkedYAMLError as error:
        raise _told(error) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise SyntaxFaultError(f"no YAML: {str(error).splitlines()[0]}") from None
    return Parsed(builder.root.value, builder.root.spot, tuple(builder.faults))


def _told(error: yaml.MarkedYAMLError) -> SyntaxFaultError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    tab = "character that cannot start any token" in (error.problem or "")
    cure = "indent by spaces, not tabs; quote text that begins with @ ` or %" if tab else ""
    if "mapping values are not allowed" in (error.problem or ""):
        cure = "quote text that has a colon in it, and line the keys up"
    return SyntaxFaultError(f"no YAML: {error.problem or error.context}", line, column, cure)


@dataclass(slots=True)
class _Built:
    """A value that is whole, with what an alias of it would cost."""

    value: object = None
    spot: Spot = field(default_factory=Spot)
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not come yet."""

    built: _Built
    path: KeyPath
    anchor: str | None
    value: dict[str, object] | list[object]
    name: tuple[str, Span, bool] | None = None
    """The key that waits for its value; whether it was written without quotes."""
    merged: list[tuple[_Built, Span]] = field(default_factory=list["tuple[_Built, Span]"])


class _Builder:
    def __init__(self) -> None:
        self.root = _Built()
        self.faults: list[Finding] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Built] = {}
        self._documents = 0

    def receive(self, event: yaml.Event) -> None:
        at = _span(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _refused("a second document begins here", at, "one file, one document")
            case yaml.ScalarEvent():
                self._scalar(event, at)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._enter(event, at)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._leave(at)
            case yaml.AliasEvent():
                self._alias(event, at)
            case _:
                pass

    def _scalar(self, event: yaml.ScalarEvent, at: Span) -> None:
        _judge_tag(event.tag, at)
        plain = bool(event.implicit[0]) and event.tag is None
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.name is None:
            top.name = (event.value, at, plain)
            return
        value = _resolved(event.value) if plain else event.value
        self._add(_Built(value, Spot(at)), at, event.anchor)

    def _enter(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, at: Span) -> None:
        _judge_tag(event.tag, at)
        self._expect_value(at)
        if len(self._stack) >= DEPTH_MAX:
            raise _refused(f"nested more than {DEPTH_MAX} deep", at)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        value: dict[str, object] | list[object] = {} if is_mapping else []
        self._stack.append(_Open(_Built(value, Spot(at)), self._path(), event.anchor, value))

    def _leave(self, at: Span) -> None:
        done = self._stack.pop()
        start = done.built.spot.value
        done.built.spot.value = Span(start.line, start.column, at.end_line, at.end_column)
        for source, where in done.merged:
            _merge(done, source, where)
        done.merged.clear()
        self._add(done.built, start, done.anchor)

    def _alias(self, event: yaml.AliasEvent, at: Span) -> None:
        self._expect_value(at)
        source = self._anchors.get(event.anchor or "")
        if source is None:
            raise _refused("this alias names no anchor above it", at)
        if len(self._stack) + source.height > DEPTH_MAX:
            raise _refused(f"nested more than {DEPTH_MAX} deep", at)
        spot = Spot(at, None, source.spot.children)
        self._add(_Built(source.value, spot, source.size, source.height), at, None)

    def _expect_value(self, at: Span) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.name is None:
            raise _refused("a key is a word, not a list, a table or an alias", at)

    def _path(self) -> KeyPath:
        """Return the path of the value that comes next."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        return (*top.path, top.name[0] if top.name else len(top.value))

    def _add(self, built: _Built, at: Span, anchor: str | None) -> None:
        """Put a whole value below the innermost mapping or sequence."""
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._stack:
            self.root = built
            return
        top = self._stack[-1]
        top.built.size += built.size
        top.built.height = max(top.built.height, built.height + 1)
        if top.built.size > NODES_MAX:
            raise _refused(f"more than {NODES_MAX} values, aliases unfolded", at)
        if isinstance(top.value, list):
            top.built.spot.children[len(top.value)] = built.spot
            top.value.append(built.value)
        elif top.name is not None:
            self._add_named(top, top.value, top.name, built)
            top.name = None

    def _add_named(
        self, top: _Open, value: dict[str, object], named: tuple[str, Span, bool], built: _Built
    ) -> None:
        name, key, plain = named
        if name == "<<" and plain:
            top.merged.append((built, key))
            return
        if name in value:
            self.faults.append(duplicate((*top.path, name), key, top.built.spot.children[name]))
        spot = Spot(built.spot.value, key, built.spot.children)
        top.built.spot.children[name] = spot
        value[name] = built.value


def _merge(into: _Open, source: _Built, at: Span) -> None:
    """Take the keys that `into` lacks from the mapping, or the list of mappings, at `<<`."""
    spots = source.spot
    is_list = isinstance(source.value, list)
    parts = cast("list[object]", source.value) if is_list else [source.value]
    for number, part in enumerate(parts):
        if not isinstance(part, dict):
            raise _refused("`<<` takes a mapping, or a list of mappings", at)
        inner = spots.children[number] if is_list else spots
        assert isinstance(into.value, dict), "only mappings have keys"
        for name, value in cast("dict[str, object]", part).items():
            if name not in into.value:
                into.value[name] = value
                into.built.spot.children[name] = inner.children[name]


def _resolved(text: str) -> object:
    """Return what a word without quotes means (YAML 1.2, 10.3.2)."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) > NUMBER_MAX:
        return text
    if _INT.fullmatch(text):
        return int(text, 0 if text[:2] in {"0o", "0x"} else 10)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _judge_tag(tag: str | None, at: Span) -> None:
    if tag not in {None, "!", _TEXT_TAG}:
        raise _refused("tags are not used here", at, "write the plain value")


def _refused(message: str, at: Span, cure: str = "") -> SyntaxFaultError:
    return SyntaxFaultError(message, at.line, at.column, cure)


def _span(event: yaml.Event) -> Span:
    start, end = event.start_mark, event.end_mark
    assert start is not None, "events of a stream have marks"
    assert end is not None, "events of a stream have marks"
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
