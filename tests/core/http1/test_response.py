"""What an upstream may send, what it means for the request, and what is wrong with it."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.http1.limits import Limits
from gateway_core.http1.response import (
    Body,
    End,
    Event,
    Fault,
    Head,
    Informational,
    Phase,
    ResponseDecoder,
    status_line_flaw,
)
from gateway_core.message import UNKNOWN, Fields

OK = b"HTTP/1.1 200 OK\r\n"


def decode(*pieces: bytes, method: str = "GET", eof: bool = False) -> list[Event]:
    decoder = ResponseDecoder()
    decoder.expect(method)
    events = [event for piece in pieces for event in decoder.receive(piece)]
    return events + decoder.eof() if eof else events


def told(events: list[Event]) -> list[Event]:
    """Events with the pieces of a body joined: how they were cut means nothing."""
    joined: list[Event] = []
    for event in events:
        if isinstance(event, Body) and joined and isinstance(joined[-1], Body):
            joined[-1] = Body(joined[-1].data + event.data)
        else:
            joined.append(event)
    return joined


def decode_at_once(data: bytes, method: str = "GET") -> list[Event]:
    """Decode by `receive_answer`, and tell a whole answer as the events it stands for."""
    decoder = ResponseDecoder()
    decoder.expect(method)
    answer = decoder.receive_answer(data)
    if isinstance(answer, list):
        return answer
    assert decoder.phase is Phase.IDLE
    known, keep_alive, body = answer
    return [Head(known, keep_alive), *([Body(body)] if body else []), End(())]


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def head(events: list[Event]) -> Head:
    found = next(event for event in events if isinstance(event, Head))
    assert isinstance(found, Head)
    return found


def flaw(events: list[Event]) -> str:
    assert isinstance(events[-1], Fault), events
    return events[-1].flaw.reason


ANSWERS = [
    pytest.param(
        OK + b"Content-Length: 5\r\n\r\nhello", "GET", 200, 5, b"hello", True, id="6.3 item 6 length"
    ),
    pytest.param(OK + b"Content-Length: 0\r\n\r\n", "GET", 200, 0, b"", True, id="6.3 item 6 empty"),
    pytest.param(
        OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
        "GET", 200, UNKNOWN, b"hello!", True, id="6.3 item 4 chunked",
    ),
    pytest.param(OK + b"Content-Length: 5\r\n\r\n", "HEAD", 200, 0, b"", True, id="6.3 item 1 HEAD"),
    pytest.param(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", "HEAD", 200, 0, b"", True, id="6.3 HEAD chunked"
    ),
    pytest.param(b"HTTP/1.1 204 No\r\n\r\n", "GET", 204, 0, b"", True, id="6.3 item 1 204"),
    pytest.param(
        b"HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", "GET", 304, 0, b"", True, id="6.3 304"
    ),
    pytest.param(
        OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nx", "GET", 200, 1, b"x", False,
        id="9.3 close",
    ),
    pytest.param(
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "GET", 200, 1, b"x", False, id="9.3 1.0"
    ),
    pytest.param(
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx",
        "GET", 200, 1, b"x", True, id="9.3 1.0 that keeps alive",
    ),
    pytest.param(b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "GET", 200, 0, b"", True, id="4 no reason"),
    pytest.param(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "GET", 200, 0, b"", True, id="4 no space"),
    pytest.param(
        b"HTTP/1.1 200 d\xc3\xa9j\xc3\xa0 vu\r\nContent-Length: 0\r\n\r\n", "GET", 200, 0, b"", True,
        id="4 obs-text in the reason",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "method", "status", "length", "body", "keep_alive"), ANSWERS)
def test_an_answer_is_head_body_and_end(
    data: bytes, method: str, status: int, length: int, body: bytes, keep_alive: bool
) -> None:
    events = told(decode(data, method=method))
    assert (head(events).head.status, head(events).head.body) == (status, length)
    assert head(events).keep_alive is keep_alive
    assert events[1:] == [*([Body(body)] if body else []), End(())]
    assert told(decode(*bytewise(data), method=method)) == events


def test_a_body_without_a_length_ends_with_its_connection() -> None:
    """6.3 item 8."""
    data = OK + b"Connection: keep-alive\r\n\r\nhello"
    events = told(decode(data, eof=True))
    assert head(events).head.body == UNKNOWN
    assert not head(events).keep_alive
    assert events[1:] == [Body(b"hello"), End(())]
    assert told(decode(data))[1:] == [Body(b"hello")]
    assert told(decode(*bytewise(data), eof=True)) == events


def test_trailers_come_with_the_end() -> None:
    data = OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum:  9 \r\nX-B:\r\n\r\n"
    assert decode(data)[-1] == End(((b"x-sum", b"9"), (b"x-b", b"")))
    assert told(decode(*bytewise(data))) == told(decode(data))


def test_field_lines_keep_order_duplicates_and_bytes() -> None:
    data = OK + b"Set-Cookie: a=1\r\nX: \xff\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    assert head(decode(data)).head.fields == (
        (b"set-cookie", b"a=1"),
        (b"x", b"\xff"),
        (b"set-cookie", b"b=2"),
        (b"content-length", b"0"),
    )


def test_interim_answers_come_before_the_final_one() -> None:
    data = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + (
        OK + b"Content-Length: 2\r\n\r\nhi"
    )
    events = told(decode(data))
    assert events[:2] == [Informational(103, ((b"link", b"</a>"),)), Informational(100, ())]
    assert events[3:] == [Body(b"hi"), End(())]
    assert told(decode(*bytewise(data))) == events


@pytest.mark.parametrize("cut", [bytewise, lambda data: [data]], ids=["byte by byte", "whole"])
def test_behind_101_it_is_no_longer_http(cut) -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    data = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"
    events = [event for piece in cut(data) for event in decoder.receive(piece)]
    assert events == [Informational(101, ((b"upgrade", b"websocket"),))]
    assert decoder.phase is Phase.TUNNEL
    assert decoder.rest == b"\x81\x02hi"
    assert decoder.eof() == []


def test_one_answer_follows_the_other() -> None:
    decoder = ResponseDecoder()
    for number in range(3):
        decoder.expect("GET")
        body = b"%d" % number
        events = decoder.receive(OK + b"Content-Length: 1\r\n\r\n" + body)
        assert events[1:] == [Body(body), End(())]
    assert decoder.eof() == []


def test_an_answer_is_expected_only_behind_the_end_of_the_last() -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    with pytest.raises(AssertionError):
        decoder.expect("GET")


FLAWS = [
    pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", "bad-status-line", id="another protocol"),
    pytest.param(b"HTTP/2 200\r\n\r\n", "bad-status-line", id="2.3 version"),
    pytest.param(b"HTTP/1.2 200 OK\r\n\r\n", "bad-status-line", id="2.3 minor"),
    pytest.param(b"HTTP/1.1  200 OK\r\n\r\n", "bad-status-line", id="4 two spaces"),
    pytest.param(b"HTTP/1.1 20 OK\r\n\r\n", "bad-status-line", id="4 two digits"),
    pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", "bad-status-line", id="4 four digits"),
    pytest.param(b"HTTP/1.1 600 What\r\n\r\n", "bad-status-line", id="9110 15 beyond 599"),
    pytest.param(b"HTTP/1.1 099 What\r\n\r\n", "bad-status-line", id="9110 15 below 100"),
    pytest.param(b"HTTP/1.1 200 a\x00b\r\n\r\n", "bad-status-line", id="4 NUL in the reason"),
    pytest.param(b"\r\nHTTP/1.1 200 OK\r\n\r\n", "bad-status-line", id="2.2 empty line first"),
    pytest.param(b"http/1.1 200 OK\r\n\r\n", "bad-status-line", id="2.3 lower case"),
    pytest.param(b"HTTP/1.1 200 OK\n\n", "bare-line-feed", id="2.2 LF alone"),
    pytest.param(OK + b"X: a\n\r\n", "bare-line-feed", id="2.2 LF alone behind a field"),
    pytest.param(OK + b"X : a\r\n\r\n", "space-before-colon", id="5.1 space before the colon"),
    pytest.param(OK + b" X: a\r\n\r\n", "folded-line", id="5.2 folded"),
    pytest.param(OK + b"X: a\x01\r\n\r\n", "bad-field-value", id="9110 5.5 control character"),
    pytest.param(OK + b"X: a\rb\r\n\r\n", "bare-carriage-return", id="2.2 CR alone"),
    pytest.param(OK + b"X\r\n\r\n", "bad-field-line", id="5 no colon"),
    pytest.param(
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "length-and-encoding", id="6.3 item 3 both",
    ),
    pytest.param(
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "content-length-repeated",
        id="6.3 item 5 two lengths",
    ),
    pytest.param(OK + b"Content-Length: -1\r\n\r\n", "bad-content-length", id="6.3 item 5 sign"),
    pytest.param(
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer-coding-not-supported", id="7"
    ),
    pytest.param(
        OK + b"Transfer-Encoding: xchunked\r\n\r\n", "bad-transfer-encoding", id="6.1 unknown"
    ),
    pytest.param(
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding-in-http-1.0",
        id="6.1 in HTTP/1.0",
    ),
    pytest.param(
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n", "bad-chunk-size", id="7.1 size"
    ),
    pytest.param(
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhix\r\n", "bad-chunk-end", id="7.1 end"
    ),
    pytest.param(OK + b"X: 1\r\n" * 201 + b"\r\n", "too-many-fields", id="6585 5 fields"),
    pytest.param(OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n", "head-too-large", id="6585 5 bytes"),
    pytest.param(OK + b"X: " + b"y" * 70_000, "head-too-large", id="6585 5 bytes, without an end"),
    pytest.param(b"HTTP/1.1 200 " + b"y" * 70_000, "head-too-large", id="6585 5 the reason alone"),
    pytest.param(
        OK + b"Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n", "unsolicited-answer",
        id="9.2 two answers",
    ),
    pytest.param(b"HTTP/1.1 204 No\r\n\r\nx", "unsolicited-answer", id="6.3 204 with a body"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), FLAWS)
def test_what_is_wrong_has_a_name_and_is_the_last_event(data: bytes, reason: str) -> None:
    events = told(decode(data))
    assert flaw(events) == reason
    assert sum(isinstance(event, Fault) for event in events) == 1
    assert decode(data, b"HTTP/1.1 200 OK\r\n\r\n", eof=True)[len(decode(data)) :] == []


@pytest.mark.parametrize(("data", "reason"), FLAWS)
def test_byte_by_byte_the_same_is_wrong(data: bytes, reason: str) -> None:
    assert told(decode(*bytewise(data))) == told(decode(data))


@pytest.mark.parametrize(("data", "reason"), FLAWS)
def test_in_two_halves_the_same_is_wrong(data: bytes, reason: str) -> None:
    for cut in {len(data) // 2, max(len(data) - 5, 0), len(data) - 1}:
        assert told(decode(data[:cut], data[cut:])) == told(decode(data))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTT", id="half a line"),
        pytest.param(OK + b"X: 1\r\n", id="half a head"),
        pytest.param(b"HTTP/1.1 100 Go\r\n\r\n", id="an interim answer alone"),
        pytest.param(OK + b"Content-Length: 3\r\n\r\nhi", id="8 a short body"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nh", id="8 half a chunk"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", id="8 no last chunk"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n", id="8 half a trailer"
        ),
    ],
)
def test_an_answer_cut_off_is_not_complete(data: bytes) -> None:
    assert flaw(decode(data, eof=True)) == "incomplete-message"


def test_bytes_where_none_were_asked_for_are_wrong() -> None:
    decoder = ResponseDecoder()
    assert flaw(decoder.receive(OK)) == "unsolicited-answer"
    assert decoder.receive(OK) == []
    assert decoder.phase is Phase.BROKEN


@pytest.mark.parametrize("pieces", [1, 2], ids=["whole", "in two"])
def test_a_head_at_its_bounds_passes_and_one_beyond_does_not(pieces: int) -> None:
    limits = Limits(head_bytes_max=60, fields_max=2)
    for extra in range(2):
        decoder = ResponseDecoder(limits)
        decoder.expect("GET")
        data = OK + b"Content-Length: 0\r\nX: "
        data += b"y" * (60 + extra - len(data) - 4) + b"\r\n\r\n"
        events = (
            decoder.receive(data[:-1]) + decoder.receive(data[-1:])
            if pieces == 2
            else (decoder.receive(data))
        )
        assert isinstance(events[-1], Fault if extra else End)


statuses = st.sampled_from([200, 201, 204, 304, 404, 500])
methods = st.sampled_from(["GET", "HEAD", "POST"])
pieces_of_body = st.lists(st.binary(min_size=1, max_size=30), max_size=4)


@given(
    methods,
    statuses,
    st.sampled_from(["length", "chunked", "close"]),
    pieces_of_body,
    st.lists(st.integers(1, 40), max_size=20),
)
def test_h11_writes_and_we_read_the_same_however_it_is_cut(
    method: str, status: int, framing: str, pieces: list[bytes], cuts: list[int]
) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"%b / HTTP/1.1\r\nHost: h\r\n\r\n" % method.encode())
    server.next_event()
    fields: list[tuple[bytes, bytes]] = [(b"X-A", b"1")]
    if framing == "length":
        fields.append((b"Content-Length", b"%d" % sum(map(len, pieces))))
    elif framing == "chunked":
        fields.append((b"Transfer-Encoding", b"chunked"))
    else:
        fields.append((b"Connection", b"close"))
    bodiless = method == "HEAD" or status in (204, 304)
    data = server.send(h11.Response(status_code=status, headers=fields)) or b""
    for piece in [] if bodiless else pieces:
        data += server.send(h11.Data(data=piece)) or b""
    if bodiless and framing == "length" and method != "HEAD":
        pass  # h11 insists on the bytes; the head alone is the answer
    elif not bodiless:
        data += server.send(h11.EndOfMessage()) or b""
    whole = told(decode(data, method=method, eof=True))
    at, parts = 0, []
    for cut in cuts:
        parts.append(data[at : at + cut])
        at += cut
    parts.append(data[at:])
    assert told(decode(*parts, method=method, eof=True)) == whole
    assert head(whole).head.status == status
    expected = b"" if bodiless else b"".join(pieces)
    assert b"".join(event.data for event in whole if isinstance(event, Body)) == expected
    assert isinstance(whole[-1], End)


alphabet = st.sampled_from(
    [b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"100", b"204", b" OK", b"\r\n", b"\r", b"\n", b" ", b":",
     b"Content-Length", b"Transfer-Encoding", b"Connection", b"chunked", b"close", b"5", b"0",
     b"hello", b"\x00", b"\xff", b";", b"X", b"\t"]
)  # fmt: skip


@given(st.lists(alphabet, max_size=40).map(b"".join), methods, st.data())
def test_any_bytes_mean_the_same_whole_and_cut_and_raise_nothing(
    data: bytes, method: str, draw: st.DataObject
) -> None:
    cut = draw.draw(st.integers(0, len(data)))
    whole = told(decode(data, method=method, eof=True))
    assert told(decode(data[:cut], data[cut:], method=method, eof=True)) == whole
    assert told(decode(*bytewise(data), method=method, eof=True)) == whole


@given(st.lists(alphabet, max_size=30).map(b"".join), methods)
def test_what_h11_refuses_we_refuse(tail: bytes, method: str) -> None:
    data = OK + tail
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    client.receive_data(b"")
    oracle: list[object] = []
    try:
        while not isinstance(event := client.next_event(), h11.ConnectionClosed):
            if event is h11.PAUSED:
                break
            oracle.append(event)
    except h11.RemoteProtocolError:
        assert isinstance(decode(data, method=method, eof=True)[-1], Fault)
        return
    ours = decode(data, method=method, eof=True)
    if not isinstance(ours[-1], Fault):
        body = b"".join(event.data for event in oracle if isinstance(event, h11.Data))
        assert b"".join(event.data for event in ours if isinstance(event, Body)) == body


@pytest.mark.parametrize("text", [b"HTTP/1.1 404 Not Found", b"HTTP/1.0 599", b"HTTP/1.1 100 "])
def test_every_beginning_of_a_good_status_line_may_become_one(text: bytes) -> None:
    for end in range(len(text) + 1):
        assert status_line_flaw(text[:end], Limits(), complete=False) is None
    assert status_line_flaw(text, Limits(), complete=True) is None


def test_fields_are_empty_where_there_are_none() -> None:
    nothing: Fields = ()
    assert head(decode(b"HTTP/1.1 204 x\r\n\r\n")).head.fields == nothing


WHOLE = [
    pytest.param(b"Content-Length: 2\r\n\r\nok", id="6.3 item 6"),
    pytest.param(b"Content-Length: 0\r\n\r\n", id="6.3 item 6 empty"),
    pytest.param(b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\nok", id="9.3 keep-alive"),
    pytest.param(b"Connection: close\r\nContent-Length: 2\r\n\r\nok", id="9.3 close"),
]
NOT_WHOLE = [
    pytest.param(b"Content-Length: 3\r\n\r\nok", id="more to come"),
    pytest.param(b"Content-Length: 1\r\n\r\nok", id="a byte too many"),
    pytest.param(b"Content-Length: 02\r\n\r\nok", id="another way to write it"),
    pytest.param(b"Content-Length: +2\r\n\r\nok", id="8.6 no number"),
    pytest.param(b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", id="8.6 twice"),
    pytest.param(b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok", id="8.6 two"),
    pytest.param(
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok", id="6.3 item 3 both"
    ),
    pytest.param(b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="6.3 item 4 chunked"),
    pytest.param(b"X: 1\r\nX: 2\r\nContent-Length: 2\r\n\r\nok", id="5.2 a field twice"),
    pytest.param(b"X: " + b"y" * 100_000 + b"\r\nContent-Length: 2\r\n\r\nok", id="5.4 large"),
    pytest.param(b"X%d: y\r\n" * 500 % (*range(500),) + b"Content-Length: 2\r\n\r\nok", id="5.4 many"),
    pytest.param(b"Content-Length : 2\r\n\r\nok", id="5.1 a space"),
    pytest.param(b"Content-Le", id="half a head"),
]  # fmt: skip


@pytest.mark.parametrize("rest", WHOLE)
def test_a_whole_answer_means_what_its_events_mean(rest: bytes) -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    assert isinstance(decoder.receive_answer(OK + rest), tuple)
    assert decode_at_once(OK + rest) == decode(OK + rest)


@pytest.mark.parametrize("rest", NOT_WHOLE)
def test_what_is_not_a_whole_answer_is_told_in_events(rest: bytes) -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    events = decoder.receive_answer(OK + rest)
    assert isinstance(events, list)
    assert events == decode(OK + rest)


def test_an_answer_that_goes_on_is_told_in_events() -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    assert decoder.receive_answer(OK + b"Content-") == []
    assert decoder.receive_answer(b"Length: 2\r\n\r\nok") == decode(
        OK + b"Content-Length: 2\r\n\r\nok"
    )


def test_a_head_that_is_said_again_means_what_it_meant_before() -> None:
    told = OK + b"Content-Length: 2\r\nX: said twice\r\n\r\n"
    first, again = decode_at_once(told + b"ok"), decode_at_once(told + b"no")
    assert [first, again] == [decode(told + b"ok"), decode(told + b"no")]
    assert head(first).head is head(again).head, "it was read once"


@pytest.mark.parametrize(
    ("limits", "method", "body"),
    [
        pytest.param(Limits(), "HEAD", b"", id="6.3 item 1 HEAD"),
        pytest.param(Limits(), "GET", b"o", id="6.3 item 6 more to come"),
        pytest.param(Limits(), "GET", b"ok!", id="9.2 more than was asked for"),
        pytest.param(Limits(fields_max=1), "GET", b"ok", id="5.4 too many for this connection"),
        pytest.param(
            Limits(head_bytes_max=40), "GET", b"ok", id="5.4 too large for this connection"
        ),
    ],
)
def test_who_hears_a_remembered_head_judges_it_anew(
    limits: Limits, method: str, body: bytes
) -> None:
    told = OK + b"Content-Length: 2\r\nX: judged twice\r\n\r\n"
    assert isinstance(head(decode_at_once(told + b"ok")), Head)
    at_once, in_events = ResponseDecoder(limits), ResponseDecoder(limits)
    for decoder in (at_once, in_events):
        decoder.expect(method)
    assert at_once.receive_answer(told + body) == in_events.receive(told + body)
    assert at_once == in_events


@given(
    version=st.sampled_from([b"1.1", b"1.0", b"1.2"]),
    status=st.sampled_from([b"200", b"204", b"304", b"103", b"101", b"404", b"600"]),
    lines=st.lists(
        st.sampled_from([
            b"Content-Length: 2", b"content-length:2 ", b"Content-Length: 3", b"Content-Length: 0",
            b"Transfer-Encoding: chunked", b"Connection: close", b"Connection: Keep-Alive",
            b"Connection: keep-alive", b"Set-Cookie: a", b"X:\t \xff\t", b"X: \x0b", b" folded",
        ]),
        max_size=4,
    ),
    body=st.sampled_from([b"", b"ok", b"ok!", b"2\r\nok\r\n0\r\n\r\n"]),
    method=st.sampled_from(["GET", "HEAD"]),
)  # fmt: skip
def test_to_decode_an_answer_at_once_changes_nothing(
    version: bytes, status: bytes, lines: list[bytes], body: bytes, method: str
) -> None:
    data = b"HTTP/%b %b X\r\n%b\r\n%b" % (
        version, status, b"".join(line + b"\r\n" for line in lines), body,
    )  # fmt: skip
    assert decode_at_once(data, method) == decode(data, method=method)


def test_a_sized_body_may_pass_unseen() -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    assert decoder.unseen == 0, "no head, no body"
    assert len(decoder.receive(OK + b"Content-Length: 10\r\n\r\n123")) == 2
    assert decoder.unseen == 7
    assert not decoder.passed(6)
    assert decoder.receive(b"") == []
    assert decoder.passed(1)
    assert (decoder.phase, decoder.unseen) == (Phase.IDLE, 0)
    decoder.expect("GET")
    assert decode_all(decoder, OK + b"Content-Length: 1\r\n\r\nx") == b"x"


def test_what_ends_before_all_of_it_passed_is_incomplete() -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    decoder.receive(OK + b"Content-Length: 10\r\n\r\n")
    decoder.passed(9)
    assert isinstance(decoder.eof()[0], Fault)
    assert decoder.unseen == 0


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked", b"X: until the end"])
def test_what_has_no_length_is_to_be_seen(framing: bytes) -> None:
    decoder = ResponseDecoder()
    decoder.expect("GET")
    decoder.receive(OK + framing + b"\r\n\r\n")
    assert decoder.unseen == 0


def decode_all(decoder: ResponseDecoder, data: bytes) -> bytes:
    return b"".join(event.data for event in decoder.receive(data) if isinstance(event, Body))
