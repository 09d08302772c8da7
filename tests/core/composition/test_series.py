"""The progress of a collection."""

from gateway_core.composition.series import Series


def test_so_many_are_asked_at_once_and_no_more_than_there_are() -> None:
    series = Series([1, 2, 3])
    assert series.may_ask(2)
    series.asked = 2
    assert not series.may_ask(2)
    series.answers[1] = "b"
    assert series.may_ask(2)
    series.asked = 3
    assert not series.may_ask(9)
    assert not series.complete


def test_answers_are_in_the_order_of_the_members() -> None:
    series = Series([1, 2, 3], {2: "c", 0: "a"})
    assert series.whole("?") == ["a", "?", "c"]
    series.answers[1] = None
    assert series.complete
