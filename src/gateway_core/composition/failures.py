"""Why a part has no value, and what that means for the whole answer.

optional    its default stands in; the answer is marked, and the failure listed
required    the whole fails: 504 for a time-out, 503 where the gateway's own breaker
            or pool said no, else 502; the part is named, its address never is.
            404 and 410, unless the part says otherwise, are the whole answer's.
"""

from typing import Final, NamedTuple

from ..composing import Document, Flaw, Part
from ..message import Fields
from ..refusal import Refusal
from .vocabulary import Call, PartAnswered, PartFailed


class PartFailure(NamedTuple):
    """Why one request of a part came to nothing."""

    call: Call
    status: int
    """What it means for the whole, where the part is required."""
    reason: str
    """Named, in kebab case."""
    said: str
    """The same, as the end of a sentence to the client."""
    fields: Fields = ()

    def document(self) -> Document:
        """Return what an envelope's `errors` says of it."""
        told: dict[str, Document] = {"part": self.call.part, "reason": self.reason}
        told["detail"] = f"The part {self.call.part!r} failed: {self.said}."
        return told


_OF_OURS: Final = frozenset({502, 503, 504})


def judged(part: Part, answer: PartAnswered) -> PartFailure | None:
    """Return why `answer` is no success, or None."""
    call, status = answer.call, answer.status
    if not 200 <= status < 300:
        passed = status in part.passed
        said = f"its service answered {status}"
        return PartFailure(call, status if passed else 502, "part-status", said)
    if isinstance(answer.content, Flaw):
        reason = "part-" + answer.content.name.lower().replace("_", "-")
        return PartFailure(call, 502, reason, f"of its answer, {answer.content.value}")
    return None


def ended(failed: PartFailed) -> PartFailure:
    """Return what the gateway's own end of a request means."""
    status = failed.status if failed.status in _OF_OURS else 502
    said = "it did not answer in time" if status == 504 else "it gave no answer"
    return PartFailure(failed.call, status, failed.reason, said, failed.fields)


def timed_out(call: Call) -> PartFailure:
    """Return what a deadline means."""
    return PartFailure(call, 504, "part-timeout", "it did not answer in time")


def unaskable(call: Call, problem: str, *, status: int = 502) -> PartFailure:
    """Return what it means that a request could not be made."""
    return PartFailure(call, status, "part-not-askable", problem)


def fatal(failure: PartFailure) -> Refusal:
    """Return the answer that a required part's failure makes of the whole."""
    detail = f"The part {failure.call.part!r} of this answer failed: {failure.said}."
    return Refusal(failure.status, failure.reason, detail, failure.fields)
