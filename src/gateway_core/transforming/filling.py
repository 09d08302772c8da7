"""Fields whose values are worked out for one request."""

from collections.abc import Iterable, Iterator

from ..composing import Budget, Document, Template, Unfilled, fill_field
from ..message import Fields


def filled(templates: Iterable[tuple[bytes, Template]], scope: dict[str, Document]) -> Fields:
    """Return the lines, without those whose value is missing or no text."""
    return tuple(_filled(templates, scope))


def _filled(
    templates: Iterable[tuple[bytes, Template]], scope: dict[str, Document]
) -> Iterator[tuple[bytes, bytes]]:
    for name, template in templates:
        try:
            value = fill_field(template, scope, Budget())
        except Unfilled:
            continue
        if value is not None:
            yield name, value
