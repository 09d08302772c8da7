"""The start of a worker: its configuration is read, and Hypercorn's adjusted to it."""

import gc
import math
from typing import Any, Final

import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.typing import AppWrapper

from .contract import FrontSettings, Served
from .drain import Worker, starting

_MARGIN_SECONDS: Final = 5.0
"""How much later than our drain Hypercorn would cut connections itself."""
_NEVER_BY_COUNT: Final = 2**31
"""Requests a connection. Hypercorn's GOAWAY at the limit takes streams in flight along."""


class ServedLifespan(Lifespan):
    """Hypercorn's lifespan of a gateway application.

    Made before Hypercorn opens any nursery or listens: a configuration that cannot be
    served ends the process here, and no traceback hides why.
    """

    def __init__(
        self, app: AppWrapper, config: Config, state: dict[str, Any], served: Served
    ) -> None:
        served.prepare()
        adjust(config, served.front)
        self._worker = Worker(served, config)
        starting.set(self._worker)
        _settle_memory()
        super().__init__(app, config, state)

    async def handle_lifespan(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run the application's lifespan, and keep the worker's house beside it."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._worker.keep_house)
            await super().handle_lifespan(task_status=task_status)
            nursery.cancel_scope.cancel()


def adjust(config: Config, settings: FrontSettings) -> None:
    """Make Hypercorn's settings agree with ours, for the stock connections as well."""
    config.graceful_timeout = max(config.graceful_timeout, settings.drain_timeout + _MARGIN_SECONDS)
    config.keep_alive_timeout = settings.keep_alive_timeout
    config.keep_alive_max_requests = _NEVER_BY_COUNT
    config.h11_max_incomplete_size = 2 * settings.max_head
    config.ssl_handshake_timeout = min(config.ssl_handshake_timeout, settings.head_timeout)
    config.read_timeout = None  # it would tell applications that clients left who had not
    config.include_server_header = False
    assert math.isfinite(config.graceful_timeout)


def _settle_memory() -> None:
    """Spare the garbage collector what lives as long as the worker.

    Code and settings are some hundred thousand objects; a full collection that looks
    through them stops every request for tens of milliseconds (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
