"""A JSON document of an answer, made anew."""

import pytest

from gateway_core.composing import Document, Flaw, Shape
from gateway_core.errors import ConfigError
from gateway_core.message import Fields, RequestHead, ResponseHead, value
from gateway_core.refusal import Refusal
from gateway_core.transforming import Rewriting
from gateway_core.transforming.rewriting import flawed

NAMES = Rewriting(Shape.of({"names": "body.items[*].name"}))
JSON = (b"content-type", b"application/json")


def answer(*fields: tuple[bytes, bytes], body: int = -1) -> ResponseHead:
    return ResponseHead(200, (JSON, *fields), body)


def tag_of(rewriting: Rewriting, tag: bytes = b'"x"') -> bytes | None:
    return value(rewriting.told(answer((b"etag", tag))).fields, b"etag")


def asked(rewriting: Rewriting, *fields: tuple[bytes, bytes]) -> Fields:
    return rewriting.asked(RequestHead("GET", b"/", b"h", fields)).fields


@pytest.mark.parametrize(
    ("status", "kind", "takes"),
    [
        (200, b"application/json", True),
        (201, b"Application/JSON; charset=utf-8", True),
        (200, b"application/hal+json", True),
        (200, b"text/event-stream", False),
        (200, b"application/x-ndjson", False),
        (200, b"text/html", False),
        (200, b"", False),
        (404, b"application/json", False),
        (301, b"application/json", False),
        (204, b"application/json", False),
        (206, b"application/json", False),
    ],
)
def test_json_of_a_success_is_rewritten_and_nothing_else(
    status: int, kind: bytes, *, takes: bool
) -> None:
    assert NAMES.takes(status, ((b"content-type", kind),)) is takes
    assert not NAMES.takes(200, ())


def test_a_document_is_made_of_another_and_of_the_request() -> None:
    shape = Shape.of({"n": "body.items[0].name", "who": "consumer"})
    made = Rewriting(shape).made({"items": [{"name": "a", "secret": 1}]}, {"consumer": "ada"}, 9)
    assert made == b'{"n":"a","who":"ada"}'


def test_nothing_that_was_said_of_the_bytes_is_said_of_what_is_made() -> None:
    gone = (
        (b"content-length", b"9"),
        (b"accept-ranges", b"bytes"),
        (b"content-digest", b"sha-256=:x:"),
        (b"repr-digest", b"sha-256=:x:"),
        (b"digest", b"x"),
        (b"content-md5", b"x"),
        (b"last-modified", b"x"),
        (b"content-encoding", b"identity"),
    )
    head = NAMES.told(ResponseHead(200, ((b"content-type", b"a/b+json"), *gone, (b"x-a", b"1"))))
    assert head.fields == (JSON, (b"x-a", b"1"))


def test_a_tag_is_weak_of_this_shape_and_leads_back_to_the_upstreams() -> None:
    for theirs in (b'"x"', b'W/"x"', b'""', b'"a;b,c"'):
        ours = tag_of(NAMES, theirs)
        assert ours is not None
        assert ours.startswith(b'W/"')
        assert asked(NAMES, (b"if-none-match", ours)) == ((b"if-none-match", theirs),)
    assert tag_of(NAMES) != tag_of(Rewriting(Shape.of({"names": "body.items"})))
    assert tag_of(NAMES) == tag_of(Rewriting(Shape.of({"names": "body.items[*].name"})))
    assert tag_of(NAMES, b"no tag") is None


def test_tags_of_others_are_not_shown_to_the_upstream() -> None:
    ours = tag_of(NAMES)
    assert ours is not None
    mixed = b'"x", W/"y;s00000000", %b' % ours
    assert asked(NAMES, (b"if-none-match", mixed)) == ((b"if-none-match", b'"x"'),)
    assert asked(NAMES, (b"if-none-match", b'"x"'), (b"a", b"1")) == ((b"a", b"1"),)
    assert asked(NAMES, (b"if-none-match", b" * ")) == ((b"if-none-match", b"*"),)


@pytest.mark.parametrize("name", [b"range", b"if-range", b"if-modified-since"])
def test_ranges_and_dates_of_other_bytes_are_not_asked_for(name: bytes) -> None:
    assert asked(NAMES, (name, b"x"), (b"a", b"1")) == ((b"a", b"1"),)
    head = RequestHead("GET", b"/", b"h", ((b"a", b"1"),))
    assert NAMES.asked(head) is head


@pytest.mark.parametrize("seen", ["consumer", "claims.email", "headers.x_team", "client"])
def test_what_is_made_for_one_client_has_no_tag(seen: str) -> None:
    rewriting = Rewriting(Shape.of({"a": "body", "who": seen}))
    assert tag_of(rewriting) is None
    assert asked(rewriting, (b"if-none-match", b'W/"x;s01234567"')) == ()


@pytest.mark.parametrize("seen", ["path.id", "id", "query.page"])
def test_what_the_url_says_is_the_same_for_everybody(seen: str) -> None:
    assert tag_of(Rewriting(Shape.of({"a": seen}), params=("id",))) is not None


@pytest.mark.parametrize(
    ("head", "flaw"),
    [
        (answer(), None),
        (answer((b"content-encoding", b"Identity"), body=9), None),
        (answer((b"content-encoding", b"gzip")), Flaw.ENCODED),
        (answer(body=11), Flaw.TOO_LARGE),
    ],
)
def test_a_head_alone_may_tell_that_there_is_nothing_to_read(
    head: ResponseHead, flaw: Flaw | None
) -> None:
    assert Rewriting(NAMES.shape, size_max=10).flaw(head) is flaw


def test_a_flaw_is_a_named_refusal() -> None:
    refusal = flawed(Flaw.NOT_JSON)
    assert (refusal.status, refusal.reason) == (502, "answer-not-json")
    assert "it is not JSON" in refusal.detail


@pytest.mark.parametrize(
    ("text", "document", "reason"),
    [
        ("sum(body)", {"a": 1}, "answer-misfit"),
        ("body[*].[@,@] | [].[@,@] | [].[@,@] | [].[@,@]", ["x" * 2**20] * 8, "answer-too-large"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(text: str, document: Document, reason: str) -> None:
    made = Rewriting(Shape.of({"a": text})).made(document, {}, 8 * 2**20)
    assert isinstance(made, Refusal)
    assert (made.status, made.reason) == (502, reason)
    if reason == "answer-misfit":
        assert "at a, " in made.detail
        whole = Rewriting(Shape.of(text)).made(document, {}, 9)
        assert isinstance(whole, Refusal)
        assert " at " not in whole.detail


@pytest.mark.parametrize("text", ["nosuch", "parts.a", "keys(@)", "claims"])
def test_a_name_that_leads_nowhere_is_told(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        Rewriting(Shape.of({"a": {"b": text}}))
    assert error.value.path == "document.a.b"
    with pytest.raises(ConfigError) as error:
        Rewriting(Shape.of(text))
    assert error.value.path == "document"
