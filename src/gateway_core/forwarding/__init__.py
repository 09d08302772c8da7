"""Header hygiene both ways: what is taken off a head, what is added, what is rewritten.

    rules    what the operator decides        trust    whose word counts
    plan     the same, worked out for a route
    client   who asks                         forwarded  the Forwarded field
    request  client -> upstream               response   upstream -> client
    additions  what we tell of the client
    names    hop-by-hop, end-to-end           prefix     Location, Set-Cookie
    loop     Via, Max-Forwards                request_ids
    trailers  what may stand behind a body

Source: RFC 9110, section 7.6; RFC 7239. For users: docs/topics/forwarding.md.
"""

from .client import Client, client_address, find_client
from .loop import LOOPING, VIA_MAX, is_last_hop, via_loop
from .plan import ForwardingPlan, forwarding_plan
from .request import forward_request
from .request_ids import REQUEST_ID, request_id
from .response import forward_response
from .rules import DEFAULT_RULES, Believed, ForwardingRules, check_edits
from .trailers import forward_request_trailers, forward_response_trailers
from .trust import NOBODY, Network, Trusted, parse_trusted

__all__ = [
    "DEFAULT_RULES",
    "LOOPING",
    "NOBODY",
    "REQUEST_ID",
    "VIA_MAX",
    "Believed",
    "Client",
    "ForwardingPlan",
    "ForwardingRules",
    "Network",
    "Trusted",
    "check_edits",
    "client_address",
    "find_client",
    "forward_request",
    "forward_request_trailers",
    "forward_response",
    "forward_response_trailers",
    "forwarding_plan",
    "is_last_hop",
    "parse_trusted",
    "request_id",
    "via_loop",
]
