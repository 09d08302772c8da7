"""What the gateway says in its own name."""

import pytest

from gateway_core.clock import Duration, seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import over_limit, too_large, unavailable, upstream_failed
from gateway_core.exchange.refusals import answer_of
from gateway_core.limiting import Judgement, Outcome
from gateway_core.message import value
from gateway_core.refusal import Refusal
from gateway_core.roster import Lack, Unavailable
from gateway_core.upstream import Fallback


def test_the_limit_is_named() -> None:
    refusal = too_large(1024)
    assert (refusal.status, refusal.close) == (413, True)
    assert "1024 bytes" in refusal.detail


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_has_a_sentence_and_a_reason(kind: FailureKind) -> None:
    refusal = upstream_failed(kind, "prices")
    assert "prices" in refusal.detail
    assert refusal.reason.startswith("upstream-")
    assert refusal.reason == refusal.reason.lower()


@pytest.mark.parametrize(
    ("outcome", "status", "reason", "detail"),
    [
        pytest.param(
            Outcome.REFUSED,
            429,
            "limit-exceeded",
            "The limit 'burst' of 5 requests in 1 s is reached. Try again in 1 s.",
            id="6585-4",
        ),
        pytest.param(
            Outcome.FULL,
            503,
            "limiter-full",
            "The gateway counts as many clients as it can. Try again in 1 s.",
            id="9110-15.6.4",
        ),
    ],
)
def test_a_limit_says_which_and_when_to_come_again(outcome, status, reason, detail) -> None:
    told = ((b"ratelimit", b'"burst";r=0;t=1'),)
    judgement = Judgement(outcome, "burst", "5 requests in 1 s", 0, Duration(1), (), told)
    refusal = over_limit(judgement)
    assert (refusal.status, refusal.reason, refusal.detail) == (status, reason, detail)
    assert value(refusal.fields, b"retry-after") == b"1"
    assert refusal.fields[1:] == told


@pytest.mark.parametrize("lack", Lack)
def test_where_nobody_may_be_called_the_reason_and_the_wait_are_told(lack: Lack) -> None:
    refusal = unavailable(Unavailable(lack, seconds(1.2)), "prices")
    assert (refusal.status, refusal.reason) == (503, lack.value)
    assert "prices" in refusal.detail
    assert value(refusal.fields, b"retry-after") == b"2", "never too early"
    status = value(refusal.fields, b"proxy-status")
    assert status is not None
    assert status.endswith(b'; details="%s"' % lack.value.encode())


FALLBACK = Fallback(203, b"later", b"text/plain")


@pytest.mark.parametrize(("method", "body"), [("GET", b"later"), ("HEAD", b"")])
def test_an_operator_s_answer_keeps_the_refusal_s_fields(method: str, body: bytes) -> None:
    refusal = Refusal(503, "overload", "Too much.", ((b"retry-after", b"1"),))
    head, sent = answer_of(refusal, FALLBACK, "id", method)
    assert (head.status, sent, head.body) == (203, body, len(body))
    assert value(head.fields, b"content-length") == b"5"
    assert value(head.fields, b"retry-after") == b"1"
    assert value(head.fields, b"cache-control") == b"no-store"
    assert answer_of(refusal, None, "id", method)[0].status == 503
