"""What each side is told of what the other one said: heads and trailers, both ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..forwarding import ForwardingPlan, forward_request, forward_response
from ..message import FieldEdits, Fields, RequestHead, ResponseHead, UpstreamRequest
from ..transforming import Transformation
from ..upstream import Endpoint, Upstream
from .admission import Admission
from .commands import (
    PassTrailers,
)
from .trailing import pass_trailers
from .upgrading import REBUILT, Handshake
from .vocabulary import (
    RequestTrailersRead,
    ResponseTrailersRead,
)

NO_EDITS: Final = FieldEdits()


@dataclass(slots=True)
class Translation:
    """One request's, once it was admitted."""

    head: RequestHead
    admission: Admission
    plan: ForwardingPlan
    request_id: str
    handshake: Handshake | None = None
    """What we ask of the upstream where a WebSocket is to be opened."""
    drop: frozenset[bytes] = frozenset()
    """Names of the client's fields that the upstream is not to see."""
    add: Fields = ()
    """Fields of ours that it is."""
    change: Transformation | None = None
    """What the route changes by values of the request."""
    asked: tuple[bytes, ...] = ()
    """The authorities by which the upstream may name itself in its answer."""
    answer_fields: Fields = ()
    """Of the upstream's answer, as they came."""
    _takes_trailers: bool = False
    """Whether the client keeps what trails its answer."""

    def request(self, upstream: Upstream, endpoint: Endpoint) -> UpstreamRequest:
        """Return the request as `endpoint` shall see it."""
        admission, handshake, found = self.admission, self.handshake, self.admission.match
        drop, add = admission.drops | self.drop, self.add + admission.told
        target, edits = found.target, NO_EDITS
        if self.change is not None:
            target, edits = self._changed(target, self.change)
        request = forward_request(
            self.head,
            admission.client,
            self.plan,
            target=target,
            authority=(upstream.preserve_host and found.authority) or endpoint.authority,
            request_id=self.request_id,
            drop=drop if handshake is None else drop | REBUILT,
            edits=edits,
            add=add if handshake is None else handshake.fields + add,
        )
        self.asked += (request.authority, endpoint.authority)
        self._takes_trailers = request.takes_trailers
        return request

    def _changed(self, target: bytes, change: Transformation) -> tuple[bytes, FieldEdits]:
        """Return the target to ask for, and what else the route changes."""
        admission = self.admission
        scope = change.scope(
            self.head,
            admission.match.params,
            admission.client,
            consumer=admission.consumer,
            request_id=self.request_id,
            claims=admission.claims,
        )
        return change.target(target, scope), change.edits(scope)

    def answer(self, head: ResponseHead, *, final: bool) -> ResponseHead:
        """Return what the client is told; of the final answer, with what its admission adds."""
        admission = self.admission
        told = forward_response(
            head,
            admission.client,
            self.plan,
            asked=self.asked,
            request_id=self.request_id,
            takes_trailers=self._takes_trailers,
            add=admission.fields if final and not admission.replaces else (),
        )
        return admission.told_on(told) if final and admission.replaces else told

    def trailers(self, event: RequestTrailersRead | ResponseTrailersRead) -> Sequence[PassTrailers]:
        """Return the command that passes on what may pass, if anything may."""
        answered = self.answer_fields if self._takes_trailers else None
        admission = self.admission
        if isinstance(event, RequestTrailersRead):
            # What names the caller, or we say of it, cannot come in behind the body.
            ours = (name for name, _ in (*self.add, *admission.told))
            drop = admission.drops.union(self.drop, ours)
        else:
            drop = admission.replaces
        return pass_trailers(event, self.plan, self.head.fields, answered, drop)
