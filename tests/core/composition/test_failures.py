"""What a part's failure means for the whole."""

import pytest

from gateway_core.composing import Flaw
from gateway_core.composition import Call, PartAnswered, PartFailed
from gateway_core.composition.failures import (
    PartFailure,
    ended,
    fatal,
    judged,
    timed_out,
    unaskable,
)
from gateway_core.refusal import Refusal
from tests.compositions import part

A = Call("a", 2)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_answer_of_the_2xx_is_none(status: int) -> None:
    assert judged(part("a"), PartAnswered(A, status, [])) is None


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (PartAnswered(A, 404), 404, "part-status"),
        (PartAnswered(A, 410), 410, "part-status"),
        (PartAnswered(A, 500), 502, "part-status"),
        (PartAnswered(A, 304), 502, "part-status"),
        *((PartAnswered(A, 200, flaw), 502, None) for flaw in Flaw),
    ],
)
def test_all_else_is(answer: PartAnswered, status: int, reason: str | None) -> None:
    failure = judged(part("a"), answer)
    assert failure is not None
    assert failure.status == status
    if reason is None:
        assert isinstance(answer.content, Flaw)
        reason = "part-" + answer.content.name.lower().replace("_", "-")
        assert failure.said.endswith(answer.content.value)
    assert failure.reason == reason


def test_a_part_may_say_which_statuses_are_the_whole_answers() -> None:
    failure = judged(part("a", passed=frozenset({403})), PartAnswered(A, 403))
    assert failure is not None
    assert failure.status == 403
    failure = judged(part("a", passed=frozenset({403})), PartAnswered(A, 404))
    assert failure is not None
    assert failure.status == 502


@pytest.mark.parametrize(("status", "whole"), [(502, 502), (503, 503), (504, 504), (429, 502)])
def test_the_gateways_own_end_keeps_a_status_that_blames_an_upstream(
    status: int, whole: int
) -> None:
    assert ended(PartFailed(A, status, "why")).status == whole


def test_the_client_is_told_the_part_and_the_kind_of_failure() -> None:
    failure = timed_out(A)
    assert failure.document() == {
        "part": "a",
        "reason": "part-timeout",
        "detail": "The part 'a' failed: it did not answer in time.",
    }
    detail = "The part 'a' of this answer failed: it did not answer in time."
    assert fatal(failure) == Refusal(504, "part-timeout", detail)
    assert unaskable(A, "x") == PartFailure(A, 502, "part-not-askable", "x")
    assert unaskable(A, "x", status=400).status == 400
