"""JSON as strictly as RFC 8259 lets one read it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.composing.documents import (
    NESTING_MAX,
    Flaw,
    is_json,
    read_document,
    write_document,
)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(b'{"a": [1, 2.5, "x", true, null]}', {"a": [1, 2.5, "x", True, None]}, id="3"),
        pytest.param(b"", None, id="nothing at all, as a 204"),
        pytest.param(b" 1 ", 1, id="2 white space around"),
        pytest.param(b"12345678901234567890123", 12345678901234567890123, id="6 exact integers"),
        pytest.param('"é"'.encode(), "é", id="8.1 UTF-8"),
        pytest.param(b'"\\ud800"', "\ud800", id="8.2 half a pair, escaped"),
        pytest.param(nested(NESTING_MAX), json.loads(nested(NESTING_MAX)), id="9 the deepest"),
        pytest.param(b"[" + b",".join([b"{}"] * 200) + b"]", [{}] * 200, id="9 wide is not deep"),
        pytest.param(b'["[[[[[["]', ["[[[[[["], id="9 brackets in texts do not count"),
    ],
)
def test_a_document_is_read(body: bytes, found: object) -> None:
    assert read_document(body) == found


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        pytest.param(b'"\xff"', Flaw.NOT_UTF8, id="8.1 not UTF-8"),
        pytest.param('"a"'.encode("utf-16"), Flaw.NOT_UTF8, id="8.1 UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", Flaw.NOT_JSON, id="8.1 a byte order mark"),
        pytest.param(b"<html>", Flaw.NOT_JSON, id="something else"),
        pytest.param(b"{} {}", Flaw.NOT_JSON, id="2 two values"),
        pytest.param(b'{"a": 1', Flaw.NOT_JSON, id="2 half a value"),
        pytest.param(b"{'a': 1}", Flaw.NOT_JSON, id="7 wrong quotes"),
        pytest.param(b'"\x00"', Flaw.NOT_JSON, id="7 a raw control character"),
        pytest.param(b"9" * 5000, Flaw.NOT_JSON, id="6 more digits than Python reads"),
        pytest.param(b'{"a": NaN}', Flaw.NO_NUMBER, id="6 NaN"),
        pytest.param(b"-Infinity", Flaw.NO_NUMBER, id="6 Infinity"),
        pytest.param(b"[1e999]", Flaw.NO_NUMBER, id="6 beyond any double"),
        pytest.param(b'{"a": 1, "b": {"c": 2, "c": 2}}', Flaw.NAME_TWICE, id="4 a name twice"),
        pytest.param(b'{"a": 1, "\\u0061": 2}', Flaw.NAME_TWICE, id="4 twice, once escaped"),
        pytest.param(nested(NESTING_MAX + 1), Flaw.TOO_DEEP, id="9 just too deep"),
        pytest.param(nested(10_000), Flaw.TOO_DEEP, id="9 ten thousand deep"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, Flaw.TOO_DEEP, id="9 objects"),
        pytest.param(b"[" * 100_000, Flaw.TOO_DEEP, id="9 never closed"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes, flaw: Flaw) -> None:
    assert read_document(body) is flaw


def test_nesting_is_counted_through_arrays_and_objects_alike() -> None:
    half = NESTING_MAX // 2
    mixed = b'[{"a":' * half + b"[]" + b"}]" * half
    assert read_document(mixed) is Flaw.TOO_DEEP
    assert read_document(b"[[]," + b"[]," * NESTING_MAX + b"1]") != Flaw.TOO_DEEP


DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_what_is_written_is_read_again(document: object) -> None:
    written = write_document(document, 2**20)  # type: ignore[arg-type]
    assert written is not None
    assert read_document(written) == document
    assert write_document(document, 2**20, expected=2**40) == written  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_raise(body: bytes) -> None:
    read_document(body)


def test_text_leaves_as_utf_8_and_half_a_character_as_an_escape() -> None:
    assert write_document("é", 10) == '"é"'.encode()
    assert write_document("\ud800", 10) == b'"\\ud800"'


def test_a_document_larger_than_allowed_is_not_written() -> None:
    assert write_document("x" * 9, 10) is None
    assert write_document("x" * 8, 10) == b'"xxxxxxxx"'


def test_a_document_that_says_one_thing_over_and_over_is_never_made_whole() -> None:
    """In memory it is 60 lists; on paper it has 2**60 members."""
    document: object = "x"
    for _ in range(60):
        document = [document, document]
    assert write_document(document, 1000, expected=2**60) is None  # type: ignore[arg-type]


def test_what_no_json_can_say_is_not_written() -> None:
    assert write_document(float("inf"), 100) is None
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert write_document(deep, 10**6) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "json"),
    [
        (b"application/json", True),
        (b"Application/JSON ;charset=utf-8", True),
        (b"application/hal+json", True),
        (b"application/x-ndjson", False),
        (b"text/plain", False),
        (None, False),
    ],
)
def test_what_is_json_says_so(kind: bytes | None, *, json: bool) -> None:
    assert is_json(kind) is json
