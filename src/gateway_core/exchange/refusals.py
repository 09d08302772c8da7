"""The answers that an exchange gives in the gateway's own name (RFC 9110, 15.5 and 15.6)."""

from typing import Final

from ..errors import FailureKind
from ..limiting import Judgement, Outcome, whole_seconds
from ..message import Fields, ResponseHead
from ..refusal import Refusal, refused
from ..roster import Lack, Unavailable
from ..routing import ServerOptions
from ..upstream import Fallback

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
_LACKS: Final = {
    Lack.BREAKER_OPEN: "it has failed too often of late, and is left alone for a while",
    Lack.NO_ENDPOINT: "none of its endpoints is well",
    Lack.OVERLOAD: "it has as many requests as it bears",
}
_LACK_ERRORS: Final = {
    # RFC 9209, 2.3.
    Lack.BREAKER_OPEN: b"destination_unavailable",
    Lack.NO_ENDPOINT: b"destination_unavailable",
    Lack.OVERLOAD: b"connection_limit_reached",
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


def unavailable(found: Unavailable, upstream: str) -> Refusal:
    """Return the answer where no endpoint of `upstream` may be called."""
    reason = found.lack.value
    status = b'gateway; error=%s; details="%s"' % (_LACK_ERRORS[found.lack], reason.encode("ascii"))
    fields = ((b"proxy-status", status), (b"retry-after", b"%d" % whole_seconds(found.retry_after)))
    detail = f"The service {upstream!r} is not asked now: {_LACKS[found.lack]}."
    return Refusal(503, reason, detail, fields)


def answer_of(
    refusal: Refusal, fallback: Fallback | None, request_id: str, method: str
) -> tuple[ResponseHead, bytes]:
    """Return the answer that tells `refusal`, or the operator's in its place.

    That one keeps the refusal's fields, and nobody on the way may keep it: it would outlive
    the failure (RFC 9111, 5.2.2.5).
    """
    if fallback is None:
        return refused(refusal, request_id, method)
    body = b"" if method == "HEAD" else fallback.body
    fields = (
        (b"content-type", fallback.content_type),
        (b"content-length", b"%d" % len(fallback.body)),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode("latin-1")),
        *refusal.fields,
    )
    return ResponseHead(fallback.status, fields, len(body)), body
