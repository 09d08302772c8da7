"""A request's head on its way upstream."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.client import find_client
from gateway_core.forwarding.names import END_TO_END, HOP_BY_HOP, PROXY_AUTHENTICATION
from gateway_core.forwarding.plan import forwarding_plan
from gateway_core.forwarding.request import forward_request
from gateway_core.forwarding.rules import DEFAULT_RULES, ForwardingRules
from gateway_core.forwarding.trust import parse_trusted
from gateway_core.message import FieldEdits, Fields, RequestHead, UpstreamRequest, value, values

SECRET = ForwardingRules(reserved=frozenset({b"x-gateway-secret", b"x-consumer-id"}))
BEHIND_PROXIES = ForwardingRules(trusted=parse_trusted(["10.0.0.0/8", "unix"]))
OURS = frozenset(
    {
        b"via",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-request-id",
    }
)


def forward(
    fields: Fields,
    rules: ForwardingRules = DEFAULT_RULES,
    *,
    peer: str = "192.0.2.1",
    method: str = "GET",
    authority: bytes = b"example.com",
    version: str = "1.1",
    prefix: bytes = b"",
    edits: FieldEdits = FieldEdits(),
    relied: frozenset[bytes] = frozenset(),
    drop: frozenset[bytes] = frozenset(),
    add: Fields = (),
) -> UpstreamRequest:
    head = RequestHead(method, b"/", authority, fields, peer, version=version, body=7)
    plan = forwarding_plan(rules, request_edits=edits, prefix=prefix, relied=relied)
    return forward_request(
        head,
        find_client(head, rules),
        plan,
        target=b"/t?q",
        authority=b"upstream",
        request_id="id-1",
        drop=drop,
        add=add,
    )


def of_the_client(request: UpstreamRequest) -> Fields:
    """What is sent on of what came, if none of it has a name that we write."""
    return tuple(line for line in request.fields if line[0] not in OURS)


def test_method_target_authority_and_body_are_sent_on_as_given() -> None:
    sent = forward((), method="PATCH")
    assert (sent.method, sent.target, sent.authority, sent.body) == (
        "PATCH",
        b"/t?q",
        b"upstream",
        7,
    )


@pytest.mark.parametrize(
    ("received", "sent"),
    [
        pytest.param(((b"connection", b"keep-alive"),), (), id="9110 7.6.1 Connection"),
        pytest.param(
            ((b"connection", b"close, X-Hop"), (b"x-hop", b"1"), (b"x-end", b"2")),
            ((b"x-end", b"2"),),
            id="9110 7.6.1 what Connection names",
        ),
        pytest.param(
            ((b"x-hop", b"1"), (b"connection", b"x-a"), (b"connection", b"x-hop")),
            (),
            id="9110 7.6.1 what a second Connection names",
        ),
        pytest.param(
            (
                (b"connection", b"authorization, cookie, cache-control, host, content-length"),
                (b"authorization", b"Basic eA=="),
                (b"cookie", b"a=b"),
                (b"cache-control", b"no-cache"),
            ),
            (
                (b"authorization", b"Basic eA=="),
                (b"cookie", b"a=b"),
                (b"cache-control", b"no-cache"),
            ),
            id="9110 7.6.1 end-to-end fields cannot be named away",
        ),
        pytest.param(((b"keep-alive", b"timeout=5"),), (), id="9110 7.6.1 Keep-Alive"),
        pytest.param(((b"proxy-connection", b"close"),), (), id="9110 7.6.1 Proxy-Connection"),
        pytest.param(((b"upgrade", b"h2c"), (b"http2-settings", b"A")), (), id="9110 7.8 Upgrade"),
        pytest.param(((b"transfer-encoding", b"chunked"),), (), id="9112 6.1 Transfer-Encoding"),
        pytest.param(((b"content-length", b"7"), (b"host", b"a")), (), id="9112 framed afresh"),
        pytest.param(((b"te", b"gzip"),), (), id="9110 10.1.4 TE"),
        pytest.param(
            ((b"te", b"gzip, Trailers"), (b"accept", b"*/*")),
            ((b"accept", b"*/*"),),
            id="9110 10.1.4 TE: trailers is the next connection's to say",
        ),
        pytest.param(
            ((b"trailer", b"digest"),), ((b"trailer", b"digest"),), id="9110 6.6.2 Trailer"
        ),
        pytest.param(((b"expect", b"100-continue"),), (), id="9110 10.1.1 Expect"),
        pytest.param(
            ((b"proxy-authorization", b"Basic eA=="),), (), id="9110 11.7.2 Proxy-Authorization"
        ),
        pytest.param(((b"proxy", b"http://evil.example"),), (), id="CVE-2016-5385 Proxy"),
        pytest.param(((b"", b"1"), (b"x y", b"1"), (b"x:y", b"1")), (), id="9110 5.1 no names"),
        pytest.param(((b"x.y_z", b"1"),), ((b"x.y_z", b"1"),), id="9110 5.1 unusual names"),
        pytest.param(((b"x-a", b"1\r\nx-b: 2"), (b"a", b"\0")), (), id="9113 8.2.1 line breaks"),
        pytest.param(
            ((b"traceparent", b"00-1-2-01"), (b"tracestate", b"a=1"), (b"tracestate", b"b=2")),
            ((b"traceparent", b"00-1-2-01"), (b"tracestate", b"a=1"), (b"tracestate", b"b=2")),
            id="W3C trace context",
        ),
        pytest.param(
            ((b"b", b"1"), (b"a", b"2"), (b"b", b""), (b"c", b"\xff\t,")),
            ((b"b", b"1"), (b"a", b"2"), (b"b", b""), (b"c", b"\xff\t,")),
            id="9110 5.3 order, repetitions, bytes",
        ),
        pytest.param(((b"max-forwards", b"5"),), ((b"max-forwards", b"5"),), id="9110 7.6.2 GET"),
    ],
)
def test_fields_are_dropped_or_sent_on(received: Fields, sent: Fields) -> None:
    assert of_the_client(forward(received)) == sent


def test_proxy_credentials_pass_where_configured() -> None:
    rules = ForwardingRules(forward_proxy_authorization=True)
    fields: Fields = ((b"proxy-authorization", b"Basic eA=="),)
    assert of_the_client(forward(fields, rules)) == fields


@pytest.mark.parametrize(
    ("fields", "version", "takes"),
    [
        pytest.param(((b"te", b"trailers"),), "1.1", True, id="9110 10.1.4"),
        pytest.param(((b"te", b"gzip;q=1, Trailers"),), "1.1", True, id="9110 10.1.4 among others"),
        pytest.param(((b"te", b"trailers"),), "2", True, id="9113 8.2.2"),
        pytest.param(((b"te", b"gzip"),), "1.1", False, id="9110 10.1.4 another coding"),
        pytest.param(((b"te", b"trailers"),), "1.0", False, id="9112 7.1 HTTP/1.0 has no chunks"),
        pytest.param((), "1.1", False, id="9110 6.5.1 nothing said"),
    ],
)
def test_whether_the_client_takes_trailers(fields: Fields, version: str, takes: bool) -> None:
    assert forward(fields, version=version).takes_trailers is takes
    keeping = ForwardingRules(trailers=False)
    assert not forward(fields, keeping, version=version).takes_trailers


def test_trailers_are_not_announced_where_none_pass() -> None:
    keeping = ForwardingRules(trailers=False)
    assert of_the_client(forward(((b"trailer", b"digest"),), keeping)) == ()


def test_max_forwards_is_counted_down_for_options() -> None:
    fields: Fields = ((b"accept", b"*/*"), (b"max-forwards", b"5"))
    sent = of_the_client(forward(fields, method="OPTIONS"))
    assert sent == ((b"accept", b"*/*"), (b"max-forwards", b"4"))


def test_via_stands_behind_those_that_came() -> None:
    """RFC 9110, 7.6.3."""
    sent = forward(((b"via", b"1.0 fred"), (b"accept", b"*/*")), version="2")
    assert values(sent.fields, b"via") == [b"1.0 fred", b"2 gateway"]


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        ("2", ((b"a", b"1"), (b"cookie", b"a=1; b=2; c=3"), (b"b", b"2"))),
        ("1.1", ((b"a", b"1"), (b"cookie", b"a=1"), (b"b", b"2"), (b"cookie", b"b=2; c=3"))),
    ],
)
def test_cookies_that_http2_splits_are_joined(version: str, sent: Fields) -> None:
    """RFC 9113, 8.2.3; in HTTP/1.1 two lines are the client's own doing."""
    fields = ((b"a", b"1"), (b"cookie", b"a=1"), (b"b", b"2"), (b"cookie", b"b=2; c=3"))
    assert of_the_client(forward(fields, version=version)) == sent


def test_one_cookie_of_http2_stays() -> None:
    assert of_the_client(forward(((b"cookie", b"a=1"),), version="2")) == ((b"cookie", b"a=1"),)


@pytest.mark.parametrize(
    "name",
    [
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-prefix",
        b"x-forwarded-port",
        b"x-forwarded-anything",
        b"x-real-ip",
        b"x-request-id",
        b"x-gateway-secret",
        b"x-consumer-id",
        b"x_forwarded_for",
        b"x-forwarded_for",
        b"x.forwarded.for",
        b"x_forwarded_user",
        b"x_real_ip",
        b"x_request_id",
        b"x_gateway_secret",
        b"X_Gateway-Secret".lower(),
        b"content_length",
        b"transfer_encoding",
        b"x_team",
        b"x_api_key",
        b"x_version",
    ],
)
def test_a_stranger_cannot_say_what_the_gateway_says(name: bytes) -> None:
    """Nor under a name that CGI and its heirs take for it."""
    keywords = {
        "rules": SECRET,
        "edits": FieldEdits(set=((b"x-team", b"a"),)),
        "relied": frozenset({b"x-version"}),
        "drop": frozenset({b"x-api-key"}),
    }
    assert forward(((name, b"forged"),), **keywords) == forward((), **keywords)  # type: ignore[arg-type]


def test_connection_cannot_name_away_what_was_decided_by() -> None:
    fields: Fields = (
        (b"connection", b"x-version, x-other"),
        (b"x-version", b"2"),
        (b"x-other", b""),
    )
    assert of_the_client(forward(fields, relied=frozenset({b"x-version"}))) == (
        (b"x-version", b"2"),
    )


def test_connection_cannot_name_away_what_we_add() -> None:
    names = b", ".join([*OURS, b"x-gateway-secret", b"x-team"])
    edits = FieldEdits(set=((b"x-team", b"a"),))
    add = ((b"x-gateway-secret", b"s3cret"),)
    with_it = forward(((b"connection", names),), SECRET, edits=edits, add=add)
    assert with_it == forward((), SECRET, edits=edits, add=add)
    assert with_it.fields[-1] == (b"x-gateway-secret", b"s3cret")


def test_the_credential_that_named_the_caller_stays_here() -> None:
    fields: Fields = ((b"x-api-key", b"k"), (b"x_api_key", b"k"), (b"accept", b"*/*"))
    assert of_the_client(forward(fields, drop=frozenset({b"x-api-key"}))) == ((b"accept", b"*/*"),)


def test_edits_of_the_operator_see_our_fields_too_but_not_those_added_last() -> None:
    edits = FieldEdits(
        frozenset({b"via", b"x-gateway-secret"}), ((b"x-forwarded-host", b"public"),)
    )
    sent = forward((), SECRET, edits=edits, add=((b"x-gateway-secret", b"s3cret"),)).fields
    assert value(sent, b"via") is None
    assert values(sent, b"x-forwarded-host") == [b"public"]
    assert value(sent, b"x-gateway-secret") == b"s3cret"


def test_further_x_forwarded_fields_of_a_trusted_peer_pass() -> None:
    fields: Fields = (
        (b"connection", b"x-forwarded-port"),
        (b"x-forwarded-port", b"8443"),
        (b"x_forwarded_port", b"1"),
        (b"x-forwarded-prefix", b"/outer"),
    )
    sent = of_the_client(forward(fields, BEHIND_PROXIES, peer="10.0.0.1"))
    assert sent == ((b"x-forwarded-port", b"8443"), (b"x-forwarded-prefix", b"/outer"))


NAMES = st.sampled_from(
    sorted(
        END_TO_END
        | HOP_BY_HOP
        | PROXY_AUTHENTICATION
        | OURS
        | {b"x-a", b"x_a", b"x-b", b"trailer", b"expect", b"x_forwarded_for", b"x-gateway-secret"}
    )
)
VALUES = st.one_of(NAMES, st.binary(max_size=12), st.just(b"x-a, x-b, authorization"))
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=12).map(tuple)
PEERS = st.sampled_from(["192.0.2.1", "2001:db8::1", "10.0.0.1", ""])
VERSIONS = st.sampled_from(["1.0", "1.1", "2"])
METHODS = st.sampled_from(["GET", "OPTIONS"])
BOTH = dataclasses.replace(BEHIND_PROXIES, reserved=SECRET.reserved)


@given(FIELDS, PEERS, VERSIONS, METHODS)
def test_nothing_that_belongs_to_the_connection_survives(
    fields: Fields, peer: str, version: str, method: str
) -> None:
    sent = forward(fields, BOTH, peer=peer, version=version, method=method).fields
    gone = HOP_BY_HOP | PROXY_AUTHENTICATION | BOTH.reserved
    gone |= {b"expect", b"host", b"content-length", b"x_forwarded_for"}
    assert not {line for line in sent if line[0] in gone}
    assert all(len(values(sent, name)) == 1 for name in OURS - {b"via"})
    assert not any(set(name + told) & {0, 10, 13} for name, told in sent)


@given(FIELDS, PEERS)
def test_nothing_end_to_end_is_lost_changed_or_reordered(fields: Fields, peer: str) -> None:
    sent = forward(fields, BOTH, peer=peer).fields
    beside = {b"host", b"content-length", b"via"}

    def end_to_end(lines: Fields) -> list[tuple[bytes, bytes]]:
        return [
            line
            for line in lines
            if line[0] in END_TO_END - beside and not set(line[1]) & {0, 10, 13}
        ]

    assert end_to_end(sent) == end_to_end(fields)


@given(FIELDS, st.lists(st.tuples(st.sampled_from(sorted(OURS - {b"via"})), VALUES)))
def test_forwarding_fields_of_a_stranger_change_nothing(
    fields: Fields, claims: list[tuple[bytes, bytes]]
) -> None:
    honest = tuple(line for line in fields if line[0] not in OURS)
    assert forward((*honest, *claims), BOTH) == forward(honest, BOTH)


@given(FIELDS, PEERS)
def test_a_second_gateway_finds_nothing_more_to_take_off(fields: Fields, peer: str) -> None:
    """Idempotent but for what each hop adds."""
    once = forward(fields, BOTH, peer=peer)
    twice = forward(once.fields, BOTH, peer=peer)
    te = (b"te", b"trailers")
    assert [line for line in of_the_client(twice) if line != te] == [
        line for line in of_the_client(once) if line != te
    ]
