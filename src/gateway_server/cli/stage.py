"""The gateway and the services behind it, under one nursery, until somebody ends it.

signals . obey ------- the first: the gateway drains; the second: all is cancelled
backstage ------------ the services; told to stop once the gateway has ended, so that
    stage ------------ the gateway can finish what it still asks them
"""

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import trio
from hypercorn.trio import serve as hypercorn_serve  # pyright: ignore[reportUnknownVariableType]

if TYPE_CHECKING:
    from hypercorn.config import Config

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
EXIT_INTERRUPTED: Final = 128 + signal.SIGINT
IMPATIENCE_SECONDS: Final = 2.0
"""After the second signal: when the process ends with whatever still resists."""


class Server(NamedTuple):
    """An ASGI application, and where Hypercorn is to serve it."""

    name: str
    app: Any
    config: "Config"


async def perform(
    gateway: Server,
    services: Sequence[Server],
    *,
    open_house: Callable[[], None],
    say: Callable[[str], None],
) -> int:
    """Serve all until SIGINT or SIGTERM; return the exit status.

    Calls `open_house` once everything listens. A service that fails is told of, and the
    show goes on; if the gateway fails, its exception leaves here.
    """
    stop, orderly = trio.Event(), False
    # A write that Hypercorn shields from cancellation would keep us for ever.
    last_resort = threading.Timer(IMPATIENCE_SECONDS, os._exit, (EXIT_INTERRUPTED,))
    last_resort.daemon = True
    try:
        with trio.open_signal_receiver(*SIGNALS) as signals:
            async with trio.open_nursery() as everything:
                hurry = partial(_hurry, everything.cancel_scope, last_resort)
                everything.start_soon(_obey, signals, stop, hurry, say)
                await _play(gateway, services, stop, open_house, say)
                orderly = True
                everything.cancel_scope.cancel()
    finally:
        last_resort.cancel()
    return 0 if orderly else EXIT_INTERRUPTED


async def _play(
    gateway: Server,
    services: Sequence[Server],
    stop: trio.Event,
    open_house: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    gateway_ended = trio.Event()
    async with trio.open_nursery() as backstage:
        for service in services:
            await backstage.start(_serve_somehow, service, gateway_ended, say)
        async with trio.open_nursery() as stage:
            await stage.start(_serve, gateway, stop)
            if not stop.is_set():
                open_house()
        gateway_ended.set()


async def _serve(
    server: Server,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    await hypercorn_serve(
        server.app, server.config, shutdown_trigger=stop.wait, task_status=task_status, mode="asgi"
    )


async def _serve_somehow(
    service: Server,
    stop: trio.Event,
    say: Callable[[str], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve a service. If it fails the gateway answers 502 for it, as for any other."""
    started = False
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(_serve, service, stop))
            started = True
            task_status.started()
    except Exception as failed:  # noqa: BLE001 - one service may not end the show
        say(f"{service.name} has failed, and is answered for with 502: {_reason(failed)}")
    if not started:
        task_status.started()


async def _obey(
    signals: AsyncIterator[int],
    stop: trio.Event,
    hurry: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    await anext(signals)
    say("ending, as soon as the requests in flight have; Ctrl-C again ends at once")
    stop.set()
    await anext(signals)
    hurry()


def _hurry(everything: trio.CancelScope, last_resort: threading.Timer) -> None:
    everything.cancel()
    last_resort.start()


def _reason(error: Exception) -> str:
    """Return one line. Starlette tells of a failed start by a whole traceback."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    lines = [line for line in str(error).splitlines() if line.strip("'\" ")]
    return lines[-1] if lines else type(error).__name__
