"""Values: equal where they say the same."""

from gateway_core.composition.vocabulary import AskPart, Call, PartAnswered
from tests.compositions import asked


def test_values_that_say_the_same_are_equal() -> None:
    assert PartAnswered(Call("a"), 200, {"x": [1]}) == PartAnswered(Call("a", 0), 200, {"x": [1]})
    assert AskPart(Call("a"), asked("/a")) != AskPart(Call("a", 1), asked("/a"))
