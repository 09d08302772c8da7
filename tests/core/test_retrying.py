"""Who may try again, when, and how many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.chance import SplitMix
from gateway_core.clock import MILLISECOND, SECOND
from gateway_core.errors import FailureKind
from gateway_core.ratio import WHOLE, percent
from gateway_core.retrying import (
    NO_RETRIES,
    REPLAY_MAX,
    Budget,
    Cause,
    NoRetry,
    RetryRules,
    asked_wait,
    backoff,
    may_repeat,
    retries_failure,
)

RULES = RetryRules()


@pytest.mark.parametrize(
    ("method", "read", "kind", "why_not"),
    [
        pytest.param("GET", 0, FailureKind.RESET, None, id="9110-9.2.2 GET"),
        pytest.param("PUT", 0, None, None, id="9110-9.2.2 PUT, answered"),
        pytest.param("POST", 0, FailureKind.RESET, NoRetry.METHOD, id="9110-9.2.2 POST"),
        pytest.param("POST", 0, None, NoRetry.METHOD, id="POST, answered"),
        pytest.param("get", 0, FailureKind.RESET, NoRetry.METHOD, id="9110-9.1 case matters"),
        pytest.param("POST", 0, FailureKind.REFUSED, None, id="POST that was never sent"),
        pytest.param("POST", 1, FailureKind.REFUSED, NoRetry.BODY, id="POST, body begun"),
        pytest.param("PUT", REPLAY_MAX, FailureKind.RESET, None, id="body kept"),
        pytest.param("PUT", REPLAY_MAX + 1, FailureKind.RESET, NoRetry.BODY, id="body too large"),
        pytest.param("PUT", REPLAY_MAX + 1, FailureKind.DNS, NoRetry.BODY, id="though not sent"),
    ],
)
def test_who_may_be_sent_again(method, read, kind, why_not) -> None:
    assert may_repeat(RULES, method, read, kind) is why_not


@pytest.mark.parametrize("kind", FailureKind)
def test_which_failures_are_worth_another_try(kind: FailureKind) -> None:
    connect = RetryRules(causes=frozenset({Cause.CONNECT}))
    reset = RetryRules(causes=frozenset({Cause.RESET}))
    ours = kind is FailureKind.OVERLOADED
    assert retries_failure(connect, kind) == (kind.never_connected and not ours)
    assert retries_failure(reset, kind) == (kind is FailureKind.RESET)
    assert not retries_failure(NO_RETRIES, kind)


@pytest.mark.parametrize(
    ("number", "longest"), [(1, 25), (2, 50), (3, 100), (4, 200), (5, 250), (9, 250), (500, 250)]
)
def test_the_wait_is_drawn_from_nothing_to_a_bound_that_doubles(number: int, longest: int) -> None:
    dice = SplitMix(number)
    waits = [backoff(RULES, number, dice) for _ in range(500)]
    assert max(waits) <= longest * MILLISECOND
    assert max(waits) > longest * MILLISECOND * 9 // 10
    assert min(waits) < longest * MILLISECOND // 10
    assert sum(waits) / 500 == pytest.approx(longest * MILLISECOND / 2, rel=0.15)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        pytest.param(None, 0, id="nothing"),
        pytest.param(b"0", 0, id="at once"),
        pytest.param(b"1", SECOND, id="as long as we do"),
        pytest.param(b"2", None, id="longer than we do"),
        pytest.param(b"9" * 5000, None, id="a number of any length"),
        pytest.param(b"Wed, 21 Oct 2015 07:28:00 GMT", None, id="10.2.3 a date"),
        pytest.param(b"-1", None, id="nonsense"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_what_the_upstream_asks(said: bytes | None, wait: int | None) -> None:
    fields = () if said is None else ((b"server", b"x"), (b"retry-after", said))
    assert asked_wait(fields) == wait


def test_three_retries_are_always_allowed_then_a_fifth_of_what_is_active() -> None:
    budget = Budget(active=4)
    assert [budget.take(RULES) for _ in range(4)] == [True, True, True, False]
    budget.active = 19
    assert not budget.take(RULES), "a fifth of 19 is 3"
    budget.active = 20
    assert budget.take(RULES)
    assert not budget.take(RULES)
    budget.give_back()
    assert budget.take(RULES)


def test_what_was_not_taken_cannot_be_given_back() -> None:
    with pytest.raises(AssertionError):
        Budget().give_back()


@given(
    ratio=st.integers(0, WHOLE),
    least=st.integers(0, 5),
    acts=st.lists(st.sampled_from(["begin", "end", "take", "give"]), max_size=200),
)
def test_when_a_retry_is_taken_the_budget_is_kept(ratio: int, least: int, acts: list[str]) -> None:
    rules, budget = RetryRules(budget=percent(ratio / 100), budget_min=least), Budget()
    for act in acts:
        if act == "begin":
            budget.active += 1
        elif act == "end" and budget.active:
            budget.active -= 1
        elif act == "give" and budget.retrying:
            budget.give_back()
        elif act == "take" and budget.take(rules):
            assert budget.retrying <= max(least, budget.active * ratio // WHOLE)
