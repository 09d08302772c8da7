"""The one place where Hypercorn is changed: three names that its Trio worker looks up.

`hypercorn.trio.run.worker_serve` makes a Lifespan, a WorkerContext and, for each client, a
TCPServer. All three names are looked up when a worker starts, which is after it imported
the application: so importing `gateway_server` is early enough, whatever command served it.
Each is replaced by a function that serves applications of ours by our own classes and every
other application, such as an example service in the same process, by Hypercorn's.
"""

import contextlib
import inspect
import sys
from collections.abc import Awaitable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NoReturn, cast

import hypercorn.trio.run as worker_module
import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper

from .connection import Connection
from .contract import Served, is_served
from .drain import DrainingContext, starting
from .lifespan import ServedLifespan

KNOWN: Final = "0.18.0"
"""The only Hypercorn whose source was read for this."""

SIGNATURES: Final = {
    "TCPServer": ("app", "config", "context", "state", "stream"),
    "WorkerContext": ("max_requests",),
    "Lifespan": ("app", "config", "state"),
}
"""What is rebound in `hypercorn.trio.run`, and the parameters that it is called with."""

_stock: dict[str, Any] = {}


def install() -> None:
    """Put the front where Hypercorn's Trio worker looks. A second call changes nothing.

    With a Hypercorn that is not the one we know, nothing is replaced but the start of a
    worker of ours, which then says so and ends the process: merely importing harms nobody.
    """
    if _stock:
        return
    ours: dict[str, Any] = {"Lifespan": _lifespan}
    if not strangeness():
        ours |= {"WorkerContext": _worker_context, "TCPServer": _connection}
    for name, replacement in ours.items():
        _stock[name] = getattr(worker_module, name, None)
        setattr(worker_module, name, replacement)


def demand_known_hypercorn() -> None:
    """End the process with status 2 if this Hypercorn is not the one we know."""
    if _stock.keys() != SIGNATURES.keys():
        _exit(complaint(strangeness() or "gateway_server.front.install() was not called"))


def strangeness(found: str | None = None) -> str:
    """Say what is wrong with the installed Hypercorn, "" if nothing is.

    `found` is its version, if not the one that is installed.
    """
    if found is None:
        with contextlib.suppress(PackageNotFoundError):
            found = version("hypercorn")
    if found != KNOWN:
        return f"its version is {found or 'not known'}"
    for name, expected in SIGNATURES.items():
        thing = getattr(worker_module, name, None)
        if thing is None:
            return f"hypercorn.trio.run has no {name}"
        takes = tuple(inspect.signature(thing).parameters)
        if takes != expected:
            return f"hypercorn.trio.run.{name} takes ({', '.join(takes)})"
    return ""


def complaint(strange: str) -> str:
    """Return what the operator is told: what was expected, what was found, and the cure."""
    return (
        f"gateway: this gateway is served by Hypercorn {KNOWN}, but {strange}.\n"
        f"gateway: it replaces Hypercorn's connections (docs/decisions/0003-hypercorn-seam.md)\n"
        f"gateway: and knows no other release. Cure: pip install 'hypercorn=={KNOWN}'"
    )


def _lifespan(app: AppWrapper, config: Config, state: dict[str, Any]) -> Lifespan:
    served = _served(app)
    starting.set(None)
    if served is None:
        lifespan: Lifespan = _stock["Lifespan"](app, config, state)
        return lifespan
    demand_known_hypercorn()
    return ServedLifespan(app, config, state, served)


def _worker_context(max_requests: int | None) -> WorkerContext:
    worker = starting.get()
    if worker is None:
        context: WorkerContext = _stock["WorkerContext"](max_requests)
        return context
    return DrainingContext(max_requests, worker)


def _connection(
    app: AppWrapper,
    config: Config,
    context: WorkerContext,
    state: dict[str, Any],
    stream: trio.abc.Stream,
) -> Awaitable[None]:
    if isinstance(context, DrainingContext) and not context.worker.settings.stock:
        return Connection(context, state, stream).run()
    stock: Awaitable[None] = _stock["TCPServer"](app, config, context, state, stream)
    return stock


def _served(app: AppWrapper) -> Served | None:
    """Return the application inside Hypercorn's wrapper, if it is one of ours."""
    inside = getattr(app, "app", None)
    return cast("Served", inside) if is_served(inside) else None


def _exit(words: str) -> NoReturn:
    print(words, file=sys.stderr)  # noqa: T201 - logging may not be set up, and the process ends
    raise SystemExit(2)
