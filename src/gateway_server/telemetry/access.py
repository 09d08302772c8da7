"""One structured line a request: the complete outcome of the core's decision.

JSON where nobody watches, a readable line on a terminal. Query strings,
credentials and bodies are never logged; addresses of upstreams are, since the
log is the operator's.
"""

import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, BinaryIO, Final, TextIO

import structlog

from gateway_core.clock import NEVER, Instant
from gateway_core.exchange import Record
from gateway_core.refusal import Refusal

Line = MutableMapping[str, Any]
MS: Final = 1_000_000


class AccessLog:
    """Writes a line for each request that ended, however it ended."""

    def __init__(self, form: str = "auto", out: TextIO | None = None) -> None:
        """`form` is "auto", "json", "console" or "off"; `out` is stdout where not given."""
        stream: TextIO = sys.stdout if out is None else out
        if form == "auto":
            form = "console" if stream.isatty() else "json"
        self._log = None if form == "off" else _logger(form, stream)

    def exchange_ended(self, record: Record, method: str, target: bytes, now: Instant) -> None:
        """Log an exchange that the core decided."""
        if self._log is None:
            return
        line: Line = {
            "request_id": record.request_id,
            "client": record.client,
            "method": method,
            "path": shown_path(target),
            "status": record.status,
            "reason": record.reason,
            "route": record.route,
            "upstream": record.upstream,
            "endpoint": record.endpoint,
            "attempts": record.attempts,
            "bytes_in": record.bytes_in,
            "bytes_out": record.bytes_out,
            "duration_ms": _ms(record.started, now),
            "upstream_ms": _ms(record.asked, record.answered),
        }
        self._log.info("request", **{key: value for key, value in line.items() if value != ""})

    def refused(
        self,
        refusal: Refusal,
        *,
        peer: str,
        method: str,
        target: bytes,
        request_id: str,
        bytes_in: int,
    ) -> None:
        """Log a refusal of the connection itself, for which no exchange began."""
        if self._log is None:
            return
        line: Line = {
            "request_id": request_id,
            "client": peer,
            "method": method,
            "path": shown_path(target),
            "status": refusal.status,
            "reason": refusal.reason,
            "bytes_in": bytes_in,
        }
        self._log.info("request", **{key: value for key, value in line.items() if value != ""})


def shown_path(target: bytes) -> str:
    """Return the path of `target` as a log may show it: no query, nothing unprintable."""
    path = target.partition(b"?")[0].decode("latin-1")
    return path if path.isprintable() else path.encode("unicode_escape").decode("ascii")


def _ms(start: Instant, end: Instant) -> float | str:
    return "" if NEVER in (start, end) else round((end - start) / MS, 3)


def _logger(form: str, out: TextIO) -> structlog.typing.FilteringBoundLogger:
    binary: BinaryIO | None = getattr(out, "buffer", None)
    render: Callable[[Any, str, Line], str | bytes]
    sink: structlog.BytesLogger | structlog.WriteLogger
    if form == "json" and binary is not None:
        render, sink = _json_bytes, structlog.BytesLogger(binary)
    else:
        render = _json_text if form == "json" else _Console(colour=out.isatty())
        sink = structlog.WriteLogger(out)
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        sink, processors=[_stamp, render], wrapper_class=structlog.make_filtering_bound_logger(20)
    )
    return logger.bind()


def _stamp(_logger: Any, _method: str, line: Line) -> Line:
    del line["event"]
    moment = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return {"time": f"{stamp}.{int(moment * 1000) % 1000:03d}Z", **line}


_json_text: Final = structlog.processors.JSONRenderer()


def _json_bytes(logger: Any, method: str, line: Line) -> bytes:
    text = _json_text(logger, method, line)
    return text if isinstance(text, bytes) else text.encode()


class _Console:
    """A line for a person: what was asked, what came of it, how long it took, why."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, _logger: Any, _method: str, line: Mapping[str, Any]) -> str:
        status = self._painted(f"{line['status']:>3}", line["status"])
        clock = str(line["time"])[11:-5]
        words = [clock, status, f"{line.get('method', '-'):<6}", str(line.get("path", "-"))]
        if "duration_ms" in line:
            words.append(f"{line['duration_ms']:.1f} ms")
        if "endpoint" in line:
            words.append(f"{line['upstream']} {str(line['endpoint']).removeprefix('http://')}")
        if "reason" in line:
            words.append(str(line["reason"]))
        return "  ".join(words)

    def _painted(self, text: str, status: int) -> str:
        if not self._colour:
            return text
        colour = {2: 32, 3: 36, 4: 33, 5: 31}.get(status // 100, 35)
        return f"\x1b[{colour}m{text}\x1b[0m"
