"""What every command that reads the configuration does alike: load, or say why not."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from ..settings import Problem
    from ..settings.load import Examined

EXIT_CONFIGURATION: Final = 2
"""The exit status for a configuration that cannot be used, as for wrong usage."""


def examine_or_exit(path: Path | None) -> "Examined":
    """Return the configuration at `path`, or the one that is found; tell its warnings.

    Where it cannot be used: tells every problem on stderr and exits with status 2.
    """
    from ..settings import SettingsError
    from ..settings.load import examine
    from ..settings.report import counted

    try:
        examined = examine(path, os.environ)
    except SettingsError as error:
        show(error.problems)
        typer.echo(counted(error.problems), err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from None
    show(examined.warnings)
    return examined


def show(problems: "Iterable[Problem]") -> None:
    """Write problems to stderr: in colours on a terminal, else as plain text."""
    from ..settings.report import pieces, plain

    if not sys.stderr.isatty():
        sys.stderr.write(plain(problems))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    for problem in problems:
        console.print(Text.assemble(*pieces(problem)), end="", soft_wrap=True)
