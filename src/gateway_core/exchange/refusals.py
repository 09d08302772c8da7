"""The answers that an exchange gives in the gateway's own name (RFC 9110, 15.5 and 15.6)."""

from typing import Final

from ..errors import FailureKind
from ..limiting import Judgement, Outcome, whole_seconds
from ..message import Fields
from ..refusal import Refusal
from ..routing import ServerOptions

_SAID: Final = {
    FailureKind.DNS: "its name could not be resolved",
    FailureKind.REFUSED: "it refused the connection",
    FailureKind.UNREACHABLE: "it could not be reached",
    FailureKind.CONNECT_TIMEOUT: "no connection to it was made in time",
    FailureKind.TLS: "TLS to it failed",
    FailureKind.CERTIFICATE: "its certificate was not accepted",
    FailureKind.RESET: "it closed the connection before it answered",
    FailureKind.WRITE_TIMEOUT: "it stopped reading the request",
    FailureKind.RESPONSE_TIMEOUT: "it did not answer in time",
    FailureKind.PROTOCOL: "its answer was not valid HTTP",
    FailureKind.OVERLOADED: "every connection to it is taken",
}
_OVERLOAD_RETRY: Final = (b"retry-after", b"1")

SERVER_OPTIONS: Final = Refusal(204, "server-options", "", ServerOptions().fields)
SLOW_BODY: Final = Refusal(
    408, "client-body-timeout", "The body of the request stopped coming.", close=True
)
MALFORMED_BODY: Final = Refusal(
    400, "malformed-body", "The body of the request is not framed as HTTP asks.", close=True
)


def too_large(limit: int) -> Refusal:
    """Return the answer to a body beyond `limit` bytes (RFC 9110, 15.5.14)."""
    detail = f"The body of the request is over the limit of {limit} bytes."
    return Refusal(413, "body-too-large", detail, close=True)


def over_limit(judgement: Judgement) -> Refusal:
    """Return the answer to a request for which a budget has no room (RFC 6585, 4).

    Retry-After is the limit's wait, rounded up. A limiter that can count no further
    client is our shortage, not this client's fault: 503.
    """
    seconds = whole_seconds(judgement.wait)
    fields: Fields = ((b"retry-after", b"%d" % seconds), *judgement.fields)
    if judgement.outcome is Outcome.FULL:
        detail = f"The gateway counts as many clients as it can. Try again in {seconds} s."
        return Refusal(503, "limiter-full", detail, fields)
    detail = (
        f"The limit {judgement.binding!r} of {judgement.allows} is reached. "
        f"Try again in {seconds} s."
    )
    return Refusal(429, "limit-exceeded", detail, fields)


def upstream_failed(kind: FailureKind, upstream: str) -> Refusal:
    """Return the answer that tells `kind` of `upstream`'s failure, not its address.

    `Proxy-Status` is RFC 9209's.
    """
    detail = f"The service {upstream!r} gave no answer: {_SAID[kind]}."
    fields: Fields = ((b"proxy-status", b"gateway; error=" + kind.value.encode("ascii")),)
    if kind is FailureKind.OVERLOADED:
        fields = (*fields, _OVERLOAD_RETRY)
    return Refusal(kind.status, "upstream-" + kind.name.lower().replace("_", "-"), detail, fields)
