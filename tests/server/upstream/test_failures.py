"""Foreign exceptions have one kind each."""

import socket
import ssl

import pytest

from gateway_core.errors import FailureKind
from gateway_server.upstream.failures import failed


def caused(outer: Exception, inner: BaseException) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (caused(OSError("x"), socket.gaierror(-2, "unknown")), FailureKind.DNS),
        (ConnectionRefusedError(), FailureKind.REFUSED),
        (
            caused(OSError("all failed"), ExceptionGroup("g", [ConnectionRefusedError()])),
            FailureKind.REFUSED,
        ),
        (FileNotFoundError(), FailureKind.REFUSED),
        (OSError(113, "no route"), FailureKind.UNREACHABLE),
        (OSError(101, "unreachable"), FailureKind.UNREACHABLE),
        (caused(OSError("x"), ssl.SSLCertVerificationError()), FailureKind.CERTIFICATE),
        (ssl.SSLError(), FailureKind.TLS),
        (TimeoutError(), FailureKind.CONNECT_TIMEOUT),
        (ConnectionResetError(), FailureKind.RESET),
        (BrokenPipeError(), FailureKind.RESET),
        (ValueError("odd"), FailureKind.PROTOCOL),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, Exception) else value.name,
)
def test_the_innermost_cause_tells_the_kind(error: Exception, kind: FailureKind) -> None:
    told = failed(error)
    assert told.kind is kind
    assert type(error).__name__ in told.problem


def test_causes_in_a_ring_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert failed(first).kind is FailureKind.PROTOCOL
