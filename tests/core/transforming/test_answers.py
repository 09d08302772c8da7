"""What a route changes in an answer, for whoever it goes to."""

import pytest

from gateway_core.composing import Shape, field_template
from gateway_core.errors import ConfigError
from gateway_core.forwarding import Client
from gateway_core.message import RequestHead, ResponseHead, values
from gateway_core.transforming import AnswerChange, Rewriting, StatusMap
from gateway_core.transforming.answers import varying

CLIENT = Client("192.0.2.1", "http", b"h", ("192.0.2.1",))
REQUEST = RequestHead("GET", b"/?p=1", b"h", ((b"x-team", b"red"),), "192.0.2.1")


def change(*, added: str = "", **fields: str) -> AnswerChange:
    return AnswerChange(
        StatusMap({"404": 410}),
        tuple((name.encode(), field_template(text)) for name, text in fields.items()),
        ((b"link", field_template(added)),) if added else (),
        ("id",),
    )


def told(made: AnswerChange, head: ResponseHead, claims: dict[str, object] | None = None):
    scope = made.scope(
        REQUEST,
        {"id": b"7"},
        CLIENT,
        consumer="ada",
        request_id="r",
        claims=claims,  # type: ignore[arg-type]
    )
    return made.head(head, scope)


def test_fields_are_set_in_the_place_of_the_upstreams_or_added_beside_them() -> None:
    made = change(who="{consumer} of {claims.org}", added="</x/{id}>; rel=up")
    head = ResponseHead(200, ((b"who", b"nobody"), (b"link", b"</a>")), 5)
    assert told(made, head, {"org": "acme"}) == ResponseHead(
        200,
        ((b"link", b"</a>"), (b"who", b"ada of acme"), (b"link", b"</x/7>; rel=up")),
        5,
    )
    assert made.sees_the_request
    assert made.claims == {"org"}


def test_a_missing_claim_leaves_its_field_out_the_upstreams_own_too() -> None:
    made = change(mail="{claims.email}")
    assert told(made, ResponseHead(200, ((b"mail", b"root@x"),))).fields == ()
    for no_text in (None, [], {"a": 1}):
        assert told(made, ResponseHead(200, ()), {"email": no_text}).fields == ()


def test_a_claim_ends_no_line() -> None:
    made = change(mail="{claims.email}")
    head = told(made, ResponseHead(200, ()), {"email": "a\r\nset-cookie: x=1\x00é"})
    assert head.fields == ((b"mail", b"a%0D%0Aset-cookie: x=1%00%C3%A9"),)


def test_a_status_is_mapped_and_the_body_stays() -> None:
    assert told(change(), ResponseHead(404, (), 9)) == ResponseHead(410, (), 9)
    assert not change().sees_the_request


def test_what_is_made_of_the_requests_fields_says_so() -> None:
    made = change(team="{headers.x_team}")
    assert values(told(made, ResponseHead(200, ())).fields, b"vary") == [b"x-team"]
    known = ((b"vary", b"Accept, X-Team"),)
    assert values(told(made, ResponseHead(200, known)).fields, b"vary") == [b"Accept, X-Team"]
    rewriting = Rewriting(Shape.of({"t": "headers.x_team"}))
    rewritten = AnswerChange(rewriting=rewriting).rewritten(ResponseHead(200, ()))
    assert rewritten.fields == ((b"vary", b"x-team"),)


def test_what_varies_by_everything_needs_no_more() -> None:
    assert varying(((b"vary", b"*"),), (b"x-a",)) == ((b"vary", b"*"),)


def test_a_name_that_leads_nowhere_is_told() -> None:
    with pytest.raises(ConfigError) as error:
        change(who="{nosuch}")
    assert error.value.path == "response_headers.set.who"
    with pytest.raises(ConfigError) as error:
        change(added="{body.x}")
    assert error.value.path == "response_headers.add.link"
