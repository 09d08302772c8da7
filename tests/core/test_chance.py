"""Chance as a parameter."""

import random

from gateway_core.chance import one_in


def test_one_in_so_many_throws_succeeds() -> None:
    dice = random.Random(1)
    hits = sum(one_in(dice, 10) for _ in range(10_000))
    assert 900 < hits < 1100
    assert one_in(dice, 1)
