"""Which addresses are believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.errors import ConfigError
from gateway_core.forwarding.trust import NOBODY, Trusted, parse_host, parse_trusted


def test_nobody_is_trusted_by_default() -> None:
    assert parse_trusted([]) == NOBODY == Trusted()
    assert not NOBODY.covers("127.0.0.1")
    assert not NOBODY.covers("")


@pytest.mark.parametrize(
    ("entries", "peer", "covered"),
    [
        pytest.param(["127.0.0.1/32"], "127.0.0.1", True, id="one host"),
        pytest.param(["127.0.0.1"], "127.0.0.1", True, id="an address without length"),
        pytest.param(["127.0.0.1/32"], "127.0.0.2", False, id="its neighbour"),
        pytest.param(["10.0.0.0/8", "192.168.0.0/16"], "192.168.3.4", True, id="second network"),
        pytest.param(["10.0.0.0/8"], "11.0.0.0", False, id="just outside"),
        pytest.param(["::1"], "::1", True, id="IPv6"),
        pytest.param(["2001:db8::/32"], "2001:db8:1::9", True, id="IPv6 network"),
        pytest.param(["2001:db8::/32"], "10.0.0.1", False, id="another family"),
        pytest.param(["10.0.0.0/8"], "::ffff:10.1.2.3", True, id="RFC 4291 2.5.5.2 IPv4-mapped"),
        pytest.param(["fe80::/10"], "fe80::1%eth0", True, id="RFC 4007 zone of the peer"),
        pytest.param(["unix"], "", True, id="unix socket by the word"),
        pytest.param(["10.0.0.0/8"], "", False, id="unix socket without the word"),
        pytest.param(["unix"], "127.0.0.1", False, id="the word trusts no address"),
        pytest.param(["0.0.0.0/0"], "no address", False, id="no address"),
    ],
)
def test_a_peer_is_covered_by_a_network_or_the_word_unix(
    entries: list[str], peer: str, covered: bool
) -> None:
    assert parse_trusted(entries).covers(peer) is covered


@pytest.mark.parametrize(
    ("entry", "cure"),
    [
        pytest.param("localhost", "write e.g. '10.0.0.0/8'", id="a name"),
        pytest.param("10.0.0.1/8", "write '10.0.0.0/8'", id="host bits"),
        pytest.param("fe80::1%eth0", "without '%'", id="a zone"),
        pytest.param("10.0.0.0/33", "neither an address nor a network", id="length"),
        pytest.param("", "neither an address nor a network", id="nothing"),
        pytest.param("UNIX", "'unix' for unix sockets", id="the word in capitals"),
    ],
)
def test_nonsense_is_refused_with_its_place_and_a_cure(entry: str, cure: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_trusted(["::1", entry])
    assert caught.value.path == "gateway.trusted_proxies.1"
    assert cure in caught.value.problem


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4"),
        pytest.param("2001:DB8:0::1", "2001:db8::1", id="RFC 5952 one spelling"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="RFC 4291 2.5.5.2 IPv4-mapped"),
        pytest.param("192.0.2.01", None, id="leading zero: octal to some"),
        pytest.param("fe80::1%eth0", None, id="a zone from afar means nothing"),
        pytest.param("1.2.3", None, id="too few"),
        pytest.param("1" * 4000, None, id="long"),
        pytest.param("\u0661.1.1.1", None, id="digits of another script"),
    ],
)
def test_a_host_has_one_spelling(text: str, spelt: str | None) -> None:
    host = parse_host(text)
    assert (host and host.text) == spelt


@given(st.ip_addresses())
def test_every_address_is_read_back_as_itself(address: object) -> None:
    host = parse_host(str(address))
    assert host is not None
    assert parse_host(host.text) == host
