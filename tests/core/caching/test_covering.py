"""Which variations are told of a path: few, the latest last, and none that nothing tells any more."""

from gateway_core.caching.covering import VARIATIONS_MAX, Coverings
from gateway_core.caching.entry import BodyId
from gateway_core.caching.searching import Covered, Variation


def told(name: str, base: bytes = b"p") -> Covered:
    variation = Variation(frozenset({name}))
    return Covered(variation, base, base + variation.label)


def test_the_latest_comes_last_and_nothing_is_left_of_what_is_gone() -> None:
    coverings, a, b = Coverings(), told("a"), told("b")
    for number, covered in enumerate([a, b, a]):
        assert coverings.note(covered, BodyId(number)) == frozenset()
    assert list(coverings.of(b"p")) == [b.variation, a.variation]
    assert list(coverings.of(b"q")) == []
    coverings.forget(a, BodyId(0))
    assert list(coverings.of(b"p")) == [b.variation, a.variation]
    coverings.forget(a, BodyId(2))
    assert list(coverings.of(b"p")) == [b.variation]
    coverings.forget(b, BodyId(1))
    assert coverings == Coverings()


def test_answers_that_told_what_was_told_longest_ago_are_to_go() -> None:
    coverings = Coverings()
    for number in range(VARIATIONS_MAX):
        assert not coverings.note(told(f"n{number}"), BodyId(number))
    coverings.note(told("n0"), BodyId(90))
    assert coverings.note(told("new"), BodyId(91)) == {BodyId(1)}
