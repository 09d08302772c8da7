"""How long a composition may take at the most."""

from gateway_core.clock import seconds
from gateway_core.composing import Expression
from gateway_core.composing.timing import at_most, longest
from tests.compositions import optional, part, plan


def names(chain: tuple) -> list[str]:
    return [each.name for each in chain]


def test_parallel_parts_take_the_slowest_and_a_chain_takes_the_sum() -> None:
    made = plan(
        part("a", timeout=seconds(1)),
        part("b", timeout=seconds(2)),
        part("c", "/{a.x}", timeout=seconds(1.5)),
        part("d", "/{a.x}/{b.x}", timeout=seconds(0.1)),
        deadline=seconds(10),
    )
    duration, chain = longest(made)
    assert (duration, names(chain)) == (seconds(2.5), ["a", "c"])


def test_nothing_takes_longer_than_the_whole_may() -> None:
    made = plan(part("a"), optional("b", timeout=seconds(1)), part("c", "/{a.x}"))
    duration, chain = longest(made)
    assert (duration, names(chain)) == (made.deadline, ["a", "c"])


def test_a_collection_takes_as_many_rounds_as_it_needs() -> None:
    each = part(
        "b", "/{item}", each=Expression.of("a"), items_max=10, parallel=4, timeout=seconds(1)
    )
    made = plan(part("a", timeout=seconds(1)), each, deadline=seconds(60))
    assert at_most(each, made) == seconds(3)
    assert longest(made).duration == seconds(4)
    assert at_most(each, plan(part("a"), each, deadline=seconds(2))) == seconds(2)
