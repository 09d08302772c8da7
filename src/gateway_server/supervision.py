"""Background tasks that may fail, and never take the worker along.

A task that raises is logged, and started again after a pause that doubles from
one second to a minute; one that ran for a minute starts afresh. Until it has
run for a while again it counts as ailing, which `/readyz` shows.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
import trio

BACKOFF_SECONDS_MIN: Final = 1.0
BACKOFF_SECONDS_MAX: Final = 60.0

_log = structlog.get_logger("gateway.supervision")


class Supervisor:
    """Owns the background tasks of one worker, in the lifespan's nursery."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._ailing: dict[str, str] = {}

    @property
    def ailing(self) -> Mapping[str, str]:
        """The tasks that failed and have not proved well since: name to kind of error."""
        return self._ailing

    def start(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        """Run `task` until it returns or the nursery is cancelled."""
        self._nursery.start_soon(self._keep_up, name, task, name=name)

    async def _keep_up(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        pause = BACKOFF_SECONDS_MIN
        while True:
            started = trio.current_time()
            if await self._ran_to_its_end(name, task, probation=pause):
                return
            if trio.current_time() - started >= BACKOFF_SECONDS_MAX:
                pause = BACKOFF_SECONDS_MIN
            await trio.sleep(pause)
            pause = min(pause * 2, BACKOFF_SECONDS_MAX)

    async def _ran_to_its_end(
        self, name: str, task: Callable[[], Awaitable[None]], probation: float
    ) -> bool:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._acquit_after, probation, name)
                await task()
                nursery.cancel_scope.cancel()
        except* Exception as errors:  # noqa: BLE001 - whatever it was, the worker lives on
            error = _first(errors)
            self._ailing[name] = type(error).__name__
            _log.error("background task failed", task=name, exc_info=error)
            return_value = False
        else:
            self._ailing.pop(name, None)
            return_value = True
        return return_value

    async def _acquit_after(self, seconds: float, name: str) -> None:
        await trio.sleep(seconds)
        self._ailing.pop(name, None)


def _first(error: BaseException) -> BaseException:
    """Return the first exception of a group, or of the groups within it."""
    members: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _first(members[0]) if members else error
