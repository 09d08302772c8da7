import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.message import UNKNOWN
from gateway_server.front.h2_head import read_head

BASE = [
    (b":method", b"GET"),
    (b":scheme", b"https"),
    (b":authority", b"example.com"),
    (b":path", b"/a?b"),
]


def read(lines, ended=True):
    return read_head(lines, peer="192.0.2.1", secure=True, ended=ended)


def test_a_head_is_what_http_1_would_have_said():
    head, protocol = read([*BASE, (b"x", b"1"), (b"x", b"2")])
    assert protocol == b""
    assert (head.method, head.target, head.authority) == ("GET", b"/a?b", b"example.com")
    assert head.fields == ((b"host", b"example.com"), (b"x", b"1"), (b"x", b"2"))
    assert (head.peer, head.scheme, head.version, head.body) == ("192.0.2.1", "https", "2", 0)


@pytest.mark.parametrize(
    ("more", "ended", "body"),
    [
        ([], False, UNKNOWN),
        ([(b"content-length", b"5")], False, 5),
        ([(b"content-length", b"0")], True, 0),
    ],
)
def test_the_length_of_the_body_is_told(more, ended, body):
    assert read([*BASE, *more], ended)[0].body == body


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([(b"content-length", b"5")], id="RFC 9113 8.1.1 a length and no body"),
        pytest.param([(b"content-length", b"0"), (b"content-length", b"0")], id="two lengths"),
        pytest.param([(b"content-length", b"+0")], id="a signed length"),
        pytest.param([(b"x", b" a")], id="RFC 9113 8.2.1 white space in front of a value"),
        pytest.param([(b"x", b"a\t")], id="RFC 9113 8.2.1 white space behind a value"),
        pytest.param([(b"", b"a")], id="an empty name"),
        pytest.param([(b"x\0", b"a")], id="NUL in a name"),
        pytest.param([(b"x:y", b"a")], id="a colon in a name"),
        pytest.param([(b":status", b"200")], id="RFC 9113 8.3 :status in a request"),
        pytest.param([(b"host", b"other.com")], id="RFC 9113 8.3.1 another host"),
        pytest.param([(b"proxy-connection", b"close")], id="RFC 9113 8.2.2"),
        pytest.param([(b":protocol", b"websocket")], id="RFC 8441 4 :protocol without CONNECT"),
    ],
)
def test_malformed_heads_are_none(more):
    lines = sorted([*BASE, *more], key=lambda line: not line[0].startswith(b":"))
    assert read(lines) is None


def test_the_host_may_stand_for_the_authority_and_beside_it():
    rest = [line for line in BASE if line[0] != b":authority"]
    assert read([*rest, (b"host", b"example.com")])[0].authority == b"example.com"
    assert read([*BASE, (b"host", b"example.com")])[0].fields == ((b"host", b"example.com"),)


def test_one_cookie_stays_where_it_is():
    head, _ = read([*BASE, (b"a", b"b"), (b"cookie", b"c"), (b"d", b"e")])
    assert [name for name, _ in head.fields] == [b"host", b"a", b"cookie", b"d"]


def test_an_extended_connect_has_a_protocol():
    lines = [(b":method", b"CONNECT"), (b":protocol", b"websocket"), *BASE[1:]]
    head, protocol = read(lines, ended=False)
    assert protocol == b"websocket"
    assert head.target == b"/a?b"


def test_options_of_the_server():
    assert read([(b":method", b"OPTIONS"), *BASE[1:3], (b":path", b"*")])[0].target == b"*"
    assert read([(b":method", b"GET"), *BASE[1:3], (b":path", b"*")]) is None


NAMES = st.sampled_from(
    [b":method", b":path", b":scheme", b":authority", b":protocol", b"host", b"te"]
)


@given(
    st.lists(st.tuples(NAMES | st.binary(max_size=5), st.binary(max_size=9)), max_size=9),
    st.booleans(),
)
def test_whatever_is_sent_nothing_is_raised_and_no_line_is_broken(lines, ended):
    found = read([*BASE, *lines], ended)
    if found is not None:
        for name, value in found[0].fields:
            assert not set(b"\r\n\0") & set(name + value)
        assert found[0].target.isascii()
