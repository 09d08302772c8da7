"""Chance is a parameter, and dice of ours are plain data."""

import copy
import random

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.chance import SplitMix, mix, one_in


def test_one_in_many_happens_about_once_in_as_many() -> None:
    dice = random.Random(1)
    assert 900 < sum(one_in(dice, 10) for _ in range(10_000)) < 1_100


def test_splitmix_is_the_published_one() -> None:
    # The first numbers from seed 0 of the authors' own code.
    dice = SplitMix(0)
    drawn = [dice.randrange(1 << 64) for _ in range(3)]
    assert drawn == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@given(seed=st.integers(0, 2**64 - 1), stop=st.integers(1, 2**40))
def test_a_throw_is_within_bounds_and_a_copy_throws_the_same(seed: int, stop: int) -> None:
    dice = SplitMix(seed)
    twin = copy.deepcopy(dice)
    assert 0 <= dice.randrange(stop) < stop
    assert dice != twin
    twin.randrange(stop)
    assert dice == twin


def test_every_side_comes_as_often() -> None:
    dice, sides = SplitMix(7), [0] * 6
    for _ in range(60_000):
        sides[dice.randrange(6)] += 1
    # Five degrees of freedom: chi square is over 20.5 once in a thousand times.
    assert sum((count - 10_000) ** 2 / 10_000 for count in sides) < 20.5


def test_mixing_loses_nothing() -> None:
    assert len({mix(number) for number in range(10_000)}) == 10_000
