"""What an upstream is told of the client and of the way between."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.additions import additions
from gateway_core.forwarding.client import Client, find_client
from gateway_core.forwarding.forwarded import read_backwards
from gateway_core.forwarding.plan import forwarding_plan
from gateway_core.forwarding.rules import DEFAULT_RULES, Believed, ForwardingRules
from gateway_core.forwarding.trust import parse_trusted
from gateway_core.message import Fields, RequestHead, value, values

BEHIND_PROXIES = ForwardingRules(trusted=parse_trusted(["10.0.0.0/8", "unix"]))


def say(
    fields: Fields,
    rules: ForwardingRules = DEFAULT_RULES,
    *,
    peer: str = "192.0.2.1",
    authority: bytes = b"example.com",
    version: str = "1.1",
    prefix: bytes = b"",
) -> Fields:
    head = RequestHead("GET", b"/", authority, fields, peer, version=version)
    return additions(head, find_client(head, rules), forwarding_plan(rules, prefix=prefix), "id-1")


def test_what_we_add_for_a_stranger() -> None:
    assert say((), prefix=b"/service-a") == (
        (b"via", b"1.1 gateway"),
        (b"forwarded", b"for=192.0.2.1;host=example.com;proto=http"),
        (b"x-forwarded-for", b"192.0.2.1"),
        (b"x-forwarded-proto", b"http"),
        (b"x-request-id", b"id-1"),
        (b"x-forwarded-host", b"example.com"),
        (b"x-forwarded-prefix", b"/service-a"),
    )


def test_a_client_without_address_or_host_is_unknown() -> None:
    """RFC 7239, 6.2. A unix socket; HTTP/1.0 without Host."""
    sent = say((), peer="", authority=b"", version="1.0")
    assert value(sent, b"forwarded") == b"for=unknown;proto=http"
    assert value(sent, b"x-forwarded-for") == b"unknown"
    assert value(sent, b"x-forwarded-host") is None
    assert value(sent, b"via") == b"1.0 gateway"


def told_by_a_proxy(
    *fields: tuple[bytes, bytes], peer: str = "10.0.0.1", rules: ForwardingRules = BEHIND_PROXIES
) -> dict[str, list[bytes]]:
    sent = say(fields, rules, peer=peer, authority=b"inner", prefix=b"/p")
    names = ("forwarded", "for", "proto", "host", "prefix")
    return {
        name: values(
            sent, name.encode() if name == "forwarded" else b"x-forwarded-" + name.encode()
        )
        for name in names
    }


def test_a_trusted_peer_that_tells_nothing_is_the_client() -> None:
    assert told_by_a_proxy() == {
        "forwarded": [b"for=10.0.0.1;host=inner;proto=http"],
        "for": [b"10.0.0.1"],
        "proto": [b"http"],
        "host": [b"inner"],
        "prefix": [b"/p"],
    }


def test_what_a_trusted_peer_told_is_kept_and_appended_to() -> None:
    told = told_by_a_proxy(
        (b"x-forwarded-for", b"203.0.113.7, 192.0.2.1"),
        (b"x-forwarded-for", b"10.0.0.2"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"public:8443"),
        (b"x-forwarded-prefix", b"/outer/"),
    )
    assert told == {
        "forwarded": [
            (
                b'for=192.0.2.1;host="public:8443";proto=https, for=10.0.0.2, '
                b"for=10.0.0.1;host=inner;proto=http"
            )
        ],
        "for": [b"203.0.113.7, 192.0.2.1, 10.0.0.2, 10.0.0.1"],
        "proto": [b"https"],
        "host": [b"public:8443"],
        "prefix": [b"/outer/p"],
    }


def test_what_it_told_in_forwarded_is_kept_and_told_in_the_other_family() -> None:
    told = told_by_a_proxy(
        (b"forwarded", b"for=203.0.113.7;x=y"),
        (b"forwarded", b'for="[2001:db8::1]";proto=https;host=public'),
        (b"x-forwarded-prefix", b"/outer"),
    )
    assert told == {
        "forwarded": [
            (
                b'for=203.0.113.7;x=y, for="[2001:db8::1]";proto=https;host=public, '
                b"for=10.0.0.1;host=inner;proto=http"
            )
        ],
        "for": [b"2001:db8::1, 10.0.0.1"],
        "proto": [b"https"],
        "host": [b"public"],
        "prefix": [b"/p"],
    }


def test_an_open_quote_is_not_appended_to() -> None:
    told = told_by_a_proxy((b"forwarded", b'for="203.0.113.7, for=192.0.2.1'))
    assert told["forwarded"] == [
        b"for=192.0.2.1;host=inner;proto=http, for=10.0.0.1;host=inner;proto=http"
    ]


def test_of_two_stories_one_is_told_on() -> None:
    claims = ((b"x-forwarded-for", b"192.0.2.1"), (b"forwarded", b"for=192.0.2.2"))
    assert told_by_a_proxy(*claims)["forwarded"] == [
        b"for=192.0.2.1;host=inner;proto=http, for=10.0.0.1;host=inner;proto=http"
    ]
    forwarded = dataclasses.replace(BEHIND_PROXIES, believed=Believed.FORWARDED)
    assert told_by_a_proxy(*claims, rules=forwarded)["for"] == [b"192.0.2.2, 10.0.0.1"]


def test_a_proxy_behind_a_unix_socket_is_a_hop_without_address() -> None:
    """Counted all the same: services that count hops from the right rely on it."""
    told = told_by_a_proxy((b"x-forwarded-for", b"192.0.2.1"), peer="")
    assert told["for"] == [b"192.0.2.1, unknown"]
    assert told_by_a_proxy((b"forwarded", b"for=192.0.2.1"), peer="")["for"] == told["for"]
    assert told["forwarded"] == [
        b"for=192.0.2.1;host=inner;proto=http, for=unknown;host=inner;proto=http"
    ]


def test_scheme_and_host_of_a_proxy_that_tells_no_address_are_told_on() -> None:
    told = told_by_a_proxy((b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"public"))
    assert told["forwarded"] == [b"for=10.0.0.1;host=public;proto=https"]


@pytest.mark.parametrize("prefix", [b"//evil.example", b"outer", b"", b"/a\0"])
def test_an_outer_prefix_that_is_no_path_is_not_told_on(prefix: bytes) -> None:
    assert told_by_a_proxy((b"x-forwarded-prefix", prefix))["prefix"] == [b"/p"]


def test_a_line_break_in_what_a_trusted_peer_told_goes_nowhere() -> None:
    told = told_by_a_proxy((b"x-forwarded-for", b"192.0.2.1\r\nx: y"), (b"x-forwarded-for", b""))
    assert told["for"] == [b"10.0.0.1"]


@given(
    st.lists(st.tuples(st.sampled_from([b"forwarded", b"x-forwarded-for"]), st.binary())),
    st.sampled_from(list(Believed)),
)
def test_whatever_came_both_families_end_alike(
    claims: list[tuple[bytes, bytes]], believed: Believed
) -> None:
    """Read from the right, each tells the hops that we walked, and the peer last."""
    rules = dataclasses.replace(BEHIND_PROXIES, believed=believed)
    claims = [(name, told.strip(b" \t")) for name, told in claims]
    head = RequestHead("GET", b"/", b"a", tuple(claims), "10.0.0.1")
    hops = find_client(head, rules).hops
    sent = additions(head, find_client(head, rules), forwarding_plan(rules), "id-1")
    read = read_backwards(values(sent, b"forwarded"), len(hops))
    assert [each and each.client.text for each in read] == list(reversed(hops))
    listed = (value(sent, b"x-forwarded-for") or b"").split(b",")
    assert listed[-1].strip() == b"10.0.0.1"


def test_what_is_remembered_of_one_client_is_told_of_no_other() -> None:
    plans = [forwarding_plan(DEFAULT_RULES, prefix=prefix) for prefix in (b"", b"/a")]
    plans.append(forwarding_plan(ForwardingRules(pseudonym=b"other")))
    told = {
        additions(
            RequestHead("GET", b"/", authority, (), version=version),
            Client(address, scheme, authority, (address,)),
            plan,
            request_id,
        )
        for address in ("192.0.2.1", "::1", "")
        for scheme in ("http", "https")
        for authority in (b"", b"a", b"a" * 300)
        for version in ("1.1", "2")
        for plan in plans
        for request_id in ("1", "2")
    }
    assert len(told) == 3 * 2 * 3 * 2 * 3 * 2
