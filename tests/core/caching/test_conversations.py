"""The conversations, against the exchange without sockets, in no time at all."""

import pytest

from gateway_core.message import UpstreamRequest
from tests.core.caching.cases.conversations import CONVERSATIONS, Step
from tests.lab import Lab, Said


@pytest.mark.parametrize("steps", CONVERSATIONS)
def test_a_conversation(steps: list[Step]) -> None:
    lab = Lab()
    for number, step in enumerate(steps):
        before = len(lab.requests)

        def origin(_request: UpstreamRequest, step: Step = step) -> Said:
            assert step.says is not None, "the origin was asked"
            return Said(step.said, step.origin, step.says)

        asks = {name.decode().replace("-", "_"): told for name, told in step.asks}
        visit = lab.ask(step.target, method=step.method, **asks)
        lab.answer(visit, origin)
        assert (visit.status, visit.x_cache) == (step.status, step.x_cache), number
        if step.method != "DELETE":
            assert visit.body == step.body, number
        assert len(lab.requests) - before == (step.says is not None), number
