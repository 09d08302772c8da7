"""The answer that is made of all parts (RFC 9110, section 8; RFC 9111, 5.2.2.5)."""

from http import HTTPStatus
from typing import Final

from ..composing import ANSWER_MAX, Budget, Document, Misfit, Plan, write_document
from ..message import Fields
from ..refusal import Refusal
from .failures import PartFailure
from .vocabulary import Answer

COMPLETED: Final = b"x-gateway-completed"
_JSON: Final = (b"content-type", b"application/json")
_WHOLE: Final[Fields] = (_JSON, (COMPLETED, b"true"))
_IN_PART: Final[Fields] = (_JSON, (COMPLETED, b"false"), (b"cache-control", b"no-store"))
"""An answer that lacks something must not outlive the failure in a cache."""


def compose(
    plan: Plan,
    scope: dict[str, Document],
    values: dict[str, Document],
    failures: list[PartFailure],
    *,
    size: int,
    budget: Budget,
) -> Answer | Refusal:
    """Return the answer, or the refusal where the parts do not make one.

    `size` is the bytes of all that the parts answered.
    """
    made = values if plan.body is None else plan.body.fill(scope, budget)
    if isinstance(made, Misfit):
        place = f"body.{made.place}" if made.place else "body"
        detail = f"The answer could not be composed: at {place}, {made.fault.value}."
        return Refusal(502, "composition-misfit", detail)
    document = _wrapped(made, failures) if plan.envelope else made
    body = write_document(document, ANSWER_MAX, expected=size * plan.copies)
    if body is None:
        detail = f"The answer could not be composed: it is over {ANSWER_MAX} bytes, or no JSON."
        return Refusal(502, "composition-too-large", detail)
    reason = f"incomplete-{failures[0].reason}" if failures else ""
    return Answer(200, _IN_PART if failures else _WHOLE, body, reason)


def _wrapped(data: Document, failures: list[PartFailure]) -> Document:
    envelope: dict[str, Document] = {
        "status_code": 200,
        "message": "OK",
        "data": data,
        "error": None,
    }
    if failures:
        envelope["errors"] = [failure.document() for failure in failures]
    return envelope


def refuse(plan: Plan, refusal: Refusal, request_id: str) -> Answer | Refusal:
    """Return `refusal` in the envelope, where the plan has one."""
    if not plan.envelope:
        return refusal
    phrase = HTTPStatus(refusal.status).phrase
    error: dict[str, Document] = {
        "type": f"urn:gateway-problem:{refusal.reason}",
        "title": phrase,
        "status": refusal.status,
        "detail": refusal.detail,
        "request_id": request_id,
    }
    envelope: dict[str, Document] = {
        "status_code": refusal.status,
        "message": phrase,
        "data": None,
        "error": error,
    }
    body = write_document(envelope, ANSWER_MAX)
    assert body is not None, "a problem is small, and JSON"
    return Answer(refusal.status, (_JSON, *refusal.fields), body, refusal.reason)
