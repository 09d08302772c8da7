"""Which parser reads which file."""

from collections.abc import Callable
from typing import Final

from .json_text import parse_json
from .parsed import Parsed
from .toml_text import parse_toml
from .yaml_text import parse_yaml

SUFFIXES: Final[dict[str, Callable[[str], Parsed]]] = {
    ".toml": parse_toml,
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
    ".json": parse_json,
}


def parse(text: str, suffix: str) -> Parsed:
    """Read `text` as the syntax that `suffix`, one of SUFFIXES, names.

    Raises SyntaxFaultError.
    """
    return SUFFIXES[suffix](text)
