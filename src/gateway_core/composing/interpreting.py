"""JMESPath's interpreter, with a budget of steps and texts of bounded size.

Source: jmespath.org/specification.html; the `jmespath` package interprets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from .documents import Document, write_document
from .syntax import Node

STEPS_MAX: Final = 50_000
"""Steps of all expressions of one composition: about 50 ms, in which nobody else is served."""
TEXT_MAX: Final = 2**20
"""Characters of a text that a function may make."""


@dataclass(slots=True)
class Budget:
    """Steps that one composition may take; it lasts for all of its expressions."""

    steps: int = STEPS_MAX


class EndlessError(Exception):
    """The budget is spent."""


class _Bounded(Functions):
    """JMESPath's functions, but for those that would make a text without end."""

    def call_function(self, function_name: str, resolved_args: Iterable[Document]) -> Document:
        args = list(resolved_args)
        if function_name == "join" and len(args) == 2 and _joined_size(args) > TEXT_MAX:
            raise EndlessError
        if function_name == "to_string" and not _can_be_written(args):
            raise EndlessError
        found: Document = super().call_function(function_name, args)
        return found


def _joined_size(args: list[Document]) -> int:
    glue, texts = args
    if not isinstance(glue, str) or not isinstance(texts, list):
        return 0  # the function itself will complain
    sizes = [len(text) for text in texts if isinstance(text, str)]
    return sum(sizes) + len(glue) * len(sizes)


def _can_be_written(args: list[Document]) -> bool:
    (document,) = args
    if not isinstance(document, (dict, list)):
        return True
    return write_document(document, TEXT_MAX, expected=2**62) is not None


class Interpreter(TreeInterpreter):
    """jmespath's interpreter, with a budget."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(_OPTIONS)
        self._budget = budget

    def visit(self, node: Node, *args: Document, **kwargs: Document) -> Document:
        found: Document = super().visit(node, *args, **kwargs)
        # A list may be longer than the visits that made it: a flattened one, say.
        self._budget.steps -= 1 + (len(found) >> 4 if isinstance(found, list) else 0)
        if self._budget.steps < 0:
            raise EndlessError
        return found


_OPTIONS: Final = Options(custom_functions=_Bounded())
