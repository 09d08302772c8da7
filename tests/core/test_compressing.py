"""Which answers are compressed for whom, and what their heads say then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.compressing import Compression, chosen, compressed
from gateway_core.message import UNKNOWN, Fields, ResponseHead, value, values

RULE = Compression()
JSON = (b"content-type", b"application/json; charset=utf-8")
LONG = (b"content-length", b"5000")
ALL: Fields = ((b"accept-encoding", b"gzip, deflate, br, zstd"),)


def accepting(told: str) -> Fields:
    return ((b"accept-encoding", told.encode()),)


@pytest.mark.parametrize(
    ("told", "coding"),
    [
        pytest.param("gzip, deflate, br, zstd", "zstd", id="12.5.3 ours where all are liked"),
        pytest.param("gzip", "gzip", id="12.5.3 the only one"),
        pytest.param("gzip;q=1.0, br;q=0.5", "gzip", id="12.4.2 by weight"),
        pytest.param("br;q=0.5, gzip;q=0.4", "br", id="12.4.2 by weight, both low"),
        pytest.param("GZIP", "gzip", id="8.4.1 case-insensitive"),
        pytest.param("x-gzip", "gzip", id="8.4.1.3 x-gzip is gzip"),
        pytest.param("*", "zstd", id="12.5.3 any"),
        pytest.param("*;q=0.1, gzip", "gzip", id="12.5.3 any, less than one"),
        pytest.param("zstd;q=0, *", "br", id="12.5.3 any but one"),
        pytest.param("identity, gzip;q=0.5", "", id="12.5.3 rather as it is"),
        pytest.param("gzip;q=0", "", id="12.4.2 none"),
        pytest.param("deflate", "", id="none that we know"),
        pytest.param("", "", id="12.5.3 empty"),
        pytest.param("gzip;q=nonsense", "", id="a weight that cannot be read"),
        pytest.param("gzip;q=2", "", id="12.4.2 a weight beyond 1"),
        pytest.param("gzip ; q=0.8", "gzip", id="5.6.3 white space"),
        pytest.param("gzip," * 100, "", id="longer than anybody sends"),
        pytest.param("gzip;level=9;q=0.1", "gzip", id="parameters that nobody defined are not"),
    ],
)
def test_the_client_chooses_the_coding(told: str, coding: str) -> None:
    assert chosen(accepting(told), RULE) == coding


def test_who_says_nothing_gets_it_as_it_is_and_several_lines_are_one() -> None:
    assert chosen((), RULE) == ""
    assert chosen((*accepting("deflate"), *accepting("br")), RULE) == "br"


def test_the_operator_chooses_which_codings_there_are() -> None:
    assert chosen(ALL, Compression(codings=("gzip",))) == "gzip"
    assert chosen(ALL, Compression(codings=("br", "zstd"))) == "br"


def test_a_compressed_answer_says_nothing_of_the_bytes_that_were() -> None:
    fields = (
        JSON,
        LONG,
        (b"etag", b'"x"'),
        (b"accept-ranges", b"bytes"),
        (b"repr-digest", b"sha-256=:x=:"),
        (b"content-md5", b"x"),
        (b"set-cookie", b"a=1"),
    )
    head, coding = compressed(ResponseHead(200, fields, 5000), ALL, RULE)
    assert coding == "zstd"
    assert head == ResponseHead(
        200,
        (
            JSON,
            (b"etag", b'W/"x"'),
            (b"set-cookie", b"a=1"),
            (b"vary", b"Accept-Encoding"),
            (b"content-encoding", b"zstd"),
        ),
        UNKNOWN,
    )


def test_a_weak_tag_stays_as_it_is() -> None:
    head, _ = compressed(ResponseHead(200, (JSON, (b"etag", b'W/"x"'))), ALL, RULE)
    assert value(head.fields, b"etag") == b'W/"x"'


@pytest.mark.parametrize(
    ("vary", "after"),
    [
        ((), [b"Accept-Encoding"]),
        ((b"origin",), [b"origin", b"Accept-Encoding"]),
        ((b"Origin, accept-encoding",), [b"Origin, accept-encoding"]),
        ((b"*",), [b"*"]),
    ],
)
def test_an_answer_that_could_have_been_another_says_so_to_everybody(
    vary: tuple[bytes, ...], after: list[bytes]
) -> None:
    fields = (JSON, *((b"vary", each) for each in vary))
    for asked in (ALL, ()):
        head, _ = compressed(ResponseHead(200, fields), asked, RULE)
        assert values(head.fields, b"vary") == after


def test_whoever_takes_no_coding_gets_the_bytes_as_they_are() -> None:
    fields = (JSON, LONG, (b"etag", b'"x"'))
    head, coding = compressed(ResponseHead(200, fields, 5000), (), RULE)
    assert coding == ""
    assert head.body == 5000
    assert head.fields[:3] == fields


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        pytest.param(200, ((b"content-type", b"image/png"),), id="gains nothing"),
        pytest.param(200, ((b"content-type", b"text/event-stream"),), id="events"),
        pytest.param(200, (), id="of no type"),
        pytest.param(200, (JSON, (b"content-length", b"1023")), id="too small"),
        pytest.param(200, (JSON, (b"content-encoding", b"gzip")), id="8.4 encoded already"),
        pytest.param(
            200, (JSON, (b"cache-control", b"max-age=1, No-Transform")), id="9111-5.2.2.6"
        ),
        pytest.param(206, (JSON, LONG), id="15.3.7 a part"),
        pytest.param(204, (JSON,), id="15.3.5 no content"),
        pytest.param(103, (JSON,), id="15.2 interim"),
    ],
)
def test_what_does_not_gain_or_must_not_change_is_left_alone(status: int, fields: Fields) -> None:
    head = ResponseHead(status, fields)
    assert compressed(head, ALL, RULE) == (head, "")


@pytest.mark.parametrize(
    "fields",
    [
        (JSON, LONG),
        (JSON,),
        (JSON, (b"content-length", b"nonsense")),
        (JSON, LONG, (b"content-encoding", b"identity")),
        ((b"content-type", b"TEXT/Html ; charset=x"),),
        ((b"content-type", b"application/problem+json"),),
    ],
)
def test_text_of_some_size_or_of_unknown_size_is_compressed(fields: Fields) -> None:
    _, coding = compressed(ResponseHead(200, fields), ALL, RULE)
    assert coding == "zstd"


def test_errors_are_compressed_like_anything_else() -> None:
    assert compressed(ResponseHead(500, (JSON, LONG)), ALL, RULE)[1] == "zstd"


def test_a_304_says_what_the_answer_that_it_stands_for_would() -> None:
    """RFC 9110, 15.4.5: ETag and Vary as in the 200; its length, if told, is the 200's too."""
    fields = ((b"etag", b'"x"'), (b"content-length", b"5000"))
    head, coding = compressed(ResponseHead(304, fields, 0), ALL, RULE)
    assert coding == ""
    assert value(head.fields, b"etag") == b'W/"x"'
    assert value(head.fields, b"vary") == b"Accept-Encoding"
    head, _ = compressed(ResponseHead(304, fields, 0), (), RULE)
    assert value(head.fields, b"etag") == b'"x"'


@given(st.binary(max_size=80))
def test_no_accept_encoding_makes_choosing_raise(told: bytes) -> None:
    assert chosen(((b"accept-encoding", told),), RULE) in ("", "zstd", "br", "gzip")
