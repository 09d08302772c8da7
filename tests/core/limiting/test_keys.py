"""Whose budget a request is taken from."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.errors import ConfigError
from gateway_core.limiting import Asker, ByClient, ByConsumer, ByHeader, ByRoute, key_part
from gateway_core.limiting.keys import VALUE_MAX, site

FIELDS = ((b"x-team", b"red"), (b"x-team", b"blue"))
ASKER = Asker("192.0.2.1", "demo", "items", FIELDS)


@pytest.mark.parametrize(
    ("text", "part", "is_"),
    [
        ("client", ByClient(), "192.0.2.1"),
        ("consumer", ByConsumer(), "demo"),
        ("route", ByRoute(), "items"),
        ("header:X-Team", ByHeader(b"x-team"), b"red"),
        ("header:x-absent", ByHeader(b"x-absent"), b""),
    ],
)
def test_what_the_operator_writes_is_what_is_looked_at(text, part, is_) -> None:
    assert key_part(text) == part
    assert part.of(ASKER) == is_
    assert str(part) == text.lower()


@pytest.mark.parametrize("text", ["", "ip", "Client", "header", "header:", "header:x y", "cookie"])
def test_what_is_no_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigError, match="is no key: write client, consumer, route or header"):
        key_part(text)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4"),
        pytest.param("", "", id="a unix socket's"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="4291-2.2 whole"),
        pytest.param("2001:db8:1:2::", "2001:db8:1:2::/64", id="gap at the end"),
        pytest.param("2001:db8::1", "2001:db8:0:0::/64", id="gap in the site"),
        pytest.param("2001:db8:1::2:3:4:5", "2001:db8:1:0::/64", id="gap of one group"),
        pytest.param("2001::2:3:4:5:6:7", "2001:0:2:3::/64", id="gap before the site ends"),
        pytest.param("::1", "0:0:0:0::/64", id="loopback"),
        pytest.param("::", "0:0:0:0::/64", id="unspecified"),
        pytest.param("64:ff9b::192.0.2.1", "64:ff9b:0:0::/64", id="4291-2.2 dotted end"),
        pytest.param("::1:2:3:4:192.0.2.1", "0:0:1:2::/64", id="dotted end, short gap"),
    ],
)
def test_an_ipv6_address_stands_for_its_site(address: str, expected: str) -> None:
    assert site(address) == expected


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_64_are_one_client_and_those_of_another_are_not(
    address: IPv6Address, low: int
) -> None:
    network = IPv6Network((address, 64), strict=False)
    assert IPv6Network(site(str(address))) == network
    assert site(str(network[low])) == site(str(address))
    assert site(str(IPv6Address(int(address) ^ 1 << 64))) != site(str(address))


def test_who_has_no_name_is_counted_by_address_apart_from_all_names() -> None:
    nameless = replace(ASKER, consumer="")
    namesake = replace(ASKER, consumer="192.0.2.1")
    assert ByConsumer().of(nameless) != ByConsumer().of(namesake)
    assert ByConsumer().of(nameless) != ByConsumer().of(replace(nameless, client="192.0.2.2"))
    one, other = replace(nameless, client="2001:db8::1"), replace(nameless, client="2001:db8::2")
    assert ByConsumer().of(one) == ByConsumer().of(other)


def test_a_long_value_takes_no_more_room_than_a_short_one() -> None:
    def key(size: int, last: bytes = b"") -> bytes:
        return ByHeader(b"x").of(replace(ASKER, fields=((b"x", b"v" * size + last),)))

    assert key(VALUE_MAX) == b"v" * VALUE_MAX
    assert len(key(60_000)) == VALUE_MAX + 1
    assert key(60_000, b"a") != key(60_000, b"b")
    assert key(60_000) == key(60_000)
