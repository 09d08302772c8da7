"""Conversations of a relay, each from its first frame to its end."""

import pytest

from gateway_core.clock import NEVER, seconds
from gateway_core.frames import (
    CLIENT,
    NO_STATUS,
    OTHER,
    UPSTREAM,
    Close,
    CloseCame,
    FramesCame,
    Side,
    StreamBroke,
)
from gateway_core.machine import Tick
from gateway_core.relay import (
    Abandoned,
    Drop,
    EndAsked,
    Finish,
    Flowed,
    HangUp,
    Pass,
    SendClose,
    SendPing,
    SideLost,
    Stalled,
)
from gateway_core.relay.vocabulary import ABANDONED, IDLE, ON_BEHALF, TOO_FAST
from tests.core.relay.relays import BYE, begun, limited, message, opened, pong, rest
from tests.script import Script

SIDES = pytest.mark.parametrize("side", list(Side), ids=lambda side: side.value)
TOO_BIG = Close(1009, "the message is too big")
DRAIN = Close(1001, "going away")


def gone(side: Side, *, cut: bool = False) -> HangUp:
    return HangUp(side, cut)


@SIDES
def test_a_close_goes_on_and_its_answer_comes_back(side: Side) -> None:
    other = OTHER[side]
    story = (
        Script(opened())
        .at(1, message(side), Pass(side))
        .at(2, CloseCame(side, BYE), SendClose(other, BYE))
        .at(3, message(other), Pass(other))
        .at(
            4,
            CloseCame(other, Close(1000)),
            SendClose(side, Close(1000)),
            gone(CLIENT),
            gone(UPSTREAM),
        )
    )
    assert story.machine.done
    outcome = story.machine.outcome
    assert (outcome.messages_in, outcome.messages_out) == (1, 1)
    assert (outcome.bytes_in, outcome.bytes_out) == (10, 10)
    assert (outcome.closed_by, outcome.code) == (side.value, 1000)
    assert (outcome.client_code, outcome.upstream_code) == (1000, 1000)


def test_7_1_5_a_close_without_a_code_stays_without_one() -> None:
    nothing = Close(NO_STATUS)
    Script(opened()).at(1, CloseCame(CLIENT, nothing), SendClose(UPSTREAM, nothing))


def test_both_close_at_once() -> None:
    (
        Script(opened())
        .at(1, CloseCame(CLIENT, BYE), SendClose(UPSTREAM, BYE))
        .at(1, CloseCame(UPSTREAM, Close(4000)), SendClose(CLIENT, Close(4000)),
            gone(CLIENT), gone(UPSTREAM))
    )  # fmt: skip


@SIDES
def test_a_close_that_is_not_answered_is_given_back_in_the_end(side: Side) -> None:
    other = OTHER[side]
    ends = {side: gone(side), other: gone(other, cut=True)}
    said = {side: [SendClose(side, BYE)], other: []}
    story = (
        Script(opened())
        .at(1, CloseCame(side, BYE), SendClose(other, BYE))
        .at(5.9, Tick())
        .at(6, Tick(), *[c for each in Side for c in (*said[each], ends[each])])
    )
    assert story.machine.done
    assert story.machine.outcome.upstream_code == (1000 if side is UPSTREAM else 0)


@SIDES
def test_a_side_that_is_lost_is_told_of_on_its_behalf(side: Side) -> None:
    other = OTHER[side]
    story = (
        Script(opened())
        .at(1, SideLost(side), gone(side, cut=True), SendClose(other, ON_BEHALF[side]))
        .at(2, message(other), Drop(other))
        .at(2, SideLost(side))
        .at(3, CloseCame(other, ON_BEHALF[side]), gone(other))
    )
    outcome = story.machine.outcome
    assert story.machine.done
    assert (outcome.closed_by, outcome.code) == (side.value, 1006)
    assert {outcome.client_code, outcome.upstream_code} == {1006, ON_BEHALF[side].code}


@SIDES
def test_who_dies_inside_a_frame_takes_the_other_sides_transport_along(side: Side) -> None:
    other = OTHER[side]
    story = (
        Script(opened())
        .at(1, begun(side), Pass(side))
        .at(2, SideLost(side), gone(side, cut=True), gone(other, cut=True))
    )
    assert story.machine.done


@SIDES
def test_a_peer_that_closes_its_transport_without_waiting_is_not_lost(side: Side) -> None:
    other = OTHER[side]
    story = (
        Script(opened())
        .at(1, CloseCame(side, BYE), SendClose(other, BYE))
        .at(2, SideLost(side), gone(side, cut=True))
        .at(3, message(other), Drop(other))
        .at(3, pong(other), Drop(other))
        .at(4, CloseCame(other, BYE), gone(other))
    )
    assert story.machine.outcome.closed_by == side.value


@SIDES
def test_who_breaks_a_rule_hears_of_it_behind_what_the_other_had_to_say(side: Side) -> None:
    other = OTHER[side]
    first, second = (gone(CLIENT), gone(UPSTREAM))
    (
        Script(opened())
        .at(1, message(side), Pass(side))
        .at(1, StreamBroke(side, TOO_BIG), SendClose(other, ON_BEHALF[side]))
        .at(2, message(other), Pass(other))
        .at(3, CloseCame(other, BYE), SendClose(side, TOO_BIG), first, second)
    )


@SIDES
def test_who_breaks_a_rule_hears_of_it_at_the_time_out(side: Side) -> None:
    other = OTHER[side]
    commands = {side: [SendClose(side, TOO_BIG), gone(side)], other: [gone(other, cut=True)]}
    story = (
        Script(opened())
        .at(1, StreamBroke(side, TOO_BIG), SendClose(other, ON_BEHALF[side]))
        .at(6, Tick(), *[command for each in Side for command in commands[each]])
    )
    assert (story.machine.outcome.closed_by, story.machine.outcome.code) == ("gateway", 1009)


@SIDES
def test_who_breaks_a_rule_when_the_other_has_closed_hears_of_it_at_once(side: Side) -> None:
    other = OTHER[side]
    (
        Script(opened())
        .at(1, CloseCame(other, BYE), SendClose(side, BYE))
        .at(2, StreamBroke(side, TOO_BIG), SendClose(other, ON_BEHALF[side]),
            gone(CLIENT), gone(UPSTREAM))
    )  # fmt: skip


@SIDES
def test_who_breaks_a_rule_when_the_other_is_lost_ends_at_once(side: Side) -> None:
    other = OTHER[side]
    (
        Script(opened())
        .at(1, SideLost(other), gone(other, cut=True), SendClose(side, ON_BEHALF[other]))
        .at(2, StreamBroke(side, TOO_BIG), gone(side))
        .at(3, StreamBroke(side, TOO_BIG))
    )


@SIDES
def test_who_dies_after_breaking_a_rule_is_not_waited_for(side: Side) -> None:
    other = OTHER[side]
    (
        Script(opened())
        .at(1, StreamBroke(side, TOO_BIG), SendClose(other, ON_BEHALF[side]))
        .at(2, SideLost(side), gone(side, cut=True))
        .at(2, StreamBroke(side, TOO_BIG))
        .at(3, CloseCame(other, BYE), gone(other))
    )


def test_silence_of_both_sides_ends_it_and_pings_do_not_count() -> None:
    (
        Script(opened())
        .at(0, message(), Pass(CLIENT))
        .at(29.9, Tick())
        .at(30, Tick(), SendPing(CLIENT, b"ours\0\0\0\1"))
        .at(30, Tick(), SendPing(UPSTREAM, b"ours\0\0\0\2"))
        .at(31, pong(CLIENT, b"ours\0\0\0\1"), Drop(CLIENT))
        .at(31, pong(UPSTREAM, b"ours\0\0\0\2"), Drop(UPSTREAM))
        .at(61, Tick(), SendPing(CLIENT, b"ours\0\0\0\3"))
        .at(61, Tick(), SendPing(UPSTREAM, b"ours\0\0\0\4"))
        .at(62, pong(CLIENT, b"ours\0\0\0\3"), Drop(CLIENT))
        .at(62, pong(UPSTREAM, b"ours\0\0\0\4"), Drop(UPSTREAM))
        .at(92, Tick(), SendPing(CLIENT, b"ours\0\0\0\5"))
        .at(92, Tick(), SendPing(UPSTREAM, b"ours\0\0\0\6"))
        .at(100, Tick(), SendClose(CLIENT, IDLE), SendClose(UPSTREAM, IDLE))
        .at(101, CloseCame(CLIENT, IDLE), gone(CLIENT))
        .at(102, message(UPSTREAM), Drop(UPSTREAM))
        .at(103, CloseCame(UPSTREAM, IDLE), gone(UPSTREAM))
    )


def test_pings_and_pongs_of_the_ends_pass_and_keep_it_open() -> None:
    story = (
        Script(opened(pings=frozenset()))
        .at(99, FramesCame(CLIENT, 0, 1, 0, whole=True), Pass(CLIENT))
        .at(198, pong(UPSTREAM), Pass(UPSTREAM))
    )
    assert story.machine.deadline == seconds(298)


@SIDES
def test_a_side_that_does_not_answer_a_ping_is_lost(side: Side) -> None:
    (
        Script(opened(pings=frozenset({side})))
        .at(30, Tick(), SendPing(side, b"ours\0\0\0\1"))
        .at(59, Tick())
        .at(60, Tick(), gone(side, cut=True), SendClose(OTHER[side], ON_BEHALF[side]))
    )


@SIDES
def test_anything_is_a_sign_of_life(side: Side) -> None:
    story = (
        Script(opened(pings=frozenset({side})))
        .at(30, Tick(), SendPing(side, b"ours\0\0\0\1"))
        .at(59, message(side), Pass(side))
        .at(60, Tick())
        .at(89, Tick(), SendPing(side, b"ours\0\0\0\2"))
    )
    assert story.machine.deadline == seconds(119)


@SIDES
def test_inside_a_frame_there_is_no_room_for_a_ping(side: Side) -> None:
    other = OTHER[side]
    (
        Script(opened(pings=frozenset({side})))
        .at(29, begun(other), Pass(other))
        .at(30, Tick())
        .at(40, rest(other), Pass(other))
        .at(60, Tick(), SendPing(side, b"ours\0\0\0\1"))
    )


@SIDES
def test_while_a_side_takes_nothing_nobody_is_blamed_for_silence(side: Side) -> None:
    story = (
        Script(opened())
        .at(1, message(OTHER[side]), Pass(OTHER[side]))
        .at(1, Stalled(side))
        .at(1000, Tick())
    )
    assert story.machine.deadline == NEVER
    story.at(1000, Flowed(side))
    assert story.machine.deadline == seconds(1029), "silent for 1 s before, and 29 to come"


@SIDES
def test_a_ping_that_had_to_wait_is_waited_for_no_longer_than_another(side: Side) -> None:
    """It is pushed where a transport cannot send at once, such as TLS: no sign of life."""
    other = OTHER[side]
    (
        Script(opened())
        .at(29, message(other), Pass(other))
        .at(30, Tick(), SendPing(side, b"ours\0\0\0\1"))
        .at(30, Stalled(side))
        .at(32, Flowed(side))
        .at(61, Tick(), SendPing(other, b"ours\0\0\0\2"))
        .at(61, message(other), Pass(other))
        .at(62, Tick(), HangUp(side, cut=True), SendClose(other, ON_BEHALF[side]))
    )


def test_stalls_that_overlap_are_one() -> None:
    story = (
        Script(opened())
        .at(10, Stalled(CLIENT))
        .at(20, Stalled(UPSTREAM))
        .at(30, Flowed(CLIENT))
        .at(1000, Tick())
        .at(1000, message(UPSTREAM), Pass(UPSTREAM))
    )
    assert story.machine.deadline == NEVER
    story.at(1010, Flowed(UPSTREAM)).at(1011, Flowed(UPSTREAM))
    assert story.machine.deadline == seconds(1030), "the client has been silent for 10 s"
    story.at(1030, Tick(), SendPing(CLIENT, b"ours\0\0\0\1"))
    assert story.machine.deadline == seconds(1040), "the upstream spoke last before 1010"


@SIDES
def test_a_close_of_ours_waits_for_the_end_of_a_frame(side: Side) -> None:
    other = OTHER[side]
    (
        Script(opened())
        .at(1, begun(side), Pass(side))
        .at(2, EndAsked(DRAIN, seconds(1)))
        .at(2, EndAsked(Close(1012), seconds(2)))
        .at(3, Tick(), *(
            (SendClose(CLIENT, DRAIN), Finish(CLIENT)) if side is CLIENT
            else (Finish(UPSTREAM), SendClose(UPSTREAM, DRAIN))
        ))
        .at(4, rest(side, whole=False), Pass(side))
        .at(5, CloseCame(other, DRAIN))
        .at(6, rest(side), Pass(side), SendClose(other, DRAIN), gone(other))
        .at(7, CloseCame(side, DRAIN), gone(side))
    )  # fmt: skip


@SIDES
def test_the_end_of_a_frame_that_never_comes_is_not_waited_for_longer(side: Side) -> None:
    (
        Script(opened())
        .at(1, begun(side), Pass(side))
        .at(2, EndAsked(DRAIN, 0))
        .at(2, Tick(), *(
            (SendClose(CLIENT, DRAIN), Finish(CLIENT)) if side is CLIENT
            else (Finish(UPSTREAM), SendClose(UPSTREAM, DRAIN))
        ))
        .at(7, Tick(), gone(CLIENT, cut=True), gone(UPSTREAM, cut=True))
    )  # fmt: skip


def test_a_client_that_is_too_fast_waits_until_the_bucket_has_room() -> None:
    story = (
        Script(limited(waits=True))
        .at(0, message(count=3), Pass(CLIENT))
        .at(0.5, message(count=2))
        .at(0.5, message(UPSTREAM, count=3), Pass(UPSTREAM))
    )
    assert story.machine.deadline == seconds(2)
    assert story.machine.waits
    story.at(1.9, Tick()).at(2, Tick(), Pass(CLIENT))
    assert not story.machine.waits
    story.at(2, message())
    assert story.machine.deadline == seconds(3)
    assert story.machine.outcome.messages_in == 5


def test_pings_are_messages_to_the_bucket() -> None:
    ping = FramesCame(CLIENT, 0, 2, 0, whole=True)
    Script(limited(waits=True)).at(0, ping, Pass(CLIENT)).at(0, ping).at(1, Tick(), Pass(CLIENT))


def test_a_client_that_waits_when_the_upstream_closes_is_still_heard() -> None:
    (
        Script(limited(waits=True))
        .at(0, message(count=3), Pass(CLIENT))
        .at(0, message())
        .at(0.5, CloseCame(UPSTREAM, BYE), SendClose(CLIENT, BYE))
        .at(1, Tick(), Pass(CLIENT))
        .at(2, CloseCame(CLIENT, BYE), SendClose(UPSTREAM, BYE), gone(CLIENT), gone(UPSTREAM))
    )


def test_what_waits_is_dropped_where_the_upstream_can_take_no_more() -> None:
    (
        Script(limited(waits=True))
        .at(0, message(count=3), Pass(CLIENT))
        .at(0, message())
        .at(0, EndAsked(DRAIN, 0))
        .at(0, Tick(), SendClose(CLIENT, DRAIN), SendClose(UPSTREAM, DRAIN), Drop(CLIENT))
    )


def test_a_client_that_is_too_fast_is_sent_away() -> None:
    (
        Script(limited(waits=False))
        .at(0, message(count=3), Pass(CLIENT))
        .at(0, message(), Drop(CLIENT), SendClose(UPSTREAM, ON_BEHALF[CLIENT]))
        .at(0, message(), Drop(CLIENT))
        .at(1, message(UPSTREAM), Pass(UPSTREAM))
        .at(2, CloseCame(UPSTREAM, Close(1001)), SendClose(CLIENT, TOO_FAST),
            gone(CLIENT), gone(UPSTREAM))
    )  # fmt: skip


def test_a_client_that_is_sent_away_inside_a_frame_may_end_it() -> None:
    last = FramesCame(CLIENT, 1, 0, 10, whole=False)
    story = (
        Script(limited(waits=False))
        .at(0, message(count=2), Pass(CLIENT))
        .at(0, begun(), Pass(CLIENT))
        .at(0, last, Pass(CLIENT), Finish(CLIENT))
        .at(1, rest(), Pass(CLIENT), SendClose(UPSTREAM, ON_BEHALF[CLIENT]))
        .at(2, CloseCame(CLIENT, BYE))
        .at(2, CloseCame(UPSTREAM, BYE), SendClose(CLIENT, TOO_FAST),
            gone(CLIENT), gone(UPSTREAM))
    )  # fmt: skip
    assert story.machine.outcome.bytes_in == 40


def test_the_driver_that_is_cancelled_has_last_words_where_there_is_room() -> None:
    (
        Script(opened())
        .at(0, begun(UPSTREAM), Pass(UPSTREAM))
        .at(1, Abandoned(), gone(CLIENT, cut=True), SendClose(UPSTREAM, ABANDONED), gone(UPSTREAM))
        .at(1, Abandoned())
    )


def test_a_cancelled_driver_says_nothing_twice_and_nothing_to_the_dead() -> None:
    story = (
        Script(opened())
        .at(0, SideLost(CLIENT), gone(CLIENT, cut=True), SendClose(UPSTREAM, ON_BEHALF[CLIENT]))
        .at(1, Abandoned(), gone(UPSTREAM, cut=True))
    )
    assert story.machine.outcome.closed_by == "client"


@SIDES
def test_what_comes_of_a_side_that_was_hung_up_on_changes_nothing(side: Side) -> None:
    (
        Script(opened())
        .at(0, EndAsked(DRAIN, 0))
        .at(0, Tick(), SendClose(CLIENT, DRAIN), SendClose(UPSTREAM, DRAIN))
        .at(1, CloseCame(side, DRAIN), gone(side))
        .at(1, CloseCame(side, DRAIN))
        .at(1, StreamBroke(side, TOO_BIG))
        .at(1, pong(side), Drop(side))
        .at(1, SideLost(side))
        .at(2, SideLost(OTHER[side]), gone(OTHER[side], cut=True))
    )
