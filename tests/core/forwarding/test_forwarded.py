"""The Forwarded field, read from the right and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.forwarded import (
    Element,
    element,
    is_appendable,
    node,
    parse_node,
    read_backwards,
)
from gateway_core.forwarding.trust import parse_host


def read(*lines: bytes) -> list[tuple[str, bytes, bytes] | None]:
    found = read_backwards(reversed(lines), 100)
    return [each and (each.client.text, each.proto, each.host) for each in found]


@pytest.mark.parametrize(
    ("lines", "elements"),
    [
        pytest.param([b"for=192.0.2.60"], [("192.0.2.60", b"", b"")], id="4 one"),
        pytest.param(
            [b"for=192.0.2.60;proto=http;by=203.0.113.43;host=a"],
            [("192.0.2.60", b"http", b"a")],
            id="4 all parameters",
        ),
        pytest.param(
            [b'For="[2001:db8:cafe::17]:4711"'], [("2001:db8:cafe::17", b"", b"")], id="4 IPv6"
        ),
        pytest.param(
            [b"for=192.0.2.43, for=198.51.100.17"],
            [("198.51.100.17", b"", b""), ("192.0.2.43", b"", b"")],
            id="4 the last first",
        ),
        pytest.param(
            [b"for=192.0.2.43", b"for=198.51.100.17"],
            [("198.51.100.17", b"", b""), ("192.0.2.43", b"", b"")],
            id="7.1 lines are one list",
        ),
        pytest.param([b"for=unknown"], [None], id="6.2 unknown"),
        pytest.param([b"for=_hidden"], [None], id="6.3 obfuscated"),
        pytest.param([b"proto=https"], [None], id="5.2 no for"),
        pytest.param([b"for=192.0.2.1;for=192.0.2.2"], [None], id="4 for twice"),
        pytest.param([b"for=192.0.2.1 ;; proto=http;"], [("192.0.2.1", b"http", b"")], id="4 ;;"),
        pytest.param([b"for=192.0.2.1 x"], [None], id="4 words without a pair"),
        pytest.param([b"for = 192.0.2.1"], [None], id="4 space around ="),
        pytest.param([b" , for=192.0.2.1,, "], [("192.0.2.1", b"", b"")], id="9110 5.6.1 empty"),
        pytest.param([b"for=[2001:db8::1]:80"], [("2001:db8::1", b"", b"")], id="4 not quoted"),
        pytest.param(
            [b'for=192.0.2.1;secret="a,b;c\\",d";host="x\\\\y"'],
            [("192.0.2.1", b"", b"x\\y")],
            id="4 a comma in quotes",
        ),
        pytest.param(
            [b'for="192.0.2.9, for=198.51.100.17'],
            [("198.51.100.17", b"", b""), None],
            id="8.1 an open quote on the left swallows nothing",
        ),
        pytest.param(
            [b'x="\\, for=198.51.100.17;secret="a,b"'],
            [("198.51.100.17", b"", b""), None],
            id="8.1 nor does a backslash",
        ),
    ],
)
def test_elements_are_read_from_the_right(
    lines: list[bytes], elements: list[tuple[str, bytes, bytes] | None]
) -> None:
    assert read(*lines) == elements


def test_no_more_elements_are_read_than_asked_for() -> None:
    line = b",".join([b"for=192.0.2.1"] * 9)
    assert len(list(read_backwards([line, line], 12))) == 12
    assert list(read_backwards([line], 0)) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (b"192.0.2.43", "192.0.2.43"),
        (b"192.0.2.43:47011", "192.0.2.43"),
        (b"192.0.2.43:_gazonk", "192.0.2.43"),
        (b"[2001:db8::1]", "2001:db8::1"),
        (b"[2001:db8::1]:443", "2001:db8::1"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"[2001:db8::1", None),
        (b"[192.0.2.43]", None),
        (b"[::1]443", None),
        (b"192.0.2.43:", None),
        (b"192.0.2.43:999999", None),
        (b"192.0.2.43:-1", None),
        (b"192.0.2.\xb3", None),
        (b"fe80::1%eth0", None),
        (b"", None),
        (b"1" * 99, None),
    ],
)
def test_a_node_is_an_address_perhaps_with_a_port(text: bytes, address: str | None) -> None:
    """RFC 7239, section 6."""
    host = parse_node(text)
    assert (host and host.text) == address


@pytest.mark.parametrize(
    ("line", "appendable"),
    [
        (b"for=a", True),
        (b'for="a"', True),
        (b'for="a', False),
        (b'for="a\\"', False),
        (b'for="a\\\\"', True),
    ],
)
def test_nothing_is_appended_inside_quotes(line: bytes, appendable: bool) -> None:
    assert is_appendable(line) is appendable


@pytest.mark.parametrize(
    ("address", "host", "written"),
    [
        ("192.0.2.1", b"example.com", b"for=192.0.2.1;host=example.com;proto=http"),
        ("192.0.2.1", b"a:80", b'for=192.0.2.1;host="a:80";proto=http'),
        ("192.0.2.1", b'a"\\', b'for=192.0.2.1;host="a\\"\\\\";proto=http'),
        ("2001:db8::1", b"", b'for="[2001:db8::1]";proto=http'),
        ("", b"", b"for=unknown;proto=http"),
    ],
)
def test_an_element_is_quoted_where_it_must_be(address: str, host: bytes, written: bytes) -> None:
    assert element(address, host, "http") == written


@given(
    st.ip_addresses(),
    st.binary(max_size=20).filter(lambda host: not set(host) & set(b"\r\n\0")),
    st.binary(max_size=40),
)
def test_what_we_write_is_read_back_whatever_stands_before_it(
    address: object, host: bytes, before: bytes
) -> None:
    """But for white space, which no field value ends with."""
    known = parse_host(str(address))
    assert known is not None
    written = before + b", " + element(known.text, host, "https")
    first = next(read_backwards([written], 1))
    assert first == Element(known, b"https", host)


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_any_bytes_are_read_without_harm(lines: list[bytes]) -> None:
    assert all(each is None or parse_host(each.client.text) for each in read_backwards(lines, 9))


def test_a_hostile_field_takes_linear_time() -> None:
    """64 KiB of each pattern; quadratic work would hit the suite's time limit."""
    for pattern in (
        b'"' + b"," * 65_536,
        b"a=b;" * 16_384,
        b'a="' + b"\\" * 65_536,
        b" " * 65_536 + b"\x01",
    ):
        assert len(list(read_backwards([pattern] * 20, 40))) <= 40


def test_a_node_that_is_not_known_is_said_to_be() -> None:
    assert node("") == b"unknown"
