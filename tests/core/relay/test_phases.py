"""A relay goes one way: from open, over closing or at once, to done."""

from gateway_core.relay import MOVES, Phase


def test_every_phase_but_the_last_leads_to_the_last_and_none_leads_back() -> None:
    order = list(Phase)
    assert {before for before, after in MOVES if after is Phase.DONE} == set(order[:-1])
    assert all(order.index(before) < order.index(after) for before, after in MOVES)
