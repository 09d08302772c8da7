"""`gateway keys new`, `gateway keys password`: secrets, and what the configuration keeps of them."""

import secrets
import sys
from typing import Annotated, Final

import typer

BYTES: Final = 32
PREFIX: Final = "gw_"
"""Tells people, and scanners of repositories, what they have found."""

keys = typer.Typer(help="Make keys and password hashes.", no_args_is_help=True)


@keys.command()
def new(
    consumer: Annotated[str, typer.Argument(help="Whom it names, to services and in logs.")],
    scope: Annotated[
        list[str] | None, typer.Option("--scope", "-s", help="What it may do; repeat for more.")
    ] = None,
) -> None:
    """Make an API key. It is shown once; the configuration keeps its SHA-256."""
    from gateway_core.errors import ConfigError
    from gateway_core.identifying import Caller, digest_of

    try:
        caller = Caller(consumer, frozenset(scope or ()))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    key = PREFIX + secrets.token_urlsafe(BYTES)
    scopes = ", ".join(f'"{one}"' for one in sorted(caller.scopes))
    told = f", scopes = [{scopes}]" if scopes else ""
    typer.echo(f"For {consumer}, shown this once:\n\n  {key}\n", err=True)
    typer.echo("For [auth.NAME] keys:\n", err=True)
    typer.echo(f'{{ id = "{consumer}", sha256 = "{digest_of(key).hex()}"{told} }}')


@keys.command()
def password() -> None:
    """Hash a password for `kind = "password"`: asked for twice, or the first line of stdin."""
    from ..identity.passwords import hash_password

    if sys.stdin.isatty():
        told = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        told = sys.stdin.readline().rstrip("\r\n")
    if not told:
        typer.echo("a password must not be empty", err=True)
        raise typer.Exit(2)
    typer.echo(hash_password(told))
