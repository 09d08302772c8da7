"""What a document shall look like: an expression, or an object of shapes by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..errors import ConfigError
from .documents import Document
from .expressions import Expression, Fault
from .interpreting import Budget
from .syntax import Reference

NESTING_MAX: Final = 16
"""Objects within each other, as an operator may write them."""

Wanted: TypeAlias = str | Mapping[str, "Wanted"]
"""As it is written: `"parts.product.name"`, or `{ name = "product.name", ... }`."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A shape that could not be filled: where, and why."""

    place: str
    """`price.value`: the names that lead to the expression; "" for the whole."""
    fault: Fault


@dataclass(frozen=True, slots=True)
class Shape:
    """A compiled shape. Made by `Shape.of`."""

    expression: Expression | None
    members: tuple[tuple[str, "Shape"], ...] = ()
    """In the order of the file; where there is no expression."""

    @staticmethod
    def of(wanted: Wanted, depth: int = NESTING_MAX) -> "Shape":
        """Compile `wanted`. ConfigError, its path the names that lead there, on nonsense."""
        if isinstance(wanted, str):
            return Shape(Expression.of(wanted))
        if depth == 0:
            raise ConfigError("", f"more than {NESTING_MAX} objects within each other")
        members: list[tuple[str, Shape]] = []
        for name, inner in wanted.items():
            try:
                members.append((name, Shape.of(inner, depth - 1)))
            except ConfigError as error:
                path = f"{name}.{error.path}" if error.path else name
                raise ConfigError(path, error.problem) from None
        return Shape(None, tuple(members))

    @property
    def expressions(self) -> tuple[tuple[str, Expression], ...]:
        """Each expression in it, by the names that lead there."""
        if self.expression is not None:
            return (("", self.expression),)
        return tuple(
            (f"{name}.{path}" if path else name, expression)
            for name, inner in self.members
            for path, expression in inner.expressions
        )

    @property
    def references(self) -> frozenset[Reference]:
        """All that its expressions refer to."""
        return frozenset(name for _, each in self.expressions for name in each.references)

    @property
    def copies(self) -> int:
        """How often it can say its input again, at most."""
        return sum(expression.copies for _, expression in self.expressions)

    def fill(self, scope: dict[str, Document], budget: Budget) -> Document | Misfit:
        """Return the document; what an expression does not find is null in it."""
        if self.expression is not None:
            found = self.expression.search(scope, budget)
            return Misfit("", found) if isinstance(found, Fault) else found
        document: dict[str, Document] = {}
        for name, inner in self.members:
            made = inner.fill(scope, budget)
            if isinstance(made, Misfit):
                place = f"{name}.{made.place}" if made.place else name
                return Misfit(place, made.fault)
            document[name] = made
        return document
