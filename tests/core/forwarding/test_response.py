"""An answer's head on its way to the client."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.client import Client
from gateway_core.forwarding.names import END_TO_END, HOP_BY_HOP, PROXY_AUTHENTICATION
from gateway_core.forwarding.plan import forwarding_plan
from gateway_core.forwarding.response import forward_response
from gateway_core.forwarding.rules import DEFAULT_RULES, ForwardingRules
from gateway_core.message import FieldEdits, Fields, ResponseHead

CLIENT = Client("192.0.2.1", "https", b"example.com", ("192.0.2.1",))
NAMELESS = replace(CLIENT, authority=b"")
ID = (b"x-request-id", b"id-1")


def forward(
    fields: Fields,
    rules: ForwardingRules = DEFAULT_RULES,
    *,
    status: int = 200,
    prefix: bytes = b"",
    client: Client = CLIENT,
    edits: FieldEdits = FieldEdits(),
    takes_trailers: bool = False,
    add: Fields = (),
) -> ResponseHead:
    return forward_response(
        ResponseHead(status, fields, 7),
        client,
        forwarding_plan(rules, prefix=prefix, response_edits=edits),
        asked=(b"backend:8001", b"127.0.0.1:8001"),
        request_id="id-1",
        takes_trailers=takes_trailers,
        add=add,
    )


def test_fields_of_the_gateway_s_own_come_last_whatever_the_route_edits() -> None:
    ours = ((b"ratelimit", b'"a";r=1'),)
    told = forward((), edits=FieldEdits(remove=frozenset({b"ratelimit"})), add=ours)
    assert told.fields == (ID, *ours)


def test_status_and_body_are_told_on_as_they_came() -> None:
    assert forward((), status=418) == ResponseHead(418, (ID,), 7)


@pytest.mark.parametrize(
    ("received", "sent"),
    [
        pytest.param(((b"connection", b"close"),), (), id="9110 7.6.1 Connection"),
        pytest.param(
            ((b"connection", b"x-hop"), (b"x-hop", b"1"), (b"etag", b'"a"')),
            ((b"etag", b'"a"'),),
            id="9110 7.6.1 what Connection names",
        ),
        pytest.param(
            ((b"connection", b"cache-control, set-cookie"), (b"cache-control", b"private")),
            ((b"cache-control", b"private"),),
            id="9110 7.6.1 end-to-end fields cannot be named away",
        ),
        pytest.param(((b"keep-alive", b"timeout=5"), (b"upgrade", b"h2c")), (), id="9110 7.6.1"),
        pytest.param(
            ((b"transfer-encoding", b"chunked"), (b"content-length", b"7"), (b"age", b"1")),
            ((b"age", b"1"),),
            id="9112 6.3 a length beside Transfer-Encoding",
        ),
        pytest.param(((b"content-length", b"7"),), ((b"content-length", b"7"),), id="9110 8.6"),
        pytest.param(((b"trailer", b"digest"),), (), id="9110 6.6.2 Trailer"),
        pytest.param(((b"proxy-authenticate", b"Basic"),), (), id="9110 11.7.1"),
        pytest.param(((b"x-request-id", b"theirs"),), (), id="the upstream's id"),
        pytest.param(((b"x-a", b"1\r\nset-cookie: a=b"),), (), id="9113 8.2.1 line breaks"),
        pytest.param(
            ((b"set-cookie", b"a=1"), (b"b", b""), (b"set-cookie", b"c=2"), (b"date", b"x")),
            ((b"set-cookie", b"a=1"), (b"b", b""), (b"set-cookie", b"c=2"), (b"date", b"x")),
            id="9110 5.3 order, repetitions, bytes",
        ),
        pytest.param(((b"via", b"1.1 varnish"),), ((b"via", b"1.1 varnish"),), id="9110 7.6.3 Via"),
        pytest.param(((b"location", b"/x"),), ((b"location", b"/x"),), id="nothing was stripped"),
    ],
)
def test_fields_are_dropped_or_told_on(received: Fields, sent: Fields) -> None:
    assert forward(received).fields == (*sent, ID)


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        pytest.param(103, False, id="9110 8.6 1xx has no length"),
        pytest.param(204, False, id="9110 8.6 nor has 204"),
        pytest.param(304, True, id="9110 8.6 304 may tell what 200 would have"),
        pytest.param(200, True, id="9110 8.6 HEAD likewise"),
    ],
)
def test_content_length_stays_where_it_may(status: int, kept: bool) -> None:
    length = ((b"content-length", b"7"),) if kept else ()
    assert forward(((b"content-length", b"7"),), status=status).fields == (*length, ID)


def test_what_is_reserved_does_not_leak() -> None:
    rules = ForwardingRules(reserved=frozenset({b"x-gateway-secret"}))
    assert forward(((b"x-gateway-secret", b"s3cret"),), rules).fields == (ID,)


def test_the_operator_may_let_proxy_challenges_pass() -> None:
    rules = ForwardingRules(forward_proxy_authorization=True)
    fields: Fields = ((b"proxy-authenticate", b"Basic"),)
    assert forward(fields, rules).fields == (*fields, ID)


def test_trailers_are_announced_to_who_takes_them() -> None:
    """RFC 9110, 6.6.2 and 10.1.4."""
    fields: Fields = ((b"trailer", b"digest"),)
    assert forward(fields, takes_trailers=True).fields == (*fields, ID)
    keeping = ForwardingRules(trailers=False)
    assert forward(fields, keeping, takes_trailers=True).fields == (ID,)


def test_edits_come_last() -> None:
    edits = FieldEdits(frozenset({b"server"}), add=((b"x-frame-options", b"DENY"),))
    assert forward(((b"server", b"x"),), edits=edits).fields == (ID, (b"x-frame-options", b"DENY"))


@pytest.mark.parametrize(
    ("name", "told", "seen"),
    [
        (b"location", b"/items", b"/service-a/items"),
        (b"location", b"http://127.0.0.1:8001/items", b"https://example.com/service-a/items"),
        (b"location", b"http://Backend:8001/items", b"https://example.com/service-a/items"),
        (b"location", b"http://example.com/items", b"https://example.com/service-a/items"),
        (b"location", b"https://elsewhere.example/items", b"https://elsewhere.example/items"),
        (b"content-location", b"/items.en", b"/service-a/items.en"),
        (b"refresh", b"5; url=/items", b"5; url=/service-a/items"),
        (b"set-cookie", b"a=b; Path=/; Secure", b"a=b; Path=/service-a; Secure"),
        (b"link", b"</items>; rel=next", b"</items>; rel=next"),
    ],
)
def test_a_stripped_prefix_is_put_back(name: bytes, told: bytes, seen: bytes) -> None:
    fields: Fields = ((b"date", b"x"), (name, told), (b"age", b"1"))
    sent = forward(fields, prefix=b"/service-a").fields
    assert sent == ((b"date", b"x"), (name, seen), (b"age", b"1"), ID)


@pytest.mark.parametrize(
    ("told", "seen"),
    [(b"http://127.0.0.1:8001/a", b"/service-a/a"), (b"http:///a", b"http:///a")],
)
def test_a_client_that_named_no_host_gets_a_path(told: bytes, seen: bytes) -> None:
    sent = forward(((b"location", told),), prefix=b"/service-a", client=NAMELESS)
    assert sent.fields == ((b"location", seen), ID)


NAMES = st.sampled_from(
    sorted(END_TO_END | HOP_BY_HOP | PROXY_AUTHENTICATION | {b"x-a", b"x-b", b"x-request-id"})
)
VALUES = st.one_of(NAMES, st.binary(max_size=12), st.just(b"x-a, x-b, etag"))
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=12).map(tuple)
PREFIXES = st.sampled_from([b"", b"/service-a"])
STATUSES = st.sampled_from([103, 200, 204, 304])


@given(FIELDS, PREFIXES, STATUSES)
def test_nothing_that_belongs_to_the_connection_survives(
    fields: Fields, prefix: bytes, status: int
) -> None:
    sent = forward(fields, prefix=prefix, status=status).fields
    assert not {name for name, _ in sent} & (HOP_BY_HOP | PROXY_AUTHENTICATION | {b"trailer"})
    assert [line for line in sent if line[0] == b"x-request-id"] == [ID]
    assert not any(set(name + told) & {0, 10, 13} for name, told in sent)


@given(FIELDS, STATUSES)
def test_nothing_end_to_end_is_lost_changed_or_reordered(fields: Fields, status: int) -> None:
    def end_to_end(lines: Fields) -> list[tuple[bytes, bytes]]:
        return [
            line
            for line in lines
            if line[0] in END_TO_END - {b"content-length"} and not set(line[1]) & {0, 10, 13}
        ]

    assert end_to_end(forward(fields, status=status).fields) == end_to_end(fields)


@given(FIELDS, PREFIXES, STATUSES)
def test_forwarding_twice_is_forwarding_once(fields: Fields, prefix: bytes, status: int) -> None:
    once = forward(fields, prefix=prefix, status=status)
    assert forward(once.fields, prefix=prefix, status=status) == once
