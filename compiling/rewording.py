"""Say in other words, in the copy, what mypyc would compile to something else.

A class from which interpreted ones inherit is to be told so: `opened`.

`x[f() : y]`: where `x` is not known to be bytes, text or a list, the compiled code works
`f()` and `y` out twice, and what they do is done twice: `rest[send(rest) :]` would send the
same bytes again. `x[slice(f(), y)]` means the same, and is compiled as it is meant.
"""

import ast
from collections.abc import Collection
from typing import Final

_PURE: Final = frozenset({"len", "min", "max", "int"})
"""Calls that may be made twice."""

_MARK: Final = "mypyc_attr(allow_interpreted_subclasses=True)"
_IMPORT: Final = "if TYPE_CHECKING:\n    from mypy_extensions import mypyc_attr"
"""For the compiler alone: where the result runs there need be no such package."""


def opened(source: str, names: Collection[str]) -> str:
    """Return `source` with those of its classes marked that interpreted ones inherit from."""
    tree = ast.parse(source)
    found = [x for x in tree.body if isinstance(x, ast.ClassDef) and x.name in names]
    if not found:
        return source
    for each in found:
        each.decorator_list.insert(0, ast.parse(_MARK, mode="eval").body)
    last = max(at for at, x in enumerate(tree.body) if isinstance(x, ast.Import | ast.ImportFrom))
    marked = f"from typing import TYPE_CHECKING\n{_IMPORT}"
    tree.body[last + 1 : last + 1] = ast.parse(marked).body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def reworded(source: str) -> str:
    """Return `source` with what mypyc gets wrong said in other words."""
    tree = ast.parse(source)
    slices = _Slices()
    tree = slices.visit(tree)
    if not slices.found:
        return source
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class _Slices(ast.NodeTransformer):
    """Makes calls of slices whose bounds do something."""

    def __init__(self) -> None:
        self.found = 0

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        at = node.slice
        if isinstance(at, ast.Slice) and any(map(_does_something, (at.lower, at.upper, at.step))):
            self.found += 1
            bounds = [each or ast.Constant(None) for each in (at.lower, at.upper, at.step)]
            node.slice = ast.Call(ast.Name("slice", ast.Load()), bounds, [])
        return node


def _does_something(bound: ast.expr | None) -> bool:
    """Tell whether it makes a difference that `bound` is worked out twice."""
    return bound is not None and any(
        isinstance(x, ast.Await | ast.NamedExpr | ast.Yield)
        or (isinstance(x, ast.Call) and ast.unparse(x.func) not in _PURE)
        for x in ast.walk(bound)
    )
