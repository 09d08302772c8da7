"""What we write to an upstream, byte for byte, and that h11 reads it as it was meant."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.http1.render import (
    LAST_CHUNK,
    render_chunk,
    render_last_chunk,
    render_request,
)
from gateway_core.message import UNKNOWN, Fields, UpstreamRequest

FIELDS: Fields = ((b"accept", b"*/*"), (b"x-a", b"1"), (b"accept", b"text/html"), (b"x-b", b""))


@pytest.mark.parametrize(
    ("request_", "framing"),
    [
        pytest.param(("GET", 0), b"", id="9110 8.6 no body, none expected"),
        pytest.param(("POST", 0), b"content-length: 0\r\n", id="9110 8.6 empty, expected"),
        pytest.param(("PUT", 0), b"content-length: 0\r\n", id="9110 8.6 PUT"),
        pytest.param(("PATCH", 0), b"content-length: 0\r\n", id="9110 8.6 PATCH"),
        pytest.param(("DELETE", 0), b"", id="9110 9.3.5 DELETE"),
        pytest.param(("GET", 7), b"content-length: 7\r\n", id="9110 9.3.1 GET with content"),
        pytest.param(("POST", UNKNOWN), b"transfer-encoding: chunked\r\n", id="9112 6.1"),
    ],
)
def test_the_head_is_host_the_fields_in_order_and_our_framing(request_, framing: bytes) -> None:
    method, body = request_
    request = UpstreamRequest(method, b"/a%2Fb/../c?q={}", b"example.com:8080", FIELDS, body)
    assert render_request(request) == (
        method.encode() + b" /a%2Fb/../c?q={} HTTP/1.1\r\nhost: example.com:8080\r\n"
        b"accept: */*\r\nx-a: 1\r\naccept: text/html\r\nx-b: \r\n" + framing + b"\r\n"
    )


def test_who_takes_trailers_says_so_to_the_next_hop_alone() -> None:
    """RFC 9110, 10.1.4: a sender of TE names it in Connection."""
    request = UpstreamRequest("GET", b"/", b"h", (), 0, takes_trailers=True)
    assert render_request(request) == (
        b"GET / HTTP/1.1\r\nhost: h\r\nte: trailers\r\nconnection: te\r\n\r\n"
    )


def test_trailers_stand_between_the_last_chunk_and_the_end() -> None:
    """RFC 9112, 7.1."""
    assert render_last_chunk(()) == LAST_CHUNK
    trailers = ((b"x-a", b"1"), (b"x-b", b""))
    assert render_last_chunk(trailers) == b"0\r\nx-a: 1\r\nx-b: \r\n\r\n"


def test_a_chunk_carries_its_piece_without_a_copy() -> None:
    piece = b"x" * 300
    start, data, end = render_chunk(piece)
    assert data is piece
    assert (start, end) == (b"12c\r\n", b"\r\n")


def test_an_empty_chunk_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        render_chunk(b"")


tokens = st.text("abcxyz-0", min_size=1, max_size=8).map(str.encode)
field_values = st.binary(max_size=12).map(
    lambda raw: bytes(byte for byte in raw if byte >= 0x20 and byte != 0x7F).strip()
)


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.lists(st.tuples(tokens.map(lambda name: b"x-" + name), field_values), max_size=6).map(tuple),
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.booleans(),
    st.lists(st.tuples(tokens.map(lambda name: b"x-" + name), field_values), max_size=3).map(tuple),
)
def test_h11_reads_what_was_meant(
    method: str, fields: Fields, pieces: list[bytes], chunked: bool, trailers: Fields
) -> None:
    body = UNKNOWN if chunked else sum(map(len, pieces))
    wire = render_request(UpstreamRequest(method, b"/x", b"h", fields, body))
    for piece in pieces:
        wire += b"".join(render_chunk(piece)) if chunked else piece
    wire += render_last_chunk(trailers) if chunked else b""
    server = h11.Connection(h11.SERVER)
    server.receive_data(wire)
    head = server.next_event()
    assert isinstance(head, h11.Request)
    assert (head.method, head.target) == (method.encode(), b"/x")
    assert tuple(head.headers)[: 1 + len(fields)] == ((b"host", b"h"), *fields)
    data = b""
    while isinstance(event := server.next_event(), h11.Data):
        data += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert tuple(event.headers) == (trailers if chunked else ())
    assert data == b"".join(pieces)
    assert server.trailing_data == (b"", False)
