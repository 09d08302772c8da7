"""Calls over our own HTTP/1.1 client: what goes out, what comes back, which connection serves."""

import pytest
import trio

from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.message import UNKNOWN, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.http1_client import Http1Client
from tests.server.upstream.memory import MemoryWire, Net
from tests.server.upstream.upstreams import (
    OK,
    Asides,
    Client,
    Peer,
    Pieces,
    always_ok,
    read_all,
    serving,
    silence,
)


async def test_the_request_goes_out_byte_for_byte() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.head())
        await peer.send(OK)

    async with serving(script) as site:
        fields = ((b"x-b", b"2"), (b"accept", b"*/*"), (b"x-b", b"\xff"))
        assert await site.fetch(target=b"/a%2fb/../c?q={}", fields=fields) == (200, b"ok")
    assert seen[0] == (
        b"GET /a%2fb/../c?q={} HTTP/1.1\r\nhost: example.com\r\n"
        b"x-b: 2\r\naccept: */*\r\nx-b: \xff\r\n\r\n"
    )
    assert site.stages == [Stage.CONNECTING, Stage.SENT]


async def test_the_answer_comes_back_as_it_was_said() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(
            b"HTTP/1.1 404 Nope\r\nSet-Cookie: a=1\r\nX: \xff\r\nSet-Cookie: b=2\r\n"
            b"Content-Length: 3\r\n\r\nabc"
        )

    async with serving(script) as site:
        answer = await site.call()
        assert answer.head.status == 404
        assert answer.head.body == 3
        assert answer.head.fields[:3] == (
            (b"set-cookie", b"a=1"), (b"x", b"\xff"), (b"set-cookie", b"b=2"),
        )  # fmt: skip
        assert 0 < answer.asked_at <= answer.answered_at
        assert await read_all(answer) == b"abc"
        assert answer.trailers == ()
        await answer.aclose()
        await answer.aclose()


async def test_a_connection_serves_again_and_is_dialed_once() -> None:
    async with serving(always_ok) as site:
        for _ in range(3):
            assert await site.fetch() == (200, b"ok")
        assert site.accepted == 1
        assert site.at_rest == 1
        assert site.stages.count(Stage.CONNECTING) == 1


async def test_a_whole_answer_frees_its_place_before_it_is_read() -> None:
    async with serving(always_ok) as site:
        answer = await site.call()
        assert site.all_given_back
        assert site.at_rest == 1
        assert await read_all(answer) == b"ok"


async def test_an_answer_that_is_not_read_to_its_end_takes_its_connection_along() -> None:
    gone = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        await peer.ended()
        gone.set()

    async with serving(script) as site:
        answer = await site.call()
        assert await answer.read() == b"abc"
        await answer.aclose()
        await gone.wait()
        assert site.at_rest == 0
        with pytest.raises(CallFailedError):
            await answer.read()


@pytest.mark.parametrize(
    ("answer", "method"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "GET", id="9.6 close"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", id="9.3 HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 0\r\n\r\n", "GET", id="2068 19.7.1.1"),
    ],
)  # fmt: skip
async def test_a_connection_that_the_upstream_gives_up_is_not_used_again(
    answer: bytes, method: str
) -> None:
    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.send(answer)

    async with serving(script) as site:
        for _ in range(2):
            assert await site.fetch(method) == (200, b"")
        assert site.accepted == 2


async def test_the_answer_to_head_has_no_body_and_its_connection_serves_on() -> None:
    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")

    async with serving(script) as site:
        for _ in range(2):
            answer = await site.call("HEAD")
            assert answer.head.body == 0
            assert (b"content-length", b"5") in answer.head.fields
            assert await read_all(answer) == b""
        assert site.accepted == 1


async def test_a_body_may_end_with_its_connection() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n", b"to the ", b"end")
        await peer.close()

    async with serving(script) as site:
        assert await site.fetch() == (200, b"to the end")
        assert site.at_rest == 0


async def test_trailers_are_there_at_the_end() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await peer.send(b"1\r\nc\r\n0\r\nX-Sum: 6\r\n\r\n")

    async with serving(script) as site:
        answer = await site.call()
        assert await read_all(answer) == b"abc"
        assert answer.trailers == ((b"x-sum", b"6"),)
        assert site.at_rest == 1


async def test_a_large_body_arrives_whole_in_large_pieces() -> None:
    data = bytes(range(256)) * 32768

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data), data)

    async with serving(script) as site:
        assert await site.fetch() == (200, data)
        assert site.at_rest == 1


async def test_hints_are_passed_on_and_continue_is_swallowed() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        )
        await peer.send(OK)

    async with serving(script) as site:
        asides = Asides()
        answer = await site.call(asides=asides)
        assert await read_all(answer) == b"ok"
        assert asides.told == [(103, ((b"link", b"</a>"),))]
        assert site.at_rest == 1


@pytest.mark.parametrize("body", [0, 4], ids=["no body", "a body"])
async def test_hints_in_one_packet_with_the_answer_go_first(body: int) -> None:
    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.exactly(body)
            await peer.send(
                b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + OK
            )

    async with serving(script) as site:
        for _ in range(2):
            asides = Asides()
            answer = await site.call("PUT", length=body, body=Pieces(b"body"), asides=asides)
            assert [status for status, _ in asides.told] == [103, 102]
            assert await read_all(answer) == b"ok"
        assert (site.accepted, site.at_rest) == (1, 1)


@pytest.mark.parametrize("answer", [OK, b""], ids=["behind an answer", "before it"])
async def test_a_caller_that_leaves_while_it_takes_a_hint_leaves_nothing(answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer)
        await peer.ended()

    async with serving(script) as site:
        with trio.move_on_after(0.1) as scope:
            await site.call(asides=Asides(takes=60))
        assert scope.cancelled_caught
        assert site.at_rest == bool(answer), "an exchange that is complete spares its connection"


async def test_trailers_go_out_behind_a_chunked_body() -> None:
    """RFC 9112, 7.1.2."""
    got = b""

    async def script(peer: Peer) -> None:
        nonlocal got
        await peer.head()
        got = await peer.until(b"6\r\n\r\n")
        await peer.send(OK)

    async with serving(script) as site:
        asides = Asides(trailers=((b"x-sum", b"6"),))
        status, _ = await site.fetch("PUT", length=UNKNOWN, body=Pieces(b"sum"), asides=asides)
    assert status == 200
    assert got == b"3\r\nsum\r\n0\r\nx-sum: 6\r\n\r\n"


async def test_without_a_listener_hints_are_dropped() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK)

    async with serving(script) as site:
        assert await site.fetch() == (200, b"ok")


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        pytest.param(9, b"content-length: 9\r\n\r\nonetwo!!!", id="9112 6.2 length"),
        pytest.param(
            UNKNOWN,
            b"transfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n3\r\n!!!\r\n0\r\n\r\n",
            id="9112 7.1 chunked",
        ),
    ],
)
async def test_a_body_is_framed_by_us(length: int, expected: bytes) -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.until(b"!!!" if length > 0 else b"\r\n0\r\n\r\n"))
        await peer.send(OK)

    async with serving(script) as site:
        pieces = Pieces(b"one", b"two", b"!!!")
        assert await site.fetch("POST", body=pieces, length=length) == (200, b"ok")
        assert site.at_rest == 1
    assert seen == [b"POST / HTTP/1.1\r\nhost: example.com\r\n" + expected]
    assert site.stages == [Stage.CONNECTING, Stage.SENDING, Stage.SENT]


async def test_head_and_first_piece_go_out_in_one_write() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.stream.receive_some())
        await peer.send(OK)

    async with serving(script) as site:
        await site.fetch("POST", body=Pieces(b"hello"), length=5)
    assert seen[0].endswith(b"\r\n\r\nhello")


async def test_the_head_does_not_wait_for_a_slow_client() -> None:
    arrived = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        arrived.set()
        assert await peer.exactly(5) == b"hello"
        await peer.send(OK)

    client = Client()
    async with serving(script) as site, trio.open_nursery() as nursery:

        async def fetch() -> None:
            assert await site.fetch("POST", body=client, length=5) == (200, b"ok")

        nursery.start_soon(fetch)
        await arrived.wait()
        await client.give.send(b"hello")


async def test_an_early_refusal_arrives_while_the_client_says_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
        await peer.ended()

    async with serving(script) as site:
        answer = await site.call("POST", body=Client(), length=5)
        assert answer.head.status == 413
        await answer.finish_upload()
        assert await read_all(answer) == b"no"
        await answer.aclose()
        assert site.at_rest == 0


async def test_the_upload_ends_with_the_answer_though_the_client_has_more_to_say() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\n")
        await trio.sleep(0.02)
        await peer.send(b"no")
        await peer.ended()

    async with serving(script) as site:
        answer = await site.call("POST", body=Client(), length=5)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer.finish_upload)
            assert await read_all(answer) == b"no"
        await answer.aclose()


async def test_a_gushing_upstream_leaves_the_others_their_turn(autojump_clock) -> None:
    endpoint, size = Endpoint("http", "memory", 80), 1000
    upstream = Upstream("u", (endpoint,))

    class Gush(MemoryWire):
        """There is always more to read: nothing ever waits."""

        said = 0

        def receive_some(self) -> bytes | None:
            if not self.written:
                return None
            self.said += 1
            return (
                b"x" if self.said > 1 else b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
            )

        async def readable(self) -> None:
            await trio.lowlevel.checkpoint()

    async def dial(_endpoint: Endpoint) -> Gush:
        return Gush(Net(nursery, None))

    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        client = Http1Client(upstream, dial=dial)
        request = UpstreamRequest("GET", b"/", b"h", ())
        answer = await client.call(CallUpstream(upstream, endpoint, request), Pieces(), print)
        nursery.start_soon(count_turns)
        assert await read_all(answer) == b"x" * size
        nursery.cancel_scope.cancel()
    assert turns >= size // 10


async def test_an_early_refusal_arrives_while_the_upload_is_blocked() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await trio.sleep(0.05)
        await peer.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\n")
        await trio.sleep(0.05)
        await peer.send(b"no")
        await trio.sleep_forever()

    async with serving(script) as site:
        huge = Pieces(*[b"x" * 1_000_000] * 100)
        answer = await site.call("POST", body=huge, length=100_000_000)
        assert answer.head.status == 413
        assert len(huge.pieces) > 50
        async with trio.open_nursery() as nursery:
            # It ends by itself when the answer does.
            nursery.start_soon(answer.finish_upload)
            assert await read_all(answer) == b"no"
        await answer.aclose()
        assert site.at_rest == 0


async def test_a_refusal_is_heard_even_when_the_upstream_hangs_up_behind_it() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        await trio.sleep(0.1)
        await peer.close()  # with bytes of ours unread: an RST follows

    async with serving(script) as site:
        huge = Pieces(*[b"x" * 100_000] * 100)
        answer = await site.call("POST", body=huge, length=10_000_000)
        assert answer.head.status == 413
        assert await read_all(answer) == b"no"
        await answer.aclose()


async def test_an_answer_before_the_end_of_the_upload_lets_the_upload_finish() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await peer.send(await peer.exactly(5))

    client = Client()
    async with serving(script) as site:
        answer = await site.call("POST", body=client, length=5)
        assert Stage.SENT not in site.stages
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer.finish_upload)
            await client.give.send(b"he")
            await client.give.send(b"llo")
            assert await read_all(answer) == b"hello"
        assert site.stages[-1] is Stage.SENT
        assert site.at_rest == 1


async def test_an_echo_flows_both_ways_at_once() -> None:
    total, piece = 16_000_000, b"e" * 500_000

    async def echo(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total, peer.held)
        left = total - len(peer.held)
        while left:
            data = await peer.stream.receive_some()
            await peer.send(data)
            left -= len(data)

    async with serving(echo) as site:
        status, body = await site.fetch("POST", body=Pieces(*[piece] * 32), length=total)
        assert (status, len(body)) == (200, total)
        assert site.at_rest == 1


@pytest.mark.parametrize(
    ("pieces", "length"),
    [
        pytest.param([b"abc"], 5, id="too short"),
        pytest.param([], 5, id="nothing"),
        pytest.param([b"abc", b"def"], 5, id="too long"),
    ],
)
async def test_a_body_of_another_length_than_declared_is_never_a_whole_request(
    pieces: list[bytes], length: int
) -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.head()
        seen.append(await peer.exactly(100))

    async with serving(script) as site:
        with pytest.raises(CallFailedError) as failure:
            await site.call("POST", body=Pieces(*pieces), length=length)
        assert failure.value.kind is FailureKind.PROTOCOL
        assert site.at_rest == 0
        while site.accepted and not seen:
            await trio.sleep(0.001)
    assert len(b"".join(seen)) < length


async def test_a_body_that_falls_short_behind_the_head_cuts_the_answer() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await peer.ended()

    client = Client()
    async with serving(script) as site:
        answer = await site.call("POST", body=client, length=5)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer.finish_upload)
            nursery.start_soon(client.give.aclose)
            with pytest.raises(CallFailedError) as failure:
                await answer.read()
        assert failure.value.kind is FailureKind.PROTOCOL
        await answer.aclose()


async def test_what_the_body_reader_raises_reaches_the_caller_as_it_is() -> None:
    async def broken() -> bytes:
        raise ValueError("the client's chunks are bad")

    async with serving(always_ok) as site:
        with pytest.raises(ValueError, match="chunks"):
            await site.call("POST", body=broken, length=5)
        assert site.at_rest == 0


async def test_calls_beyond_the_bound_wait_their_turn_in_order() -> None:
    order: list[int] = []
    all_asked = trio.Event()

    async def script(peer: Peer) -> None:
        while await peer.head():
            await all_asked.wait()
            await peer.send(OK)

    async with serving(script, connections_max=2, waiting_max=10) as site:

        async def fetch(number: int) -> None:
            assert await site.fetch() == (200, b"ok")
            order.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(fetch, number)
                await trio.testing.wait_all_tasks_blocked(0.001)
            all_asked.set()
        assert site.accepted == 2
        assert site.stages.count(Stage.QUEUED) == 6
    for turn in range(0, 8, 2):
        assert set(order[turn : turn + 2]) == {turn, turn + 1}


async def test_calls_beyond_the_queue_are_refused_at_once() -> None:
    async with serving(silence, connections_max=1, waiting_max=1) as site:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.call)
            nursery.start_soon(site.call)
            await trio.testing.wait_all_tasks_blocked(0.01)
            with pytest.raises(CallFailedError) as failure:
                await site.call()
            assert failure.value.kind is FailureKind.OVERLOADED
            nursery.cancel_scope.cancel()
        assert site.stages == [Stage.CONNECTING, Stage.QUEUED, Stage.SENT]


async def test_the_connection_used_last_is_used_next() -> None:
    ports: list[int] = []

    async def script(peer: Peer) -> None:
        while await peer.head():
            ports.append(peer.stream.socket.getpeername()[1])
            await peer.send(OK)

    async with serving(script) as site:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(site.fetch)
        opened = site.at_rest
        last = None
        for _ in range(5):
            await site.fetch()
            assert last in (None, ports[-1])
            last = ports[-1]
        assert site.at_rest == opened


async def test_idle_connections_grow_too_old() -> None:
    async def script(peer: Peer) -> None:
        while await peer.head():
            await peer.send(
                b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n"
            )

    async with serving(script) as site, trio.open_nursery() as nursery:
        nursery.start_soon(site.client.tend)
        await site.fetch()
        assert site.at_rest == 1
        await trio.sleep(0.6)
        await site.fetch()
        assert site.accepted == 2
        await trio.sleep(1.6)
        assert site.at_rest == 0
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("leaves", ["close", "reset", "speaks"])
async def test_a_connection_that_died_at_rest_is_not_used(leaves: str) -> None:
    left = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await trio.sleep(0.02)
        if leaves == "close":
            await peer.close()
        elif leaves == "reset":
            peer.reset()
        else:
            await peer.send(b"HTTP/1.1 408 Too late\r\nContent-Length: 0\r\n\r\n")
        left.set()
        await trio.sleep_forever()

    async with serving(script, always_ok) as site:
        await site.fetch()
        await left.wait()
        await trio.sleep(0.02)
        # A POST, which nothing would send twice: the connection was never tried.
        assert await site.fetch("POST") == (200, b"ok")
        assert site.accepted == 2


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(
    ("method", "length", "again"),
    [
        pytest.param("GET", 0, True, id="9110 9.2.2 GET"),
        pytest.param("DELETE", 0, True, id="9110 9.2.2 DELETE"),
        pytest.param("POST", 0, False, id="9110 9.2.2 POST"),
        pytest.param("PUT", 5, False, id="PUT whose body was begun"),
    ],
)
async def test_a_stale_connection_costs_one_more_try_where_that_is_safe(
    method: str, length: int, again: bool, how: str
) -> None:
    async def stale(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.head()  # the next request meets the end
        await peer.exactly(length)
        await peer.close() if how == "close" else peer.reset()

    async with serving(stale, always_ok) as site:
        await site.fetch()
        body = Pieces(b"hello")
        if again:
            assert await site.fetch(method, body=body, length=length) == (200, b"ok")
            assert site.accepted == 2
            assert site.stages[-3:] == [Stage.SENT, Stage.CONNECTING, Stage.SENT]
        else:
            with pytest.raises(CallFailedError) as failure:
                await site.call(method, body=body, length=length)
            assert failure.value.kind is FailureKind.RESET
            assert site.accepted == 1


async def test_a_put_whose_body_was_not_begun_goes_out_again_with_all_of_it() -> None:
    async def stale(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.head()
        await peer.close()

    async def script(peer: Peer) -> None:
        await peer.head()
        assert await peer.exactly(5) == b"hello"
        again.set()
        await peer.send(OK)

    client, again = Client(), trio.Event()
    async with serving(stale, script) as site:
        await site.fetch()
        async with trio.open_nursery() as nursery:

            async def put() -> None:
                assert await site.fetch("PUT", body=client, length=5) == (200, b"ok")

            nursery.start_soon(put)
            while site.accepted < 2:
                await trio.sleep(0.001)
            await client.give.send(b"hello")
        assert again.is_set()


async def test_a_second_stale_try_is_a_failure() -> None:
    async def stale(peer: Peer) -> None:
        await peer.head()
        if site.accepted == 1:
            await peer.send(OK)
            await peer.head()
        await peer.close()

    async with serving(stale) as site:
        await site.fetch()
        with pytest.raises(CallFailedError) as failure:
            await site.call()
        assert failure.value.kind is FailureKind.RESET
        assert site.accepted == 2


async def test_who_answers_half_is_not_asked_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.head()
        await peer.send(b"HTTP/1.1 2")
        await peer.close()

    async with serving(script, always_ok) as site:
        await site.fetch()
        with pytest.raises(CallFailedError) as failure:
            await site.call()
        assert failure.value.kind is FailureKind.RESET
        assert site.accepted == 1


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        pytest.param(Endpoint("http", "127.0.0.1", 1), FailureKind.REFUSED, id="nobody listens"),
        pytest.param(Endpoint("http", "", 0, unix_path="/nonexistent"), FailureKind.REFUSED, id="no socket"),
        pytest.param(Endpoint("http", "no.such.name.invalid", 80), FailureKind.DNS, id="no name"),
    ],
)  # fmt: skip
async def test_an_endpoint_that_cannot_be_reached_is_told_by_kind(
    endpoint: Endpoint, kind: FailureKind
) -> None:
    upstream = Upstream("u", (endpoint,), connections_max=1)
    client = Http1Client(upstream)
    command = CallUpstream(upstream, endpoint, UpstreamRequest("GET", b"/", b"h", ()))
    for _ in range(2):
        with pytest.raises(CallFailedError) as failure:
            await client.call(command, Pieces(), lambda stage: None)
        assert failure.value.kind is kind
    assert client.pool(endpoint).places.free == 1


async def test_closing_spares_who_is_at_work() -> None:
    go = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        await go.wait()
        await peer.send(b"llo")
        assert await peer.ended()

    async with serving(script) as site:
        answer = await site.call()
        await site.client.aclose()
        go.set()
        assert await read_all(answer) == b"hello"
        assert site.at_rest == 0
