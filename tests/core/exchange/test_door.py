"""What one route asks, and tells browsers."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from gateway_core.exchange import Door
from gateway_core.fencing import REFUSED, Fence
from gateway_core.forwarding import Client
from gateway_core.hardening import SECURITY_FIELDS
from gateway_core.message import value
from gateway_core.sharing import CORS_FIELDS
from tests.exchanges import get
from tests.guards import APP, SHARING, guard

CLIENT = Client("192.0.2.1", "https", b"gw.example", ("192.0.2.1",))


def test_an_open_door_asks_and_tells_nothing() -> None:
    assert Door().refuse(CLIENT) is None
    assert Door().told(get(), CLIENT) == ()
    assert (Door().replaces, Door().relied) == (frozenset(), frozenset())


def test_what_is_told_replaces_what_services_say() -> None:
    door = Door(sharing=SHARING, hardened=True)
    assert door.replaces == CORS_FIELDS | SECURITY_FIELDS
    assert Door(sharing=SHARING).replaces == CORS_FIELDS
    assert Door(hardened=True).replaces == SECURITY_FIELDS


def test_pages_and_browsers_are_told() -> None:
    told = Door(sharing=SHARING, hardened=True).told(get(fields=((b"origin", APP),)), CLIENT)
    assert value(told, b"access-control-allow-origin") == APP
    assert value(told, b"strict-transport-security") is not None
    plain = Door(hardened=True).told(get(), replace(CLIENT, scheme="http"))
    assert value(plain, b"strict-transport-security") is None
    assert value(plain, b"x-content-type-options") == b"nosniff"


@pytest.mark.parametrize(
    ("address", "refused"),
    [("192.0.2.1", False), ("198.51.100.7", True), ("", True), ("no address", True)],
)
def test_an_address_is_admitted_or_not(address: str, refused: bool) -> None:
    door = Door(fence=Fence(deny=(ip_network("198.51.100.0/24"),)))
    assert door.refuse(replace(CLIENT, address=address)) == (REFUSED if refused else None)


def test_what_is_relied_on_are_the_fields_of_credentials() -> None:
    assert Door(guard(asks=True)).relied == {b"x-api-key", b"authorization"}
