"""What the gateway says in its own name."""

import pytest

from gateway_core.errors import FailureKind
from gateway_core.exchange import too_large, upstream_failed


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
