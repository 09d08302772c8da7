"""JMESPath expressions, compiled once, whose cost is bounded.

An expression sees one scope, `parts`, `path`, `query` and so on, and computes one
document. What it refers to is known when it is compiled, so that a composition knows
which part waits for which.

JMESPath has neither loops nor variables, yet an expression can explode: each of
`[@,@] | [@,@] | ...` doubles what it is given. So how often an expression may copy its
input is bounded when it is compiled, and how many steps it takes when it is evaluated.
"""

import enum
from dataclasses import dataclass, field
from typing import Final

from jmespath.lexer import Lexer

from ..errors import ConfigError
from .documents import Document
from .interpreting import Budget, EndlessError, Interpreter
from .syntax import Node, Reference, at, check_functions, copies, names, parse, references

CHARACTERS_MAX: Final = 4096
"""Of one expression; a longer one is a programme."""
COPIES_MAX: Final = 256
"""Times that an expression may say its input again: members of one object, say, within
those of another."""


class Fault(enum.Enum):
    """Why an expression has no value. The value of this ends a sentence."""

    MISFIT = "it does not fit what was answered"
    ENDLESS = "it takes too many steps"


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Made by `Expression.of`; equal to another of the same text."""

    text: str
    references: frozenset[Reference] = field(compare=False, repr=False)
    copies: int = field(compare=False, repr=False)
    """How often it can say its input again, at most."""
    _node: Node = field(compare=False, repr=False)
    _names: Reference = field(compare=False, repr=False)
    """The whole expression where it only names a member, as most do; else ()."""

    @staticmethod
    def of(text: str) -> "Expression":
        """Compile `text`. ConfigError (path "") says what is wrong, and at which character."""
        if len(text) > CHARACTERS_MAX:
            raise ConfigError("", f"an expression has at most {CHARACTERS_MAX} characters")
        node = parse(text)
        check_functions(node, text)
        times = copies(node)
        if times > COPIES_MAX:
            raise ConfigError(
                "",
                f"{text!r} may say its input again more than {COPIES_MAX} times over: "
                "name what is wanted, or compute less at once",
            )
        return Expression(text, frozenset(references(node)), times, node, names(node))

    def search(self, scope: dict[str, Document], budget: Budget) -> Document | Fault:
        """Return what the expression stands for in `scope`; null where there is nothing."""
        if self._names:
            return _member(scope, self._names, budget)
        interpreter = Interpreter(budget)
        try:
            found: Document = interpreter.visit(self._node, scope)
        except EndlessError:
            return Fault.ENDLESS
        except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError):
            return Fault.MISFIT  # jmespath's own errors are ValueErrors
        return found

    def place(self, name: str) -> str:
        """Return where `name` first stands in the text, for a message."""
        for token in Lexer().tokenize(self.text):
            if token["value"] == name:
                return at(self.text, token["start"])
        return repr(self.text)


def is_false(document: Document) -> bool:
    """Whether JMESPath takes it for false: false, null, and whatever is empty; not 0."""
    return document is None or document is False or document in ("", [], {})


def _member(scope: dict[str, Document], names: Reference, budget: Budget) -> Document | Fault:
    budget.steps -= len(names)
    if budget.steps < 0:
        return Fault.ENDLESS
    found: Document = scope
    for name in names:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
