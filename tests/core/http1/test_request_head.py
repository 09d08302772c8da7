"""One request's head: the values in a good one, the one flaw of a bad one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.http1 import flaws
from gateway_core.http1.limits import DEFAULT_LIMITS, Limits
from gateway_core.http1.request_head import (
    ParsedRequest,
    RequestHeadReader,
    keeps_alive,
    parse_request_head,
    request_line_flaw,
)
from gateway_core.message import UNKNOWN
from gateway_core.refusal import Refusal
from tests.core.http1.cases import FIELDS, FIRST_LINES, GET, HOSTS, LENGTHS, Case

ONE_HEAD = [
    case
    for case in [*FIRST_LINES, *FIELDS, *HOSTS, *LENGTHS]
    if case.sent.find(b"\r\n\r\n") + 4 == len(case.sent) and not case.sent.startswith(b"\r\n")
]


def test_a_head_is_read() -> None:
    head = b"PUT /a?b HTTP/1.1\r\nHost: h:1\r\nContent-Length: 12\r\nX:  y \r\nx: z\r\n\r\n"
    assert parse_request_head(head) == ParsedRequest(
        method="PUT",
        target=b"/a?b",
        version="1.1",
        fields=((b"host", b"h:1"), (b"content-length", b"12"), (b"x", b"y"), (b"x", b"z")),
        authority=b"h:1",
        body=12,
        keep_alive=True,
        upgrade=False,
        size=len(head),
    )


def test_an_old_head_is_read() -> None:
    head = b"GET / HTTP/1.0\r\n\r\n"
    assert parse_request_head(head) == ParsedRequest(
        "GET", b"/", "1.0", (), b"", 0, keep_alive=False, upgrade=False, size=len(head)
    )


def test_chunks_are_of_unknown_length() -> None:
    parsed = parse_request_head(b"POST / HTTP/1.1\r\nHost: h\r\nTRANSFER-ENCODING: chunked\r\n\r\n")
    assert isinstance(parsed, ParsedRequest)
    assert parsed.body == UNKNOWN


@pytest.mark.parametrize("case", ONE_HEAD, ids=lambda case: case.id)
def test_a_head_is_good_or_has_one_flaw(case: Case) -> None:
    parsed = parse_request_head(case.sent)
    assert RequestHeadReader().read(b"?" + case.sent, 1) == parsed
    if case.status is None:
        assert isinstance(parsed, ParsedRequest)
        assert parsed.size == len(case.sent)
    else:
        assert isinstance(parsed, Refusal)
        assert (parsed.status, parsed.reason) == (case.status, case.reason)


@pytest.mark.parametrize(
    ("connection", "minor", "expected"),
    [
        pytest.param([], 1, True, id="9.3 goes on by default"),
        pytest.param([], 0, False, id="9.3 HTTP/1.0 does not"),
        pytest.param([b"close"], 1, False, id="9.6 close"),
        pytest.param([b"x, CLOSE"], 1, False, id="9.6 in a list, in any case"),
        pytest.param([b"keep-alive"], 0, True, id="9.3 HTTP/1.0 by keep-alive"),
        pytest.param([b"keep-alive", b"close"], 1, False, id="9.6 close wins"),
        pytest.param([b"close", b"keep-alive"], 1, False, id="9.6 close wins, first"),
        pytest.param([b"upgrade"], 1, True, id="9.6 another option"),
    ],
)
def test_whether_the_client_goes_on(connection: list[bytes], minor: int, expected: bool) -> None:
    lines = b"".join(b"Connection: %b\r\n" % option for option in connection)
    parsed = parse_request_head(b"GET / HTTP/1.%d\r\nHost: h\r\n%b\r\n" % (minor, lines))
    assert isinstance(parsed, ParsedRequest)
    assert parsed.keep_alive == expected
    assert keeps_alive(parsed.fields, minor=minor) == expected


@pytest.mark.parametrize(
    ("limits", "flaw"),
    [
        (Limits(head_bytes_max=len(GET) - 1), flaws.HEAD_TOO_LARGE),
        (Limits(fields_max=0), flaws.TOO_MANY_FIELDS),
        (Limits(target_bytes_max=0), flaws.TARGET_TOO_LONG),
        (Limits(head_bytes_max=5), flaws.HEAD_TOO_LARGE),
    ],
)
def test_limits_are_those_given(limits: Limits, flaw: Refusal) -> None:
    assert parse_request_head(GET, limits) == flaw
    assert RequestHeadReader(limits).read(GET, 0) == flaw
    reader = RequestHeadReader(limits)
    found = [reader.read(GET[at : at + 1], 0) for at in range(len(GET))]
    assert next(each for each in found if each is not None) == flaw


def test_heads_are_taken_off_a_stream() -> None:
    reader = RequestHeadReader()
    assert reader.read(b"\0" + GET + GET[:9], 1) == parse_request_head(GET)
    assert reader.read(b"\0" + GET + GET[:9], 1 + len(GET)) is None
    assert reader.held == GET[:9]
    assert reader.read(b"\0" + GET[9:20], 1) is None
    parsed = reader.read(GET[20:] + b"the rest", 0)
    assert parsed == parse_request_head(GET)
    assert (reader.raw, reader.held) == (GET, b"")


PREFIXES = [
    b"GET",
    b"G" * 32,
    b" ",
    b"/",
    b"x" * 40,
    b"HTTP/1.1",
    b"\r",
    b"#",
    b"\x80",
    b"\0",
    b":",
]


@given(st.lists(st.sampled_from(PREFIXES), max_size=8), st.integers(0, 400))
def test_what_is_said_of_a_beginning_is_said_of_the_whole(pieces: list[bytes], cut: int) -> None:
    limits = Limits(target_bytes_max=50)
    text = b"".join(pieces)
    early = request_line_flaw(text[:cut].removesuffix(b"\r"), limits, complete=False)
    if early is not None:
        assert request_line_flaw(text, limits, complete=True) == early


@pytest.mark.parametrize(
    ("begun", "flaw"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"\x16", flaws.NOT_HTTP, id="a TLS handshake's first byte"),
        pytest.param(b"\x00", flaws.BAD_METHOD, id="no token's byte"),
        pytest.param(b"GET\n", flaws.BAD_METHOD, id="an end too early"),
        pytest.param(b"M" * 32, None, id="the longest method"),
        pytest.param(b"M" * 33, flaws.METHOD_TOO_LONG, id="a longer one"),
        pytest.param(b"GET  ", flaws.BAD_REQUEST_LINE, id="two spaces"),
        pytest.param(b"GET / HTTP/1.1", None, id="all but its end"),
        pytest.param(b"GET / HTTP/1.1 ", flaws.BAD_VERSION, id="more than its end"),
    ],
)
def test_a_line_is_refused_as_soon_as_nothing_can_mend_it(
    begun: bytes, flaw: Refusal | None
) -> None:
    assert request_line_flaw(begun, DEFAULT_LIMITS, complete=False) == flaw
