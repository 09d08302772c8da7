"""What a change makes wrong: RFC 9111, 4.4."""

import pytest

from gateway_core.caching.invalidating import invalidated, is_unsafe

URL = b"http://a.example/x/y?q"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get", "FOO"])
def test_methods_that_may_change_something(method: str) -> None:
    assert is_unsafe(method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
def test_methods_that_change_nothing(method: str) -> None:
    assert not is_unsafe(method)


@pytest.mark.parametrize("status", [100, 199, 400, 404, 500, 999])
def test_what_failed_changes_nothing(status: int) -> None:
    assert invalidated(status, ((b"location", b"/z"),), URL) == ()


@pytest.mark.parametrize(
    ("told", "url"),
    [
        pytest.param(b"http://a.example/z", b"http://a.example/z", id="absolute"),
        pytest.param(b"HTTP://A.Example/Z", b"http://a.example/Z", id="case of scheme and host"),
        pytest.param(b"//a.example/z", b"http://a.example/z", id="without a scheme"),
        pytest.param(b"/z?r#f", b"http://a.example/z?r", id="of this host, without a fragment"),
        pytest.param(b"z", b"http://a.example/x/z", id="beside it"),
        pytest.param(b"?r", b"http://a.example/x/y?r", id="another query"),
        pytest.param(b"/z?u=http://b/", b"http://a.example/z?u=http://b/", id="a URL in its query"),
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"#f", None, id="a fragment alone"),
        pytest.param(b"http://b.example/z", None, id="another host"),
        pytest.param(b"http://a.example.b/z", None, id="a host that begins like it"),
        pytest.param(b"https://a.example/z", None, id="another scheme"),
        pytest.param(b"http://a.example:81/z", None, id="another port"),
        pytest.param(b"//b.example/z", None, id="another host without a scheme"),
    ],
)
@pytest.mark.parametrize("name", [b"location", b"content-location"])
def test_what_else_is_invalidated(name: bytes, told: bytes, url: bytes | None) -> None:
    expected = (URL,) if url is None else (URL, url)
    assert invalidated(201, ((name, told),), URL) == expected


def test_what_two_fields_name_goes_once() -> None:
    fields = ((b"content-location", b"/z"), (b"location", b"/z"), (b"location", b"/w"))
    assert invalidated(303, fields, URL) == (URL, b"http://a.example/z", b"http://a.example/w")
