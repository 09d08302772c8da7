"""Who is at fault? Every failure in the gateway has one answer to that.

    ConfigError       the operator: refuse to start
    FailureKind       a backend broke a rule or did not answer: 502, 503, 504
    refusal.Refusal   the client, or a policy: an answer, returned, never raised
    AssertionError    we did: a bug; it propagates and is never caught to go on

Nothing that a peer can send makes the core raise.
"""

import enum


class ConfigError(Exception):
    """A setting that can never work, with the path to it: `routes.0.prefix`."""

    def __init__(self, path: str, problem: str) -> None:
        """Take primitives alone, so that nothing above is needed to report it."""
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class FailureKind(enum.Enum):
    """How a call to an upstream failed, before its answer's head was complete.

    The value is the error type that `Proxy-Status` tells (RFC 9209, 2.3).
    """

    DNS = "dns_error"
    REFUSED = "connection_refused"
    UNREACHABLE = "destination_ip_unroutable"
    CONNECT_TIMEOUT = "connection_timeout"
    TLS = "tls_protocol_error"
    CERTIFICATE = "tls_certificate_error"
    RESET = "connection_terminated"
    WRITE_TIMEOUT = "connection_write_timeout"
    RESPONSE_TIMEOUT = "http_response_timeout"
    PROTOCOL = "http_protocol_error"
    OVERLOADED = "connection_limit_reached"

    @property
    def status(self) -> int:
        """The status that the client sees (RFC 9110, 15.6)."""
        return _STATUS.get(self, 502)

    @property
    def never_connected(self) -> bool:
        """Whether nothing of the request can have reached the upstream."""
        return self in _NEVER_CONNECTED


_STATUS = {
    FailureKind.CONNECT_TIMEOUT: 504,
    FailureKind.WRITE_TIMEOUT: 504,
    FailureKind.RESPONSE_TIMEOUT: 504,
    FailureKind.OVERLOADED: 503,
}
_NEVER_CONNECTED = frozenset(
    {
        FailureKind.DNS,
        FailureKind.REFUSED,
        FailureKind.UNREACHABLE,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.TLS,
        FailureKind.CERTIFICATE,
        FailureKind.OVERLOADED,
    }
)
