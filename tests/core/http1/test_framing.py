"""How long a body is: each rule once. Whole requests stand in cases.py."""

import pytest

from gateway_core.http1 import flaws
from gateway_core.http1.framing import body_length, content_length
from gateway_core.message import UNKNOWN
from gateway_core.refusal import Refusal

LENGTH = (b"content-length", b"5")
ENCODING = (b"transfer-encoding", b"chunked")
RAW = b"POST / HTTP/1.1\r\nTransfer-Encoding: %b\r\n\r\n"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param((), 0, id="6.3 nothing said"),
        pytest.param((LENGTH,), 5, id="6.3 a length"),
        pytest.param((ENCODING,), UNKNOWN, id="6.3 chunked"),
        pytest.param((LENGTH, LENGTH), flaws.LENGTH_REPEATED, id="6.3 two lengths"),
        pytest.param((ENCODING, ENCODING), flaws.ENCODING_REPEATED, id="6.1 two encodings"),
        pytest.param((LENGTH, ENCODING), flaws.LENGTH_AND_ENCODING, id="6.1 both"),
        pytest.param(
            (ENCODING, LENGTH, LENGTH), flaws.LENGTH_AND_ENCODING, id="6.1 both, and two lengths"
        ),
    ],
)
def test_the_fields_tell_the_length(
    fields: tuple[tuple[bytes, bytes], ...], expected: int | Refusal
) -> None:
    assert body_length(fields, RAW % b"chunked", minor=1) == expected


def test_http_1_0_knows_no_transfer_encoding() -> None:
    assert body_length((ENCODING,), RAW % b"chunked", minor=0) == flaws.ENCODING_IN_HTTP_1_0
    assert body_length((LENGTH,), b"", minor=0) == 5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"gzip", flaws.UNKNOWN_CODING, id="7 known, but not to us"),
        pytest.param(b"gzip,\tchunked", flaws.UNKNOWN_CODING, id="7 known, then chunked"),
        pytest.param(b"X-GZIP, deflate", flaws.UNKNOWN_CODING, id="7 two, any case"),
        pytest.param(b"chunked, gzip", flaws.BAD_ENCODING, id="6.3 no end to be found"),
        pytest.param(b"gzip, gzipped", flaws.BAD_ENCODING, id="7 one that nobody knows"),
        pytest.param(b"CHUNKED", flaws.BAD_ENCODING, id="7 exactly, says the specification"),
        pytest.param(b"", flaws.BAD_ENCODING, id="7 empty"),
    ],
)
def test_an_encoding_is_exactly_chunked(value: bytes, expected: Refusal) -> None:
    fields = ((b"transfer-encoding", value),)
    assert body_length(fields, RAW % value, minor=1) == expected


@pytest.mark.parametrize("padded", [b" chunked", b"\tchunked", b"chunked ", b"chunked\t"])
def test_padding_shows_in_the_bytes_alone(padded: bytes) -> None:
    assert body_length((ENCODING,), RAW % padded, minor=1) == flaws.BAD_ENCODING


def test_a_field_name_has_no_case_when_its_padding_is_judged() -> None:
    assert body_length((ENCODING,), (RAW % b"chunked").swapcase(), minor=1) == flaws.BAD_ENCODING
    assert (
        body_length((ENCODING,), RAW.replace(b"Transfer", b"TRANSFER") % b"chunked", minor=1)
        == UNKNOWN
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"0", 0),
        (b"007", 7),
        (b"9" * 18, 10**18 - 1),
        (b"9" * 19, flaws.BAD_LENGTH),
        (b"", flaws.BAD_LENGTH),
        (b"+1", flaws.BAD_LENGTH),
        (b"1 ", flaws.BAD_LENGTH),
        (b"1\n", flaws.BAD_LENGTH),
        (b"\xb2", flaws.BAD_LENGTH),
    ],
)
def test_a_length_is_digits(value: bytes, expected: int | Refusal) -> None:
    assert content_length(value) == expected
