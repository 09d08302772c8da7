"""From `compress` of routes to the rules of the core."""

import re
from collections.abc import Iterator
from typing import Final

from gateway_core.compressing import CODINGS, Compression

from ..encoding.encoders import is_available
from .problem import Finding
from .schema import CompressSettings, Settings

_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/(?:[a-z0-9!#$&^_.+-]+|\*)")


def build_compressions(settings: Settings) -> dict[str, Compression]:
    """Return what each route compresses, by the route's name; only those that do."""
    return {
        route.name: Compression(
            route.compress.codings or tuple(filter(is_available, CODINGS)),
            route.compress.min_size,
            tuple(name.lower() for name in route.compress.types),
        )
        for route in settings.routes
        if route.compress is not None
    }


def compression_findings(wanted: CompressSettings) -> Iterator[Finding]:
    """Yield what is wrong with it, below the route's path."""
    for index, coding in enumerate(wanted.codings):
        if not is_available(coding):
            cure = "pip install trio-gateway[compress], or leave it out"
            message = f"the package that {coding} takes is not installed here"
            yield Finding(("compress", "codings", index), message, cure)
    for index, name in enumerate(wanted.types):
        if not _TYPE.fullmatch(name.lower()):
            cure = 'write "text/html", or "text/*" for all of a kind'
            yield Finding(("compress", "types", index), "is no media type", cure)
