"""`gateway explain`: what becomes of a request, and which line of the configuration says so."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .configuration import examine_or_exit

if TYPE_CHECKING:
    from gateway_core.message import RequestHead


def explain(
    method: Annotated[str, typer.Argument(help="As sent: GET, POST, ...")],
    url: Annotated[str, typer.Argument(help="http://host/path?query, or /path alone.")],
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help="A field of the request, 'Name: value'; repeat."),
    ] = None,
    client: Annotated[
        str, typer.Option("--client", metavar="IP", help="The address that connects.")
    ] = "127.0.0.1",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration to read.")
    ] = None,
) -> None:
    """Tell what the gateway would do with a request. Nothing is sent, and no budget is touched.

    Fields and their values are not shown, since they may be secret; their names are.
    """
    examined = examine_or_exit(config)
    from .explaining import SECTIONS, Question, pieces, take_up

    try:
        case = take_up(
            Question(method, url, tuple(header or ()), _address(client)), examined.settings
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    told = list(pieces(case, SECTIONS, examined.name, examined.spot))
    title = f"{_shown(case.head)} from {client}\n"
    if not sys.stdout.isatty():
        typer.echo(title + "".join(text for text, _ in told), nl=False)
        return
    from rich.console import Console
    from rich.text import Text

    text = Text.assemble((title, "bold green"), *told)
    Console(highlight=False).print(text, end="", soft_wrap=True)


def _shown(head: "RequestHead") -> str:
    """Return what is asked for, without the query, and without a password in the authority."""
    from ..settings.places import printable
    from ..telemetry.access import shown_path

    authority = head.authority.decode("latin-1").rpartition("@")[2]
    return printable(f"{head.method} {head.scheme}://{authority}{shown_path(head.target)}")


def _address(text: str) -> str:
    from gateway_core.forwarding.trust import parse_host

    host = parse_host(text)
    if host is None:
        raise typer.BadParameter(f"--client {text!r} is no IP address")
    return host.text
