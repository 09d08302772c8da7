"""The two sides, and their names."""

from gateway_core.frames import CLIENT, OTHER, UPSTREAM, Side


def test_each_side_has_one_other() -> None:
    assert {side: OTHER[side] for side in Side} == {CLIENT: UPSTREAM, UPSTREAM: CLIENT}
    assert hash(CLIENT) != hash(UPSTREAM)
