"""Where the gateway listens, where upstreams are, and whom it trusts."""

import re
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

from gateway_core.errors import ConfigError
from gateway_core.forwarding.trust import UNIX, parse_network, parse_trusted
from gateway_core.upstream import Endpoint

from .keys import Reads, wrong

_BIND: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*):(?P<port>[0-9]{1,5})")
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?")
_PORT_MAX: Final = 65_535
_UNIX_PATH_MAX: Final = 107
"""Bytes of a socket's path: what `sockaddr_un` holds on Linux, without its final zero."""
_UNIX_SCHEMES: Final = {"unix": "http", "http+unix": "http", "https+unix": "https"}

_ENDPOINT_CURE: Final = 'write "http://host:port", "https://host", or "unix:/path/of/a.sock"'
_BIND_CURE: Final = 'write "host:port", "[::1]:8000", "unix:/path/of/a.sock" or "fd://3"'


def _read_bind(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("is no address to listen at", _BIND_CURE)
    text = str(value)
    if text.startswith("unix:"):
        _judge_unix_path(text.removeprefix("unix:"))
        return text
    if re.fullmatch(r"fd://[0-9]{1,6}", text):
        return text
    found = _BIND.fullmatch(text)
    if found is None or (found["host"].startswith("[") and not _is_v6(found["host"][1:-1])):
        raise wrong("is no address to listen at", _BIND_CURE)
    if int(found["port"]) > _PORT_MAX:
        raise wrong(f"a port is at most {_PORT_MAX}")
    return text


def _read_endpoint(value: object) -> Endpoint:
    if not isinstance(value, str):
        raise wrong("is no URL", _ENDPOINT_CURE)
    scheme, colon, rest = str(value).partition(":")
    if colon and scheme in _UNIX_SCHEMES and not rest.startswith("//"):
        _judge_unix_path(rest)
        return Endpoint(_UNIX_SCHEMES[scheme], "", 0, unix_path=rest)
    return _read_url(str(value))


def _read_url(text: str) -> Endpoint:
    if not re.fullmatch(r"https?://[!-~]+", text):
        cure = "international names are written as xn--" if not text.isascii() else _ENDPOINT_CURE
        raise wrong("is no URL of an upstream", cure)
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise wrong("has no valid host or port", _ENDPOINT_CURE) from None
    if "@" in url.netloc:
        cure = "name and password do not belong into a URL; set the field by request_headers"
        raise wrong("holds credentials", cure)
    if url.path not in {"", "/"} or "?" in text or "#" in text:
        raise wrong("has a path", "only host and port stand here; a route's `rewrite` sets paths")
    if not (_is_v6(host) if ":" in host else _HOST.fullmatch(host)) or url.netloc.endswith(":"):
        raise wrong("has no valid host", _ENDPOINT_CURE)
    if port == 0:
        raise wrong("has the port 0", f"a port is from 1 to {_PORT_MAX}")
    default = 443 if url.scheme == "https" else 80
    return Endpoint(url.scheme, _canonical(host), port or default)


def _canonical(host: str) -> str:
    """Return one spelling of a host: lower case, IPv6 compressed."""
    return str(ip_address(host)) if ":" in host else host.lower()


def _is_v6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def _judge_unix_path(path: str) -> None:
    if not path or "\0" in path:
        raise wrong("names no socket", 'write the path behind "unix:"')
    if len(path.encode("utf-8", "replace")) > _UNIX_PATH_MAX:
        raise wrong(f"a socket's path has at most {_UNIX_PATH_MAX} bytes")


def _read_trusted(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("is no network", 'write "10.0.0.0/8", "::1/128", or "unix"')
    try:
        parse_trusted([str(value)], "")
    except ConfigError as error:
        raise wrong(error.problem, echoes=True) from None
    return str(value)


def _read_client_network(value: object) -> IPv4Network | IPv6Network:
    if not isinstance(value, str) or value == UNIX:
        raise wrong("is no network", 'write "10.0.0.0/8", "::1/128" or one address')
    try:
        return parse_network(value, "")
    except ConfigError as error:
        raise wrong(error.problem, echoes=True) from None


Bind: TypeAlias = Annotated[
    str, Reads(_read_bind, {"type": "string", "x-type": "host:port, unix:/path or fd://n"})
]
EndpointUrl: TypeAlias = Annotated[
    Endpoint,
    Reads(
        _read_endpoint,
        {"type": "string", "x-type": "http://host:port, https://host:port or unix:/path"},
    ),
]
Network: TypeAlias = Annotated[
    str, Reads(_read_trusted, {"type": "string", "x-type": 'network, address or "unix"'})
]
ClientNetwork: TypeAlias = Annotated[
    IPv4Network | IPv6Network,
    Reads(_read_client_network, {"type": "string", "x-type": "network or address"}),
]
