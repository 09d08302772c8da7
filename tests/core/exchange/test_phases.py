"""Every phase can be reached, and left, but for the first and the last."""

from gateway_core.exchange import MOVES, Phase


def test_moves_lead_from_the_first_phase_through_all_to_the_last() -> None:
    assert {before for before, _ in MOVES} == set(Phase) - {Phase.DONE}
    assert {after for _, after in MOVES} == set(Phase) - {Phase.ROUTING}
