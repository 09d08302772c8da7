import ssl

import pytest
import trio
import trustme
from h2.errors import ErrorCodes
from hypercorn.config import Config

from tests.server.front.h2_client import H2Client, asking
from tests.server.front.serving import eventually, serving


async def speak(front, **how):
    return await H2Client((await front.connect()).stream, **how).open()


@pytest.fixture
async def front():
    async with serving(h2c=True) as front:
        yield front
        await front.stands()


@pytest.fixture
async def client(front):
    return await speak(front)


async def test_requests_are_answered(client, front):
    one, two = await client.ask(asking("/")), await client.ask(asking("/chunks"))
    assert await client.answer(one) == (200, b"hello")
    assert await client.answer(two) == (200, b"onetwothree")
    head = client.heads[one]
    assert [name for name, _ in head].count(b"date") == 1
    assert b"server" not in dict(head)
    assert front.app.scopes[0]["http_version"] == "2"


async def test_http_1_is_spoken_beside_it(front):
    answer = await front.ask("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_a_request_head_says_what_http_1_would_have_said(client, front):
    fields = asking("/a%2Fb?c", "GET", ("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"))
    await client.answer(await client.ask(fields))
    scope = front.app.scopes[0]
    assert scope["headers"] == [(b"host", b"a"), (b"cookie", b"a=1; b=2"), (b"x", b"y")]
    assert (scope["raw_path"], scope["query_string"]) == (b"/a%2Fb", b"c")


async def test_bodies_go_both_ways(client):
    number = await client.ask(asking("/echo", "POST"), end=False)
    await client.say(number, b"foo", pad_length=100)
    await client.say(number, b"bar", end=True)
    assert await client.answer(number) == (200, b"foobar")


async def test_a_long_upload_is_given_credit_as_it_is_taken(client):
    number = await client.ask(asking("/echo", "POST"), end=False)
    body = bytes(range(256)) * 2000
    at = 0
    while at < len(body):
        window = min(client.h2.local_flow_control_window(number), 16_384, len(body) - at)
        if window:
            await client.say(number, body[at : at + window])
            at += window
        else:
            await client.once()
    await client.say(number, b"", end=True)
    assert await client.answer(number) == (200, body)


async def test_an_unread_body_stops_no_other_stream(client, front):
    stuck = [await client.ask(asking("/stubborn", "POST"), end=False) for _ in range(20)]
    for number in stuck:
        for _ in range(4):
            await client.until(lambda: client.h2.outbound_flow_control_window > 16_000)
            await client.say(number, bytes(16_000))
    await client.until(lambda: client.h2.outbound_flow_control_window > 16_000)
    echo = await client.ask(asking("/echo", "POST"), end=False)
    await client.say(echo, b"through", end=True)
    assert await client.answer(echo) == (200, b"through")


async def test_a_body_that_nobody_reads_is_bounded_by_its_window(client):
    number = await client.ask(asking("/stubborn", "POST"), end=False)
    sent = 0
    while window := min(16_384, client.h2.local_flow_control_window(number)):
        await client.say(number, bytes(window))
        sent += window
    with trio.move_on_after(0.2):
        while True:
            await client.once()
    assert client.h2.local_flow_control_window(number) == 0
    assert sent <= 65_535


async def test_a_slow_reader_is_not_buffered_for(front):
    client = await speak(front, acknowledge=False)
    await client.ask(asking("/flood"))
    with trio.move_on_after(0.5):
        while True:
            await client.once()
    client.stream.socket.close()
    await eventually(lambda: front.app.seen)
    assert front.app.seen[0][1] < 1_000_000


async def test_streams_are_written_in_turn(client):
    large = await client.ask(asking(f"/large?{64 * 65536}"))
    await client.until(lambda: client.bodies[large])
    small = await client.ask(asking("/"))
    assert await client.answer(small) == (200, b"hello")
    assert large not in client.ended
    status, body = await client.answer(large)
    assert (status, len(body)) == (200, 64 * 65536)


async def test_a_stream_without_credit_is_reset_after_the_write_timeout():
    async with serving(h2c=True, write_timeout=0.2) as front:
        client = await speak(front, acknowledge=False)
        number = await client.ask(asking("/flood"))
        assert await client.answer(number) == ErrorCodes.CANCEL
        await eventually(lambda: front.app.seen)


@pytest.mark.parametrize("path", ["/cut", "/cut?sized", "/cut?quiet"])
async def test_an_answer_that_fails_is_reset(client, path):
    assert await client.answer(await client.ask(asking(path))) == ErrorCodes.INTERNAL_ERROR
    assert await client.answer(await client.ask(asking("/"))) == (200, b"hello")


async def test_an_application_that_answers_nothing_makes_a_500(client):
    status, body = await client.answer(await client.ask(asking("/fail")))
    assert status == 500
    assert b"secret" not in body


async def test_an_early_answer_says_that_the_rest_is_not_wanted(client):
    number = await client.ask(asking("/early", "POST"), end=False)
    await client.until(lambda: number in client.resets)
    assert client.resets[number] == ErrorCodes.NO_ERROR
    assert client.bodies[number] == b"no"


async def test_data_for_a_stream_that_was_answered_is_given_credit_for(client):
    """Trigger: a DATA frame behind the answer (STACK 2.1)."""
    number = await client.ask(asking("/", "POST"), end=False)
    for _ in range(3):
        await client.say(number, bytes(16_000))
    await client.until(lambda: number in client.resets)
    assert await client.answer(await client.ask(asking("/"))) == (200, b"hello")


async def test_leaving_by_reset_is_told(client, front):
    number = await client.ask(asking("/wait"))
    await eventually(lambda: front.app.seen)
    client.h2.reset_stream(number)
    await client.flush()
    with trio.fail_after(0.1):
        while "left" not in front.app.seen:
            await trio.sleep(0.001)
    assert await client.answer(await client.ask(asking("/"))) == (200, b"hello")


async def test_leaving_with_streams_in_flight_ends_them_all(client, front):
    """Trigger: trio.BusyResourceError (DESIGN 7)."""
    for path in ["/wait"] * 5 + ["/flood"] * 5 + ["/deaf"] * 5:
        await client.ask(asking(path))
    await client.until(lambda: len(front.app.scopes) == 15)
    client.stream.socket.close()
    await eventually(lambda: front.app.seen.count("left") == 5)
    await eventually(lambda: front.app.seen.count("over") == 5)
    await eventually(lambda: sum(isinstance(word, tuple) for word in front.app.seen) == 5)


def changed(**how):
    names = {"method": ":method", "scheme": ":scheme", "authority": ":authority", "path": ":path"}
    fields = dict(asking())
    for name, value in how.items():
        if value is None:
            del fields[names[name]]
        else:
            fields[names[name]] = value
    return list(fields.items())


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(changed(path="/\xff"), id="non-ASCII path"),
        pytest.param(changed(path=b"/\xff"), id="non-ASCII bytes in the path"),
        pytest.param(changed(method=b"G\xffT"), id="non-ASCII method"),
        pytest.param(changed(path=None), id="no path"),
        pytest.param(changed(path=""), id="empty path"),
        pytest.param(changed(path="/a b"), id="space in the path"),
        pytest.param(changed(path="/a#b"), id="fragment"),
        pytest.param(changed(method=None), id="no method"),
        pytest.param(changed(authority=None), id="no authority"),
        pytest.param(changed(authority="a@b"), id="user info"),
        pytest.param([*asking(), ("host", "b")], id="two hosts"),
        pytest.param([*asking(), ("x", "a\r\nb: c")], id="line end in a value"),
        pytest.param([*asking(), ("x", "a\0b")], id="NUL in a value"),
        pytest.param([*asking(), ("X", "a")], id="upper case in a name"),
        pytest.param([*asking(), ("a b", "c")], id="space in a name"),
        pytest.param([*asking(), ("connection", "close")], id="connection field"),
        pytest.param([*asking(), ("transfer-encoding", "chunked")], id="transfer-encoding"),
        pytest.param([*asking(), ("te", "gzip")], id="te"),
        pytest.param([("x", "y"), *asking()], id="pseudo-header field behind a field"),
        pytest.param([*asking(), (":path", "/b")], id="two paths"),
        pytest.param([(":method", "CONNECT"), (":path", "/"), (":authority", "a:1")], id="CONNECT"),
        pytest.param(changed(method="CONNECT", authority=None, path=None), id="bare CONNECT"),
    ],
)
async def test_a_malformed_head_resets_its_stream_alone(client, front, fields):
    other = await client.ask(asking("/wait"))
    number = await client.ask(fields)
    assert await client.answer(number) == ErrorCodes.PROTOCOL_ERROR
    front.app.gate.set()
    assert await client.answer(other) == (200, b"waited")
    assert front.app.calls == 1


async def test_connect_is_405(client, front):
    """Trigger: CONNECT without :path (STACK 2.1), which is well formed."""
    number = await client.ask([(":method", "CONNECT"), (":authority", "a:443")])
    status, _ = await client.answer(number)
    assert status == 405
    assert front.app.refusals[0][:2] == (405, "connect-refused")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param(asking("/" + "a" * 17_000), 414, id="target"),
        pytest.param([*asking(), *[("x", "y")] * 201], 431, id="fields"),
        pytest.param([*asking("/", "CONNECT"), (":protocol", "ftp")], 501, id="protocol"),
    ],
)
async def test_what_is_too_much_is_refused(client, fields, status):
    fields = sorted(fields, key=lambda line: not line[0].startswith(":"))
    assert (await client.answer(await client.ask(fields)))[0] == status


async def test_a_broken_frame_ends_the_connection_with_a_goaway(client):
    await client.ask(asking("/wait"))
    await client.raw(b"\0\0\5\0\0\0\0\0\1hello"[:14])  # DATA on a stream that is not open for it
    await client.raw(b"\0\0\1\x09\0\0\0\0\0x")
    await client.end()
    assert client.goaway is not None
    assert client.goaway[0] != ErrorCodes.NO_ERROR


async def test_a_head_over_the_limit_ends_the_connection(front):
    client = await speak(front)
    fields = [*asking(), *[("x", "y" * 8000)] * 12]
    client.h2.remote_settings[6] = 10**6
    await client.ask(fields)
    await client.end()
    assert front.app.calls == 0


async def test_100_is_sent_when_the_body_is_asked_for(client):
    fields = asking("/echo", "POST", ("expect", "100-continue"))
    number = await client.ask(fields, end=False)
    await client.until(lambda: client.informed[number])
    await client.say(number, b"ok", end=True)
    assert await client.answer(number) == (200, b"ok")


async def test_early_hints_and_trailers_pass(client):
    hints = await client.ask(asking("/hints"))
    trailers = await client.ask(asking("/trailers", "GET", ("te", "trailers")))
    assert await client.answer(hints) == (200, b"hinted")
    assert client.informed[hints][0][b":status"] == b"103"
    assert await client.answer(trailers) == (200, b"sum")
    assert client.trailers[trailers] == [(b"x-sum", b"6")]


async def test_many_requests_on_one_connection_see_no_goaway(client):
    for _ in range(1200):
        assert await client.answer(await client.ask(asking())) == (200, b"hello")
    assert client.goaway is None


async def test_streams_reset_as_soon_as_opened_do_not_pile_up(client, front):
    for _ in range(1000):
        number = await client.ask(asking("/stubborn"))
        client.h2.reset_stream(number)
    await client.flush()
    await eventually(lambda: front.app.calls == 200)
    client.stream.socket.close()


async def test_a_client_that_pings_and_never_reads_is_not_read_on():
    async with serving(h2c=True, write_timeout=0.3) as front:
        client = await speak(front)
        ping = b"\0\0\x08\x06\0\0\0\0\0abcdefgh" * 4000
        with pytest.raises(trio.BrokenResourceError), trio.fail_after(10):
            while True:
                await client.raw(ping)
        await front.stands()


async def test_an_idle_connection_is_closed_in_order():
    async with serving(h2c=True, keep_alive_timeout=0.2) as front:
        client = await speak(front)
        await client.answer(await client.ask(asking()))
        await client.end(3)
        assert client.goaway == (ErrorCodes.NO_ERROR, 1)


async def test_what_comes_behind_a_goaway_in_one_packet_is_heard(front):
    """RFC 9113, 6.8: streams that were begun go on; the library would end them all."""
    client = await speak(front)
    number = await client.ask(asking("/echo", "POST"), end=False)
    client.h2.close_connection()
    goodbye = client.h2.data_to_send()
    client.h2.state_machine.state = client.h2.state_machine.state.CLIENT_OPEN
    client.h2.send_data(number, b"heard", end_stream=True)
    await client.raw(goodbye + client.h2.data_to_send())
    assert await client.answer(number) == (200, b"heard")


async def test_a_goaway_of_the_client_lets_streams_end(front):
    client = await speak(front)
    number = await client.ask(asking("/wait"))
    await eventually(lambda: front.app.seen)
    await client.raw(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0")
    front.app.gate.set()
    assert await client.answer(number) == (200, b"waited")
    await client.end(3)


async def test_what_comes_in_one_read_with_a_goaway_is_heard(front):
    client = await speak(front)
    number = await client.ask(asking("/wait"))
    await eventually(lambda: front.app.seen)
    ping = b"\0\0\x08\x06\0\0\0\0\0pingpong"
    await client.raw(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0" + ping)
    front.app.gate.set()
    assert await client.answer(number) == (200, b"waited")
    await client.end(3)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


async def test_h2_is_chosen_by_alpn(authority, tmp_path):
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    config = Config()
    config.certfile, config.keyfile = str(tmp_path / "cert"), str(tmp_path / "key")
    async with serving(config) as front:
        for protocol in ("h2", "http/1.1"):
            context = ssl.create_default_context()
            authority.configure_trust(context)
            context.set_alpn_protocols([protocol])
            raw = await front.connect()
            stream = trio.SSLStream(
                raw.stream, context, server_hostname="localhost", https_compatible=True
            )
            await stream.do_handshake()
            assert stream.selected_alpn_protocol() == protocol
            if protocol == "h2":
                client = await H2Client(stream).open()
                fields = asking()
                fields[1] = (":scheme", "https")
                assert await client.answer(await client.ask(fields)) == (200, b"hello")
            else:
                await stream.send_all(b"GET /chunks HTTP/1.0\r\n\r\n")
                got = b""
                while data := await stream.receive_some():
                    got += data
                assert got.endswith(b"onetwothree")
            assert front.app.scopes[-1]["scheme"] == "https"


async def test_h2c_is_refused_where_it_is_not_allowed():
    async with serving() as front:
        client = await front.connect()
        await client.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 505 ")
