"""Which clients are served, by their address."""

from ipaddress import ip_address, ip_network

import pytest

from gateway_core.fencing import Fence


def fence(allow: str = "", deny: str = "") -> Fence:
    return Fence(
        tuple(ip_network(text) for text in allow.split()),
        tuple(ip_network(text) for text in deny.split()),
    )


@pytest.mark.parametrize(
    ("allow", "deny", "address", "admitted"),
    [
        pytest.param("", "", "192.0.2.1", True, id="nothing is said"),
        pytest.param("10.0.0.0/8", "", "10.1.2.3", True, id="allowed"),
        pytest.param("10.0.0.0/8", "", "11.0.0.1", False, id="not among the allowed"),
        pytest.param("", "10.0.0.0/8", "10.1.2.3", False, id="denied"),
        pytest.param("", "10.0.0.0/8", "11.0.0.1", True, id="not denied"),
        pytest.param("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", False, id="denied among allowed"),
        pytest.param("10.0.0.0/8", "10.1.0.0/16", "10.2.2.3", True, id="allowed, not denied"),
        pytest.param("10.0.0.0/8 2001:db8::/32", "", "2001:db8::1", True, id="IPv6"),
        pytest.param("10.0.0.0/8", "", "2001:db8::1", False, id="the other family"),
    ],
)
def test_an_address_is_admitted(allow: str, deny: str, address: str, admitted: bool) -> None:
    assert fence(allow, deny).admits(ip_address(address)) is admitted


@pytest.mark.parametrize(
    ("allow", "deny", "admitted"), [("", "", True), ("::/0", "", False), ("", "::/0", False)]
)
def test_who_has_no_address_passes_where_nothing_is_said(
    allow: str, deny: str, admitted: bool
) -> None:
    assert fence(allow, deny).admits(None) is admitted
