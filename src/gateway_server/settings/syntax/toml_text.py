"""TOML 1.0: read by the standard library, its places by `toml_spots`."""

import re
import tomllib
from typing import Final

from ..places import DEPTH_MAX
from .parsed import Lines, Parsed, SyntaxFaultError
from .toml_spots import locate

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

_LONG_KEY: Final = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    rf"{{{DEPTH_MAX}}}"
)
"""tomllib's memory is the square of a dotted key's length, so the length is judged first."""


def parse_toml(text: str) -> Parsed:
    """Read TOML. Raises SyntaxFaultError."""
    if (found := _LONG_KEY.search(text)) is not None:
        line, column = Lines(text).position(found.start())
        raise SyntaxFaultError(f"a key of more than {DEPTH_MAX} parts", line, column)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _told(str(error), text) from None
    except RecursionError:
        raise SyntaxFaultError(f"nested more than {DEPTH_MAX} deep") from None
    except ValueError as error:  # a number of thousands of digits, a 30th of February
        raise SyntaxFaultError(f"no TOML: {error}") from None
    return Parsed(tree, locate(text))


def _told(message: str, text: str) -> SyntaxFaultError:
    where = _WHERE.search(message)
    line, column = Lines(text).position(len(text.rstrip()))
    if where is not None:
        message = message[: where.start()]
        if where[1] is not None:
            line, column = int(where[1]), int(where[2])
    return SyntaxFaultError(
        f"no TOML: {message[:1].lower()}{message[1:]}", line, column, _cure(message)
    )


def _cure(message: str) -> str:
    if message == "Invalid value":
        return "text stands in quotes; lists in [ ]; true and false are lower case"
    if message.startswith("Expected '='"):
        return 'each line is a [table], a key = "value", or a # comment'
    if message.startswith(("Cannot declare", "Cannot overwrite")):
        return "each table and key is written once"
    return ""
