"""Calls over our own HTTP/2 client: what goes out, what comes back, and who is stopped by whom."""

import pytest
import trio
import trio.testing
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.message import UNKNOWN
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.http2_connection import OWED_MAX
from gateway_server.upstream.http2_library import CONNECTION_WINDOW, STREAM_WINDOW, STREAMS_MAX
from tests.server.upstream.http2_server import OK, Server, Site
from tests.server.upstream.memory import MemoryPeer
from tests.server.upstream.upstreams import Asides, Client, Pieces, read_all


async def ok(server: Server, number: int) -> None:
    await server.whole(number)
    await server.answer(number)


async def test_the_request_goes_out_as_it_is(autojump_clock, nursery) -> None:
    site = Site(nursery, ok)
    fields = ((b"accept", b"*/*"), (b"x-a", b"1"), (b"cookie", b"a=b"), (b"x-a", b""))
    await site.fetch("GET", target=b"/a%2Fb/../c?", fields=fields, takes_trailers=True)
    assert site.servers[0].asked[1].fields == [
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":authority", b"example.com"),
        (b":path", b"/a%2Fb/../c?"),
        *fields,
        (b"te", b"trailers"),
    ]
    assert site.stages == [Stage.CONNECTING, Stage.SENT]
    site.assert_all_given_back()


async def test_the_answer_comes_back_as_it_was_said(autojump_clock, nursery) -> None:
    lines = [*OK, (b"x-a", b"1"), (b"set-cookie", b"a"), (b"x-a", b""), (b"content-length", b"5")]

    async def serve(server: Server, number: int) -> None:
        await server.answer(number, b"hello", lines)

    site = Site(nursery, serve)
    answer = await site.call()
    assert answer.head.fields == tuple(lines[1:])
    assert (answer.head.status, answer.head.body, answer.whole) == (200, 5, None)
    assert await read_all(answer) == b"hello"
    assert answer.ended
    assert answer.at_hand
    assert answer.trailers == ()
    await answer.aclose()
    site.assert_all_given_back()


@pytest.mark.parametrize(
    ("length", "told"), [(9, b"9"), (0, b"0"), (UNKNOWN, None)], ids=["sized", "empty", "unknown"]
)
async def test_a_body_goes_out_and_its_length_is_told_where_it_is_known(
    autojump_clock, nursery, length: int, told: bytes | None
) -> None:
    site = Site(nursery, ok)
    pieces = Pieces(*([b"one", b"two", b"!!!"] if length else []))
    assert await site.fetch("POST", length=length, body=pieces) == (200, b"ok")
    asked = site.servers[0].asked[1]
    assert asked.body == (b"onetwo!!!" if length else b"")
    assert dict(asked.fields).get(b"content-length") == told
    assert site.stages[-1] is Stage.SENT


async def test_a_body_waits_for_the_endpoint_to_take_it(autojump_clock, nursery) -> None:
    site = Site(nursery, None, takes=False, wide=True)
    body = Pieces(*[b"x" * 20_000] * 6)
    nursery.start_soon(site.fetch, "PUT")
    server = await site.server()
    await server.whole(1)
    await server.answer(1)
    got: list[tuple[int, bytes]] = []

    async def put() -> None:
        got.append(await site.fetch("PUT", length=120_000, body=body))

    nursery.start_soon(put)
    await trio.sleep(1)
    assert len(server.asked[3].body) == 65_535, "the window that it was given"
    assert body.asked <= 4
    assert Stage.SENT not in site.stages[-1:]
    for _ in range(3):
        used = len(server.asked[3].body)
        server.h2.acknowledge_received_data(min(used, 65_535), 3)
        await server.flush()
        await trio.sleep(1)
    assert server.asked[3].whole
    await server.answer(3)
    await trio.sleep(1)
    assert got == [(200, b"ok")]


async def test_trailers_pass_both_ways(autojump_clock, nursery) -> None:
    async def serve(server: Server, number: int) -> None:
        await server.whole(number)
        await server.head(number)
        await server.body(number, b"sum")
        server.h2.send_headers(number, [(b"x-sum", b"6")], end_stream=True)
        await server.flush()

    site = Site(nursery, serve)
    asides = Asides(trailers=((b"x-in", b"1"),))
    answer = await site.call("POST", length=UNKNOWN, body=Pieces(b"sum"), asides=asides)
    assert await read_all(answer) == b"sum"
    assert answer.trailers == ((b"x-sum", b"6"),)
    assert site.servers[0].asked[1].trailers == [(b"x-in", b"1")]
    site.assert_all_given_back()


async def test_interim_answers_are_passed_on_and_100_is_swallowed(autojump_clock, nursery) -> None:
    async def serve(server: Server, number: int) -> None:
        for status in (b"100", b"103", b"102"):
            await server.head(number, [(b":status", status), (b"link", b"</a>")])
        await server.answer(number)

    site = Site(nursery, serve)
    asides = Asides()
    answer = await site.call(asides=asides)
    assert asides.told == [(103, ((b"link", b"</a>"),)), (102, ((b"link", b"</a>"),))]
    assert await read_all(answer) == b"ok"
    assert await site.fetch() == (200, b"ok"), "who does not listen hears none"


async def test_calls_run_beside_each_other_on_one_connection(autojump_clock, nursery) -> None:
    site = Site(nursery, None)
    results: list[int] = []

    async def fetch(number: int) -> None:
        results.append(number)
        assert await site.fetch(target=b"/%d" % number) == (200, b"%d" % number)
        results.append(number)

    async with trio.open_nursery() as callers:
        for number in range(40):
            callers.start_soon(fetch, number)
        server = await site.server()
        await server.until(lambda: len(server.asked) == 40)
        for asked in reversed(list(server.asked.values())):
            path = dict(asked.fields)[b":path"]
            await server.answer(asked.number, path[1:])
    assert (site.net.dialed, len(results)) == (1, 80)
    site.assert_all_given_back()


async def test_who_does_not_read_stops_nobody_and_is_given_no_credit(
    autojump_clock, nursery
) -> None:
    async def serve(server: Server, number: int) -> None:
        await server.answer(number, b"x" * (2 * STREAM_WINDOW))

    site = Site(nursery, serve, wide=True)
    stuck = [await site.call() for _ in range(10)]
    status, body = await site.fetch()
    assert (status, len(body)) == (200, 2 * STREAM_WINDOW)
    server = site.servers[0]
    await trio.sleep(10)
    for number in range(1, 20, 2):
        assert server.h2.local_flow_control_window(number) < 2
    assert server.h2.outbound_flow_control_window >= CONNECTION_WINDOW - 13 * STREAM_WINDOW
    for answer in stuck:
        assert len(await read_all(answer)) == 2 * STREAM_WINDOW
        await answer.aclose()
    site.assert_all_given_back()


@pytest.mark.parametrize("pad", [0, 200])
async def test_answers_that_are_given_up_never_use_up_the_connection(
    autojump_clock, nursery, pad: int
) -> None:
    """What wedges httpx: their windows are nobody's then, and the next call waits for ever."""

    async def serve(server: Server, number: int) -> None:
        await server.head(number)
        await server.body(number, b"x" * STREAM_WINDOW * 2, pad=pad)

    site = Site(nursery, serve, wide=True, tend=True)
    for _ in range(8):
        answers = [await site.call() for _ in range(20)]
        await trio.sleep(5)
        for answer in answers:
            answer.drop()
            answer.drop()
    await trio.sleep(5)
    server = site.servers[0]
    assert {asked.reset for asked in server.asked.values()} == {int(ErrorCodes.CANCEL)}
    assert server.h2.outbound_flow_control_window > CONNECTION_WINDOW // 4
    assert site.net.dialed == 1
    assert len(await (await site.call()).read()) > 0


async def test_a_caller_that_is_cancelled_resets_its_stream_alone(autojump_clock, nursery) -> None:
    site = Site(nursery, None)
    with trio.move_on_after(1):
        await site.call()
    server = await site.server()
    await server.until(lambda: server.asked[1].reset is not None)
    assert server.asked[1].reset == int(ErrorCodes.CANCEL)
    nursery.start_soon(ok, server, 3)
    assert await site.fetch() == (200, b"ok")
    assert site.net.dialed == 1
    site.assert_all_given_back()


async def test_a_caller_that_is_cancelled_in_mid_upload_resets_its_stream_alone(
    autojump_clock, nursery
) -> None:
    site = Site(nursery, None)
    with trio.move_on_after(1):
        await site.call("PUT", length=UNKNOWN, body=Client())
    server = await site.server()
    await server.until(lambda: server.asked[1].reset is not None)
    site.assert_all_given_back()


async def test_an_early_refusal_arrives_while_the_client_says_nothing(
    autojump_clock, nursery
) -> None:
    async def refuse(server: Server, number: int) -> None:
        await server.answer(number, b"too large", [(b":status", b"413")])
        await server.reset(number, ErrorCodes.NO_ERROR)

    site = Site(nursery, refuse)
    assert await site.fetch("POST", length=UNKNOWN, body=Client()) == (413, b"too large")
    site.assert_all_given_back()
    assert site.net.open == 1, "the connection serves on"


async def test_the_upload_goes_on_beside_an_early_answer(autojump_clock, nursery) -> None:
    async def echo(server: Server, number: int) -> None:
        await server.head(number)
        echoed = 0
        asked = server.asked[number]
        while not (asked.whole and echoed == len(asked.body)):
            await server.until(lambda: len(asked.body) > echoed or asked.whole)
            piece, echoed = asked.body[echoed:], len(asked.body)
            await server.body(number, piece)
        server.h2.end_stream(number)
        await server.flush()

    site = Site(nursery, echo)
    body = bytes(range(256)) * 300
    pieces = [body[at : at + 5000] for at in range(0, len(body), 5000)]
    got = await site.fetch("POST", length=len(body), body=Pieces(*pieces, pause=0.01))
    assert got == (200, body)
    site.assert_all_given_back()


@pytest.mark.parametrize(
    "pieces", [pytest.param((b"ab",), id="short"), pytest.param((b"abcdef",), id="long")]
)
async def test_a_body_of_another_length_than_declared_is_no_whole_request(
    autojump_clock, nursery, pieces: tuple[bytes, ...]
) -> None:
    site = Site(nursery, None)
    with pytest.raises(CallFailedError):
        await site.call("PUT", length=4, body=Pieces(*pieces))
    server = await site.server()
    await server.until(lambda: 1 in server.asked and server.asked[1].reset is not None)
    assert not server.asked[1].whole
    site.assert_all_given_back()


async def test_a_body_that_falls_short_behind_the_head_cuts_the_answer(
    autojump_clock, nursery
) -> None:
    async def early(server: Server, number: int) -> None:
        await server.head(number)

    site = Site(nursery, early)
    client = Client()
    answer = await site.call("PUT", length=4, body=client)
    async with trio.open_nursery() as both:
        both.start_soon(answer.finish_upload)
        await client.give.aclose()
        with pytest.raises(CallFailedError):
            await answer.read()
    await answer.aclose()
    site.assert_all_given_back()


async def test_what_the_body_reader_raises_reaches_the_caller_as_it_is(
    autojump_clock, nursery
) -> None:
    async def body() -> bytes:
        raise KeyError("mine")

    site = Site(nursery, None)
    with pytest.raises(KeyError, match="mine"):
        await site.call("PUT", length=4, body=body)
    site.assert_all_given_back()


@pytest.mark.parametrize(
    ("method", "lines", "status"),
    [
        pytest.param("HEAD", [*OK, (b"content-length", b"5")], 200, id="9110 9.3.2 HEAD"),
        pytest.param(
            "GET", [(b":status", b"304"), (b"content-length", b"5")], 304, id="9110 8.6 304"
        ),
        pytest.param("GET", [(b":status", b"204")], 204, id="9110 15.3.5 204"),
    ],
)
async def test_answers_without_a_body(
    autojump_clock, nursery, method: str, lines, status: int
) -> None:
    async def serve(server: Server, number: int) -> None:
        await server.head(number, lines, end=True)

    site = Site(nursery, serve)
    answer = await site.call(method)
    assert (answer.head.status, answer.head.body) == (status, 0)
    assert await answer.read() == b""
    site.assert_all_given_back()


# Who finds place where


async def test_calls_that_come_together_dial_once(autojump_clock, nursery) -> None:
    site = Site(nursery, ok, dial_seconds=1, wide=True)
    async with trio.open_nursery() as callers:
        for _ in range(STREAMS_MAX):
            callers.start_soon(site.fetch)
    assert site.net.dialed == 1
    assert set(site.stages) == {Stage.CONNECTING, Stage.SENT}


async def test_beyond_what_one_connection_bears_another_is_dialed(autojump_clock, nursery) -> None:
    site = Site(nursery, None, connections_max=2)
    async with trio.open_nursery() as callers:
        for _ in range(STREAMS_MAX + 1):
            callers.start_soon(site.fetch)
        await trio.sleep(1)
        assert site.net.dialed == 2
        for server in site.servers:
            for number in tuple(server.asked):
                await ok(server, number)
    site.assert_all_given_back()


async def test_what_the_endpoint_allows_is_kept_and_others_wait_their_turn(
    autojump_clock, nursery
) -> None:
    order: list[int] = []
    most = 0

    async def slowly(server: Server, number: int) -> None:
        nonlocal most
        most = max(most, server.h2.open_inbound_streams)
        await server.whole(number)
        await trio.sleep(1)
        await server.answer(number)

    settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 2}
    site = Site(nursery, slowly, settings=settings, connections_max=1)
    assert await site.fetch() == (200, b"ok")

    async def fetch(number: int) -> None:
        assert await site.fetch() == (200, b"ok")
        order.append(number)

    async with trio.open_nursery() as callers:
        for number in range(8):
            callers.start_soon(fetch, number)
            await trio.testing.wait_all_tasks_blocked()
    assert most == 2
    for turn in range(0, 8, 2):
        assert set(order[turn : turn + 2]) == {turn, turn + 1}
    assert site.stages.count(Stage.QUEUED) == 6
    assert site.net.dialed == 1
    site.assert_all_given_back()


async def test_calls_beyond_the_queue_are_refused_at_once(autojump_clock, nursery) -> None:
    settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 1}
    site = Site(nursery, None, settings=settings, connections_max=1, waiting_max=1)
    nursery.start_soon(site.fetch)
    server = await site.server()
    await server.whole(1)
    nursery.start_soon(site.fetch)
    await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(CallFailedError) as caught:
        await site.call()
    assert caught.value.kind is FailureKind.OVERLOADED
    await server.answer(1)
    await server.whole(3)
    await server.answer(3)
    await trio.sleep(1)
    site.assert_all_given_back()


async def test_who_leaves_the_queue_leaves_its_place_to_the_next(autojump_clock, nursery) -> None:
    settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 1}
    site = Site(nursery, None, settings=settings, connections_max=1)
    nursery.start_soon(site.fetch)
    server = await site.server()
    await server.whole(1)
    with trio.move_on_after(1):
        await site.call()
    nursery.start_soon(site.fetch)
    await server.answer(1)
    await server.whole(3)
    await server.answer(3)
    await trio.sleep(1)
    site.assert_all_given_back()


async def test_a_lower_bound_that_comes_late_refuses_and_is_kept_from_then_on(
    autojump_clock, nursery
) -> None:
    """Streams begun before the settings came may be refused, and are asked again."""

    async def serve(server: Server, number: int) -> None:
        if server.h2.open_inbound_streams > 1 and number < 20:
            await server.reset(number, ErrorCodes.REFUSED_STREAM)
        else:
            await trio.sleep(0.1)
            await server.answer(number)

    settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 100}
    site = Site(nursery, serve, settings=settings, connections_max=1)
    results = []

    async def fetch() -> None:
        results.append(await site.fetch("POST"))

    async with trio.open_nursery() as callers:
        for _ in range(10):
            callers.start_soon(fetch)
    assert results == [(200, b"ok")] * 10


# Ends of connections


async def test_a_goodbye_lets_go_on_what_was_seen_and_asks_the_rest_elsewhere(
    autojump_clock, nursery
) -> None:
    site = Site(nursery, None)
    results: dict[int, tuple[int, bytes]] = {}

    async def fetch(number: int) -> None:
        results[number] = await site.fetch("POST")

    for number in range(4):
        nursery.start_soon(fetch, number)
        await trio.testing.wait_all_tasks_blocked()
    first = await site.server(0)
    await first.until(lambda: len(first.asked) == 4)
    # In one packet with an answer, which the library below would not take any more.
    first.h2.close_connection(last_stream_id=3)
    goodbye = first.h2.data_to_send()
    first.h2.state_machine.state = first.h2.state_machine.state.SERVER_OPEN
    first.h2.send_headers(1, OK)
    first.h2.send_data(1, b"seen", end_stream=True)
    await first.peer.send(goodbye + first.h2.data_to_send())
    second = await site.server(1)
    await second.until(lambda: len(second.asked) == 2)
    for number in tuple(second.asked):
        await ok(second, number)
    assert site.net.open == 2, "the first has a call still"
    await first.answer(3, b"seen")
    await trio.sleep(1)
    assert results == {0: (200, b"seen"), 1: (200, b"seen"), 2: (200, b"ok"), 3: (200, b"ok")}
    assert first.ended
    assert site.net.open == 1
    site.assert_all_given_back()


async def test_a_body_that_was_begun_is_not_sent_again(autojump_clock, nursery) -> None:
    site = Site(nursery, None)
    client = Client()
    failures = []

    async def post() -> None:
        with pytest.raises(CallFailedError) as caught:
            await site.call("POST", length=UNKNOWN, body=client)
        failures.append(caught.value.kind)

    nursery.start_soon(post)
    await client.give.send(b"begun")
    server = await site.server()
    await server.until(lambda: bool(server.asked) and server.asked[1].body == b"begun")
    await server.say_goodbye(0)
    await trio.sleep(1)
    assert failures == [FailureKind.RESET]
    assert site.net.dialed == 1
    site.assert_all_given_back()


async def test_a_call_is_resent_once(autojump_clock, nursery) -> None:
    async def refuse(server: Server, number: int) -> None:
        await server.reset(number, ErrorCodes.REFUSED_STREAM)

    site = Site(nursery, refuse)
    with pytest.raises(CallFailedError) as caught:
        await site.call()
    assert caught.value.kind is FailureKind.OVERLOADED
    assert list(site.servers[0].asked) == [1, 3]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCodes.INTERNAL_ERROR, FailureKind.RESET),
        (ErrorCodes.CANCEL, FailureKind.RESET),
        (ErrorCodes.HTTP_1_1_REQUIRED, FailureKind.PROTOCOL),
        (ErrorCodes.ENHANCE_YOUR_CALM, FailureKind.OVERLOADED),
        (99, FailureKind.RESET),
    ],
)
async def test_a_stream_that_is_reset_fails_alone(
    autojump_clock, nursery, code: int, kind: FailureKind
) -> None:
    site = Site(nursery, None)
    good = []

    async def fetch() -> None:
        good.append(await site.fetch())

    nursery.start_soon(fetch)
    server = await site.server()
    await server.whole(1)

    async def reset() -> None:
        await server.whole(3)
        await server.reset(3, code)

    nursery.start_soon(reset)
    with pytest.raises(CallFailedError) as caught:
        await site.call()
    assert caught.value.kind is kind
    await server.answer(1)
    await trio.sleep(1)
    assert good == [(200, b"ok")]
    site.assert_all_given_back()


async def test_what_came_before_the_reset_is_read_first(autojump_clock, nursery) -> None:
    async def half(server: Server, number: int) -> None:
        await server.head(number)
        await server.body(number, b"half")
        await server.reset(number, ErrorCodes.INTERNAL_ERROR)

    site = Site(nursery, half)
    answer = await site.call()
    await trio.sleep(1)
    assert await answer.read() == b"half"
    with pytest.raises(CallFailedError):
        await answer.read()
    await answer.aclose()
    site.assert_all_given_back()


@pytest.mark.parametrize("how", ["end", "reset", "garbage"])
async def test_a_connection_that_dies_fails_every_call_on_it(
    autojump_clock, nursery, how: str
) -> None:
    site = Site(nursery, None)
    kinds: list[FailureKind] = []

    async def post() -> None:
        with pytest.raises(CallFailedError) as caught:
            await site.call("POST")
        kinds.append(caught.value.kind)

    async def read_on() -> None:
        answer = await site.call("GET")
        assert await answer.read() == b"half"
        with pytest.raises(CallFailedError) as caught:
            await answer.read()
        kinds.append(caught.value.kind)
        await answer.aclose()

    async with trio.open_nursery() as callers:
        callers.start_soon(read_on)
        server = await site.server()
        await server.whole(1)
        await server.head(1)
        await server.body(1, b"half")
        for _ in range(3):
            callers.start_soon(post)
        await server.until(lambda: len(server.asked) == 4)
        await trio.testing.wait_all_tasks_blocked()
        if how == "end":
            server.peer.end()
        elif how == "reset":
            server.peer.reset()
        else:
            await server.peer.send(b"\0" * 50)
    expected = FailureKind.RESET if how in ("end", "reset") else FailureKind.PROTOCOL
    assert kinds == [expected] * 4
    assert site.net.open == 0
    site.assert_all_given_back()


async def test_an_endpoint_that_speaks_http_1_is_told_at_once(autojump_clock, nursery) -> None:
    """Its answer would pass for a frame of five megabytes that never comes."""
    site = Site(nursery)

    async def serve(peer: MemoryPeer) -> None:
        await peer.more()
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    site.net.serve = serve
    with pytest.raises(CallFailedError) as caught:
        await site.call()
    assert caught.value.kind is FailureKind.PROTOCOL
    assert site.net.open == 0
    site.assert_all_given_back()


async def test_a_get_on_a_connection_that_died_in_the_same_moment_is_asked_again(
    autojump_clock, nursery
) -> None:
    async def serve(server: Server, number: int) -> None:
        if server is site.servers[0] and number == 3:
            server.peer.reset()
        else:
            await server.answer(number)

    site = Site(nursery, serve)
    assert await site.fetch() == (200, b"ok")
    assert await site.fetch() == (200, b"ok")
    assert site.net.dialed == 2
    with pytest.raises(CallFailedError):
        site.servers[1].peer.reset()
        site.net.refuses = True
        await site.fetch()
    site.assert_all_given_back()


async def test_a_connection_that_closed_while_nobody_called_is_not_used(
    autojump_clock, nursery
) -> None:
    site = Site(nursery, ok)
    assert await site.fetch("POST") == (200, b"ok")
    site.servers[0].peer.end()
    assert await site.fetch("POST") == (200, b"ok")
    assert site.net.dialed == 2
    assert len(site.servers[0].asked) == 1
    site.assert_all_given_back()


async def test_an_endpoint_that_falls_silent_is_asked_whether_it_lives(
    autojump_clock, nursery
) -> None:
    site = Site(nursery, None, tend=True)
    failures: list[tuple[float, FailureKind]] = []

    async def fetch() -> None:
        start = trio.current_time()
        with pytest.raises(CallFailedError) as caught:
            await site.fetch("POST")
        failures.append((round(trio.current_time() - start), caught.value.kind))

    nursery.start_soon(fetch)
    server = await site.server()
    await server.whole(1)
    server.peer.send = silent  # type: ignore[method-assign]
    await trio.sleep(18)
    assert server.pings == 1
    assert not site.pool._connections[0].has_room()
    await trio.sleep(30)
    assert failures == [(22, FailureKind.RESET)]
    assert site.net.open == 0
    site.assert_all_given_back()


async def silent(data: bytes) -> None:
    """Say nothing any more, like a machine that lost its power."""


async def test_an_endpoint_that_lives_may_think_as_long_as_it_likes(
    autojump_clock, nursery
) -> None:
    async def slowly(server: Server, number: int) -> None:
        await trio.sleep(500)
        await server.answer(number)

    site = Site(nursery, slowly, tend=True)
    assert await site.fetch() == (200, b"ok")
    assert 1 <= site.servers[0].pings <= 2


async def test_a_call_given_up_on_a_silent_endpoint_raises_doubt(autojump_clock, nursery) -> None:
    """So that the next calls are not lost on it as well."""
    site = Site(nursery, ok, tend=True)
    assert await site.fetch() == (200, b"ok")
    server = site.servers[0]
    server.peer.send = silent  # type: ignore[method-assign]
    with trio.move_on_after(2):
        await site.call()
    await trio.sleep(1.5)
    assert await site.fetch() == (200, b"ok")
    assert site.net.dialed == 2
    await trio.sleep(10)
    assert site.net.open == 1


async def test_an_idle_connection_goes_and_says_so(autojump_clock, nursery) -> None:
    site = Site(nursery, ok, tend=True)
    await site.fetch()
    await trio.sleep(29)
    assert site.net.open == 1
    await trio.sleep(3)
    assert site.net.open == 0
    await trio.sleep(1)
    assert site.servers[0].goodbye == 0


async def test_what_comes_while_nobody_calls_is_answered(autojump_clock, nursery) -> None:
    site = Site(nursery, ok, tend=True)
    await site.fetch()
    server = site.servers[0]
    server.h2.ping(b"12345678")
    await server.flush()
    server.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 3})
    await server.flush()
    await trio.sleep(2)
    assert server.h2.local_settings.max_concurrent_streams == 3, "acknowledged"


async def test_closing_spares_who_is_at_work(autojump_clock, nursery) -> None:
    site = Site(nursery, None)
    results = []

    async def fetch() -> None:
        results.append(await site.fetch())

    nursery.start_soon(fetch)
    server = await site.server()
    await server.whole(1)
    await site.client.aclose()
    assert site.net.open == 1
    await server.answer(1)
    await trio.sleep(1)
    assert results == [(200, b"ok")]
    assert site.net.open == 0


async def test_closing_closes_what_is_idle(autojump_clock, nursery) -> None:
    site = Site(nursery, ok)
    await site.fetch()
    await site.client.aclose()
    assert site.net.open == 0


async def test_an_endpoint_that_refuses_is_told_by_kind_and_each_has_its_try(
    autojump_clock, nursery
) -> None:
    site = Site(nursery, ok, dial_seconds=0.1)
    site.net.refuses = True
    kinds = []

    async def fetch() -> None:
        with pytest.raises(CallFailedError) as caught:
            await site.call()
        kinds.append(caught.value.kind)

    async with trio.open_nursery() as callers:
        for _ in range(5):
            callers.start_soon(fetch)
    assert kinds == [FailureKind.REFUSED] * 5
    site.net.refuses = False
    assert await site.fetch() == (200, b"ok")


async def test_who_dials_and_leaves_hands_the_turn_on(autojump_clock, nursery) -> None:
    site = Site(nursery, ok, dial_seconds=1)
    results = []

    async def fetch() -> None:
        results.append(await site.fetch())

    async def leaves() -> None:
        with trio.move_on_after(0.5):
            await site.call()

    async with trio.open_nursery() as callers:
        callers.start_soon(leaves)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(3):
            callers.start_soon(fetch)
    assert results == [(200, b"ok")] * 3
    assert site.net.dialed == 1
    site.assert_all_given_back()


# What an endpoint may not say


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([(b":status", b"2000")], id="9110 15 no status"),
        pytest.param([(b":status", b"101")], id="9113 8.6 no 101"),
        pytest.param([*OK, (b"connection", b"close")], id="9113 8.2.2 of HTTP/1"),
    ],
)
async def test_a_malformed_answer_ends_its_stream_alone(autojump_clock, nursery, lines) -> None:
    async def serve(server: Server, number: int) -> None:
        if number > 1:
            await ok(server, number)
        else:
            await server.head(number, lines)

    site = Site(nursery, serve)
    with pytest.raises(CallFailedError) as caught:
        await site.call()
    assert caught.value.kind is FailureKind.PROTOCOL
    assert await site.fetch() == (200, b"ok")
    server = site.servers[0]
    assert server.asked[1].reset == int(ErrorCodes.PROTOCOL_ERROR)
    assert site.net.dialed == 1
    site.assert_all_given_back()


async def test_an_end_that_comes_short_of_the_length_is_none(autojump_clock, nursery) -> None:
    async def serve(server: Server, number: int) -> None:
        await server.head(number, [*OK, (b"content-length", b"5")], end=True)

    site = Site(nursery, serve)
    answer = await site.call()
    with pytest.raises(CallFailedError) as caught:
        await answer.read()
    assert caught.value.kind is FailureKind.PROTOCOL
    await answer.aclose()
    assert site.net.open == 1
    site.assert_all_given_back()


@pytest.mark.parametrize("data", [b"abc", b"abcdefg"], ids=["short", "long"])
async def test_a_body_of_another_length_than_told_is_none(
    autojump_clock, nursery, data: bytes
) -> None:
    """The library takes it for a fault of the connection."""

    async def serve(server: Server, number: int) -> None:
        await server.answer(number, data, [*OK, (b"content-length", b"5")])

    site = Site(nursery, serve)
    with pytest.raises(CallFailedError) as caught:
        await read_all(await site.call())
    assert caught.value.kind is FailureKind.PROTOCOL
    site.assert_all_given_back()


async def test_malformed_trailers_are_no_end(autojump_clock, nursery) -> None:
    async def serve(server: Server, number: int) -> None:
        await server.head(number)
        await server.body(number, b"sum")
        server.h2.send_headers(number, [(b"content-length", b"3")], end_stream=True)
        await server.flush()

    site = Site(nursery, serve)
    answer = await site.call()
    with pytest.raises(CallFailedError):
        await read_all(answer)
    await answer.aclose()
    assert site.net.open == 1
    site.assert_all_given_back()


async def test_endless_interim_answers_end_the_call(autojump_clock, nursery) -> None:
    async def serve(server: Server, number: int) -> None:
        for _ in range(33):
            await server.head(number, [(b":status", b"103")])

    site = Site(nursery, serve)
    with pytest.raises(CallFailedError) as caught:
        await site.call(asides=Asides())
    assert caught.value.kind is FailureKind.PROTOCOL
    site.assert_all_given_back()


async def test_an_endpoint_that_asks_and_never_listens_is_not_read_on(
    autojump_clock, nursery
) -> None:
    site = Site(nursery)
    sent = 0

    async def serve(peer: MemoryPeer) -> None:
        nonlocal sent
        await peer.more()
        await peer.send(b"\0\0\0\4\0\0\0\0\0")
        while not peer.wire.closed:
            await peer.send(b"\0\0\x08\6\0\0\0\0\0abcdefgh" * 50)
            sent += 50

    site.net.serve = serve
    with trio.move_on_after(60) as scope:
        await site.call()
    assert scope.cancelled_caught
    (connection,) = site.pool._connections
    assert OWED_MAX < len(connection._owed) + sum(map(len, connection._unsent)) < 2 * OWED_MAX
    assert sent * 17 < 2 * OWED_MAX
    connection.fail(CallFailedError(FailureKind.RESET))
    site.assert_all_given_back()


async def test_a_connection_that_parts_as_a_place_on_it_is_handed_over(
    autojump_clock, nursery
) -> None:
    """The place is given back, and the call goes elsewhere."""
    site = Site(nursery, ok)
    assert await site.fetch() == (200, b"ok")
    (connection,) = site.pool._connections
    connection.claim()
    connection.part()
    assert site.net.open == 1, "a place on it is promised"
    connection.unclaim()
    assert site.net.open == 0
    assert await site.fetch("POST") == (200, b"ok")
    assert site.net.dialed == 2


async def test_who_is_closed_while_it_dials_closes_what_it_dialed(autojump_clock, nursery) -> None:
    site = Site(nursery, ok, dial_seconds=1)
    results = []

    async def fetch() -> None:
        results.append(await site.fetch())

    nursery.start_soon(fetch)
    await trio.testing.wait_all_tasks_blocked()
    await site.client.aclose()
    await trio.sleep(5)
    assert results == [(200, b"ok")]
    assert site.net.open == 0
    site.assert_all_given_back()


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_a_connection_may_break_at_every_byte_of_an_answer(
    autojump_clock, nursery, how: str
) -> None:
    """The preface, the head, the body, the end: told or cut, and never whole before its end."""
    said = b""

    async def answer(server: Server, number: int) -> None:
        await server.whole(number)
        server.h2.send_headers(number, [*OK, (b"x-a", b"1")])
        server.h2.send_data(number, b"body")
        server.h2.send_headers(number, [(b"x-sum", b"6")], end_stream=True)
        nonlocal said
        said = server.h2.data_to_send()
        await server.peer.send(said)

    site = Site(nursery, answer)
    assert await site.fetch("POST") == (200, b"body")
    site.servers[0].peer.end()
    greeting = b"\0\0\0\4\0\0\0\0\0"
    whole = greeting + said

    for end in range(len(whole)):

        async def serve(peer: MemoryPeer, end: int = end) -> None:
            await peer.more()
            await peer.send(whole[:end])
            peer.end() if how == "end" else peer.reset()

        site.net.serve = serve
        with pytest.raises(CallFailedError) as caught:
            taken = await site.call("POST")
            try:
                await read_all(taken)
            finally:
                await taken.aclose()
        assert caught.value.kind is FailureKind.RESET, end
        site.assert_all_given_back()
        assert site.net.open == 0
