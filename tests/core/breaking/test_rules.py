"""Which reasons need calls to be counted."""

import pytest

from gateway_core.breaking import BreakerRules, SlowRule
from gateway_core.clock import seconds
from gateway_core.ratio import percent


@pytest.mark.parametrize(
    ("rules", "counts"),
    [
        (BreakerRules(), False),
        (BreakerRules(failure_ratio=percent(50)), True),
        (BreakerRules(slow=SlowRule(seconds(2), percent(50))), True),
    ],
)
def test_only_ratios_need_a_window(rules: BreakerRules, counts: bool) -> None:
    assert rules.counts is counts
