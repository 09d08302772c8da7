"""How an exchange is answered out of many: from its admission to the composed answer.

Where the plan refers to the client's own document, that is read first, bounded: no part is
asked for the sake of a request that cannot be understood.

Source: RFC 9110, sections 15.5.14 (413) and 15.5.16 (415).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..clock import NEVER, Instant
from ..composing import Document, Flaw, Plan, is_json
from ..message import RequestHead, value
from ..refusal import Refusal
from .admission import Admission
from .commands import Command, ReadRequest
from .parts import composed, to_compose
from .phases import Phase
from .refusals import too_large
from .showing import Showing
from .vocabulary import Composed, DocumentRead, NotComposed, UpstreamBroke
from .waits import Wait

_NO_JSON: Final = Refusal(
    415, "body-no-json", "The body must be JSON, application/json, without a content coding."
)


@dataclass(slots=True)
class Composing(Showing):
    """How an exchange comes to its answer, where that is composed."""

    def _compose(self, admission: Admission, now: Instant) -> Sequence[Command]:
        plan = self.policies.compositions[admission.match.route.name]
        if not plan.takes_body or not self.head.body:
            return self._gather(None)
        if refusal := _unreadable(self.head, plan):
            return self._refuse(refusal)
        self._wait_until(NEVER)
        self._move_to(Phase.TAKING)
        self._wait_upload(Wait.CLIENT_BODY, now, self.policies, self._idle)
        return (ReadRequest(plan.request_max),)

    def _gather(self, body: Document) -> Sequence[Command]:
        assert self._admission is not None
        self._wait_until(NEVER)
        self._move_to(Phase.COMPOSING)
        return (to_compose(self._admission, self.head, self.record, body),)

    def _on_read(self, event: DocumentRead | UpstreamBroke, now: Instant) -> Sequence[Command]:
        if self.phase is not Phase.TAKING:
            return super(Composing, self)._on_read(event, now)
        assert isinstance(event, DocumentRead), "no upstream is asked yet"
        if not isinstance(event.content, Flaw):
            return self._gather(event.content)
        if event.content is Flaw.TOO_LARGE:
            assert self._admission is not None
            plan = self.policies.compositions[self._admission.match.route.name]
            return self._refuse(too_large(plan.request_max))
        reason = "body-" + event.content.name.lower().replace("_", "-")
        return self._refuse(Refusal(400, reason, f"Of the body, {event.content.value}."))

    def _on_composed(self, event: Composed | NotComposed) -> Sequence[Command]:
        assert self._admission is not None
        if isinstance(event, NotComposed):
            return self._refuse(event.refusal)
        self._finish(event.status, event.reason)
        return (composed(event, self.head, self._admission, self.policies, self.record),)


def _unreadable(head: RequestHead, plan: Plan) -> Refusal | None:
    """Return why the body cannot be read, as far as the head tells."""
    coding = (value(head.fields, b"content-encoding") or b"").lower()
    if coding not in (b"", b"identity") or not is_json(value(head.fields, b"content-type")):
        return _NO_JSON
    return too_large(plan.request_max) if head.body > plan.request_max else None
