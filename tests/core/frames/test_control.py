"""Closes and pings of our own, as wsproto reads them, and the codes that may travel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Ping
from wsproto.frame_protocol import LOCAL_ONLY_CLOSE_REASONS

from gateway_core.frames import NO_STATUS, Close, close_frame, masked, may_be_sent, ping_frame
from gateway_core.frames.control import REASON_BYTES_MAX, close_flaw, read_close

MASK = b"\xa1\x02\x03\xfe"
READERS = pytest.mark.parametrize(
    ("kind", "mask"), [(ConnectionType.SERVER, MASK), (ConnectionType.CLIENT, b"")]
)


def only_event(kind: ConnectionType, data: bytes):
    connection = Connection(kind)
    connection.receive_data(data)
    (event,) = connection.events()
    return event


@READERS
@pytest.mark.parametrize("close", [Close(1000), Close(4999, "olé"), Close(1011, "x" * 123)])
def test_5_5_1_a_close_says_its_code_and_reason(kind, mask: bytes, close: Close) -> None:
    event = only_event(kind, close_frame(close, mask))
    assert isinstance(event, CloseConnection)
    assert (event.code, event.reason or "") == close


@READERS
def test_7_4_1_no_status_is_a_close_without_a_code(kind, mask: bytes) -> None:
    event = only_event(kind, close_frame(Close(NO_STATUS), mask))
    assert isinstance(event, CloseConnection)
    assert event.code == NO_STATUS
    assert b"\x03\xed" not in close_frame(Close(NO_STATUS))


def test_5_5_a_reason_too_long_is_cut_between_two_characters() -> None:
    event = only_event(ConnectionType.CLIENT, close_frame(Close(1000, "é" * 100)))
    assert event.reason == "é" * (REASON_BYTES_MAX // 2)


@pytest.mark.parametrize("code", [1004, 1005, 1006, 1015, 999, 1016, 2999, 5000, 0])
def test_7_4_codes_that_never_travel(code: int) -> None:
    assert not may_be_sent(code)
    if code != NO_STATUS:
        with pytest.raises(AssertionError):
            close_frame(Close(code))


def test_7_4_wsproto_knows_the_same_codes_that_are_only_local() -> None:
    assert not any(may_be_sent(code) for code in LOCAL_ONLY_CLOSE_REASONS)


@READERS
def test_5_5_2_a_ping_bears_its_payload(kind, mask: bytes) -> None:
    event = only_event(kind, ping_frame(b"tag", mask))
    assert isinstance(event, Ping)
    assert bytes(event.payload) == b"tag"


@given(payload=st.binary(max_size=200), mask=st.binary(min_size=4, max_size=4))
def test_5_3_masking_twice_is_not_masking(payload: bytes, mask: bytes) -> None:
    once = masked(payload, mask)
    assert once == bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    assert masked(once, mask) == payload


@given(payload=st.binary(max_size=125))
def test_what_has_no_flaw_is_read_and_written_again_as_it_was(payload: bytes) -> None:
    if close_flaw(payload) is None:
        assert close_frame(read_close(payload))[2:] == payload
