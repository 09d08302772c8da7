"""What forwarding does on one route, worked out once, so that each request only looks it up."""

from dataclasses import dataclass
from typing import Final

from ..errors import ConfigError
from ..message import FieldEdits
from .names import END_TO_END, HOP_BY_HOP, PROXY_AUTHENTICATION, is_value
from .request_ids import REQUEST_ID
from .rules import ForwardingRules, check_edits

FORWARDED: Final = b"forwarded"
X_FORWARDED_FOR: Final = b"x-forwarded-for"
X_FORWARDED_HOST: Final = b"x-forwarded-host"
X_FORWARDED_PREFIX: Final = b"x-forwarded-prefix"
X_FORWARDED_PROTO: Final = b"x-forwarded-proto"

OURS: Final = frozenset(
    {FORWARDED, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, REQUEST_ID}
)
"""What we say of the client, whatever the client says of itself."""

_NOT_SENT_ON: Final = frozenset({b"host", b"content-length", b"expect", b"proxy", b"x-real-ip"})
"""Host and length travel beside the fields. Expect is answered by the gateway (RFC 9110,
10.1.1). `Proxy` becomes HTTP_PROXY in a CGI program's environment (CVE-2016-5385).
X-Real-IP is a client address that many services believe and that we do not write."""

_NO_EDITS: Final = FieldEdits()


@dataclass(frozen=True, slots=True)
class ForwardingPlan:
    """One route's forwarding. Make it with `forwarding_plan`."""

    rules: ForwardingRules
    prefix: bytes
    """What the route strips off the client's path, without a slash at its end; or b""."""
    request_edits: FieldEdits
    response_edits: FieldEdits
    request_passes: frozenset[bytes]
    """Names that need no second look: a short cut, since nearly all fields have them."""
    request_drops: frozenset[bytes]
    request_guards: frozenset[bytes]
    """Names that no other name may pass for, such as `x_api_key` for `x-api-key`."""
    response_drops: frozenset[bytes]
    untrailed_drops: frozenset[bytes]
    """The same, where the client takes no trailers and none are to be announced."""
    protected: frozenset[bytes]
    """Names that stay where Connection nominates them."""


def forwarding_plan(
    rules: ForwardingRules,
    *,
    request_edits: FieldEdits = _NO_EDITS,
    response_edits: FieldEdits = _NO_EDITS,
    prefix: bytes = b"",
    relied: frozenset[bytes] = frozenset(),
) -> ForwardingPlan:
    """Work out a route's plan.

    `prefix` is what the route strips; `relied` are the lower-case names by which
    the gateway decides on this route (matchers, credentials, keys of limits): what
    was decided by must arrive, so that Connection cannot remove it.

    Raises ConfigError for a prefix or an edit that cannot be written.
    """
    if prefix and not (prefix.startswith(b"/") and prefix.isascii() and is_value(prefix)):
        raise ConfigError(
            "prefix", f"{prefix.decode('latin-1')!r} is no path; begin it with '/', in ASCII"
        )
    check_edits(request_edits)
    check_edits(response_edits)
    drops = _drops(rules)
    request_drops = drops | _NOT_SENT_ON | OURS
    edited = (line[0] for line in (*request_edits.set, *request_edits.add))
    return ForwardingPlan(
        rules,
        prefix.rstrip(b"/"),
        request_edits,
        response_edits,
        request_passes=END_TO_END - request_drops,
        request_drops=request_drops,
        request_guards=request_drops.union(relied, request_edits.remove, edited),
        response_drops=drops | {REQUEST_ID},
        untrailed_drops=drops | {REQUEST_ID, b"trailer"},
        protected=END_TO_END | relied,
    )


def _drops(rules: ForwardingRules) -> frozenset[bytes]:
    """Names that pass in neither direction."""
    drops = HOP_BY_HOP | rules.reserved
    if not rules.trailers:
        drops |= {b"trailer"}
    if not rules.forward_proxy_authorization:
        drops |= PROXY_AUTHENTICATION
    return drops
