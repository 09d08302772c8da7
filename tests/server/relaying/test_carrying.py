"""What the driver of a relay reads, sends and ends, and when it does not."""

from dataclasses import replace

import pytest
import trio

from gateway_core.clock import seconds
from gateway_core.frames import (
    CLIENT,
    UPSTREAM,
    Close,
    CloseCame,
    FramesCame,
    PongCame,
    StreamBroke,
)
from gateway_core.limiting import Rate
from gateway_core.relay import SideLost
from tests.server.relaying.ends import RULES, opened, settle

BYE = Close(1000)


@pytest.fixture(params=[False, True], ids=["woken", "on the spot"])
def spot(request) -> bool:
    """Whether the ends pass on themselves what comes, so that nobody is woken for it."""
    return request.param


async def test_what_one_end_says_the_other_takes_and_a_close_ends_both(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.says("a")
    pair.upstream.says("b")
    pair.client.says("bye", CloseCame(CLIENT, BYE))
    await settle()
    assert pair.upstream.took == ["a", "close 1000"]
    pair.upstream.says("c")
    pair.upstream.says("bye", CloseCame(UPSTREAM, BYE))
    await pair.over.wait()
    assert pair.client.took == ["b", "c", "close 1000"]
    assert pair.client.hung_up
    assert pair.upstream.hung_up
    ended = pair.carrying.ended
    assert (ended.messages_in, ended.messages_out, ended.closed_by) == (1, 2, "client")
    assert not pair.carrying.client_cut


async def test_an_end_that_takes_nothing_stops_its_own_source_alone(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.room = 0
    pair.upstream.says("1")
    pair.upstream.says("2")
    pair.client.says("other way")
    await settle()
    assert pair.upstream.took == ["other way"]
    assert pair.upstream.given == 1
    pair.client.room = 1000
    pair.client.flow.set()
    await settle()
    assert pair.client.took == ["1", "2"]


async def test_what_comes_behind_a_slow_load_waits_its_turn(nursery, spot, autojump_clock) -> None:
    pair = await opened(nursery, spot)
    pair.client.room = 0
    pair.upstream.says("slow")
    await settle()
    pair.carrying.end(Close(1001), 0)
    await trio.sleep(0.1)
    assert pair.client.took == []
    assert pair.upstream.took == ["close 1001"]
    pair.client.flow.set()
    await settle()
    assert pair.client.took == ["slow", "close 1001"]
    pair.client.says("", CloseCame(CLIENT, Close(1001)))
    pair.upstream.says("", CloseCame(UPSTREAM, Close(1001)))
    await pair.over.wait()


async def test_a_close_that_nobody_pushes_is_pushed_by_a_task_of_its_own(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.room = 0
    pair.carrying.end(Close(1001), 0)
    await trio.sleep(0.1)
    pair.client.says("", CloseCame(CLIENT, Close(1001)))
    await trio.sleep(0.1)
    assert not pair.client.hung_up, "before its Close is out"
    pair.client.flow.set()
    await settle()
    assert pair.client.took == ["close 1001"]
    assert pair.client.hung_up


async def test_an_end_that_breaks_while_it_is_pushed_to_is_lost(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.room, pair.client.breaks = 0, True
    pair.upstream.says("1")
    await settle()
    pair.client.flow.set()
    await settle()
    assert pair.client.was_cut
    assert pair.upstream.took == ["close 1001"]
    pair.upstream.says("", CloseCame(UPSTREAM, Close(1001)))
    await pair.over.wait()
    assert pair.carrying.client_cut
    assert pair.carrying.ended.code == 1006


async def test_a_push_that_lasts_beyond_the_close_time_out_is_cut_off(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.room = 0
    pair.upstream.says("1")
    await settle()
    pair.carrying.end(Close(1001), 0)
    await pair.over.wait()
    assert trio.current_time() == pytest.approx(5, abs=0.1)
    assert pair.client.was_cut
    assert pair.client.took == []


@pytest.mark.parametrize("side", ["client", "upstream"])
async def test_an_end_whose_input_ends_is_lost(nursery, spot, autojump_clock, side: str) -> None:
    pair = await opened(nursery, spot)
    here = getattr(pair, side)
    there = pair.upstream if side == "client" else pair.client
    here.ends()
    await settle()
    assert there.took == ["close 1001" if side == "client" else "close 1011"]
    there.says("", CloseCame(there.side, Close(1001)))
    await pair.over.wait()
    assert here.was_cut
    assert there.hung_up


async def test_a_client_that_waits_for_its_bucket_is_not_read(
    nursery, spot, autojump_clock
) -> None:
    rules = replace(RULES, rate=Rate(1, seconds(1)), rate_waits=True)
    pair = await opened(nursery, spot, rules)
    for load in "abc":
        pair.client.says(load)
    await settle()
    assert (pair.upstream.took, pair.client.given) == (["a"], 2)
    await trio.sleep(1.01)
    assert pair.upstream.took == ["a", "b"]
    await trio.sleep(1)
    assert pair.upstream.took == ["a", "b", "c"]


async def test_what_is_dropped_is_read_over(nursery, spot, autojump_clock) -> None:
    pair = await opened(nursery, spot)
    pair.client.says("", StreamBroke(CLIENT, Close(1009)))
    await settle()
    assert pair.upstream.took == ["close 1001"]
    pair.client.says("ghost")
    pair.upstream.says("pong", PongCame(UPSTREAM, b"tag!"))
    await settle()
    assert pair.upstream.took == ["close 1001"]
    assert pair.client.took == []


async def test_the_rest_of_a_frame_is_asked_for_before_a_close(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.says("half", FramesCame(CLIENT, 1, 0, 4, whole=False))
    await settle()
    pair.carrying.end(Close(1001), 0)
    await trio.sleep(0.1)
    assert pair.client.finished
    assert pair.upstream.took == ["half"]
    pair.client.says("rest", FramesCame(CLIENT, 0, 0, 4, whole=True))
    await settle()
    assert pair.upstream.took == ["half", "rest", "close 1001"]


async def test_a_driver_that_is_cancelled_has_last_words_and_hangs_up(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.says("half", FramesCame(CLIENT, 1, 0, 4, whole=False))
    await settle()
    nursery.cancel_scope.cancel()
    with trio.CancelScope(shield=True):
        await pair.over.wait()
    assert pair.client.took == ["close 1001"]
    assert pair.client.hung_up
    assert pair.upstream.took == ["half"]
    assert pair.upstream.was_cut
    assert pair.carrying.ended.code == 1001


async def test_a_driver_that_is_cancelled_while_it_pushes_cuts(
    nursery, spot, autojump_clock
) -> None:
    pair = await opened(nursery, spot)
    pair.client.room = 0
    pair.upstream.says("1")
    await settle()
    nursery.cancel_scope.cancel()
    with trio.CancelScope(shield=True):
        await pair.over.wait()
    assert pair.client.took == []
    assert pair.client.was_cut
    assert pair.carrying.client_cut


async def test_pings_go_out_by_the_alarm(nursery, spot, autojump_clock) -> None:
    pair = await opened(nursery, spot, replace(RULES, ping_interval=seconds(10)))
    await trio.sleep(10.1)
    assert pair.client.took == pair.upstream.took == ["ping"]
    await trio.sleep(10)
    assert pair.client.was_cut, "it never answered"
    await pair.over.wait()


async def test_news_of_a_socket_that_is_over_change_nothing(nursery, spot, autojump_clock) -> None:
    pair = await opened(nursery, spot)
    nursery_scope = pair.carrying
    pair.client.ends()
    pair.upstream.ends()
    await pair.over.wait()
    nursery_scope.tell(SideLost(CLIENT))
    nursery_scope.tick()
    assert pair.carrying.ended.code == 1006
