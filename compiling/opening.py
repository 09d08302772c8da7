"""Tell the compiler, in the copy, from which classes interpreted ones inherit."""

import ast
from collections.abc import Collection
from typing import Final

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
