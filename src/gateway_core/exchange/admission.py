"""From a request's arrival to its admission: who asks, where it leads, and whether it may.

    client, request id -> route -> upgrade -> declared body -> limits -> admitted
                          400/404/405  400/403/426  413        429

The order is part of the contract: what costs little and tells least is judged first,
and whatever is counted against somebody is judged last, so that a request which was
refused for another reason takes nothing from anybody's budget. Requests and handshakes
of WebSockets pass the same stages.
"""

from dataclasses import dataclass

from ..clock import Instant
from ..forwarding import LOOPING, Client, find_client, is_last_hop, request_id, via_loop
from ..limiting import Asker, Held, Outcome
from ..message import Fields, RequestHead, ResponseHead
from ..refusal import Refusal
from ..routing import Match, Route, ServerOptions
from .policies import Policies
from .record import Record
from .refusals import SERVER_OPTIONS, over_limit, too_large
from .upgrading import handshake_flaw, upgrade_refusal


@dataclass(slots=True)
class Admission:
    """A request that may go on, and all that was found out about it on the way."""

    client: Client
    match: Match
    consumer: str = ""
    """Who asks, by name, as a credential proved it; "" where none was asked for."""
    fields: Fields = ()
    """What goes on whatever answer the client gets from now on, the gateway's own included."""
    replaces: frozenset[bytes] = frozenset()
    """Names of fields that an upstream's answer loses to ours."""
    held: tuple[Held, ...] = ()

    def told_on(self, head: ResponseHead) -> ResponseHead:
        """Return an upstream's answer with `fields` on it."""
        if not self.fields:
            return head
        theirs = head.fields
        if self.replaces:
            theirs = tuple([line for line in theirs if line[0] not in self.replaces])
        return ResponseHead(head.status, theirs + self.fields, head.body)

    def release(self) -> None:
        """Give back what was taken for as long as the request lasts. A second call does nothing."""
        held, self.held = self.held, ()
        for limiter, key in held:
            limiter.give_back(key)


def admit(
    head: RequestHead,
    fresh_id: str,
    policies: Policies,
    record: Record,
    now: Instant,
    *,
    upgrade: bool = False,
) -> Admission | Refusal:
    """Return the admission, or why the request goes no further.

    The caller is to `release` the admission at the request's end, however that comes.
    `fresh_id` is used where the client sent no sane id; `record` is told all that is
    found out, also of a request that is refused in the end; `upgrade`: whether it is a
    WebSocket's handshake.
    """
    client = find_client(head, policies.forwarding)
    record.started, record.client = now, client.address
    record.request_id = request_id(head.fields, fresh_id)
    found = _route(head, policies)
    if isinstance(found, Refusal):
        return found
    route = found.route
    record.route, record.upstream = route.name, route.upstream
    if upgrade and (refusal := upgrade_refusal(head, route) or handshake_flaw(head)):
        return refusal
    if refusal := _too_large(head, route):
        return refusal
    admission = Admission(client, found)
    return _limit(admission, head, policies, record, now) or admission


def _route(head: RequestHead, policies: Policies) -> Match | Refusal:
    """Find the route; OPTIONS that are the gateway's to answer end here, and so do loops."""
    found = policies.router.match(head)
    if isinstance(found, Refusal):
        return found
    if isinstance(found, ServerOptions) or is_last_hop(head):
        return SERVER_OPTIONS
    if via_loop(head.fields, policies.forwarding.pseudonym):
        return LOOPING
    return found


def _too_large(head: RequestHead, route: Route) -> Refusal | None:
    """Judge the length that the request declares; what comes without one is counted later."""
    limit = route.body_max
    return too_large(limit) if limit is not None and head.body > limit else None


def _limit(
    admission: Admission, head: RequestHead, policies: Policies, record: Record, now: Instant
) -> Refusal | None:
    """Take the request out of the budgets of its route, or say which has no room for it."""
    route = admission.match.route.name
    limits = policies.limits.get(route)
    if limits is None:
        return None
    asker = Asker(admission.client.address, admission.consumer, route, head.fields)
    judgement, admission.held = limits.admit(asker, now)
    record.limits = judgement
    if judgement.outcome is not Outcome.ADMITTED:
        return over_limit(judgement)
    admission.fields += judgement.fields
    admission.replaces |= limits.replaces
    return None
