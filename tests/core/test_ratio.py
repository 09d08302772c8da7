"""Shares of a whole are exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.ratio import WHOLE, Ratio, percent, reaches, share_of


@pytest.mark.parametrize(
    ("written", "parts"), [(50, 5_000), (0.01, 1), (33.33, 3_333), (100, WHOLE), (0, 0)]
)
def test_per_cent(written: float, parts: int) -> None:
    assert percent(written) == parts


@given(whole=st.integers(0, 10**6), ratio=st.integers(0, WHOLE))
def test_a_share_reaches_its_ratio_and_one_more_than_it_does_not_fit(
    whole: int, ratio: int
) -> None:
    part = share_of(whole, Ratio(ratio))
    assert part * WHOLE <= whole * ratio < (part + 1) * WHOLE
    assert reaches(part + 1, whole, Ratio(ratio))


def test_a_fifth_of_five_is_one() -> None:
    assert share_of(5, percent(20)) == 1
    assert reaches(1, 5, percent(20))
    assert not reaches(1, 6, percent(20))
