"""`compress` of a route: which answers are compressed."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from gateway_core.compressing import CODINGS, SIZE_MIN, TYPES

from .keys import OneOrMany, Table, choice, key
from .names import Text
from .values import size


class CompressSettings(Table):
    """Which answers are compressed, and how. `compress = true` stands for all defaults."""

    codings: Annotated[tuple[Annotated[str, choice(*CODINGS)], ...], OneOrMany()] = key(
        (),
        about="The codings that may be used, the one that is liked most first. The client chooses.",
        shown="`zstd`, `br` and `gzip`, as far as their packages are installed",
        why="zstd and br need the extra: `pip install trio-gateway[compress]`.",
    )
    types: Annotated[tuple[Text, ...], OneOrMany()] = key(
        TYPES,
        about="Media types; `text/*` for all of a kind. `text/event-stream` never is compressed.",
        shown="text, JSON, XML, JavaScript, WebAssembly, SVG",
        why="Pictures, films and archives are compressed by themselves.",
    )
    min_size: Annotated[int, size("0B", "16MiB")] = key(
        SIZE_MIN,
        about="Bytes below which an answer is given as it is. Those of unknown length are "
        "compressed.",
        why="A smaller one fits into one packet as it is.",
    )


def _from_switch(value: object) -> object:
    if value is True:
        return {}
    return None if value is False else value


Compress: TypeAlias = Annotated[
    CompressSettings | None,
    BeforeValidator(_from_switch, json_schema_input_type=bool | CompressSettings),
]
