"""What a request asks of a cache: RFC 9111, 5.2.1; RFC 9110, 13 and 14."""

import pytest

from gateway_core.caching.asking import PLAIN_GET, PLAIN_HEAD, Asked, Bypass, what_is_asked
from gateway_core.caching.directives import RequestDirectives
from gateway_core.caching.keying import OVERRIDING
from gateway_core.message import UNKNOWN, RequestHead


def head(method: str = "GET", body: int = 0, *lines: tuple[bytes, bytes]) -> RequestHead:
    return RequestHead(method, b"/", b"a", lines, body=body)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param(head("POST"), Bypass.METHOD, id="POST"),
        pytest.param(head("get"), Bypass.METHOD, id="9.1 case counts"),
        pytest.param(head("GET", 5), Bypass.BODY, id="9.3.1 GET with a body"),
        pytest.param(head("GET", UNKNOWN), Bypass.BODY, id="9.3.1 of unknown length"),
        pytest.param(head("GET", 0, (b"if-match", b"*")), Bypass.CONDITION, id="13.1.1 If-Match"),
        pytest.param(
            head("GET", 0, (b"if-unmodified-since", b"x")), Bypass.CONDITION, id="13.1.4 likewise"
        ),
        pytest.param(head("GET", 0, (b"upgrade", b"x")), Bypass.UPGRADE, id="7.8 Upgrade"),
        *[
            pytest.param(head("GET", 0, (name, b"/admin")), Bypass.OVERRIDE, id=name.decode())
            for name in sorted(OVERRIDING)
        ],
    ],
)
def test_what_is_no_business_of_a_cache(asked: RequestHead, why: Bypass) -> None:
    assert what_is_asked(asked) is why


def test_a_request_that_says_nothing() -> None:
    assert what_is_asked(head("GET", 0, (b"accept", b"*/*"))) is PLAIN_GET
    assert what_is_asked(head("HEAD")) is PLAIN_HEAD


def test_a_request_that_says_everything() -> None:
    lines = (
        (b"cache-control", b"no-cache"),
        (b"authorization", b"Basic x"),
        (b"if-none-match", b'"a"'),
        (b"if-none-match", b'"b"'),
        (b"if-modified-since", b"then"),
        (b"if-range", b'"a"'),
        (b"range", b"bytes=0-1"),
    )
    asked = what_is_asked(head("GET", 0, *lines))
    assert asked == Asked(
        directives=RequestDirectives(no_cache=True),
        authorized=True,
        if_none_match=(b'"a"', b'"b"'),
        if_modified_since=b"then",
        if_range=b'"a"',
        range=b"bytes=0-1",
    )
    assert asked.conditional


def test_a_range_is_defined_for_get_alone() -> None:
    asked = what_is_asked(head("HEAD", 0, (b"range", b"bytes=0-1")))
    assert isinstance(asked, Asked)
    assert asked.range is None
    assert not asked.conditional


def test_of_two_values_of_a_field_that_has_one_neither_counts() -> None:
    twice = (
        (b"if-modified-since", b"a"),
        (b"if-modified-since", b"b"),
        (b"range", b"x"),
        (b"range", b"y"),
    )
    asked = what_is_asked(head("GET", 0, *twice))
    assert isinstance(asked, Asked)
    assert asked.if_modified_since == b""
    assert asked.range == b"x,y"
