"""`gateway demo`: the gateway and all example services, in one terminal, with lines to try."""

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from .configuration import examine_or_exit
from .run import EXIT_FAILURE, complain, server_config

if TYPE_CHECKING:
    from hypercorn.config import Config

    from ..settings.load import Examined
    from .listening import Listener
    from .stage import Server

HOST: Final = "127.0.0.1"
PACKAGE: Final = "services"

NOT_HERE: Final = """\
the example services are not here. They are no part of the package: they are the
folder `services` of the repository. Clone it and say `gateway demo` in its root, or start
the gateway alone: gateway demo --no-services"""


def demo(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration to serve.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", "-p", min=0, max=65535, help="The gateway's, instead of the configuration's."
        ),
    ] = None,
    *,
    no_services: Annotated[
        bool, typer.Option("--no-services", help="Start the gateway alone.")
    ] = False,
) -> None:
    """Start the gateway and the example services; Ctrl-C ends them."""
    from ..front.seam import demand_known_hypercorn

    demand_known_hypercorn()
    examined = examine_or_exit(config)
    binds = examined.settings.gateway.bind if port is None else (f"{HOST}:{port}",)
    with ExitStack() as stack:
        listeners = _listen(stack, binds, "or choose another port: gateway demo --port 8080")
        services = [] if no_services else list(_services(stack))
        raise typer.Exit(_perform(examined, listeners, services))


def _perform(
    examined: "Examined", listeners: "Sequence[Listener]", services: "Sequence[Server]"
) -> int:
    import trio

    from ..app import Gateway
    from .programme import Programme
    from .stage import Server, perform

    settings = examined.settings
    config = server_config(settings, listeners)
    config.loglevel = "WARNING"
    programme = Programme(
        examined.name, settings, listeners[0].address, [service.name for service in services]
    )
    gateway = Server("gateway", Gateway(settings), config)
    return trio.run(partial(perform, gateway, services, open_house=programme.show, say=complain))


def _listen(stack: ExitStack, binds: Sequence[str], cure: str, whose: str = "") -> "list[Listener]":
    from .listening import ListenError, listening

    try:
        return stack.enter_context(listening(binds))
    except ListenError as error:
        complain(f"cannot listen at {error.bind}{whose}: {error.reason}. End it, {cure}")
        raise typer.Exit(EXIT_FAILURE) from None


def _services(stack: ExitStack) -> "Iterator[Server]":
    """Listen at the port of each service. Exits where one cannot be imported or served."""
    from .stage import Server

    for module in _modules():
        name = module.__name__.removeprefix(f"{PACKAGE}.")
        cure = "or leave the services out: gateway demo --no-services"
        listeners = _listen(stack, [f"{HOST}:{module.PORT}"], cure, f" ({name})")
        yield Server(f"{name}:{module.PORT}", module.app, _service_config(listeners))


def _service_config(listeners: "Sequence[Listener]") -> "Config":
    from hypercorn.config import Config

    config = Config()
    config.bind = [listener.bind for listener in listeners]
    config.loglevel = "WARNING"
    return config


def _modules() -> list[Any]:
    """Import the services from the working folder, wherever this command is installed."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as Python itself writes it there
    try:
        package = importlib.import_module(PACKAGE)
        return [importlib.import_module(f"{PACKAGE}.{name}") for name in package.NAMES]
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == PACKAGE:
            complain(NOT_HERE)
        else:
            complain(f"the services need {error.name}: pip install 'trio-gateway[services]'")
    except AttributeError:  # some other package of that name
        complain(NOT_HERE)
    raise typer.Exit(EXIT_FAILURE)
