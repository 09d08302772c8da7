"""`${NAME}` and `${NAME:-default}` in the strings of a configuration.

Replaced after parsing, so that no variable can change the file's structure, and
never within a replacement. `$${` stands for `${` itself. As in a shell, `:-` also
helps where the variable is there but empty.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, cast

from .places import DEPTH_MAX, KeyPath, quote
from .problem import Finding

_USE: Final = re.compile(
    r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|\$\{"
)


class Substituted(str):
    """Text that came, in part or in whole, from the environment: never shown."""

    __slots__ = ()


@dataclass(slots=True)
class Substitution:
    """Replaces the variables of one tree, and notes everything that keeps it from that."""

    environ: Mapping[str, str]
    problems: list[Finding] = field(default_factory=list[Finding])

    def replace(self, tree: object, path: KeyPath = ()) -> object:
        """Return a copy of `tree` with the variables of its strings replaced."""
        if len(path) > DEPTH_MAX:
            self.problems.append(Finding(path, f"nested more than {DEPTH_MAX} deep", ""))
            return None
        if isinstance(tree, dict):
            table = cast("dict[str, object]", tree)
            self._judge_keys(table, path)
            return {key: self.replace(value, (*path, key)) for key, value in table.items()}
        if isinstance(tree, list):
            members = enumerate(cast("list[object]", tree))
            return [self.replace(member, (*path, index)) for index, member in members]
        return self._replace_text(tree, path) if isinstance(tree, str) else tree

    def _judge_keys(self, table: dict[str, object], path: KeyPath) -> None:
        for key in [key for key in table if not _is_unicode(key)]:
            del table[key]
            self.problems.append(Finding(path, f"the key {quote(key)} is not Unicode text", ""))

    def _replace_text(self, text: str, path: KeyPath) -> str:
        if "${" in text:
            replaced = _USE.sub(lambda use: self._value(use, path), text)
            text = Substituted(replaced) if text.replace("$${", "").count("${") else replaced
        if not _is_unicode(text):
            self.problems.append(Finding(path, "is not Unicode text", ""))
            return ""
        return text

    def _value(self, use: re.Match[str], path: KeyPath) -> str:
        name, default = use["name"], use["default"]
        if use[0] == "$${":
            return "${"
        if name is None:
            cure = "write ${NAME} or ${NAME:-default}; $${ stands for ${ itself"
            self.problems.append(Finding(path, "`${` begins no variable here", cure))
            return ""
        value = self.environ.get(name)
        if value is None and default is None:
            self.problems.append(self._missing(name, path))
        if default is not None:
            return value or str(default)
        return value or ""

    def _missing(self, name: str, path: KeyPath) -> Finding:
        cure = f"set it, or give a default: ${{{name}:-...}}"
        if near := get_close_matches(name, self.environ, 1, 0.8):
            cure = f"{near[0]} is set: is that meant? Else {cure}"
        return Finding(path, f"the environment variable {name} is not set", cure)


def _is_unicode(text: str) -> bool:
    """Whether `text` can be written as UTF-8: JSON can name halves of characters that cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
