"""What templates and expressions of a route see: names, checked when they are written."""

from collections.abc import Iterable
from typing import Final

from ..composing import Template
from ..composing.sight import field_name
from ..composing.syntax import Reference
from ..errors import ConfigError

ROOTS: Final = ("path", "query", "headers", "client", "consumer", "claims", "request_id")
"""What a template may refer to, beside what the path binds."""

_BY_NAME: Final = ("query", "headers", "claims")


def check_template(key: str, template: Template, params: tuple[str, ...]) -> None:
    """Refuse a template that names what is not there. ConfigError, `key` its path."""
    for reference in template.references:
        check_reference(key, template.text, reference, params, ROOTS)


def check_reference(
    key: str, text: str, reference: Reference, params: tuple[str, ...], roots: tuple[str, ...]
) -> None:
    """Refuse a name that leads nowhere; `params` is what the route's path binds."""
    known = (*roots, *params)
    root = reference[0] if reference else "@"
    if root not in known:
        listed = ", ".join(sorted(known))
        raise ConfigError(key, f"{text!r}: {root} is nothing here; known: {listed}")
    if root in _BY_NAME and len(reference) == 1:
        raise ConfigError(key, f"{text!r}: name one of them: {root}.NAME")
    if root == "path" and len(reference) > 1 and reference[1] not in params:
        raise ConfigError(key, f"{text!r}: the path binds no {reference[1]}")


def fields_named(references: Iterable[Reference]) -> tuple[bytes, ...]:
    """Return the fields of the request that are referred to: an answer made of them varies so."""
    names = {name[1] for name in references if name[:1] == ("headers",) and len(name) > 1}
    return tuple(sorted(field_name(name) for name in names))


def claims_named(references: Iterable[Reference]) -> frozenset[str]:
    """Return the claims that are referred to."""
    return frozenset(name[1] for name in references if name[:1] == ("claims",) and len(name) > 1)
