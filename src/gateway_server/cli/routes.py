"""`gateway routes`: which requests go where, in the order in which routes are preferred."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .configuration import examine_or_exit

if TYPE_CHECKING:
    from gateway_core.routing import Route

    from ..settings import Settings

HEADS: Final = ("route", "host", "path", "methods", "also", "upstream", "endpoints")


def routes(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration to read.")
    ] = None,
) -> None:
    """Show all routes, the most specific first. Of several that match, the first serves."""
    rows = list(_rows(examine_or_exit(config).settings))
    if sys.stdout.isatty():
        _draw(rows)
    else:
        typer.echo(_plain(rows))


def _rows(settings: "Settings") -> Iterator[tuple[str, ...]]:
    """Yield a row for each route and host. Values that rules look for are not shown."""
    from gateway_core.routing.index import hosts_of, precedence

    from ..settings.build import build_routes, build_upstreams
    from ..settings.compositions import build_compositions

    upstreams, composed = build_upstreams(settings), build_compositions(settings)
    built = list(enumerate(build_routes(settings)))
    pairs = [(place, route, host) for place, route in built for host in hosts_of(route)]
    for _, route, host in sorted(pairs, key=lambda pair: precedence(pair[1], pair[2], pair[0])):
        asked, endpoints = route.upstream, "-"
        if route.name in composed:
            asked = " + ".join(part.upstream for part in composed[route.name].parts)
        else:
            endpoints = " ".join(str(endpoint) for endpoint in upstreams[asked].endpoints)
        methods = ",".join(sorted(route.allowed)) or "*"
        yield (
            route.name,
            host or "*",
            _path(route),
            methods,
            _also(route),
            asked,
            endpoints,
        )


def _path(route: "Route") -> str:
    """Return the pattern, and what becomes of the path."""
    path = f"{route.pattern.kind.value} {route.pattern}"
    if route.strip_prefix:
        return f"{path} -> /"
    return f"{path} -> {route.rewrite}" if route.rewrite else path


def _also(route: "Route") -> str:
    names = [rule.name.decode() for rule in route.headers]
    names += [f"?{rule.name.decode()}" for rule in route.query]
    return " ".join(names) or "-"


def _plain(rows: Iterable[tuple[str, ...]]) -> str:
    """Return the rows as columns, two spaces apart, for `grep` and `awk`."""
    table = [tuple(head.upper() for head in HEADS), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _draw(rows: Iterable[tuple[str, ...]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*HEADS, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
