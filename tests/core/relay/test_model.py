"""Any interleaving of two sides that do as they please: what is promised of a relay holds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core.clock import Instant
from gateway_core.relay import Phase
from tests.core.relay.world import RELAYS, World, finish


@settings(max_examples=400)
@given(kind=st.sampled_from(sorted(RELAYS)), pushes=st.booleans(), data=st.data())
def test_what_is_promised_holds_whatever_both_sides_do(
    kind: str, pushes: bool, data: st.DataObject
) -> None:
    world = World(RELAYS[kind](), pushes=pushes)
    closing_since: Instant | None = None
    for _ in range(data.draw(st.integers(0, 40))):
        world.happen(data.draw(st.sampled_from(world.possible())), data.draw(st.integers(0, 9)))
        world.check()
        if closing_since is None and world.relay.phase is not Phase.OPEN:
            closing_since = world.now
    finish(world, closing_since)
