"""Two choices: the less busy of two, in proportion to what they are to bear."""

import pytest

from gateway_core.balancing import TwoChoices
from gateway_core.balancing.two_choices import _drawn
from gateway_core.chance import SplitMix
from tests.core.balancing.test_contract import Server


def test_of_two_the_less_busy_is_chosen() -> None:
    fleet = [Server("a", in_flight=9), Server("b", in_flight=2)]
    assert {TwoChoices().choose(fleet, b"", SplitMix(seed)) for seed in range(50)} == {1}


def test_twice_the_weight_bears_twice_as_much() -> None:
    fleet = [Server("a", 2, in_flight=9), Server("b", 1, in_flight=5)]
    assert {TwoChoices().choose(fleet, b"", SplitMix(seed)) for seed in range(50)} == {0}


def test_a_busy_one_among_many_idle_ones_is_avoided_but_for_chance() -> None:
    fleet = [Server("a", in_flight=100), *(Server(str(n)) for n in range(9))]
    dice = SplitMix(1)
    chosen = [TwoChoices().choose(fleet, b"", dice) for _ in range(1000)]
    assert chosen.count(0) == 0


def test_the_only_one_is_chosen_and_shares_are_followed() -> None:
    assert TwoChoices().choose([Server("a", in_flight=7)], b"", SplitMix(0)) == 0
    fleet, dice = [Server("a", 9), Server("b", 1)], SplitMix(2)
    chosen = [TwoChoices().choose(fleet, b"", dice) for _ in range(1000)]
    assert 60 < chosen.count(1) < 140
    TwoChoices().forget("a")


def test_a_number_beyond_all_shares_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        _drawn([Server("a")], 10_000)
