"""What a section is."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from ...settings.places import KeyPath
from .case import Case


class Fact(NamedTuple):
    """Something that is so for this request. Holds no secret, and no value of a field."""

    text: str
    said: KeyPath | None = None
    """The key that says so, also where it was left to its default; None: no key does."""
    depth: int = 0
    """How far below the fact before it."""


Section: TypeAlias = Callable[[Case], Iterator[Fact]]
