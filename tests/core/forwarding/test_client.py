"""Who asks, whatever is claimed."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.client import HOPS_MAX, client_address, find_client
from gateway_core.forwarding.rules import Believed, ForwardingRules
from gateway_core.forwarding.trust import parse_trusted
from gateway_core.message import Fields, RequestHead

BEHIND_PROXIES = ForwardingRules(trusted=parse_trusted(["10.0.0.0/8", "fd00::/8", "unix"]))
CLAIMS: Fields = (
    (b"forwarded", b"for=203.0.113.7;proto=https;host=evil.example"),
    (b"x-forwarded-for", b"203.0.113.7"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"evil.example"),
)


def asked(peer: str, *fields: tuple[bytes, bytes]) -> RequestHead:
    return RequestHead("GET", b"/", b"example.com", fields, peer)


def xff(value: bytes) -> tuple[bytes, bytes]:
    return (b"x-forwarded-for", value)


def forwarded(value: bytes) -> tuple[bytes, bytes]:
    return (b"forwarded", value)


@pytest.mark.parametrize(
    ("peer", "fields", "client"),
    [
        pytest.param("192.0.2.1", (), "192.0.2.1", id="the peer itself"),
        pytest.param("192.0.2.1", CLAIMS, "192.0.2.1", id="8.1 a stranger's claims count nothing"),
        pytest.param("10.0.0.1", (), "10.0.0.1", id="a trusted peer that tells nothing"),
        pytest.param("10.0.0.1", (xff(b"192.0.2.1"),), "192.0.2.1", id="one hop told"),
        pytest.param(
            "10.0.0.1", (xff(b"192.0.2.1, 10.0.0.9 ,10.0.0.8"),), "192.0.2.1", id="three hops told"
        ),
        pytest.param(
            "10.0.0.1", (xff(b"203.0.113.7, 192.0.2.1"),), "192.0.2.1", id="left of it is forged"
        ),
        pytest.param(
            "10.0.0.1",
            (xff(b"10.0.0.2"), xff(b"203.0.113.7, 192.0.2.1"), xff(b"10.0.0.8")),
            "192.0.2.1",
            id="lines are one list",
        ),
        pytest.param("10.0.0.1", (xff(b"10.0.0.3, 10.0.0.2"),), "10.0.0.3", id="all are trusted"),
        pytest.param("10.0.0.1", (xff(b"junk, 10.0.0.2"),), "10.0.0.2", id="junk ends the walk"),
        pytest.param("10.0.0.1", (xff(b"unknown"),), "10.0.0.1", id="so does unknown"),
        pytest.param("10.0.0.1", (xff(b"192.0.2.1, ,"),), "192.0.2.1", id="empty members"),
        pytest.param("10.0.0.1", (xff(b"192.0.2.1:443"),), "192.0.2.1", id="with a port"),
        pytest.param("10.0.0.1", (xff(b"2001:DB8::1"),), "2001:db8::1", id="IPv6"),
        pytest.param("fd00::1", (xff(b"[2001:db8::1]:80"),), "2001:db8::1", id="IPv6 with a port"),
        pytest.param("", (xff(b"192.0.2.1"),), "192.0.2.1", id="through a trusted unix socket"),
        pytest.param("", (), "", id="a unix socket that tells nothing"),
        pytest.param("::ffff:10.0.0.1", (xff(b"192.0.2.1"),), "192.0.2.1", id="dual stack"),
        pytest.param("::ffff:192.0.2.1", (), "192.0.2.1", id="dual stack, one spelling"),
        pytest.param("fe80::1%eth0", (), "fe80::1", id="without its zone"),
        pytest.param("%x", (), "%x", id="no address stays as it is"),
        pytest.param("10.0.0.1", (forwarded(b"for=192.0.2.1"),), "192.0.2.1", id="Forwarded alone"),
        pytest.param(
            "10.0.0.1",
            (forwarded(b'for=203.0.113.7, for="[2001:db8::1]:9", for=10.0.0.2'),),
            "2001:db8::1",
            id="Forwarded, three elements",
        ),
        pytest.param(
            "10.0.0.1", (forwarded(b"for=192.0.2.1, for=_x"),), "10.0.0.1", id="6.3 obfuscated"
        ),
        pytest.param(
            "10.0.0.1",
            (forwarded(b"for=203.0.113.7"), xff(b"192.0.2.1")),
            "192.0.2.1",
            id="two stories: X-Forwarded-For wins",
        ),
        pytest.param(
            "10.0.0.1",
            (xff(b",".join([b"192.0.2.1"] + [b"10.0.0.2"] * (HOPS_MAX + 9))),),
            "10.0.0.2",
            id="a list without end",
        ),
        pytest.param(
            "10.0.0.1",
            (*(xff(b"10.0.0.2, 10.0.0.3") for _ in range(HOPS_MAX)),),
            "10.0.0.2",
            id="lines without end",
        ),
    ],
)
def test_the_client_is_the_first_who_is_not_trusted(peer: str, fields: Fields, client: str) -> None:
    assert client_address(asked(peer, *fields), BEHIND_PROXIES) == client


@pytest.mark.parametrize(
    ("believed", "client"),
    [
        (Believed.EITHER, "192.0.2.1"),
        (Believed.X_FORWARDED, "192.0.2.1"),
        (Believed.FORWARDED, "192.0.2.2"),
    ],
)
def test_the_operator_says_which_family_the_proxies_write(believed: Believed, client: str) -> None:
    rules = dataclasses.replace(BEHIND_PROXIES, believed=believed)
    head = asked("10.0.0.1", xff(b"192.0.2.1"), forwarded(b"for=192.0.2.2"))
    assert client_address(head, rules) == client


def test_a_family_that_is_not_believed_is_not_read_even_alone() -> None:
    only_x = dataclasses.replace(BEHIND_PROXIES, believed=Believed.X_FORWARDED)
    only_forwarded = dataclasses.replace(BEHIND_PROXIES, believed=Believed.FORWARDED)
    assert client_address(asked("10.0.0.1", forwarded(b"for=192.0.2.2")), only_x) == "10.0.0.1"
    assert client_address(asked("10.0.0.1", xff(b"192.0.2.1")), only_forwarded) == "10.0.0.1"


@pytest.mark.parametrize(
    ("fields", "scheme", "authority"),
    [
        pytest.param((), "http", b"example.com", id="nothing told"),
        pytest.param(
            (
                xff(b"192.0.2.1"),
                (b"x-forwarded-proto", b"HTTPS"),
                (b"x-forwarded-host", b"a:8443"),
            ),
            "https",
            b"a:8443",
            id="told",
        ),
        pytest.param((((b"x-forwarded-proto", b"https"),)), "https", b"example.com", id="no For"),
        pytest.param((((b"x-forwarded-proto", b"wss"),)), "https", b"example.com", id="wss"),
        pytest.param((((b"x-forwarded-proto", b"gopher"),)), "http", b"example.com", id="nonsense"),
        pytest.param((((b"x-forwarded-host", b"a b"),)), "http", b"example.com", id="no host"),
        pytest.param((((b"x-forwarded-host", b"a" * 300),)), "http", b"example.com", id="too long"),
        pytest.param(
            (
                xff(b"203.0.113.7, 192.0.2.1, 10.0.0.2"),
                (b"x-forwarded-proto", b"gopher, https, http"),
                (b"x-forwarded-host", b"evil, front, back"),
            ),
            "https",
            b"front",
            id="what the proxy said to which the client spoke",
        ),
        pytest.param(
            (forwarded(b"for=192.0.2.1;proto=https;host=front, for=10.0.0.2;proto=http;host=b"),),
            "https",
            b"front",
            id="RFC 7239 5.3, 5.4 of the client's element",
        ),
    ],
)
def test_the_public_face_is_what_the_client_spoke_to(
    fields: Fields, scheme: str, authority: bytes
) -> None:
    client = find_client(asked("10.0.0.1", *fields), BEHIND_PROXIES)
    assert (client.scheme, client.authority) == (scheme, authority)


def test_hops_run_from_the_client_to_the_peer() -> None:
    head = asked("10.0.0.1", xff(b"1.1.1.1, 192.0.2.1, 10.0.0.2"))
    assert find_client(head, BEHIND_PROXIES).hops == ("192.0.2.1", "10.0.0.2", "10.0.0.1")


def strangers() -> st.SearchStrategy[str]:
    return st.ip_addresses(network="192.0.2.0/24").map(str)


def proxies() -> st.SearchStrategy[str]:
    return st.ip_addresses(network="10.0.0.0/8").map(str)


@given(strangers(), st.lists(st.tuples(st.sampled_from([n for n, _ in CLAIMS]), st.binary())))
def test_claims_of_a_stranger_change_nothing(peer: str, claims: list[tuple[bytes, bytes]]) -> None:
    plain = find_client(asked(peer), BEHIND_PROXIES)
    assert find_client(asked(peer, *claims), BEHIND_PROXIES) == plain
    assert plain.address == peer


@given(strangers(), st.lists(proxies(), max_size=9), proxies(), st.binary())
def test_a_forged_list_through_trusted_peers_yields_the_right_client(
    client: str, chain: list[str], peer: str, forged: bytes
) -> None:
    """Each proxy appends the address that it sees; the client wrote what stands before."""
    seen = [client, *chain]
    by_for = forged + b", " + ", ".join(seen).encode()
    by_forwarded = forged + b", " + ", ".join(f"for={each}" for each in seen).encode()
    for claim in (xff(by_for), forwarded(by_forwarded)):
        found = find_client(asked(peer, claim), BEHIND_PROXIES)
        assert found.address == client
        assert found.hops == (*seen, peer)


@given(st.lists(st.tuples(st.sampled_from([n for n, _ in CLAIMS]), st.binary())))
def test_whatever_a_trusted_peer_says_there_is_an_answer(claims: list[tuple[bytes, bytes]]) -> None:
    found = find_client(asked("10.0.0.1", *claims), BEHIND_PROXIES)
    assert found.hops[0] == found.address
    assert found.hops[-1] == "10.0.0.1"
    assert len(found.hops) <= HOPS_MAX + 1
    assert found.scheme in {"http", "https"}
