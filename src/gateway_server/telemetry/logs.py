"""What the gateway says of itself beside the access log: on stderr, one line each.

JSON where nobody watches, readable on a terminal. Stack traces are plain and
without the values of variables: those may be somebody's secrets.
"""

import sys
from typing import Final

import structlog

_LEVEL: Final = 20
"""Information and above."""


def configure_logs() -> None:
    """Set structlog up for this process. Called when a server starts the gateway."""
    watched = sys.stderr.isatty()
    render: structlog.typing.Processor
    if watched:
        plain = structlog.dev.plain_traceback
        render = structlog.dev.ConsoleRenderer(exception_formatter=plain)
    else:
        render = structlog.processors.JSONRenderer()
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    if not watched:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVEL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
