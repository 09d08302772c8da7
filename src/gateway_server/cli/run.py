"""`gateway run`: Hypercorn, started with our settings."""

import multiprocessing
import os
import signal
import socket
import ssl
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .configuration import examine_or_exit

if TYPE_CHECKING:
    from hypercorn.config import Config

    from ..settings import Settings
    from ..settings.load import Examined
    from .listening import Listener

APPLICATION: Final = "gateway_server:app"
EXIT_FAILURE: Final = 1

DRAIN_MARGIN_SECONDS: Final = 5.0
"""How much later than our own drain Hypercorn would cut connections."""

_STOPS: Final = frozenset({signal.SIGINT, signal.SIGTERM})


def read_bind(text: str) -> str:
    """Return an address to listen at as the settings read it. Raises typer.BadParameter."""
    from pydantic import TypeAdapter, ValidationError

    from ..settings.schema.addresses import Bind

    adapter: TypeAdapter[str] = TypeAdapter(Bind)
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        found = error.errors()[0]
        cure = found.get("ctx", {}).get("cure", "")
        raise typer.BadParameter(f"{text!r} {found['msg']}{cure and f': {cure}'}.") from None


def run(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration to serve.")
    ] = None,
    bind: Annotated[
        list[str] | None,
        typer.Option(
            "--bind",
            "-b",
            parser=read_bind,
            metavar="ADDRESS",
            help="Where to listen, instead of the configuration's `bind`; repeat for several.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", min=1, max=256, help="How many processes."),
    ] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; then requests in flight may end, for `drain_timeout`."""
    from ..front.seam import demand_known_hypercorn
    from .listening import ListenError, listening

    demand_known_hypercorn()
    examined = examine_or_exit(config)
    name_configuration(examined)
    settings = examined.settings
    try:
        with listening(bind or settings.gateway.bind) as listeners:
            server = server_config(settings, listeners)
            server.application_path = APPLICATION
            server.workers = workers or settings.gateway.workers
            if server.workers > 1 and settings.limits:
                complain(_each_for_itself(server.workers))
            status = _run(server)
    except ListenError as error:
        complain(f"{error}. Choose another address: --bind 127.0.0.1:8080")
        status = EXIT_FAILURE
    raise typer.Exit(status)


def name_configuration(examined: "Examined") -> None:
    """Tell every worker which configuration was judged, wherever it is started."""
    from ..settings.files import VARIABLE
    from ..settings.load import BUILT_IN

    if examined.name != BUILT_IN:
        os.environ[VARIABLE] = str(Path(examined.name).absolute())


def server_config(settings: "Settings", listeners: "Sequence[Listener]") -> "Config":
    """Return Hypercorn's configuration. Exits where the certificate cannot be used."""
    from hypercorn.config import Config

    from gateway_core.clock import SECOND

    config = Config()
    config.worker_class = "trio"
    config.bind = [listener.bind for listener in listeners]
    config.accesslog = None  # ours knows more
    config.graceful_timeout = settings.gateway.drain_timeout / SECOND + DRAIN_MARGIN_SECONDS
    if (tls := settings.gateway.tls) is not None:
        config.certfile, config.keyfile = tls.certificate, tls.key
        try:
            config.create_ssl_context()
        except (OSError, ssl.SSLError) as error:
            complain(f"cannot serve HTTPS with {tls.certificate} and {tls.key}: {error}")
            raise typer.Exit(EXIT_FAILURE) from None
    return config


def _each_for_itself(workers: int) -> str:
    """Return what several workers mean for limits. Nothing is shared between them."""
    return (
        f"each of the {workers} workers counts requests for itself: "
        f"a client may have up to {workers} times what its limits say"
    )


def complain(words: str) -> None:
    """Write one line to stderr."""
    typer.echo(f"gateway: {words}", err=True)


def _run(config: "Config") -> int:
    """Run Hypercorn; return the exit status of the whole.

    Hypercorn returns 0 where a worker failed, too: it asks for the exit status a second
    time, of processes that it has forgotten by then. So 0 is believed only if somebody
    asked the gateway to stop, and no worker that is left says otherwise.
    """
    from hypercorn.run import run as run_hypercorn

    with _signals_heard() as heard:
        status = run_hypercorn(config)
        asked = not _STOPS.isdisjoint(heard())
    for worker in multiprocessing.active_children():
        worker.join()  # bounded: it drains
        # Hypercorn terminates them once more, and may hit one that has ended but for its exit.
        if worker.exitcode != -signal.SIGTERM:
            status = status or worker.exitcode or 0
    if status == 0 and asked:
        return 0
    complain("a worker failed, so the gateway has stopped.")
    return EXIT_FAILURE


@contextmanager
def _signals_heard() -> Generator[Callable[[], set[int]]]:
    """Give a function that tells which signals came, whoever handles them."""
    ours, kernels = socket.socketpair()
    with closing(ours), closing(kernels):
        ours.setblocking(False)
        kernels.setblocking(False)
        before = signal.set_wakeup_fd(kernels.fileno(), warn_on_full_buffer=False)
        try:
            yield lambda: _received(ours)
        finally:
            signal.set_wakeup_fd(before)


def _received(sock: socket.socket) -> set[int]:
    try:
        return set(sock.recv(4096))
    except BlockingIOError:
        return set()
