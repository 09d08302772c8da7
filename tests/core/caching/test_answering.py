"""What a stored answer says to a request: RFC 9111, 4; RFC 9110, 14 and 15."""

import pytest

from gateway_core.caching.answering import answer
from gateway_core.caching.asking import PLAIN_GET, PLAIN_HEAD, Asked
from gateway_core.caching.ranges import Span
from gateway_core.message import UNKNOWN, value
from tests.core.caching.entries import ENTRY, entry

MORE = ((b"age", b"7"), (b"x-cache", b"HIT"))


def test_a_whole_answer_bears_its_age_and_what_we_add() -> None:
    whole = answer(ENTRY, PLAIN_GET, MORE)
    assert whole.head.fields == (*ENTRY.fields, *MORE)
    assert (whole.head.status, whole.head.body, whole.span) == (200, 10, Span(0, 10))


def test_an_answer_of_unknown_length_follows_to_its_end() -> None:
    growing = answer(entry(length=UNKNOWN), PLAIN_GET, ())
    assert growing.head.body == UNKNOWN
    assert growing.span == Span(0, UNKNOWN)


def test_head_has_the_head_alone() -> None:
    head = answer(ENTRY, PLAIN_HEAD, ())
    assert (head.head.body, head.span) == (0, None)
    assert value(head.head.fields, b"content-length") == b"10"


def test_an_empty_body_does_not_follow() -> None:
    empty = answer(entry(length=0, status=204, fields=()), PLAIN_GET, ())
    assert (empty.head.status, empty.head.body, empty.span) == (204, 0, None)


def test_what_the_client_has_is_not_sent_again() -> None:
    tagged = entry(etag=b'"a"', fields=(*ENTRY.fields, (b"etag", b'"a"')))
    not_modified = answer(tagged, Asked(if_none_match=(b'"a"',)), MORE)
    assert (not_modified.head.status, not_modified.head.body, not_modified.span) == (304, 0, None)
    assert not_modified.head.fields == ((b"x-a", b"1"), (b"etag", b'"a"'), *MORE)
    assert answer(tagged, Asked(if_none_match=(b'"b"',)), ()).head.status == 200


def test_a_part_is_told_which_it_is() -> None:
    part = answer(ENTRY, Asked(range=b"bytes=2-4"), ())
    assert (part.head.status, part.head.body, part.span) == (206, 3, Span(2, 5))
    assert part.head.fields == (
        (b"content-type", b"text/plain"),
        (b"x-a", b"1"),
        (b"content-range", b"bytes 2-4/10"),
        (b"content-length", b"3"),
    )


def test_a_part_behind_the_end_is_refused() -> None:
    refused = answer(ENTRY, Asked(range=b"bytes=10-"), ())
    assert (refused.head.status, refused.head.body, refused.span) == (416, 0, None)
    assert value(refused.head.fields, b"content-range") == b"bytes */10"
    assert value(refused.head.fields, b"content-type") is None


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        pytest.param({}, Asked(range=b"bytes=0-1,4-5"), id="14.2 several parts"),
        pytest.param({}, Asked(range=b"bytes=0-1", if_range=b'"b"'), id="13.1.5 of another"),
        pytest.param({"length": UNKNOWN}, Asked(range=b"bytes=0-1"), id="no length is known yet"),
        pytest.param({"status": 404}, Asked(range=b"bytes=0-1"), id="14.2 of no 200"),
    ],
)
def test_a_part_that_cannot_be_sent_is_the_whole(stored: dict[str, object], asked: Asked) -> None:
    whole = answer(entry(**stored), asked, ())
    assert whole.head.status == stored.get("status", 200)
    assert whole.span == Span(0, whole.head.body)
