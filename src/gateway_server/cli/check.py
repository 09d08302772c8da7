"""`gateway check`: whether a configuration can be used, and everything that is wrong with it."""

from pathlib import Path
from typing import Annotated

import typer

from .configuration import examine_or_exit


def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="The configuration; without it, the one that `gateway run` would use."),
    ] = None,
) -> None:
    """Check a configuration: 0 if it can be used, 2 and every error if not."""
    examined = examine_or_exit(file)
    settings = examined.settings
    found = [
        _counted(len(settings.routes), "route"),
        _counted(len(settings.upstreams), "upstream"),
        _counted(len(examined.warnings), "warning"),
    ]
    typer.echo(f"{examined.name}: ok: {', '.join(found)}")


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
