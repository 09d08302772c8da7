"""Which trailer fields go on, and which would change what has been judged already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.names import END_TO_END, FRAMING, HOP_BY_HOP, PROXY_AUTHENTICATION
from gateway_core.forwarding.plan import ForwardingPlan, forwarding_plan
from gateway_core.forwarding.rules import DEFAULT_RULES, ForwardingRules
from gateway_core.forwarding.trailers import (
    MAY_TRAIL,
    forward_request_trailers,
    forward_response_trailers,
)
from gateway_core.message import FieldEdits, Fields

PLAN = forwarding_plan(DEFAULT_RULES)
BOTH_WAYS = pytest.mark.parametrize(
    "forward", [forward_request_trailers, forward_response_trailers], ids=["request", "response"]
)


@BOTH_WAYS
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"grpc-status", id="9110 6.5.1 nobody's name"),
        pytest.param(b"content-digest", id="9530 a checksum"),
        pytest.param(b"etag", id="9110 8.8.3 ETag"),
        pytest.param(b"server-timing", id="W3C Server-Timing"),
        pytest.param(b"authentication-info", id="9110 11.6.3"),
        pytest.param(b"accept-ranges", id="9110 14.3"),
    ],
)
def test_what_makes_sense_behind_a_body_passes(forward, name: bytes) -> None:
    assert forward(((name, b"1"),), (), PLAN) == ((name, b"1"),)


@BOTH_WAYS
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"content-length", id="9110 6.5.1 framing"),
        pytest.param(b"transfer-encoding", id="9110 6.5.1 framing, too"),
        pytest.param(b"trailer", id="9110 6.5.1 framing of trailers"),
        pytest.param(b"host", id="9110 6.5.1 routing"),
        pytest.param(b"connection", id="9110 7.6.1 the connection's"),
        pytest.param(b"te", id="9110 10.1.4 the connection's, too"),
        pytest.param(b"authorization", id="9110 6.5.1 authentication"),
        pytest.param(b"cookie", id="9110 6.5.1 authentication by cookie"),
        pytest.param(b"set-cookie", id="9110 6.5.1 authentication by cookie, the answer's"),
        pytest.param(b"x-api-key", id="9110 6.5.1 authentication by a key"),
        pytest.param(b"proxy-authorization", id="9110 11.7.2"),
        pytest.param(b"expect", id="9110 6.5.1 request modifiers"),
        pytest.param(b"range", id="9110 6.5.1 request modifiers, Range"),
        pytest.param(b"cache-control", id="9110 6.5.1 response controls"),
        pytest.param(b"location", id="9110 6.5.1 response controls, Location"),
        pytest.param(b"content-encoding", id="9110 6.5.1 content format"),
        pytest.param(b"x-forwarded-for", id="who the client is"),
        pytest.param(b"x-forwarded-anything", id="and the rest of that family"),
        pytest.param(b"forwarded", id="7239 who the client is"),
        pytest.param(b"x-real-ip", id="who the client is, to some"),
        pytest.param(b"x-request-id", id="what we write"),
        pytest.param(b"x_api.key", id="what CGI takes for another"),
        pytest.param(b"content_length", id="what CGI takes for a length"),
        pytest.param(b"a b", id="9110 5.1 no name"),
        pytest.param(b":path", id="9113 8.1 a pseudo-header field"),
    ],
)
def test_what_is_evaluated_before_the_body_stays_here(forward, name: bytes) -> None:
    assert forward(((b"x-a", b"1"), (name, b"1"), (b"x-b", b"2")), (), PLAN) == (
        (b"x-a", b"1"),
        (b"x-b", b"2"),
    )


@BOTH_WAYS
def test_order_and_repetitions_are_kept(forward) -> None:
    trailers = ((b"x-b", b"1"), (b"x-a", b""), (b"x-b", b"2"))
    assert forward(trailers, (), PLAN) == trailers


@BOTH_WAYS
def test_a_value_with_a_line_break_is_never_written(forward) -> None:
    assert forward(((b"x-a", b"1\r\nx-b: 2"),), (), PLAN) == ()


@BOTH_WAYS
def test_what_the_head_s_connection_names_is_of_that_hop(forward) -> None:
    head: Fields = ((b"connection", b"X-Hop, etag"),)
    assert forward(((b"x-hop", b"1"), (b"etag", b"2")), head, PLAN) == ((b"etag", b"2"),)


@BOTH_WAYS
def test_the_operator_may_keep_all_of_them(forward) -> None:
    plan = forwarding_plan(ForwardingRules(trailers=False))
    assert forward(((b"x-a", b"1"),), (), plan) == ()


@BOTH_WAYS
def test_what_a_route_edits_or_the_gateway_reserves_cannot_come_in_behind(forward) -> None:
    edits = FieldEdits(
        remove=frozenset({b"x-debug"}), set=((b"x-team", b"a"),), add=((b"x-more", b"b"),)
    )
    rules = ForwardingRules(reserved=frozenset({b"x-gateway-secret"}))
    plan = forwarding_plan(rules, request_edits=edits, response_edits=edits)
    names = (b"x-debug", b"x-team", b"x-more", b"x-gateway-secret", b"x_gateway_secret")
    assert forward(tuple((name, b"1") for name in names), (), plan) == ()


def test_the_credential_that_named_the_caller_stays_here() -> None:
    trailers = ((b"x-key", b"1"), (b"x_key", b"1"))
    assert forward_request_trailers(trailers, (), PLAN, frozenset({b"x-key"})) == ()


def test_what_a_route_relies_on_cannot_come_in_behind() -> None:
    plan = forwarding_plan(DEFAULT_RULES, relied=frozenset({b"x-version"}))
    assert forward_request_trailers(((b"x-version", b"2"),), (), plan) == ()


names = st.sampled_from(
    sorted(END_TO_END | HOP_BY_HOP | FRAMING | PROXY_AUTHENTICATION | {b"x-a", b"x-forwarded-for"})
) | st.binary(max_size=8)


@BOTH_WAYS
@given(trailers=st.lists(st.tuples(names, st.binary(max_size=4)), max_size=8).map(tuple))
def test_nothing_well_known_passes_but_what_is_listed(forward, trailers: Fields) -> None:
    known = END_TO_END | HOP_BY_HOP | FRAMING | PROXY_AUTHENTICATION
    sent = forward(trailers, (), PLAN)
    assert not {name for name, _ in sent} & (known - MAY_TRAIL)
    assert not any(set(name + value) & {0, 10, 13} for name, value in sent)
    assert list(sent) == [line for line in trailers if line in sent]


def test_the_plan_is_asked_and_not_changed() -> None:
    before = forwarding_plan(DEFAULT_RULES)
    forward_request_trailers(((b"x-a", b"1"),), (), before)
    assert before == PLAN
    assert isinstance(before, ForwardingPlan)
