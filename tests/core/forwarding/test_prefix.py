"""A stripped prefix is put back, and only where it is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.prefix import Face, cookie, reference, refresh, without_default_port

FACE = Face(b"/service-a", b"https://example.com", frozenset({b"127.0.0.1:8001", b"example.com"}))
NAMELESS = Face(b"/service-a", b"", frozenset({b"127.0.0.1:8001"}))


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        pytest.param(b"/items/3", b"/service-a/items/3", id="3986 4.2 path-absolute"),
        pytest.param(b"/", b"/service-a/", id="3986 4.2 the root"),
        pytest.param(b"/?a=/b#c", b"/service-a/?a=/b#c", id="3986 4.2 query and fragment"),
        pytest.param(b"/service-ab", b"/service-a/service-ab", id="whole segments alone"),
        pytest.param(b"/service-a/items", b"/service-a/items", id="there already"),
        pytest.param(b"/service-a", b"/service-a", id="there already, bare"),
        pytest.param(b"/service-a?x", b"/service-a?x", id="there already, with a query"),
        pytest.param(b"//evil.example/x", b"//evil.example/x", id="3986 4.2 network-path"),
        pytest.param(b"items/3", b"items/3", id="3986 4.2 relative-path"),
        pytest.param(b"../items", b"../items", id="3986 4.2 relative-path upwards"),
        pytest.param(b"?page=2", b"?page=2", id="3986 4.2 query alone"),
        pytest.param(b"#top", b"#top", id="3986 4.2 fragment alone"),
        pytest.param(b"", b"", id="3986 4.2 empty"),
        pytest.param(
            b"http://127.0.0.1:8001/items",
            b"https://example.com/service-a/items",
            id="10.2.2 the endpoint's own authority",
        ),
        pytest.param(
            b"HTTP://EXAMPLE.com:80/items?a",
            b"https://example.com/service-a/items?a",
            id="9110 4.2.3 case and default port",
        ),
        pytest.param(
            b"http://example.com/service-a/items",
            b"https://example.com/service-a/items",
            id="own authority, prefix there already",
        ),
        pytest.param(
            b"http://example.com", b"https://example.com/service-a/", id="9110 4.2.3 no path"
        ),
        pytest.param(
            b"http://example.com?a", b"https://example.com/service-a/?a", id="9110 4.2.3 query"
        ),
        pytest.param(b"https://other.example/x", b"https://other.example/x", id="elsewhere"),
        pytest.param(b"http://127.0.0.1:9/x", b"http://127.0.0.1:9/x", id="another port"),
        pytest.param(b"http://a@example.com/", b"http://a@example.com/", id="user-info"),
        pytest.param(b"ftp://example.com/x", b"ftp://example.com/x", id="another scheme"),
        pytest.param(b"mailto:a@example.com", b"mailto:a@example.com", id="no hierarchy"),
        pytest.param(b"http:/x", b"http:/x", id="no authority"),
    ],
)
def test_a_reference_is_seen_as_the_client_must_ask_for_it(told: bytes, seen: bytes) -> None:
    assert reference(told, FACE) == seen


def test_without_a_public_authority_a_reference_becomes_path_absolute() -> None:
    """HTTP/1.0 without Host."""
    assert reference(b"http://127.0.0.1:8001/x", NAMELESS) == b"/service-a/x"


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        pytest.param(b"5; url=/items", b"5; url=/service-a/items", id="plain"),
        pytest.param(b"0;URL='/items' x", b"0;URL='/service-a/items' x", id="single quotes"),
        pytest.param(b'1.5, url = "/a"', b'1.5, url = "/service-a/a"', id="double quotes"),
        pytest.param(b'0;url="/a', b'0;url="/service-a/a', id="an open quote"),
        pytest.param(b"0;url=", b"0;url=", id="nothing"),
        pytest.param(b"5", b"5", id="no reference"),
        pytest.param(
            b"5; url=https://other.example/", b"5; url=https://other.example/", id="other"
        ),
    ],
)
def test_refresh_is_rewritten_like_location(told: bytes, seen: bytes) -> None:
    assert refresh(told, FACE) == seen


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        pytest.param(b"a=b; Path=/", b"a=b; Path=/service-a", id="6265 5.1.4 the root"),
        pytest.param(b"a=b; Path=/x", b"a=b; Path=/service-a/x", id="6265 5.2.4 a path"),
        pytest.param(b"a=b; Path=/x/", b"a=b; Path=/service-a/x/", id="6265 5.2.4 with a slash"),
        pytest.param(
            b"a=b;HttpOnly ; pAtH = /x ;Secure; SameSite=Lax",
            b"a=b;HttpOnly ; pAtH = /service-a/x ;Secure; SameSite=Lax",
            id="6265 5.2 order and bytes kept",
        ),
        pytest.param(
            b"a=b; path=/x; path=/y",
            b"a=b; path=/service-a/x; path=/service-a/y",
            id="6265 5.3 the last one counts, so all",
        ),
        pytest.param(b"a=b; Path=/service-a/x", b"a=b; Path=/service-a/x", id="there already"),
        pytest.param(b"a=b", b"a=b", id="6265 5.1.4 no Path: default-path"),
        pytest.param(b"a=b; Path", b"a=b; Path", id="6265 5.2.4 empty: default-path"),
        pytest.param(b"a=b; Path=x", b"a=b; Path=x", id="6265 5.2.4 not absolute"),
        pytest.param(b'a=b; Path="/x"', b'a=b; Path="/x"', id="6265 5.2.4 quoted: not absolute"),
        pytest.param(b"path=/x; Secure", b"path=/x; Secure", id="a cookie called path"),
        pytest.param(
            b"__Host-a=b; Secure; Path=/", b"__Host-a=b; Secure; Path=/", id="6265bis 4.1.3.2"
        ),
        pytest.param(
            b"__Secure-a=b; Secure; Path=/",
            b"__Secure-a=b; Secure; Path=/service-a",
            id="6265bis 4.1.3.1",
        ),
    ],
)
def test_a_cookie_path_lies_under_the_prefix(told: bytes, seen: bytes) -> None:
    assert cookie(told, b"/service-a") == seen


def test_a_prefix_with_a_semicolon_leaves_cookies_alone() -> None:
    assert cookie(b"a=b; Path=/x", b"/a;b") == b"a=b; Path=/x"


@pytest.mark.parametrize(
    ("authority", "scheme", "plain"),
    [
        (b"A:80", b"http", b"a"),
        (b"a:443", b"https", b"a"),
        (b"a:443", b"http", b"a:443"),
        (b"[::1]:80", b"http", b"[::1]"),
        (b"a", b"ftp", b"a"),
    ],
)
def test_an_authority_has_one_comparable_form(
    authority: bytes, scheme: bytes, plain: bytes
) -> None:
    assert without_default_port(authority, scheme) == plain


REFERENCES = st.one_of(
    st.binary(),
    st.builds(
        bytes.__add__,
        st.sampled_from([b"/", b"//", b"http://127.0.0.1:8001", b"https://example.com/service-a"]),
        st.binary(),
    ),
)


@given(REFERENCES)
def test_rewriting_twice_is_rewriting_once(told: bytes) -> None:
    for face in (FACE, NAMELESS):
        once = reference(told, face)
        assert reference(once, face) == once
    assert refresh(refresh(told, FACE), FACE) == refresh(told, FACE)


@given(st.lists(st.sampled_from([b"a=b", b"Path=/", b" path =/x ", b"Path", b"Secure", b""])))
def test_a_cookie_rewritten_twice_is_rewritten_once(parts: list[bytes]) -> None:
    told = b";".join(parts)
    once = cookie(told, b"/service-a")
    assert cookie(once, b"/service-a") == once
    assert len(once.split(b";")) == len(told.split(b";"))


@given(st.binary().map(lambda path: b"/" + path))
def test_a_path_is_never_led_to_another_host(told: bytes) -> None:
    seen = reference(told, FACE)
    assert seen == told if told.startswith(b"//") else seen.startswith(b"/service-a")
