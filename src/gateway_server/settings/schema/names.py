"""Names and texts, as many tables hold them."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import Strict

from .keys import OneOrMany, Reads, wrong

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _read_name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise wrong(
            "is no name", "letters and digits, then also - _ and full stops; at most 64 in all"
        )
    return str(value)


Name: TypeAlias = Annotated[
    str, Reads(_read_name, {"type": "string", "pattern": _NAME.pattern, "x-type": "name"})
]
Text: TypeAlias = Annotated[str, Strict()]
Texts: TypeAlias = Annotated[tuple[Text, ...], OneOrMany()]
