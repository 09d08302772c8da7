"""Each flaw of a header has words of its own, and a good header has none."""

import pytest

from gateway_core.frames import CLIENT, UPSTREAM, Close, Side, flaws
from gateway_core.frames.headers import FLAWED, INSIDE, OUTSIDE


@pytest.mark.parametrize(
    ("first", "second", "source", "inside", "flaw"),
    [
        (0x81, 0x00, CLIENT, False, flaws.UNMASKED),
        (0x81, 0x80, UPSTREAM, False, flaws.MASKED),
        (0xC1, 0x80, CLIENT, False, flaws.RESERVED_BITS),
        (0x83, 0x80, CLIENT, False, flaws.RESERVED_OPCODE),
        (0x09, 0x80, CLIENT, False, flaws.FRAGMENTED_CONTROL),
        (0x89, 0xFE, CLIENT, False, flaws.LONG_CONTROL),
        (0x80, 0x80, CLIENT, False, flaws.NOTHING_TO_CONTINUE),
        (0x81, 0x80, CLIENT, True, flaws.UNFINISHED_MESSAGE),
        (0x81, 0xFF, CLIENT, False, None),
    ],
)
def test_what_is_wrong(first: int, second: int, source: Side, inside: bool, flaw: Close | None):
    assert flaws.header_flaw(first, second, source, inside=inside, deflated=False) == flaw


@pytest.mark.parametrize("deflated", [False, True])
def test_the_words_and_the_table_agree_on_every_first_byte(deflated: bool) -> None:
    for first in range(256):
        for inside, kinds in ((False, OUTSIDE), (True, INSIDE)):
            flaw = flaws.header_flaw(first, 0x81, CLIENT, inside=inside, deflated=deflated)
            assert (flaw is not None) == (kinds[deflated][first] == FLAWED)


def test_every_flaw_can_be_said_in_a_close() -> None:
    for close in (value for value in vars(flaws).values() if isinstance(value, Close)):
        assert close.code in {1002, 1007, 1009}
        assert 0 < len(close.reason) <= 123
