"""Shares of a whole, exact: an integer count of ten-thousandths.

Floats would do, but not the same on both sides of a comparison: 20 % of 5 is 1, and no
budget of 20 % shall ever find 0.9999999999999999 there.
"""

from typing import Final, NewType

Ratio = NewType("Ratio", int)
"""Parts of ten thousand: 2,500 is a quarter, 25 %."""

WHOLE: Final = Ratio(10_000)


def percent(count: float) -> Ratio:
    """Return `count` per cent, rounded to a hundredth of one."""
    return Ratio(round(count * 100))


def reaches(part: int, whole: int, ratio: Ratio) -> bool:
    """Whether `part` is `ratio` of `whole`, or more."""
    return part * WHOLE >= whole * ratio


def share_of(whole: int, ratio: Ratio) -> int:
    """Return `ratio` of `whole`, rounded down."""
    return whole * ratio // WHOLE
