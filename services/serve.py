"""Run one service alone: `python -m services.service_a`. Hypercorn, on Trio."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve

GRACE: Final = 5.0
"""Seconds that requests in flight have, once the service was told to stop."""


def serve(app: Any, port: int) -> None:
    """Serve `app` until Ctrl-C or SIGTERM. `$HOST` and `$PORT` win over 127.0.0.1 and `port`."""
    config = Config()
    config.bind = [f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', port)}"]
    config.graceful_timeout = GRACE
    config.loglevel = "WARNING"
    try:
        trio.run(_serve, app, config)
    except* OSError as failed:
        reason: BaseException = failed
        while isinstance(reason, BaseExceptionGroup):
            reason = reason.exceptions[0]
        sys.exit(f"cannot serve on {config.bind[0]}: {reason}")


async def _serve(app: Any, config: Config) -> None:
    stop = trio.Event()
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as around:
            around.start_soon(_obey, signals, stop, around.cancel_scope)
            async with trio.open_nursery() as nursery:
                serving = partial(hypercorn_serve, app, config, shutdown_trigger=stop.wait)
                [address] = await nursery.start(partial(serving, mode="asgi"))
                print(f"{address} (Ctrl-C ends it)", flush=True)
            around.cancel_scope.cancel()


async def _obey(
    signals: AsyncIterator[int], stop: trio.Event, everything: trio.CancelScope
) -> None:
    """Let requests in flight end at the first signal; wait for nobody at the second."""
    await anext(signals)
    stop.set()
    await anext(signals)
    everything.cancel()
