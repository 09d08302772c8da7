import socket

import pytest
import trio

from tests.server.front.serving import eventually, serving

pytestmark = pytest.mark.usefixtures("protocol")

GET = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = "GET {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def test_a_request_is_answered_and_the_connection_kept():
    async with serving() as front:
        client = await front.connect()
        for _ in range(3):
            await client.say(GET.format("/"))
            answer = await client.until(b"hello")
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"connection" not in answer.lower()


async def test_an_answer_bears_one_date_and_no_server():
    async with serving() as front:
        ours = await front.ask(LAST.format("/"))
        theirs = await front.ask(LAST.format("/dated"))
    assert ours.lower().count(b"\ndate:") == 1
    assert b"\nserver:" not in ours.lower()
    assert b"\r\ndate: yesterday\r\nserver: theirs\r\n" in theirs
    assert theirs.lower().count(b"\ndate:") == 1


async def test_pipelined_requests_are_answered_in_order():
    async with serving() as front:
        text = GET.format("/one") + GET.format("/chunks") + LAST.format("/three")
        answer = await front.ask(text)
    one, chunks, three = (answer.index(mark) for mark in (b"/one", b"\r\nthree", b"x-path: /three"))
    assert one < chunks < three


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("Content-Length: 6\r\n\r\nfoobar", id="sized"),
        pytest.param(
            "Transfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n3;x=y\r\nbar\r\n0\r\n\r\n", id="chunked"
        ),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
async def test_a_body_arrives_whatever_pieces_it_comes_in(head, step):
    text = f"POST /echo HTTP/1.1\r\nHost: a\r\n{head}".encode()
    async with serving() as front:
        client = await front.connect()
        for at in range(0, len(text), step):
            await client.say(text[at : at + step])
        assert (await client.until(b"foobar")).startswith(b"HTTP/1.1 200 OK")
        await client.say(GET.format("/"))
        await client.until(b"hello")


async def test_http_1_0_is_answered_and_closed():
    async with serving() as front:
        answer = await front.ask("GET /chunks HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nonetwothree")
    assert b"transfer-encoding" not in answer.lower()


async def test_a_head_request_gets_no_body():
    async with serving() as front:
        client = await front.connect()
        await client.say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + LAST.format("/next"))
        answer = await client.rest()
    assert answer.count(b"content-length: 5") == 2
    assert answer.count(b"hello") == 1


async def test_the_whole_target_is_told_beside_asgi():
    async with serving() as front:
        await front.ask(LAST.format("/a%2Fb?"))
        scope = front.app.scopes[-1]
    assert scope["raw_path"] == b"/a%2Fb"
    assert scope["query_string"] == b""
    assert scope["extensions"]["gateway.downstream"].head.target == b"/a%2Fb?"


async def test_a_method_is_told_as_it_came():
    async with serving() as front:
        await front.ask("get / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert front.app.scopes[-1]["method"] == "get"


# Failing applications.


@pytest.mark.parametrize("path", ["/fail", "/nothing"])
async def test_an_application_that_answers_nothing_makes_a_500_without_its_reasons(path):
    async with serving() as front:
        answer = await front.ask(LAST.format(path))
        await front.stands()
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"application/problem+json" in answer
    assert b"x-request-id" in answer
    assert b"secret" not in answer


@pytest.mark.parametrize("query", ["", "?quiet"])
async def test_a_chunked_answer_that_fails_gets_no_last_chunk(query):
    async with serving() as front:
        answer = await front.ask(GET.format(f"/cut{query}"))
    assert answer.endswith(b"4\r\nhalf\r\n")


async def test_a_sized_answer_that_fails_ends_short():
    async with serving() as front:
        answer = await front.ask(GET.format("/cut?sized"))
    assert b"content-length: 10" in answer
    assert answer.endswith(b"\r\n\r\nhalf")


async def test_an_answer_framed_by_the_connection_that_fails_is_reset():
    async with serving() as front:
        answer = await front.ask("GET /cut HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"RESET")


# Leaving.


async def waiting_client(front, path="/wait", behind=""):
    client = await front.connect()
    await client.say(GET.format(path) + behind)
    await eventually(lambda: front.app.calls)
    return client


@pytest.mark.parametrize("behind", ["", GET.format("/x") * 50], ids=["plain", "pipelined"])
@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_leaving_is_told_at_once(how, behind):
    async with serving() as front:
        client = await waiting_client(front, behind=behind)
        await (client.finish() if how == "FIN" else trio.sleep(0))
        if how == "RST":
            client.reset()
        with trio.fail_after(0.1):
            while "left" not in front.app.seen:
                await trio.sleep(0.001)
        await trio.sleep(0.02)
        assert front.app.calls == 1


async def test_leaving_is_seen_behind_more_than_is_read_ahead():
    async with serving() as front:
        client = await front.connect()
        await client.say("POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
        await eventually(lambda: front.app.calls)
        await client.say(bytes(100_000))  # more than is read ahead
        await trio.sleep(0.05)
        assert not front.app.seen
        await client.finish()
        await eventually(lambda: front.app.seen == ["over", "OSError"], seconds=0.25)


async def test_sending_to_somebody_who_left_raises_oserror():
    async with serving() as front:
        client = await waiting_client(front, "/deaf")
        await client.finish()
        await eventually(lambda: front.app.seen == ["over", "OSError"])


async def test_a_client_that_vanishes_ends_a_flood():
    async with serving() as front:
        client = await waiting_client(front, "/flood")
        await client.until(b"200 OK")
        client.reset()
        await eventually(lambda: front.app.seen)
        await front.stands()


# Bodies that are not read.


async def test_an_early_answer_to_an_unread_upload_is_read_by_a_client_that_sends_on():
    async with serving() as front:
        client = await front.connect()
        await client.say("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
        for _ in range(40):
            await client.say(bytes(100_000))
        answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert answer.endswith(b"no")


async def test_an_unread_body_that_is_all_here_does_not_end_the_connection():
    async with serving() as front:
        client = await front.connect()
        await client.say(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + GET.format("/x")
        )
        await client.until(b"x-path: /x")


async def test_an_unread_body_is_not_waited_for():
    async with serving() as front:
        client = await front.connect()
        await client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
        assert (await client.rest()).endswith(b"hello")


async def test_a_body_is_read_no_faster_than_it_is_taken():
    async with serving() as front:
        client = await front.connect()
        await client.say("POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n")
        await client.stream.send_all(b"x")
        client2 = await front.connect()
        await client2.say("POST /stubborn HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n")
        sent = 0
        with trio.move_on_after(0.5):
            while True:
                sent += await client2.stream.socket.send(bytes(1_000_000))
        assert sent < 16_000_000  # kernel buffers, and a little of ours


# 100 (Continue), interim answers, trailers.


EXPECT = "POST {} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize("path", ["/echo", "/held"])
async def test_100_is_sent_when_the_body_is_asked_for(path):
    async with serving() as front:
        client = await front.connect()
        await client.say(EXPECT.format(path))
        assert (await client.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 Continue\r\n")
        await client.say("ok")
        assert (await client.until(b"ok")).startswith(b"HTTP/1.1 200 OK")


async def test_a_refusal_before_100_ends_the_connection():
    async with serving() as front:
        answer = await front.ask(EXPECT.format("/held?no"))
    assert answer.startswith(b"HTTP/1.1 403 Forbidden")
    assert b"connection: close" in answer.lower()


async def test_early_hints_go_out_before_the_answer():
    async with serving() as front:
        answer = await front.ask(LAST.format("/hints"))
        old = await front.ask("GET /hints HTTP/1.0\r\n\r\n")
    assert answer.startswith(
        b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200"
    )
    assert old.startswith(b"HTTP/1.1 200 OK")  # HTTP/1.0 knows no interim answers


@pytest.mark.parametrize("te", ["", "TE: trailers\r\n"])
async def test_trailers_go_to_who_takes_them(te):
    async with serving() as front:
        text = LAST.format("/trailers").replace("\r\n\r\n", f"\r\n{te}\r\n")
        answer = await front.ask(text)
    assert answer.endswith(b"0\r\nx-sum: 6\r\n\r\n" if te else b"3\r\nsum\r\n0\r\n\r\n")


# What the judge refuses.


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("GET / HTTP/1.1\nHost: a\n\n", 400, id="bare LF"),
        pytest.param("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, id="folded line"),
        pytest.param("GET / HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, id="HTTP/2 preface"),
        pytest.param(
            "GET /" + "a" * 17_000 + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, id="long target"
        ),
        pytest.param(
            "GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 201 + "\r\n", 431, id="many fields"
        ),
        pytest.param(
            "GET / HTTP/1.1\r\nHost: a\r\nX: " + "y" * 66_000 + "\r\n\r\n", 431, id="large head"
        ),
        pytest.param(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            501,
            id="coding",
        ),
    ],
)
async def test_bad_heads_are_answered_and_the_connection_ended(text, status):
    async with serving() as front:
        answer = await front.ask(text)
        await front.stands()
        noted = front.app.refusals
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    for line in (
        b"connection: close",
        b"content-length: %d" % len(body),
        b"\ndate: ",
        b"x-request-id: ",
    ):
        assert line in head.lower()
    assert front.app.calls == 1  # the request that showed that it stands
    assert [found[0] for found in noted] == [status]
    assert noted[0][2]["peer"] == "127.0.0.1"


async def test_requests_in_front_of_a_bad_one_are_answered_first():
    async with serving() as front:
        client = await front.connect()
        await client.say(GET.format("/wait") + "BAD\r\n\r\n")
        await trio.sleep(0.1)
        front.app.gate.set()
        answer = await client.rest()
    assert answer.index(b"waited") < answer.index(b"HTTP/1.1 400 ")


async def test_a_bad_chunk_before_the_answer_is_400():
    async with serving() as front:
        client = await front.connect()
        await client.say(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n"
        )
        await eventually(lambda: front.app.calls)
        await client.say("nonsense\r\n")
        answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"bad-chunk-size" in answer


async def test_a_bad_chunk_is_400_even_where_the_application_never_ends(protocol):
    if protocol == "own":
        pytest.skip("our own codec reads no body ahead of who asks for it")
    async with serving() as front:
        answer = await front.ask(
            "POST /stubborn HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"
        )
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_missing_last_chunk_is_400():
    async with serving() as front:
        client = await front.connect()
        await client.say(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n"
        )
        await client.finish()
        assert b"incomplete-message" in await client.rest()


async def test_a_bad_chunk_behind_the_head_of_the_answer_cuts_it(protocol):
    if protocol == "own":
        pytest.skip("our own codec reads no body ahead of who asks for it")
    async with serving() as front:
        client = await front.connect()
        await client.say("POST /flood HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await client.until(b"200 OK")
        await client.say("x\r\n")
        answer = await client.rest()
    assert b"HTTP/1.1 400" not in answer
    assert not answer.endswith(b"0\r\n\r\n")


async def test_a_connection_that_says_close_is_not_read_on():
    async with serving() as front:
        answer = await front.ask(LAST.format("/") + GET.format("/more"))
    assert answer.count(b"HTTP/1.1") == 1
    assert front.app.calls == 1


async def test_what_comes_behind_the_last_request_is_dropped_within_bounds():
    async with serving() as front:
        client = await front.connect()
        await client.say(LAST.format("/wait"))
        await eventually(lambda: front.app.calls)
        sent = 0
        with trio.move_on_after(0.3):
            while True:
                sent += await client.stream.socket.send(bytes(1_000_000))
        assert sent < 16_000_000  # kernel buffers, and a little of ours
        front.app.gate.set()
        assert b"waited" in await client.until(b"waited")


async def test_an_answer_framed_by_the_connection_is_reset_where_a_drain_cuts_it():
    async with serving(drain_timeout=0.2) as front:
        client = await front.connect()
        await client.say("GET /half HTTP/1.0\r\n\r\n")
        await client.until(b"half")
        front.shut.set()
        assert await client.rest() == b"RESET"


async def test_an_upgrade_to_h2c_is_ignored():
    async with serving() as front:
        text = LAST.format("/").replace(
            "Connection: close",
            "Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        )
        client = await front.connect()
        await client.say(text)
        assert (await client.until(b"hello")).startswith(b"HTTP/1.1 200")


# Time.


async def test_a_head_that_does_not_come_to_its_end_is_408():
    async with serving(head_timeout=0.2) as front:
        client = await front.connect()
        await client.say("GET / HT")
        answer = await client.rest(2)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_slow_head_has_one_deadline_not_one_a_byte():
    async with serving(head_timeout=0.3) as front:
        client = await front.connect()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def _trickle():
                for byte in "GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":
                    await client.say(byte)
                    await trio.sleep(0.05)

            began = trio.current_time()
            assert (await client.rest(2)).startswith(b"HTTP/1.1 408 ")
            assert trio.current_time() - began < 1
            nursery.cancel_scope.cancel()


async def test_a_connection_that_says_nothing_is_closed():
    async with serving(head_timeout=0.2) as front:
        assert await (await front.connect()).is_closed(2)


async def test_an_idle_connection_is_closed_without_a_word():
    async with serving(keep_alive_timeout=0.2) as front:
        client = await front.connect()
        await client.say(GET.format("/"))
        await client.until(b"hello")
        assert await client.is_closed(2)


async def test_a_client_that_stops_reading_is_left_after_the_write_timeout():
    async with serving(write_timeout=0.3) as front:
        client = await waiting_client(front, "/flood")
        await eventually(lambda: front.app.seen, seconds=5)
        assert front.app.seen[0][0] == "flood ended"
        await front.stands()
        await client.aclose()


async def test_a_slow_reader_that_goes_on_reading_is_served():
    async with serving(write_timeout=0.4) as front:
        client = await front.connect()
        client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        size = 64 * 65536
        await client.say(LAST.format(f"/large?{size}"))
        got = 0
        began = trio.current_time()
        while data := await client.stream.receive_some(200_000):
            got += len(data)
            await trio.sleep(0.02)
        assert got > size
        assert trio.current_time() - began > 0.4
