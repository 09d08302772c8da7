"""Faults of ours, told to the log: what and where, and nothing of what was in the variables.

structlog's own rendering of a traceback may show local variables, and those of a request
hold its credentials.
"""

import traceback
from typing import Final

import structlog

_log = structlog.get_logger("gateway.front")

_FRAMES_MAX: Final = 20


def log_fault(event: str, error: BaseException, **about: object) -> None:
    """Log one line about `error`; of a group of one, about that one."""
    error = _only(error)
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    _log.error(
        event,
        kind=type(error).__name__,
        error=str(error),
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        **about,
    )


def _only(error: BaseException) -> BaseException:
    """Return what a group of one is about."""
    inside: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _only(inside[0]) if len(inside) == 1 else error
