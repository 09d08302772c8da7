"""The commands of `gateway`, each in a file of its own: one line here registers it.

Exit status: 0 for success, 1 for a failure at work, 2 for wrong usage or configuration.
"""

from importlib.metadata import version
from types import ModuleType
from typing import Annotated

import typer

from gateway_core.exchange import exchange

from .. import drive
from .cache import cache
from .check import check
from .demo import demo
from .explain import explain
from .keys import keys
from .routes import routes
from .run import run
from .schema import schema

app = typer.Typer(
    name="gateway",
    help="An API gateway on Trio and Hypercorn.",
    epilog="Configuration: $GATEWAY_CONFIG, else gateway.toml, .yaml, .yml or .json in the "
    "working folder, else a built-in demonstration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(run)
app.command()(demo)
app.command()(check)
app.command()(routes)
app.command()(explain)
app.command()(schema)
app.add_typer(keys, name="keys")
app.add_typer(cache, name="cache")


def _kind(module: ModuleType) -> str:
    """Say whether the source runs, or what was compiled of it."""
    return "interpreted" if str(module.__file__).endswith(".py") else "compiled"


def _show_version(wanted: bool) -> None:
    if wanted:
        kinds = f"core {_kind(exchange)}, server {_kind(drive)}"
        typer.echo(f"gateway {version('trio-gateway')}, {kinds}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options of the gateway as a whole."""
