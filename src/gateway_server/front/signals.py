"""SIGTERM and SIGINT in a worker process: drain, and nothing else, however often they come.

Hypercorn's parent tells its workers by a shared event; a signal that reaches a worker itself
(systemd signals the whole group) kills it at once. And while one worker drains, the parent
sends SIGTERM to it as soon as another has ended. So the handler stays for the life of the
process, which is bounded by the drain's deadline.

Only where Hypercorn owns the process: who calls `hypercorn.trio.serve` owns the signals.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Awaitable, Callable

import trio
from hypercorn.config import Config


def drain_on_signals(config: Config, terminate: Callable[[], Awaitable[None]]) -> None:
    """Have `terminate` called in this Trio run when a signal asks this worker to end."""
    if not _owns_process(config) or threading.current_thread() is not threading.main_thread():
        return
    token = trio.lowlevel.current_trio_token()

    def heard(_number: int, _frame: object) -> None:
        with contextlib.suppress(trio.RunFinishedError):  # the process is about to end by itself
            token.run_sync_soon(trio.lowlevel.spawn_system_task, terminate, idempotent=True)

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, heard)
    # Ignored in Hypercorn's children, whose parent hears it for them. Elsewhere Trio's own
    # handler is there, whose KeyboardInterrupt would cut a drain that goes on.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, heard)


def _owns_process(config: Config) -> bool:
    """Tell a worker's process: a child of Hypercorn's, or itself where it has no children."""
    return multiprocessing.parent_process() is not None or config.workers == 0
