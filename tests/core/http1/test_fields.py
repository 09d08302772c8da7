"""Field lines, good and bad, and a head that is followed while it arrives."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.http1 import flaws
from gateway_core.http1.fields import FIELD_LINE, TOKEN, HeadWatch, field_line_flaw, read_fields
from gateway_core.http1.limits import Limits
from gateway_core.refusal import Refusal

LINE = re.compile(FIELD_LINE)
LIMITS = Limits(head_bytes_max=100, fields_max=3, target_bytes_max=10)


def any_first_line(text: bytes, limits: Limits, *, complete: bool) -> Refusal | None:
    """Like a request line: one bad byte, which shows early, and one flaw that shows at its end."""
    if b"!" in text:
        return flaws.BAD_METHOD
    return flaws.BAD_VERSION if complete and text.endswith(b"?") else None


def judged(head: bytes) -> Refusal | None:
    return HeadWatch().flaw(head, LIMITS, any_first_line)


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        pytest.param(b"", (), id="5 none"),
        pytest.param(b"A: b\r\n", ((b"a", b"b"),), id="5 one"),
        pytest.param(
            b"A:b\r\na: \t c d\t\r\n", ((b"a", b"b"), (b"a", b"c d")), id="5.1 white space around"
        ),
        pytest.param(b"A:\r\nB: \r\n", ((b"a", b""), (b"b", b"")), id="5.5 empty values"),
        pytest.param(b"A: b: c\r\n", ((b"a", b"b: c"),), id="5.1 the first colon counts"),
        pytest.param(b"A: \x80\xa0\xff\r\n", ((b"a", b"\x80\xa0\xff"),), id="5.5 opaque bytes"),
    ],
)
def test_fields_are_read_in_order_with_their_duplicates(
    lines: bytes, fields: tuple[tuple[bytes, bytes], ...]
) -> None:
    assert read_fields(lines) == fields


@pytest.mark.parametrize(
    ("size", "remembered"),
    [pytest.param(10, True, id="short"), pytest.param(3000, False, id="too long to be kept")],
)
def test_the_same_lines_are_read_the_same_and_remembered_where_they_are_short(
    size: int, remembered: bool
) -> None:
    value = b"v" * size
    first, again = (read_fields(b"A-Name: %b\r\n" % value) for _ in range(2))
    assert first == again == ((b"a-name", value),)
    assert (first[0] is again[0]) is remembered


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        pytest.param(b"A: b\r\n", None, id="5.1"),
        pytest.param(b"A: b\n", flaws.BARE_LINE_FEED, id="2.2 LF alone"),
        pytest.param(b"A: b\rc\n", flaws.BARE_CARRIAGE_RETURN, id="2.2 CR elsewhere, LF alone"),
        pytest.param(b"A: b\r\r\n", flaws.BARE_CARRIAGE_RETURN, id="2.2 CR twice"),
        pytest.param(b" A: b\r\n", flaws.FOLDED_LINE, id="5.2 folded"),
        pytest.param(b"\tA: b\r\n", flaws.FOLDED_LINE, id="5.2 folded by a tab"),
        pytest.param(b"A\r\n", flaws.NO_COLON, id="5.1 no colon"),
        pytest.param(b": b\r\n", flaws.BAD_FIELD_NAME, id="5.1 no name"),
        pytest.param(b"A : b\r\n", flaws.SPACE_BEFORE_COLON, id="5.1 space before colon"),
        pytest.param(b"A B: c\r\n", flaws.BAD_FIELD_NAME, id="5.1 space in a name"),
        pytest.param(b"A: \0\r\n", flaws.BAD_FIELD_VALUE, id="RFC 9110, 5.5 NUL"),
    ],
)
def test_a_line_has_one_flaw(line: bytes, flaw: Refusal | None) -> None:
    assert field_line_flaw(line) == flaw


@given(
    st.lists(st.sampled_from([b"A", b":", b" ", b"\t", b"\r", b"\0", b"\xff", b"("]), max_size=9)
)
def test_the_pattern_takes_exactly_the_lines_without_a_flaw(pieces: list[bytes]) -> None:
    line = b"".join(pieces) + b"\r\n"
    assert (LINE.fullmatch(line) is None) == (field_line_flaw(line) is not None)


def test_a_token_holds_no_separator() -> None:
    assert len(TOKEN) == 10 + 26 + 26 + 15
    assert not set(TOKEN) & set(b'"(),/:;<=>?@[\\]{} \t\r\n\0\x7f')


@pytest.mark.parametrize(
    ("head", "flaw"),
    [
        pytest.param(b"GET / x\r\nA: b\r\n\r\n", None, id="good"),
        pytest.param(b"GET / x\r\nA: b\r\n\r\n\0", None, id="good, whatever comes behind"),
        pytest.param(b"GET / x\r\nA: b", None, id="not complete"),
        pytest.param(b"\r", None, id="not complete, an empty line perhaps"),
        pytest.param(b"GET / x\nA", flaws.BARE_LINE_FEED, id="2.2 the first line's end"),
        pytest.param(b"\nGET", flaws.BARE_LINE_FEED, id="2.2 an empty first line"),
        pytest.param(b"!", flaws.BAD_METHOD, id="the first line's flaw shows early"),
        pytest.param(b"x?\r\n", flaws.BAD_VERSION, id="the first line's flaw shows at its end"),
        pytest.param(b"x\r\n:\r\n!\r\n", flaws.BAD_FIELD_NAME, id="the first flaw counts"),
        pytest.param(b"x\r\n" + b"A:b\r\n" * 3, None, id="all fields that may be"),
        pytest.param(b"x\r\n" + b"A:b\r\n" * 4, flaws.TOO_MANY_FIELDS, id="a field too many"),
        pytest.param(b"x\r\nA:" + b"b" * 95, None, id="100 bytes"),
        pytest.param(b"x\r\nA:" + b"b" * 96, flaws.HEAD_TOO_LARGE, id="101 bytes"),
        pytest.param(b"x\r\nA:" + b"b" * 94 + b"\r\n", flaws.HEAD_TOO_LARGE, id="a line beyond"),
        pytest.param(b"x" * 80 + b"!", flaws.BAD_METHOD, id="a first line too long to be good"),
        pytest.param(b"x" * 101, flaws.HEAD_TOO_LARGE, id="a first line larger than a head"),
        pytest.param(b"x" * 99 + b"!?", flaws.BAD_METHOD, id="the last byte that is judged"),
        pytest.param(b"x" * 100 + b"!", flaws.HEAD_TOO_LARGE, id="the first that is not"),
    ],
)
def test_a_head_is_judged_alike_whole_and_byte_by_byte(head: bytes, flaw: Refusal | None) -> None:
    assert judged(head) == flaw
    watch, seen, found = HeadWatch(), bytearray(), None
    for byte in head:
        seen.append(byte)
        found = found or watch.flaw(seen, LIMITS, any_first_line)
    assert found == flaw
