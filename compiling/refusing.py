"""Find what the compiler (mypy 2.4) would compile to something that was not meant.

`x[f() : y]`: where `x` is not known to be bytes, text or a list, the compiled code works `f()`
and `y` out twice, and what they do is done twice: `rest[send(rest) :]` would send the same
bytes again. To give the bound a name first costs nothing.

Where a class declares an attribute that its parent declares, it is kept once, and the
collector is told of it twice. It then counts more references to what is kept there than there
are, and never frees a circle that leads through it.
"""

import ast
import re
from collections import Counter
from typing import Final

_PURE: Final = frozenset({"len", "min", "max", "int"})
"""Calls that may be made twice."""

_TRAVERSE: Final = re.compile(r"^(\w+)_traverse\([^)]*\)\n\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_VISIT: Final = re.compile(r"\bPy_VISIT\((?:CPyTagged_LongAsObject\()?self->_?([\w.]+)")


def worked_out_twice(source: str) -> list[str]:
    """Return the slices, as `line N: expression`, whose bounds do something."""
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript)
        and isinstance(at := node.slice, ast.Slice)
        and any(map(_does_something, (at.lower, at.upper, at.step)))
    ]


def _does_something(bound: ast.expr | None) -> bool:
    """Tell whether it makes a difference that `bound` is worked out twice."""
    return bound is not None and any(
        isinstance(x, ast.Await | ast.NamedExpr | ast.Yield)
        or (isinstance(x, ast.Call) and ast.unparse(x.func) not in _PURE)
        for x in ast.walk(bound)
    )


def visited_twice(generated: str) -> list[str]:
    """Return the attributes, as `class: attribute`, of which generated C tells the collector twice."""
    return [
        f"{name.replace('___', '.')}: {attribute}"
        for name, body in _TRAVERSE.findall(generated)
        for attribute, times in Counter(_VISIT.findall(body)).items()
        if times > 1
    ]
