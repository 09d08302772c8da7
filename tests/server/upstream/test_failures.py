"""Foreign exceptions have one kind each."""

import socket
import ssl

import httpx
import pytest

from gateway_core.errors import FailureKind
from gateway_server.upstream.failures import failed


def caused(outer: Exception, inner: BaseException) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (caused(httpx.ConnectError("x"), socket.gaierror(-2, "unknown")), FailureKind.DNS),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError()), FailureKind.REFUSED),
        (
            caused(
                httpx.ConnectError("x"),
                caused(OSError("all failed"), ExceptionGroup("g", [ConnectionRefusedError()])),
            ),
            FailureKind.REFUSED,
        ),
        (caused(httpx.ConnectError("x"), FileNotFoundError()), FailureKind.REFUSED),
        (caused(httpx.ConnectError("x"), OSError(113, "no route")), FailureKind.UNREACHABLE),
        (caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError()), FailureKind.CERTIFICATE),
        (caused(httpx.ConnectError("x"), ssl.SSLError()), FailureKind.TLS),
        (httpx.ConnectTimeout("x"), FailureKind.CONNECT_TIMEOUT),
        (httpx.ReadTimeout("x"), FailureKind.RESPONSE_TIMEOUT),
        (httpx.WriteTimeout("x"), FailureKind.WRITE_TIMEOUT),
        (httpx.PoolTimeout("x"), FailureKind.OVERLOADED),
        (caused(httpx.ReadError("x"), ConnectionResetError()), FailureKind.RESET),
        (caused(httpx.WriteError("x"), BrokenPipeError()), FailureKind.RESET),
        (httpx.ReadError("x"), FailureKind.RESET),
        (
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            FailureKind.RESET,
        ),
        (httpx.RemoteProtocolError("illegal status line"), FailureKind.PROTOCOL),
        (httpx.LocalProtocolError("too much data"), FailureKind.PROTOCOL),
        (OSError(101, "unreachable"), FailureKind.UNREACHABLE),
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
