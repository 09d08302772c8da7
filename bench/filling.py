"""Templates: `@NAME@` stands for a value; configurations use every other sign themselves."""

import re
from collections.abc import Mapping

NAME = re.compile(r"@([A-Z_]+)@")


def fill(text: str, values: Mapping[str, object]) -> str:
    """Return `text` with every `@NAME@` replaced. Raises KeyError for a name without value."""
    return NAME.sub(lambda found: str(values[found[1]]), text)
