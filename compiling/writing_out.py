"""Dataclasses written out as plain classes, which mypyc compiles to C structures.

mypyc keeps the `__init__` that `dataclasses` writes at run time, in Python: an instance
costs it 170 ns, where a constructor that it can see costs 21. So each dataclass of a copy
of the sources has its methods written out before it is compiled: what `@dataclass` would have
written (`__init__`, `__eq__`, `__hash__`, `__repr__`), and `__deepcopy__`, since a C structure
has no `__dict__` to copy. `dataclasses.replace` and `fields` go on working by `described`.

What differs: a frozen dataclass is frozen to the type checkers only.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MARKS = frozenset({"dataclass", "frozen"})
"""The decorators that make a dataclass in the core: see `gateway_core.frozen`."""


@dataclass(frozen=True, slots=True)
class Option:
    """One field of a dataclass, and what its `field(...)` says of it."""

    name: str
    annotation: str
    default: str | None
    """The expression, as it is written; made anew for each instance."""
    init: bool = True
    shown: bool = True
    compared: bool = True
    hashed: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """A dataclass: what it is told by its decorator, and its own fields."""

    name: str
    base: str | None
    fields: tuple[Option, ...]
    equal: bool
    hashed: bool
    settles: bool
    """It has a `__post_init__`."""


Known: TypeAlias = Mapping[str, Sequence[Shape]]
"""All dataclasses by their names, of which modules may have one each."""


class UnwrittenError(Exception):
    """A dataclass uses something that this module does not know how to write out."""


def gathered(modules: Iterable[tuple[str, str]]) -> Known:
    """Return the dataclasses of `modules`, each given as its source and its path."""
    known: dict[str, list[Shape]] = {}
    for source, path in modules:
        for shape in shapes(source, path).values():
            known.setdefault(shape.name, []).append(shape)
    return known


def shapes(source: str, path: str) -> dict[str, Shape]:
    """Return the dataclasses of a module by their names."""
    return {
        node.name: _shape(node, mark, path)
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and (mark := _mark(node)) is not None
    }


def written_out(source: str, known: Known, path: str) -> str:
    """Return `source` with its dataclasses written out. Raises UnwrittenError.

    `known` are all dataclasses, these included: one may inherit from another.
    """
    own = shapes(source, path)
    if not own:
        return source.replace("import replace", "import replace as replace")
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in own:
            _write(node, own[node.name], known)
    _after_imports(tree, list(own.values()), known, path)
    for shape in own.values():
        told = [
            (each.name, each.init, each.default is not None, each.compared, each.shown)
            for each in _all_fields(shape, known)
        ]
        call = f"_described_({shape.name}, {told!r}, frozen={shape.hashed})"
        tree.body.extend(ast.parse(call).body)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _mark(node: ast.ClassDef) -> ast.expr | None:
    for each in node.decorator_list:
        name = each.func if isinstance(each, ast.Call) else each
        if isinstance(name, ast.Name) and name.id in MARKS:
            return each
    return None


def _shape(node: ast.ClassDef, mark: ast.expr, path: str) -> Shape:
    told = _keywords(mark)
    frozen = isinstance(mark, ast.Name) and mark.id == "frozen"
    unknown = told.keys() - {"frozen", "slots", "eq"}
    if unknown:
        raise UnwrittenError(f"{path}: {node.name} is a dataclass with {sorted(unknown)}")
    equal = told.get("eq", "True") == "True"
    fields = tuple(
        _field(each, f"{path}: {node.name}")
        for each in node.body
        if isinstance(each, ast.AnnAssign) and "ClassVar" not in ast.unparse(each.annotation)
    )
    bases = [each.id for each in node.bases if isinstance(each, ast.Name)]
    return Shape(
        node.name,
        bases[0] if bases else None,
        fields,
        equal,
        equal and (frozen or told.get("frozen") == "True"),
        any(isinstance(x, ast.FunctionDef) and x.name == "__post_init__" for x in node.body),
    )


def _keywords(node: ast.expr) -> dict[str, str]:
    if not isinstance(node, ast.Call):
        return {}
    return {str(each.arg): ast.unparse(each.value) for each in node.keywords}


def _field(node: ast.AnnAssign, place: str) -> Option:
    assert isinstance(node.target, ast.Name)
    name, annotation = node.target.id, ast.unparse(node.annotation)
    value = node.value
    if value is None:
        return Option(name, annotation, None)
    if not (isinstance(value, ast.Call) and ast.unparse(value.func) == "field"):
        return Option(name, annotation, ast.unparse(value))
    told = _keywords(value)
    unknown = told.keys() - {"default", "default_factory", "init", "repr", "compare", "hash"}
    if unknown or value.args:
        raise UnwrittenError(f"{place}.{name} is a field with {sorted(unknown)}")
    default = told.get("default")
    if "default_factory" in told:
        default = f"({told['default_factory']})()"
    return Option(
        name,
        annotation,
        default,
        init=told.get("init") != "False",
        shown=told.get("repr") != "False",
        compared=told.get("compare") != "False",
        hashed=told.get("hash", told.get("compare")) != "False",
    )


def _above(shape: Shape, known: Known) -> Shape | None:
    """Return the dataclass that `shape` inherits from, of which the name alone is known here."""
    found = known.get(shape.base or "", ())
    if len(found) > 1:
        raise UnwrittenError(f"{shape.name} inherits from {shape.base}, as several are called")
    return found[0] if found else None


def _all_fields(shape: Shape, known: Known) -> tuple[Option, ...]:
    above = _above(shape, known)
    return (*(_all_fields(above, known) if above else ()), *shape.fields)


def _settles(shape: Shape, known: Known) -> bool:
    above = _above(shape, known)
    return shape.settles or (above is not None and _settles(above, known))


def _write(node: ast.ClassDef, shape: Shape, known: Known) -> None:
    node.decorator_list = [x for x in node.decorator_list if _mark_name(x) not in MARKS]
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and "ClassVar" not in ast.unparse(each.annotation):
            each.value = None
    has = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    for name, text in _methods(shape, known):
        if name not in has:
            node.body.extend(ast.parse(text).body)


def _mark_name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _methods(shape: Shape, known: Known) -> Iterator[tuple[str, str]]:
    fields = _all_fields(shape, known)
    yield "__init__", _init(shape, known)
    if shape.equal:
        same = [f"self.{x.name} == other.{x.name}" for x in fields if x.compared]
        yield (
            "__eq__",
            (
                "def __eq__(self, other: object) -> bool:\n"
                f"    if not isinstance(other, {shape.name}) or type(other) is not type(self):\n"
                "        return NotImplemented\n"
                f"    return {' and '.join(same) or 'True'}\n"
            ),
        )
    if shape.hashed:
        parts = "".join(f"self.{x.name}, " for x in fields if x.hashed)
        yield "__hash__", f"def __hash__(self) -> int:\n    return hash(({parts}))\n"
    yield "__deepcopy__", _copied(shape.name, fields)
    shown = ", ".join(f"{x.name}={{self.{x.name}!r}}" for x in fields if x.shown)
    yield "__repr__", f"def __repr__(self) -> str:\n    return f'{shape.name}({shown})'\n"


def _copied(name: str, fields: Sequence[Option]) -> str:
    told = ", ".join(f"{x.name}=_deepcopy_(self.{x.name}, memo)" for x in fields if x.init)
    kept = "".join(
        f"    made.{x.name} = _deepcopy_(self.{x.name}, memo)\n" for x in fields if not x.init
    )
    return (
        f"def __deepcopy__(self, memo: dict[int, object]) -> '{name}':\n"
        f"    made = {name}({told})\n{kept}    return made\n"
    )


def _init(shape: Shape, known: Known) -> str:
    above = _above(shape, known)
    inherited = _all_fields(above, known) if above else ()
    lines = []
    if above is not None:
        passed = ", ".join(each.name for each in inherited if each.init)
        lines.append(f"super().__init__({passed})")
    lines += [_stored(each) for each in shape.fields if each.init or each.default is not None]
    if _settles(shape, known) and (above is None or not _settles(above, known)):
        lines.append("self.__post_init__()")
    return (
        f"def __init__(self, {', '.join(_parameters(inherited, shape.fields))}) -> None:\n"
        + "".join(f"    {line}\n" for line in lines or ["pass"])
    )


def _parameters(inherited: Sequence[Option], own: Sequence[Option]) -> Iterator[str]:
    for each in inherited:
        if each.init:
            fresh = each.default is not None and _fresh(each.default)
            default = "None" if fresh else each.default
            yield each.name if default is None else f"{each.name}={default}"
    for each in own:
        if not each.init:
            continue
        if each.default is None:
            yield f"{each.name}: {each.annotation}"
        elif _fresh(each.default):
            yield f"{each.name}: {each.annotation} | None = None"
        else:
            yield f"{each.name}: {each.annotation} = {each.default}"


def _fresh(default: str) -> bool:
    """Whether each instance needs a value of its own."""
    return default.startswith("(") and default.endswith(")()")


def _stored(each: Option) -> str:
    if not each.init:
        return f"self.{each.name} = {each.default}"
    if each.default is not None and _fresh(each.default):
        return f"self.{each.name} = {each.default} if {each.name} is None else {each.name}"
    return f"self.{each.name} = {each.name}"


def _names_of_defaults(fields: Sequence[Option]) -> list[str]:
    found = {
        x.id
        for each in fields
        if each.init and each.default is not None
        for x in ast.walk(ast.parse(each.default))
        if isinstance(x, ast.Name)
    }
    return sorted(found - set(vars(builtins)))


def _after_imports(tree: ast.Module, found: Sequence[Shape], known: Known, path: str) -> None:
    lines = [
        "from gateway_core._described import described as _described_",
        "from copy import deepcopy as _deepcopy_",
    ]
    imports = [x for x in tree.body if isinstance(x, ast.ImportFrom)]
    for above in [y for x in found if (y := _above(x, known)) is not None]:
        names = _names_of_defaults(_all_fields(above, known))
        for each in imports:
            if names and any(x.name == above.name for x in each.names):
                package = ".".join(path.removesuffix(".py").split("/")[: -each.level])
                lines.append(f"from {package}.{each.module} import {', '.join(names)}")
    if any(x.module == "dataclasses" and "replace" in [y.name for y in x.names] for x in imports):
        lines.append("from gateway_core._described import replace")
    last = max(at for at, x in enumerate(tree.body) if isinstance(x, ast.Import | ast.ImportFrom))
    tree.body[last + 1 : last + 1] = ast.parse("\n".join(lines)).body
