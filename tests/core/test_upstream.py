"""Endpoints and what names them."""

import pytest

from gateway_core.upstream import Endpoint


@pytest.mark.parametrize(
    ("endpoint", "authority", "text"),
    [
        (Endpoint("http", "127.0.0.1", 8001), b"127.0.0.1:8001", "http://127.0.0.1:8001"),
        (Endpoint("http", "a.example", 80), b"a.example", "http://a.example:80"),
        (Endpoint("https", "a.example", 443), b"a.example", "https://a.example:443"),
        (Endpoint("https", "a.example", 80), b"a.example:80", "https://a.example:80"),
        (Endpoint("http", "::1", 8001), b"[::1]:8001", "http://[::1]:8001"),
        (Endpoint("http", "", 0, "/run/a.sock"), b"localhost", "http+unix:/run/a.sock"),
    ],
)
def test_an_endpoint_is_named(endpoint: Endpoint, authority: bytes, text: str) -> None:
    assert endpoint.authority == authority
    assert str(endpoint) == text
