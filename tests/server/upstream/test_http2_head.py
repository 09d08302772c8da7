"""Heads of HTTP/2: what we ask, and which answers are none."""

import pytest
from hpack.struct import NeverIndexedHeaderTuple

from gateway_core.message import UNKNOWN, ResponseHead, UpstreamRequest
from gateway_server.upstream.http2_head import read_answer, read_trailers, request_lines

OK = (b":status", b"200")


@pytest.mark.parametrize(
    ("method", "body", "told"),
    [
        pytest.param("GET", 0, [], id="9110 8.6 no body, none expected"),
        pytest.param("POST", 0, [(b"content-length", b"0")], id="9110 8.6 empty, expected"),
        pytest.param("PUT", 7, [(b"content-length", b"7")], id="9110 8.6 told"),
        pytest.param("PUT", UNKNOWN, [], id="9113 8.1.1 not known"),
    ],
)
def test_a_request_s_head(method: str, body: int, told: list[tuple[bytes, bytes]]) -> None:
    request = UpstreamRequest(method, b"/a?b", b"h:1", ((b"x", b"1"), (b"x", b"2")), body)
    assert request_lines(request, "https") == [
        (b":method", method.encode()),
        (b":scheme", b"https"),
        (b":authority", b"h:1"),
        (b":path", b"/a?b"),
        (b"x", b"1"),
        (b"x", b"2"),
        *told,
    ]


def test_trailers_are_welcomed_in_te_alone() -> None:
    """RFC 9113, 8.2.2: of TE nothing else may stand, and no Connection."""
    request = UpstreamRequest("GET", b"/", b"h", (), 0, takes_trailers=True)
    assert request_lines(request, "http")[4:] == [(b"te", b"trailers")]


def test_secrets_are_kept_out_of_the_table_that_calls_share() -> None:
    """RFC 7541, 7.1.3: else the size of one caller's request tells of another's."""
    fields = ((b"authorization", b"Basic eA=="), (b"cookie", b"a=b"), (b"accept", b"*/*"))
    lines = request_lines(UpstreamRequest("GET", b"/", b"h", fields, 0), "http")[4:]
    assert [isinstance(line, NeverIndexedHeaderTuple) for line in lines] == [True, True, False]
    assert lines == list(fields)


@pytest.mark.parametrize(
    ("lines", "method", "head"),
    [
        pytest.param([OK, (b"a", b"1")], "GET", (200, ((b"a", b"1"),), UNKNOWN), id="as it is"),
        pytest.param(
            [OK, (b"content-length", b"9")],
            "GET",
            (200, ((b"content-length", b"9"),), 9),
            id="told",
        ),
        pytest.param(
            [OK, (b"content-length", b"9")],
            "HEAD",
            (200, ((b"content-length", b"9"),), 0),
            id="HEAD",
        ),
        pytest.param([(b":status", b"204")], "GET", (204, (), 0), id="9110 15.3.5 204"),
        pytest.param([(b":status", b"304")], "GET", (304, (), 0), id="9110 15.4.5 304"),
        pytest.param([OK, (b"a", b"")], "GET", (200, ((b"a", b""),), UNKNOWN), id="empty value"),
        pytest.param(
            [OK, (b"a", b"\xff")], "GET", (200, ((b"a", b"\xff"),), UNKNOWN), id="obs-text"
        ),
    ],
)
def test_an_answer_s_head(lines, method: str, head) -> None:
    assert read_answer(lines, method) == ResponseHead(*head)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="9113 8.3.2 no status"),
        pytest.param([(b"a", b"1"), OK], id="9113 8.3 status behind a field"),
        pytest.param([OK, OK], id="9113 8.3 two of them"),
        pytest.param([OK, (b":path", b"/")], id="9113 8.3 a request's field"),
        pytest.param([(b":status", b"20")], id="9110 15 two digits"),
        pytest.param([(b":status", b"2000")], id="9110 15 four digits"),
        pytest.param([(b":status", b"600")], id="9110 15 no class"),
        pytest.param([(b":status", b"+20")], id="9110 15 no number"),
        pytest.param([OK, (b"Server", b"x")], id="9113 8.2.1 upper case"),
        pytest.param([OK, (b"", b"x")], id="9113 8.2.1 no name"),
        pytest.param([OK, (b"a b", b"x")], id="9113 8.2.1 a space in a name"),
        pytest.param([OK, (b"a", b"1\r\nb: 2")], id="9113 8.2.1 a line break"),
        pytest.param([OK, (b"a", b"\0")], id="9113 8.2.1 NUL"),
        pytest.param([OK, (b"a", b" x")], id="9113 8.2.1 space before a value"),
        pytest.param([OK, (b"a", b"x\t")], id="9113 8.2.1 space behind a value"),
        pytest.param([OK, (b"connection", b"close")], id="9113 8.2.2 Connection"),
        pytest.param([OK, (b"transfer-encoding", b"chunked")], id="9113 8.2.2 Transfer-Encoding"),
        pytest.param([OK, (b"content-length", b"x")], id="9110 8.6 no length"),
        pytest.param([OK, (b"content-length", b"1" * 19)], id="9110 8.6 too long a length"),
        pytest.param([OK, *[(b"content-length", b"1")] * 2], id="9110 8.6 two lengths"),
        pytest.param([OK, *[(b"a", b"1")] * 201], id="too many fields"),
    ],
)
def test_what_is_no_answer(lines) -> None:
    assert read_answer(lines, "GET") is None


@pytest.mark.parametrize(
    ("lines", "trailers"),
    [
        pytest.param([(b"x-sum", b"6")], ((b"x-sum", b"6"),), id="9110 6.5 as they are"),
        pytest.param([], (), id="9110 6.5 none"),
        pytest.param([OK], None, id="9113 8.1 a pseudo-header field"),
        pytest.param([(b"content-length", b"1")], None, id="9110 6.5.1 a length"),
        pytest.param([(b"X-Sum", b"6")], None, id="9113 8.2.1 upper case"),
    ],
)
def test_trailers(lines, trailers) -> None:
    assert read_trailers(lines) == trailers
