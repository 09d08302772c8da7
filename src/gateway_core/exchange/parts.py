"""Parts of compositions, as the exchanges that carry them out see them.

A part is a request of the gateway's own: it was admitted with the request for whose sake
it is made, and goes by a route that no client can ask for. From there on it is a request
like any other: its upstream's endpoints, breaker, retries and connections are those of
everybody.
"""

from ..clock import Instant
from ..composing import Document
from ..forwarding import find_client, request_id
from ..message import RequestHead, ResponseHead
from ..routing import Match
from .admission import Admission
from .commands import (
    Compose,
    Respond,
)
from .encoding import respond
from .policies import Policies
from .record import Record
from .showing import changed
from .vocabulary import (
    Composed,
    RequestArrived,
)


def admit_part(
    event: RequestArrived, policies: Policies, record: Record, now: Instant
) -> Admission:
    """Return the admission of a request to a part's upstream; see `admission.admit`."""
    head = event.head
    client = find_client(head, policies.forwarding)
    record.started, record.client = now, client.address
    record.request_id = request_id(head.fields, event.fresh_id)
    route = policies.parts[event.part]
    record.route, record.upstream = route.name, route.upstream
    record.consumer = event.consumer
    path = head.target.partition(b"?")[0]
    match = Match(route, head.target, path, {}, head.authority)
    return Admission(client, match, event.consumer, told=event.told)


def to_compose(
    admission: Admission, head: RequestHead | None, record: Record, body: Document = None
) -> Compose:
    """Return the command that answers an admitted request by composition."""
    assert head is not None, "what was admitted has a head"
    return Compose(
        admission.match.route.name,
        head,
        admission.match.params,
        record.client,
        record.request_id,
        admission.consumer,
        admission.told,
        admission.claims,
        body,
    )


def composed(
    event: Composed,
    asked: RequestHead,
    admission: Admission,
    policies: Policies,
    record: Record,
) -> Respond:
    """Return what gives a composed answer; HEAD is told the length too (RFC 9110, 9.3.2)."""
    length = (b"content-length", b"%d" % len(event.body))
    identity = (b"x-request-id", record.request_id.encode("ascii"))
    fields = (*event.fields, length, identity)
    edited = policies.plans[admission.match.route.name].response_edits.apply(fields)
    body = b"" if asked.method == "HEAD" else event.body
    record.bytes_out = len(body)
    head = changed(
        ResponseHead(event.status, edited, len(body)), asked, admission, policies, record
    )
    return respond(head, body, asked, admission, policies)
