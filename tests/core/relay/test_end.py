"""What is known of one side."""

from gateway_core.clock import NEVER, Duration, Instant
from gateway_core.frames import Close
from gateway_core.relay.end import End


def test_a_side_is_finished_once_it_was_told_and_has_closed_or_is_not_waited_for() -> None:
    assert not End(Instant(0)).finished
    assert not End(Instant(0), told=Close(1000)).finished
    assert End(Instant(0), told=Close(1000), closed=Close(1000)).finished
    assert End(Instant(0), told=Close(1000), silent=True).finished
    assert not End(Instant(0), closed=Close(1000)).finished


def test_a_side_is_deaf_once_it_was_told_or_is_gone() -> None:
    assert not End(Instant(0)).deaf
    assert End(Instant(0), told=Close(1000)).deaf
    assert End(Instant(0), gone=True).deaf


def test_the_code_of_a_side() -> None:
    assert End(Instant(0)).code == 0
    assert End(Instant(0), lost=True).code == 1006
    assert End(Instant(0), closed=Close(4000)).code == 4000


def test_a_time_without_anybody_listening_is_not_held_against_it() -> None:
    end = End(Instant(10))
    end.excuse(Duration(5), Instant(20))
    assert (end.heard, end.pinged) == (15, NEVER)
    end.pinged = Instant(20)
    end.excuse(Duration(4), Instant(30))
    assert (end.heard, end.pinged) == (19, 24)
    end.excuse(Duration(100), Instant(40))
    assert (end.heard, end.pinged) == (40, 40), "nobody is heard in the future"
