"""Host and port, and what is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.http1.authority import is_authority


@pytest.mark.parametrize(
    "value",
    [
        b"a",
        b"A-1_b.example.",
        b"~x",
        b"127.0.0.1",
        b"a:0",
        b"a:65535",
        b"a:00080",
        b"a:",
        b"[::]",
        b"[2001:DB8::1]:443",
        b"[::ffff:192.0.2.1]",
        b"a" * 255,
    ],
)
def test_a_host_perhaps_with_a_port(value: bytes) -> None:
    assert is_authority(value)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b":80",
        b"a:65536",
        b"a:000080",
        b"a:+1",
        b"a:b",
        b"a:1:2",
        b"a b",
        b"a,b",
        b"a/b",
        b"a?b",
        b"a#b",
        b"u@a",
        b"a\\b",
        b"a%41",
        b"a\n",
        b"\xc3\xa9",
        b"::1",
        b"[]",
        b"[:]",
        b"[::1",
        b"::1]",
        b"[::1]x",
        b"[1.2.3.4]",
        b"[v1.x]",
        b"[fe80::1%eth0]",
        b"[" + b"0:" * 30 + b"0]",
        b"a" * 256,
    ],
)
def test_anything_else(value: bytes) -> None:
    assert not is_authority(value)


@given(st.binary(max_size=40))
def test_what_it_takes_holds_nothing_that_could_be_read_as_more_than_a_host(value: bytes) -> None:
    if is_authority(value):
        assert not set(value) & set(b"@/?#\\,%<>\"' \t\r\n\0")
