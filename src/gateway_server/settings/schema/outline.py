"""The schema as tables of keys: for messages about unknown keys, and for the reference."""

from functools import cached_property
from typing import Any

from ..places import KeyPath
from .root import Settings


class Outline:
    """Finds the tables of the schema by the paths at which they may stand."""

    @cached_property
    def _document(self) -> dict[str, Any]:
        return Settings.model_json_schema()

    def table(self, path: KeyPath) -> dict[str, Any]:
        """Return the JSON Schema of the table at `path`; an empty one where there is none.

        Any word stands for a name of the operator's, any number for a place in a list.
        """
        node = self._followed(self._document)
        for step in path:
            node = self._followed(_inside(node, step))
        return node

    def keys(self, path: KeyPath) -> tuple[str, ...]:
        """Return the names of the keys of the table at `path`."""
        return tuple(self.table(path).get("properties", ()))

    def _followed(self, node: dict[str, Any]) -> dict[str, Any]:
        """Follow a reference, and take what has something inside among alternatives."""
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            table: dict[str, Any] = self._document["$defs"][name]
            return table
        for choice in node.get("anyOf", ()):
            if "$ref" in choice or choice.get("type") in {"array", "object"}:
                return self._followed(choice)
        return node


def _inside(node: dict[str, Any], step: str | int) -> dict[str, Any]:
    named: dict[str, Any] = node.get("properties") or {}
    if step in named:
        found: dict[str, Any] = named[str(step)]
        return found
    patterns: dict[str, Any] = node.get("patternProperties") or {}
    nothing: dict[str, Any] = {}
    choices = [node.get("items"), *patterns.values(), node.get("additionalProperties")]
    return next((inner for inner in choices if inner), nothing)
