"""Changes to a request by values that only the request knows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.composing import Document, field_template, query_template
from gateway_core.errors import ConfigError
from gateway_core.forwarding import Client
from gateway_core.message import FieldEdits, RequestHead
from gateway_core.transforming import Transformation

CLIENT = Client("192.0.2.1", "http", b"h", ("192.0.2.1",))


def change(
    fields: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    without: tuple[bytes, ...] = (),
) -> Transformation:
    return Transformation(
        tuple((name.encode(), field_template(text)) for name, text in (fields or {}).items()),
        tuple((name, query_template(text)) for name, text in (query or {}).items()),
        frozenset(without),
        ("id",),
    )


def scope(made: Transformation, target: bytes = b"/", **about: Any) -> dict[str, Document]:
    fields = ((b"x-team", b"red\xff"), (b"x-evil", b"a"))
    head = RequestHead("GET", target, b"h", fields, "192.0.2.1")
    return made.scope(
        head, {"id": b"a%2Fb"}, CLIENT, consumer=about.get("consumer", ""), request_id="id-1"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{consumer}", b"ada"),
        ("{client}", b"192.0.2.1"),
        ("{request_id}", b"id-1"),
        ("item {id}", b"item a/b"),
        ("{path.id}", b"a/b"),
        ("{headers.x_team}", b"red%FF"),
        ("{query.p}", b"1%0D%0A2"),
        ("{{literal}}", b"{literal}"),
    ],
)
def test_a_field_is_set_from_what_the_request_says(text: str, value: bytes) -> None:
    made = change({"x-who": text})
    edits = made.edits(scope(made, b"/?p=1%0D%0A2", consumer="ada"))
    assert edits == FieldEdits(remove=frozenset({b"x-who"}), add=((b"x-who", value),))
    assert edits.apply(((b"x-who", b"root"), (b"a", b"1"))) == ((b"a", b"1"), (b"x-who", value))


@pytest.mark.parametrize("text", ["{consumer}", "x-{consumer}", "{query.none}", "{path}"])
def test_a_value_that_is_missing_or_no_text_leaves_the_field_out_the_clients_own_too(
    text: str,
) -> None:
    made = change({"x-who": text})
    edits = made.edits(scope(made))
    assert edits.apply(((b"x-who", b"root"),)) == ()
    assert made.names == {b"x-who"}


@pytest.mark.parametrize(
    ("target", "after"),
    [
        (b"/x", b"/x?page=1&who=ada"),
        (b"/x?a=1&page=9&b", b"/x?a=1&b&page=1&who=ada"),
        (b"/x?p%61ge=9&debug=1&&debug=2", b"/x?page=1&who=ada"),
        (b"/x?a+b=1", b"/x?a+b=1&page=1&who=ada"),
    ],
)
def test_parameters_are_taken_away_and_set(target: bytes, after: bytes) -> None:
    made = change(query={"page": "1", "who": "{consumer}"}, without=(b"debug",))
    assert made.target(target, scope(made, target, consumer="ada")) == after


def test_a_parameter_whose_value_is_missing_or_no_text_is_only_taken_away() -> None:
    made = change(query={"who": "{consumer}", "x": "{path}"})
    assert made.target(b"/x?who=root&a=1", scope(made)) == b"/x?a=1"
    assert made.target(b"/x?who=root", scope(made)) == b"/x"


def test_values_end_no_parameter() -> None:
    made = change(query={"q": "{query.p}"})
    assert made.target(b"/x?p=a%26b%3Dc", scope(made, b"/x?p=a%26b%3Dc")) == (
        b"/x?p=a%26b%3Dc&q=a%26b%3Dc"
    )


def test_without_a_change_to_the_query_the_target_is_the_clients_byte_for_byte() -> None:
    made = change({"x-who": "{client}"})
    target = b"/x?a=%zz&&b"
    assert made.target(target, scope(made)) is target


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{nosuch}", "nosuch is nothing here; known: claims, client, consumer, headers, id, path"),
        ("{parts.a}", "parts is nothing here"),
        ("{keys(@)}", "@ is nothing here"),
        ("{query}", "name one of them: query.NAME"),
        ("{path.x}", "the path binds no x"),
    ],
)
def test_a_name_that_leads_nowhere_is_told(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        change({"x-who": text})
    assert told.value.path == "request_headers.set.x-who"
    assert problem in told.value.problem
    with pytest.raises(ConfigError) as told:
        change(query={"who": text})
    assert told.value.path == "request_query.set.who"


def test_a_field_may_be_added_beside_what_the_client_says() -> None:
    made = Transformation(added=((b"x-who", field_template("{claims.mail}")),))
    seen = made.scope(
        RequestHead("GET", b"/", b"h", ()),
        {},
        CLIENT,
        consumer="ada",
        request_id="id-1",
        claims={"mail": "a@b"},
    )
    assert made.edits(seen).apply(((b"x-who", b"me"),)) == ((b"x-who", b"me"), (b"x-who", b"a@b"))
    assert (made.names, made.claims) == (frozenset(), {"mail"})


HOSTILE = st.one_of(
    st.text(),
    st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.lists(
        st.sampled_from(["/", "..", ".", "?", "&", "=", "#", "%2F", "%0D%0A", "\r\n", "\0", "\\"]),
        max_size=6,
    ).map("".join),
    st.none(),
    st.integers(),
    st.lists(st.text(), max_size=2),
)


@given(value=HOSTILE, other=HOSTILE)
def test_whatever_the_values_are_nothing_gains_a_line_a_parameter_or_a_segment(
    value: Document, other: Document
) -> None:
    made = Transformation(
        ((b"x-a", field_template("<{claims.a}>")), (b"x-b", field_template("{claims.b}"))),
        (("a", query_template("{claims.a}")), ("b", query_template("-{claims.b}-"))),
    )
    seen: dict[str, Document] = {"claims": {"a": value, "b": other}}
    target = made.target(b"/x/y?q=1&a=0", seen)
    path, _, query = target.partition(b"?")
    assert path == b"/x/y"
    parameters = [piece.partition(b"=")[0] for piece in query.split(b"&")]
    assert parameters[0] == b"q"
    assert parameters[1:] in ([], [b"a"], [b"b"], [b"a", b"b"])
    assert query.count(b"=") == len(parameters)
    for name, told in made.edits(seen).add:
        assert name in made.names
        assert all(0x20 <= octet < 0x7F for octet in told)
    for octet in target:
        assert 0x20 < octet < 0x7F
