"""`gateway cache`: what the running gateway has stored, and taking it out."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, cast

import typer

from .configuration import examine_or_exit

SECONDS_MAX = 10.0
"""How long a worker may take to answer."""

cache = typer.Typer(help="The cache of the running gateway.", no_args_is_help=True)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration; without it, `gateway run`'s."),
]


@cache.command()
def stats(config: Config = None) -> None:
    """Show how full each worker's cache is."""
    for told in _ask_all(config, {"do": "cache-stats"}):
        typer.echo(
            f"worker {told['pid']}: {told['entries']} answers, {told['bytes']} of "
            f"{told['capacity']} bytes, {told['evicted']} evicted, {told['fetching']} being fetched"
        )


@cache.command()
def purge(
    url: Annotated[
        str | None, typer.Argument(help="As a client asks: http://host/path?query.")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="All URLs that begin so.")] = None,
    tag: Annotated[
        str | None, typer.Option(help="All that bear it in Surrogate-Key or Cache-Tag.")
    ] = None,
    config: Config = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
) -> None:
    """Take answers out of the cache of every worker."""
    asked: dict[str, object] = {
        name: told for name, told in (("url", url), ("prefix", prefix), ("tag", tag)) if told
    }
    if everything:
        asked["all"] = True
    if len(asked) != 1:
        typer.echo("say what: a URL, --prefix, --tag or --all", err=True)
        raise typer.Exit(2)
    purged = 0
    for told in _ask_all(config, {"do": "cache-purge", **asked}):
        purged += cast("int", told["purged"])
    typer.echo(f"{purged} answer{'' if purged == 1 else 's'} purged")


def _ask_all(config: Path | None, question: dict[str, object]) -> Iterator[dict[str, object]]:
    """Ask every worker; end with status 1 where none answers."""
    path = examine_or_exit(config).settings.gateway.control
    if path is None:
        typer.echo(
            'the configuration has no gateway.control; write control = "/run/gateway"', err=True
        )
        raise typer.Exit(2)
    answered = False
    for worker in sorted(Path(path).parent.glob(f"{Path(path).name}.*")):
        with suppress(OSError):
            told = _ask(worker, question)
            answered = True
            if "error" in told:
                typer.echo(f"{worker}: {told['error']}", err=True)
                raise typer.Exit(1)
            yield told
    if not answered:
        sys.stderr.write(f"no worker answers at {path}.*: is the gateway running?\n")
        raise typer.Exit(1)


def _ask(path: Path, question: dict[str, object]) -> dict[str, object]:
    """Ask one worker. Raises OSError where nobody listens."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(SECONDS_MAX)
        sock.connect(str(path))
        sock.sendall(json.dumps(question).encode() + b"\n")
        with sock.makefile("rb") as lines:
            told: dict[str, object] = json.loads(lines.readline())
            return told
