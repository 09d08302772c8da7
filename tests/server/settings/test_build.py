"""Settings as the core's values."""

from dataclasses import replace

import pytest

from gateway_core.clock import seconds
from gateway_core.errors import ConfigError
from gateway_core.forwarding.rules import DEFAULT_RULES, Believed, ForwardingRules
from gateway_core.identifying import IDENTITY_FIELDS
from gateway_core.limiting import Rate
from gateway_core.message import FieldEdits
from gateway_core.relay import RelayRules
from gateway_core.routing import FieldRule, Pattern, QueryRule, Rewrite
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.settings.build import (
    build_forwarding,
    build_relays,
    build_routes,
    build_tls,
    build_upstreams,
)
from gateway_server.settings.schema import Settings
from tests.configurations import ROUTE, read

FULL = """\
[gateway]
via = "edge"
trusted_proxies = ["10.0.0.0/8", "unix"]
max_request_body = "1MiB"

[upstreams.a]
endpoints = ["http://h:1", { url = "unix:/s", weight = 3 }, "https://[::1]"]
connect_timeout = "1s"
response_timeout = "2s"
idle_timeout = "3s"
preserve_host = false
connections_max = 4
waiting_max = 5
tls = { verify = false, ca = "ca.pem", server_name = "n", certificate = "c.pem", key = "k.pem" }

[[routes]]
name = "full"
path = "/items/{id}"
upstream = "a"
host = ["API.example.com", "*.example.org"]
methods = ["GET", "PUT"]
headers = { X-Version = "2", X-Debug = true }
query = { "ä b" = "c", d = true }
rewrite = "/v2/{id}"
request_headers = { set = { X-Team = "a" }, add = { X-More = ["1", "2"], X-One = "3" }, remove = "X-Gone" }
response_headers = { remove = ["Server"] }
max_request_body = false
websocket = false

[[routes]]
name = "plain"
prefix = "/p"
upstream = "a"
strip_prefix = true
"""


def test_a_route_has_everything_that_was_written() -> None:
    route, _ = build_routes(read(FULL))
    assert (route.name, route.upstream) == ("full", "a")
    assert route.pattern == Pattern.path("/items/{id}")
    assert route.hosts == ("api.example.com", "*.example.org")
    assert route.methods == {"GET", "PUT"}
    assert route.headers == (FieldRule(b"x-version", b"2"), FieldRule(b"x-debug"))
    assert route.query == (QueryRule("ä b".encode(), b"c"), QueryRule(b"d"))
    assert route.rewrite == Rewrite.path("/v2/{id}")
    assert route.request_edits == FieldEdits(
        remove=frozenset({b"x-gone"}),
        set=((b"x-team", b"a"),),
        add=((b"x-more", b"1"), (b"x-more", b"2"), (b"x-one", b"3")),
    )
    assert route.response_edits == FieldEdits(remove=frozenset({b"server"}))
    assert route.body_max is None
    assert route.websocket is False


def test_a_route_that_says_nothing_of_websockets_relays_them_with_the_defaults() -> None:
    settings = read(FULL)
    assert build_relays(settings) == {"plain": RelayRules()}
    assert build_routes(settings)[1].origins is None


def test_websockets_are_held_as_it_was_written() -> None:
    text = ROUTE + (
        'websocket = { max_message = "1MiB", messages = "100/1s", too_fast = "wait", '
        'origins = ["https://App.example:8443", "null"], idle_timeout = "1h", '
        'ping_interval = "10s", close_timeout = "1s", grace = "0s" }\n'
    )
    settings = read(text)
    assert build_relays(settings) == {
        "a": RelayRules(
            message_max=2**20,
            idle_timeout=seconds(3600),
            ping_interval=seconds(10),
            close_timeout=seconds(1),
            grace=seconds(0),
            rate=Rate(100, seconds(1)),
            rate_waits=True,
        )
    }
    assert build_routes(settings)[0].origins == {b"https://app.example:8443", b"null"}


def test_a_route_that_says_nothing_has_the_gateways_bound() -> None:
    _, route = build_routes(read(FULL))
    assert route.pattern == Pattern.prefix("/p")
    assert (route.strip_prefix, route.body_max, route.websocket) == (True, 2**20, True)
    unbounded = FULL.replace('max_request_body = "1MiB"', "max_request_body = false")
    assert build_routes(read(unbounded))[1].body_max is None


def test_an_upstream_has_everything_that_was_written() -> None:
    assert build_upstreams(read(FULL)) == {
        "a": Upstream(
            "a",
            (
                Endpoint("http", "h", 1),
                Endpoint("http", "", 0, unix_path="/s", weight=3),
                Endpoint("https", "::1", 443),
            ),
            connect_timeout=seconds(1),
            response_timeout=seconds(2),
            idle_timeout=seconds(3),
            preserve_host=False,
            connections_max=4,
            waiting_max=5,
        )
    }


def test_what_is_not_written_is_as_the_core_has_it() -> None:
    upstream = build_upstreams(read(ROUTE))["a"]
    assert upstream == Upstream("a", (Endpoint("http", "127.0.0.1", 8001),))
    assert build_tls(read(ROUTE)) == {}


def test_tls_of_an_upstream() -> None:
    tls = build_tls(read(FULL))["a"]
    assert (tls.verify, tls.ca, tls.server_name) == (False, "ca.pem", "n")
    assert (tls.certificate, tls.key) == ("c.pem", "k.pem")
    bare = FULL.replace("verify = false", "verify = true").replace(', ca = "ca.pem"', "")
    assert build_tls(read(bare))["a"].ca == ""


def test_forwarding_trusts_whom_the_gateway_trusts() -> None:
    rules = build_forwarding(read(FULL))
    assert rules.pseudonym == b"edge"
    assert rules.trusted.covers("10.1.2.3")
    assert rules.trusted.covers("")
    assert not build_forwarding(read(ROUTE)).trusted.covers("127.0.0.1")


def test_what_forwarding_does_by_default_is_the_core_s_default() -> None:
    assert build_forwarding(read(ROUTE)) == replace(DEFAULT_RULES, reserved=IDENTITY_FIELDS)


def test_each_rule_of_forwarding_has_its_key() -> None:
    keys = 'believed = "forwarded"\nforward_proxy_authorization = true\ntrailers = false'
    rules = build_forwarding(read(f"[gateway]\n{keys}\n{ROUTE}"))
    assert rules == ForwardingRules(
        believed=Believed.FORWARDED,
        forward_proxy_authorization=True,
        trailers=False,
        reserved=IDENTITY_FIELDS,
    )


def test_settings_that_were_never_examined_raise_with_the_keys_path() -> None:
    settings = Settings.model_validate(
        {"routes": [{"name": "a", "prefix": "a", "upstream": "b"}], "upstreams": {}}
    )
    with pytest.raises(ConfigError, match=r"routes\[0\].prefix: 'a' does not begin with a slash"):
        build_routes(settings)
