"""What one service describes, as it is told beside others: components renamed, references led on.

References to components of the same document lead to their new names, and what they lead to
is told, too; no other component is, so that what a service keeps behind paths that nobody
can ask for stays unsaid. References to anywhere else lead nowhere: what they stand for is
left out, with a note.

Source: OpenAPI Specification 3.1.1, 4.8.23 (references), 4.8.25 (discriminators).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import unquote

from ..composing import Document
from .lifting import lifted
from .naming import Names
from .reading import SECTIONS, Description, Members, items, members, text
from .shapes import SECTION_SHAPES, SHAPES, Inside

COST_MAX: Final = 8 * 2**20
"""Characters and values that one service may describe: four times what its document may have,
since what stands there once may be told at many places."""
NOTES_MAX: Final = 20
"""Of one service: who published more mistakes has enough to mend."""

ELSEWHERE: Final = "Described elsewhere."
_REFERENCE: Final = "$ref"


class Note(NamedTuple):
    """Something that is not told, and why: for the operator."""

    service: str
    reason: str
    where: str


class TooMuch(Exception):  # noqa: N818 - caught in this package alone: not an error but an answer
    """More is described than is told of one service."""


class _Gone:
    """In place of what is left out."""


_GONE: Final = _Gone()


@dataclass(slots=True)
class Translator:
    """Translates what is read of one service; `components` gathers what it refers to."""

    service: str
    read: Description
    names: dict[str, Names]
    """Names that are taken, by section: shared by all services."""
    components: dict[str, Members] = field(default_factory=dict[str, Members])
    """What was referred to, translated, by section and new name: complete after `finish`."""
    notes: list[Note] = field(default_factory=list[Note])
    _cost: int = 0
    _given: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """New names by section and old name."""
    _pending: deque[tuple[str, str]] = field(default_factory=deque[tuple[str, str]])

    def translate(self, shape: str, value: Document) -> Members | None:
        """Return an object of that shape; None where there is none. Raises TooMuch."""
        told = self._told(Inside(shape), value)
        return told if isinstance(told, dict) else None

    def resolved(self, section: str, value: Document) -> Members | None:
        """Return what `value` is or refers to, as it was read; None where that is nowhere."""
        for _ in range(len(SECTIONS)):
            if not isinstance(value, dict) or _REFERENCE not in value:
                return value if isinstance(value, dict) else None
            found = self._found(section, text(value[_REFERENCE]))
            if found is None:
                return None
            value = self.read.components[section][found[0]]
        return None

    def finish(self) -> None:
        """Translate what was referred to, and what that refers to. Raises TooMuch."""
        while self._pending:
            section, name = self._pending.popleft()
            value = self.read.components[section][name]
            told = self._told(Inside(SECTION_SHAPES[section]), value)
            given = self._given[section, name]
            # A reference leads here, so something must stand here.
            self.components.setdefault(section, {})[given] = {} if isinstance(told, _Gone) else told

    def note(self, reason: str, where: str) -> None:
        """Note what is not told."""
        if len(self.notes) < NOTES_MAX:
            self.notes.append(Note(self.service, reason, where))

    def _told(self, inside: Inside, value: Document) -> Document | _Gone:
        if inside.many == "{}":
            return self._map(Inside(inside.shape), value)
        if inside.many == "[]":
            told = [self._told(Inside(inside.shape), each) for each in items(value)]
            kept: list[Document] = [each for each in told if not isinstance(each, _Gone)]
            return kept or _GONE
        if not inside.shape:
            self._pay(value)
            return value
        if isinstance(value, bool) and inside.shape == "schema":
            return value
        if not isinstance(value, dict):
            return _GONE
        if _REFERENCE in value and SHAPES[inside.shape].section:
            return self._referring(inside.shape, value)
        return self._object(inside.shape, value)

    def _map(self, inside: Inside, value: Document) -> Document | _Gone:
        if not isinstance(value, dict):
            return _GONE
        told: Members = {}
        for name, each in value.items():
            self._spend(len(name))
            inner = self._told(inside, each)
            if not isinstance(inner, _Gone):
                told[name] = inner
        return told

    def _object(self, kind: str, value: Members) -> Members:
        shape = SHAPES[kind]
        if kind == "schema" and self.read.old:
            value = lifted(value)
        told: Members = {}
        for name, each in value.items():
            self._spend(len(name))
            if (inside := shape.members.get(name)) is not None:
                inner = self._told(inside, each)
                if not isinstance(inner, _Gone):
                    told[name] = inner
        if kind == "schema":
            self._discriminate(told, value)
        if kind == "response" and not isinstance(told.get("description"), str):
            told["description"] = ""
        return told

    def _referring(self, kind: str, value: Members) -> Document | _Gone:
        """Lead a reference on. Beside one in 3.0, and beside all but schemas', nothing is heard."""
        shape, reference = SHAPES[kind], text(value[_REFERENCE])
        led = self._led(shape.section, reference)
        if led is None:
            self.note("reference-elsewhere", reference[:200])
            return {shape.fallback: ELSEWHERE} if shape.fallback else _GONE
        told: Members = {_REFERENCE: led}
        if kind == "schema" and not self.read.old:
            rest = {name: each for name, each in value.items() if name != _REFERENCE}
            told |= self._object(kind, rest)
        return told

    def _led(self, section: str, reference: str) -> str | None:
        """Return where the reference leads now, and see to it that something is there."""
        found = self._found(section, reference)
        if found is None:
            return None
        name, rest = found
        key = (section, name)
        if key not in self._given:
            self._given[key] = self.names.setdefault(section, Names()).take(self.service, name)
            self._pending.append(key)
        return f"#/components/{section}/{self._given[key]}{rest}"

    def _found(self, section: str, reference: str) -> tuple[str, str] | None:
        """Return the component's name, and what follows it in the reference."""
        start = f"#/components/{section}/"
        if not reference.startswith(start):
            return None
        pointer, slash, rest = reference.removeprefix(start).partition("/")
        name = _unescaped(pointer)
        component = self.read.components.get(section, {}).get(name)
        is_schema = section == "schemas"
        if not isinstance(component, dict) and not (is_schema and isinstance(component, bool)):
            return None
        if slash and not (is_schema and _holds(component, rest)):
            return None
        return name, slash + rest

    def _discriminate(self, told: Members, schema: Members) -> None:
        """Write down which value means which schema: their names are others now."""
        known = told.get("discriminator")
        if not isinstance(known, dict):
            return
        mapping: Members = {}
        for way in ("oneOf", "anyOf"):
            for each in items(schema.get(way)):
                reference = text(members(each).get(_REFERENCE))
                if (led := self._led("schemas", reference)) is not None:
                    mapping[reference.rpartition("/")[2]] = led
        for value, target in members(members(schema["discriminator"]).get("mapping")).items():
            reference = text(target)
            if "/" not in reference:
                reference = f"#/components/schemas/{reference}"
            if (led := self._led("schemas", reference)) is not None:
                mapping[value] = led
        if mapping:
            self._spend(sum(len(value) + len(text(led)) for value, led in mapping.items()))
            known["mapping"] = mapping

    def _pay(self, value: Document) -> None:
        """Count what passes as it is."""
        left = [value]
        while left:
            each = left.pop()
            if isinstance(each, dict):
                self._spend(sum(map(len, each)))
                left += each.values()
            elif isinstance(each, list):
                self._spend(0)
                left += each
            else:
                self._spend(len(each) if isinstance(each, str) else 0)

    def _spend(self, characters: int) -> None:
        self._cost += characters + 1
        if self._cost > COST_MAX:
            raise TooMuch


def _holds(schema: Document, pointer: str) -> bool:
    """Whether `pointer` (RFC 6901) leads to a schema below `schema`, and through what is told."""
    steps = deque(_unescaped(step) for step in pointer.split("/"))
    while steps:
        schema = _below(schema, steps)
        if not isinstance(schema, (dict, bool)):
            return False
    return True


def _below(schema: Document, steps: deque[str]) -> Document:
    """Return what the first step or two lead to below `schema`; None where nothing is told."""
    name = steps.popleft()
    inside = SHAPES["schema"].members.get(name)
    if inside is None or inside.shape != "schema":
        return None
    if not isinstance(schema, dict) or _REFERENCE in schema:
        return None
    inner = schema.get(name)
    return _member(inner, steps.popleft() if steps else "") if inside.many else inner


def _member(value: Document, step: str) -> Document:
    """Return a member of a map, or of a list that loses none when it is told."""
    if isinstance(value, dict):
        return value.get(step)
    listed = items(value)
    if not all(isinstance(each, (dict, bool)) for each in listed):
        return None
    return {str(place): each for place, each in enumerate(listed)}.get(step)


def _unescaped(step: str) -> str:
    return unquote(step).replace("~1", "/").replace("~0", "~")
