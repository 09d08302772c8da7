"""Addresses to listen at, URLs of endpoints, networks that are trusted."""

import pytest

from gateway_core.upstream import Endpoint
from tests.configurations import ROUTE, only, read, told


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://127.0.0.1:8001", Endpoint("http", "127.0.0.1", 8001)),
        ("http://127.0.0.1:8001/", Endpoint("http", "127.0.0.1", 8001)),
        ("https://API.example", Endpoint("https", "api.example", 443)),
        ("http://service_a", Endpoint("http", "service_a", 80)),
        ("http://[0:0::1]:81", Endpoint("http", "::1", 81)),
        ("unix:/run/a.sock", Endpoint("http", "", 0, unix_path="/run/a.sock")),
        ("http+unix:/run/a.sock", Endpoint("http", "", 0, unix_path="/run/a.sock")),
        ("https+unix:a.sock", Endpoint("https", "", 0, unix_path="a.sock")),
    ],
)
def test_an_endpoint_is_read_from_its_url(url: str, endpoint: Endpoint) -> None:
    settings = read(ROUTE.replace("http://127.0.0.1:8001", url))
    assert [one.url for one in settings.upstreams["a"].endpoints] == [endpoint]


@pytest.mark.parametrize("endpoint", ["http://h:1", "https://[::1]:444", "http+unix:/x"])
def test_an_endpoint_is_read_as_it_is_printed(endpoint: str) -> None:
    settings = read(ROUTE.replace("http://127.0.0.1:8001", endpoint))
    assert [str(one.url) for one in settings.upstreams["a"].endpoints] == [endpoint]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("127.0.0.1:8001", "is no URL of an upstream"),
        ("ftp://a", "is no URL of an upstream"),
        ("http://", "is no URL of an upstream"),
        ("http://a b", "is no URL of an upstream"),
        ("http://bücher.example", "is no URL of an upstream"),
        ("http://a:99999", "has no valid host or port"),
        ("http://a:x", "has no valid host or port"),
        ("http://[::g]", "has no valid host or port"),
        ("http://a:0", "has the port 0"),
        ("http://[::1", "has no valid host or port"),
        ("http://a:", "has no valid host"),
        ("http://-a", "has no valid host"),
        ("http://a/base", "has a path"),
        ("http://a?b", "has a path"),
        ("http://a#b", "has a path"),
        ("http://u:p@a", "holds credentials"),
        ("unix:", "names no socket"),
        ("unix:/" + "x" * 107, "a socket's path has at most 107 bytes"),
    ],
)
def test_a_url_that_cannot_work_is_told(url: str, message: str) -> None:
    assert only(told(ROUTE.replace("http://127.0.0.1:8001", url))).message == message


@pytest.mark.parametrize(
    "bind", ["127.0.0.1:8000", ":8000", "[::]:0", "localhost:80", "unix:/run/g.sock", "fd://3"]
)
def test_the_gateway_may_listen_at(bind: str) -> None:
    assert read(f'[gateway]\nbind = "{bind}"\n{ROUTE}').gateway.bind == (bind,)


@pytest.mark.parametrize(
    "bind", ["8000", "http://a:80", "[::g]:80", "a:99999", "a:", "unix:", "fd://x", "::1:80"]
)
def test_the_gateway_cannot_listen_at(bind: str) -> None:
    assert only(told(f'[gateway]\nbind = "{bind}"\n{ROUTE}')).path == "gateway.bind"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bind = [1]", "is no address to listen at"),
        ("trusted_proxies = [1]", "is no network"),
        ('tls = { certificate = "", key = "k" }', "is no path of a file"),
    ],
)
def test_what_is_no_text_is_no_address(line: str, message: str) -> None:
    assert only(told(f"[gateway]\n{line}\n{ROUTE}")).message == message


def test_a_server_name_is_a_host() -> None:
    text = ROUTE.replace("http://", "https://").replace("\n\n", '\ntls.server_name = "é"\n\n', 1)
    assert only(told(text)).path == "upstreams.a.tls.server_name"


@pytest.mark.parametrize(
    "key", ["gateway.trusted_proxies", "routes[0].allow_from", "routes[0].deny_from"]
)
@pytest.mark.parametrize(
    ("network", "said"),
    [
        pytest.param('"10.0.0.0/33"', "is neither an address nor a network", id="4291 too long a prefix"),
        pytest.param('"10.0.0.256"', "is neither an address nor a network", id="a byte of 256"),
        pytest.param('"fe80::1%eth0"', "write the address without '%'", id="4007 a zone"),
        pytest.param('"nowhere"', "write e.g. '10.0.0.0/8'", id="a word"),
        pytest.param('"::1/0"', "write '::/0'", id="a host inside the network"),
    ],
)  # fmt: skip
def test_a_network_that_is_none_has_its_place_and_a_cure(key: str, network: str, said: str) -> None:
    table, _, name = key.rpartition(".")
    line = f"{name} = [{network}]\n"
    problem = only(told(f"[gateway]\n{line}{ROUTE}" if table == "gateway" else f"{ROUTE}{line}"))
    assert problem.path == f"{key}[0]"
    assert said in f"{problem.message} {problem.help}"
    assert problem.line == (2 if table == "gateway" else 8)
    if table != "gateway":
        assert "unix" not in problem.message, "a client's network is never a socket"


def test_a_network_with_a_host_inside_is_told_with_the_network() -> None:
    problem = only(told(f'[gateway]\ntrusted_proxies = ["::1", "10.1.2.3/8"]\n{ROUTE}'))
    assert (problem.path, problem.column) == ("gateway.trusted_proxies[1]", 27)
    assert "'10.0.0.0/8'" in problem.message
