"""The table of first bytes agrees with the sentences of the RFC, for every byte."""

import pytest

from gateway_core.frames.headers import (
    CLOSE,
    FIRST,
    FLAWED,
    INSIDE,
    LAST,
    MIDDLE,
    OUTSIDE,
    PING,
    PONG,
    WHOLE,
)


@pytest.mark.parametrize(
    ("first", "outside", "inside"),
    [
        pytest.param(0x81, WHOLE, FLAWED, id="5.4 a message in one frame"),
        pytest.param(0x02, FIRST, FLAWED, id="5.4 a message begins"),
        pytest.param(0x00, FLAWED, MIDDLE, id="5.4 goes on"),
        pytest.param(0x80, FLAWED, LAST, id="5.4 ends"),
        pytest.param(0x89, PING, PING, id="5.5.2 ping"),
        pytest.param(0x8A, PONG, PONG, id="5.5.3 pong"),
        pytest.param(0x88, CLOSE, CLOSE, id="5.5.1 close"),
        pytest.param(0x08, FLAWED, FLAWED, id="5.5 fragmented close"),
        pytest.param(0x83, FLAWED, FLAWED, id="5.2 reserved"),
    ],
)
def test_what_a_first_byte_says(first: int, outside: int, inside: int) -> None:
    for deflated in (False, True):
        assert (OUTSIDE[deflated][first], INSIDE[deflated][first]) == (outside, inside)


def test_a_reserved_bit_is_a_flaw_but_for_rsv1_at_a_deflated_messages_begin() -> None:
    good = {(0xC1, WHOLE), (0xC2, WHOLE), (0x41, FIRST), (0x42, FIRST)}
    for first in range(256):
        if first & 0x70:
            assert OUTSIDE[False][first] == INSIDE[False][first] == INSIDE[True][first] == FLAWED
            assert (OUTSIDE[True][first] != FLAWED) == ((first, OUTSIDE[True][first]) in good)
