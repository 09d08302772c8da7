"""The request target: forms, refusals, normal form, and the attacks on each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.refusal import Refusal
from gateway_core.routing.target import (
    HOST_MAX,
    TARGET_MAX,
    Form,
    Target,
    authority_problem,
    fold,
    host_of,
    normalise,
    parse_target,
)


def paths() -> st.SearchStrategy[bytes]:
    """Paths made of what attacks are made of."""
    pieces = st.sampled_from(
        b"/ // . .. ... a B ~ %2e %2E %2f %2F %5c %61 %7E %252e %25 %00 %0d%0a %zz % %2 ; ..; .; x;y %c0%ae".split()
    )
    return st.lists(pieces, max_size=12).map(lambda parts: b"/" + b"".join(parts))


@pytest.mark.parametrize(
    ("method", "target", "host", "expected"),
    [
        pytest.param(
            "GET",
            b"/a/b?x=1",
            b"h:80",
            Target(Form.ORIGIN, b"h:80", b"/a/b", b"/a/b", b"x=1"),
            id="3.2.1 origin-form",
        ),
        pytest.param(
            "GET", b"/a?", b"h", Target(Form.ORIGIN, b"h", b"/a", b"/a", b""), id="an empty query"
        ),
        pytest.param(
            "GET",
            b"/a?b?c",
            b"h",
            Target(Form.ORIGIN, b"h", b"/a", b"/a", b"b?c"),
            id="a question mark in the query",
        ),
        pytest.param(
            "GET",
            b"/%61/./b",
            b"h",
            Target(Form.ORIGIN, b"h", b"/%61/./b", b"/a/b", None),
            id="the path as sent is kept beside its normal form",
        ),
        pytest.param(
            "GET", b"/", b"", Target(Form.ORIGIN, b"", b"/", b"/", None), id="HTTP/1.0 without Host"
        ),
        pytest.param(
            "GET",
            b"//evil/x",
            b"h",
            Target(Form.ORIGIN, b"h", b"//evil/x", b"//evil/x", None),
            id="3.2.1 two slashes begin a path, no authority",
        ),
        pytest.param(
            "GET",
            b"/?a\\b&50%&%00",
            b"h",
            Target(Form.ORIGIN, b"h", b"/", b"/", b"a\\b&50%&%00"),
            id="the query is data",
        ),
        pytest.param(
            "GET",
            b"http://b:81/x?y",
            b"a",
            Target(Form.ABSOLUTE, b"b:81", b"/x", b"/x", b"y"),
            id="3.2.2 the absolute form beats Host",
        ),
        pytest.param(
            "GET",
            b"HTTPS://b",
            b"a",
            Target(Form.ABSOLUTE, b"b", b"/", b"/", None),
            id="3.2.2 an empty path is the root",
        ),
        pytest.param(
            "GET",
            b"http://b?x",
            b"a",
            Target(Form.ABSOLUTE, b"b", b"/", b"/", b"x"),
            id="an empty path before a query",
        ),
        pytest.param(
            "GET",
            b"http://b/x/../y",
            b"a",
            Target(Form.ABSOLUTE, b"b", b"/x/../y", b"/y", None),
            id="the absolute form is normalised too",
        ),
        pytest.param(
            "OPTIONS",
            b"*",
            b"h",
            Target(Form.ASTERISK, b"h", b"*", b"*", None),
            id="3.2.4 asterisk-form",
        ),
        pytest.param(
            "OPTIONS",
            b"http://b",
            b"a",
            Target(Form.ASTERISK, b"b", b"*", b"*", None),
            id="3.2.4 OPTIONS of an absolute form without a path",
        ),
        pytest.param(
            "OPTIONS",
            b"http://b?",
            b"a",
            Target(Form.ABSOLUTE, b"b", b"/", b"/", b""),
            id="3.2.4 OPTIONS of an absolute form with a query",
        ),
        pytest.param(
            "OPTIONS",
            b"/a",
            b"h",
            Target(Form.ORIGIN, b"h", b"/a", b"/a", None),
            id="OPTIONS of a path",
        ),
    ],
)
def test_a_sound_target_is_taken_apart(
    method: str, target: bytes, host: bytes, expected: Target
) -> None:
    assert parse_target(method, target, host) == expected


@pytest.mark.parametrize(
    ("target", "why"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"a", "neither", id="no slash"),
        pytest.param(b"?x", "neither", id="a query alone"),
        pytest.param(b"host:443", "neither", id="3.2.3 authority-form without CONNECT"),
        pytest.param(b"*", "OPTIONS", id="3.2.4 asterisk without OPTIONS"),
        pytest.param(b"**", "neither", id="more than an asterisk"),
        pytest.param(b"ftp://h/x", "neither", id="another scheme"),
        pytest.param(b"http:/h/x", "neither", id="one slash behind the scheme"),
        pytest.param(b"/a b", "space", id="space"),
        pytest.param(b"/a?b c", "space", id="space in the query"),
        pytest.param(b"/a\tb", "control", id="tab"),
        pytest.param(b"/a\r\nX: y", "control", id="CR LF"),
        pytest.param(b"/a\n", "control", id="LF at the end"),
        pytest.param(b"/a\x00", "control", id="NUL"),
        pytest.param(b"/a?\x7f", "control", id="DEL"),
        pytest.param("/é".encode(), "non-ASCII", id="raw non-ASCII"),
        pytest.param(b"/a#b", "fragment", id="fragment"),
        pytest.param(b"/a?b#c", "fragment", id="fragment behind a query"),
        pytest.param(b"/a\\b", "backslash", id="backslash"),
        pytest.param(b"/\\evil", "backslash", id="backslash at the start"),
        pytest.param(b"/a\\b?c", "backslash", id="backslash before a query"),
        pytest.param(b"http://h/a\\b", "backslash", id="backslash in an absolute form"),
        pytest.param(b"http://u@h/", "user-info", id="4.2.4 user-info"),
        pytest.param(b"http://u:p@h/", "user-info", id="4.2.4 user-info with a password"),
        pytest.param(b"http://h\\@evil/", "user-info", id="backslash before user-info"),
        pytest.param(b"http:///x", "host[:port]", id="4.2.1 an empty host"),
        pytest.param(b"http://:80/x", "host[:port]", id="a port alone"),
        pytest.param(b"http://h:x/", "host[:port]", id="a port of letters"),
        pytest.param(b"http://h#f", "host[:port]", id="a fragment behind the authority"),
        pytest.param(b"http://h\x00/", "host[:port]", id="NUL in the authority"),
        pytest.param(b"http://h/a#f", "fragment", id="a fragment behind an absolute form"),
        pytest.param(b"/%zz", "escape", id="an escape of no hex digits"),
        pytest.param(b"/%2", "escape", id="an escape cut short"),
        pytest.param(b"/%", "escape", id="a percent sign alone"),
        pytest.param(b"/%u002e/", "escape", id="an escape of IIS"),
        pytest.param(b"/%2%65", "escape", id="an escape inside an escape"),
        pytest.param(b"/a%00.jpg", "%00", id="an encoded NUL"),
        pytest.param(b"/..", "climbs", id="above the root"),
        pytest.param(b"/../etc/passwd", "climbs", id="above the root and further"),
        pytest.param(b"/a/../../b", "climbs", id="above the root from below"),
        pytest.param(b"/%2e%2E/b", "climbs", id="above the root, encoded"),
        pytest.param(b"/./..", "climbs", id="a dot is no place to climb from"),
        pytest.param(b"/a/..;/admin", "parameters", id="3.3 a parent with parameters"),
        pytest.param(b"/a/%2e%2e;x=1/admin", "parameters", id="3.3 an encoded one"),
        pytest.param(b"/.;/admin", "parameters", id="3.3 a dot with parameters"),
        pytest.param(b"http://h/../x", "climbs", id="above the root in an absolute form"),
    ],
)
def test_a_bad_target_is_refused_and_its_connection_ends(target: bytes, why: str) -> None:
    refusal = parse_target("GET", target, b"h")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason, refusal.close) == (400, "bad-target", True)
    assert why in refusal.detail


@pytest.mark.parametrize("target", [b"/x", b"*", b"http://good/x"])
def test_a_bad_host_is_refused_whatever_the_form(target: bytes) -> None:
    refusal = parse_target("OPTIONS", target, b"user@host")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason, refusal.close) == (400, "bad-target", True)


def test_no_refusal_repeats_what_the_client_sent() -> None:
    refusal = parse_target("GET", b"/<script>\\", b"h")
    assert isinstance(refusal, Refusal)
    assert "script" not in refusal.detail


@pytest.mark.parametrize(("method", "close"), [("CONNECT", True), ("TRACE", False)])
def test_connect_and_trace_are_never_served(method: str, close: bool) -> None:
    refusal = parse_target(method, b"h:443", b"h")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason, refusal.close) == (405, "method-not-allowed", close)
    assert refusal.fields == ((b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),)


def test_a_target_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = b"/" + b"a" * (TARGET_MAX - 1)
    assert isinstance(parse_target("GET", longest, b"h"), Target)
    refusal = parse_target("GET", longest + b"a", b"h")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason) == (414, "target-too-long")


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        pytest.param(b"/", b"/", id="the root"),
        pytest.param(b"/a/b", b"/a/b", id="nothing to do"),
        pytest.param(b"/%61dmin", b"/admin", id="6.2.2.2 a letter"),
        pytest.param(b"/%41%5A%5a%7A%30%39%2d%5F%5f%7E%7e", b"/AZZz09-__~~", id="2.3 unreserved"),
        pytest.param(
            b"/%40%5B%5b%60%7B%2C%2f%3A%5e%7d%7F",
            b"/%40%5B%5b%60%7B%2C%2f%3A%5e%7d%7F",
            id="2.3 their neighbours, digits as sent",
        ),
        pytest.param(b"/a/./b", b"/a/b", id="5.2.4 a dot"),
        pytest.param(b"/a/../b", b"/b", id="5.2.4 two dots"),
        pytest.param(b"/a/b/.", b"/a/b/", id="5.2.4 a dot at the end"),
        pytest.param(b"/a/b/..", b"/a/", id="5.2.4 two dots at the end"),
        pytest.param(b"/a/..", b"/", id="5.2.4 back to the root"),
        pytest.param(b"/.", b"/", id="5.2.4 the root itself"),
        pytest.param(b"/a/b/c/./../../g", b"/a/g", id="5.2.4 the example of the RFC"),
        pytest.param(b"/a/%2e%2e/admin", b"/admin", id="dots come to light by decoding"),
        pytest.param(b"/a/.%2E/admin", b"/admin", id="one dot of two encoded"),
        pytest.param(b"/a/%2e/b", b"/a/b", id="one encoded dot"),
        pytest.param(b"/a/...", b"/a/...", id="three dots are a name"),
        pytest.param(b"/.a/b..", b"/.a/b..", id="dots in names"),
        pytest.param(b"/a//b", b"/a//b", id="two slashes are kept"),
        pytest.param(b"/a//../b", b"/a/b", id="an empty segment is a segment"),
        pytest.param(b"//..", b"/", id="and can be climbed out of"),
        pytest.param(b"/a/..//b", b"//b", id="dots may leave two slashes in front"),
        pytest.param(b"/a;x=1/b;y", b"/a;x=1/b;y", id="3.3 parameters are kept"),
        pytest.param(b"/a/...;/b", b"/a/...;/b", id="parameters of a name with dots"),
        pytest.param(b"/a/..%3b/b", b"/a/..%3b/b", id="2.2 an encoded semicolon is data"),
        pytest.param(b"/..%2fadmin", b"/..%2fadmin", id="2.2 an encoded slash is data"),
        pytest.param(b"/%2e%2e%2fadmin", b"/..%2fadmin", id="also where the dots were encoded"),
        pytest.param(b"/a/%5c..%5cadmin", b"/a/%5c..%5cadmin", id="an encoded backslash is data"),
        pytest.param(b"/%252e%252e/a", b"/%252e%252e/a", id="2.4 nothing is decoded twice"),
        pytest.param(b"/%25%36%31", b"/%2561", id="2.4 not even by pieces"),
        pytest.param(b"/%0d%0aX:%20y", b"/%0d%0aX:%20y", id="encoded controls are data"),
        pytest.param(b"/%c0%ae%c0%ae/a", b"/%c0%ae%c0%ae/a", id="overlong UTF-8 is no dot"),
        pytest.param(b"/caf%c3%a9", b"/caf%c3%a9", id="UTF-8"),
    ],
)
def test_the_normal_form(path: bytes, normal: bytes) -> None:
    assert normalise(path) == normal


@pytest.mark.parametrize("path", [b"", b"*", b"a/b", b"%2fa"])
def test_only_an_absolute_path_has_a_normal_form(path: bytes) -> None:
    assert isinstance(normalise(path), Refusal)


def test_a_path_in_normal_form_is_not_copied() -> None:
    path = b"/service-a/%2Fx/items"
    assert normalise(path) is path


def naive(path: bytes) -> bytes | None:
    """Section 5.2.4 with its two buffers, and the refusals at the places where it would go on."""
    given, out = path, b""
    while given:
        if given.startswith(b"/./"):
            given = given[2:]
        elif given == b"/.":
            given = b"/"
        elif given.startswith(b"/../") or given == b"/..":
            if not out:
                return None
            given = b"/" + given[4:]
            out = out[: out.rindex(b"/")]
        else:
            end = given.find(b"/", 1)
            end = len(given) if end < 0 else end
            out, given = out + given[:end], given[end:]
    return out


@given(st.lists(st.sampled_from([b"", b".", b"..", b"a", b"b.", b";"]), min_size=1, max_size=9))
def test_dot_segments_go_as_the_rfc_removes_them(segments: list[bytes]) -> None:
    path = b"/" + b"/".join(segments)
    normal = normalise(path)
    assert (None if isinstance(normal, Refusal) else normal) == naive(path)


@given(paths())
def test_normalising_twice_is_normalising_once(path: bytes) -> None:
    normal = normalise(path)
    if not isinstance(normal, Refusal):
        assert normalise(normal) == normal
        assert not {b".", b".."} & set(normal.split(b"/"))


@given(paths())
def test_folding_keeps_every_byte_at_its_place(path: bytes) -> None:
    folded = fold(path)
    assert len(folded) == len(path)
    assert folded.upper() == path.upper()
    assert fold(folded) == folded


def test_escapes_that_differ_in_case_alone_fold_to_one() -> None:
    assert fold(b"/a%2fB%c3%a9") == fold(b"/a%2FB%C3%A9") == b"/a%2FB%C3%A9"


@given(st.text(max_size=8), st.binary(max_size=40), st.binary(max_size=20))
def test_any_bytes_give_a_target_or_a_refusal(method: str, target: bytes, host: bytes) -> None:
    answer = parse_target(method, target, host)
    assert isinstance(answer, Target | Refusal)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        pytest.param(b"", "", id="none"),
        pytest.param(b"Example.COM", "example.com", id="3.2.2 case does not count"),
        pytest.param(b"example.com:8080", "example.com", id="with a port"),
        pytest.param(b"example.com:", "example.com", id="3.2.3 with an empty port"),
        pytest.param(b"example.com.:80", "example.com", id="the root of the DNS written out"),
        pytest.param(b"service_a:1", "service_a", id="an underscore, as containers are called"),
        pytest.param(b"127.0.0.1:80", "127.0.0.1", id="IPv4"),
        pytest.param(b"[::1]", "[::1]", id="IPv6"),
        pytest.param(b"[0:0::0001]:443", "[::1]", id="RFC 5952 in canonical form"),
        pytest.param(b"[2001:DB8::A]:443", "[2001:db8::a]", id="RFC 5952 in lower case"),
    ],
)
def test_the_host_of_an_authority(authority: bytes, host: str) -> None:
    assert not authority or authority_problem(authority) is None
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("authority", "why"),
    [
        pytest.param(b"", "host[:port]", id="empty"),
        pytest.param(b"u@h", "user-info", id="user-info"),
        pytest.param(b"h:65536", "65535", id="a port too high"),
        pytest.param(b"h:000080", "host[:port]", id="a port too long"),
        pytest.param(b"h:-1", "host[:port]", id="a signed port"),
        pytest.param(b"h:1:2", "host[:port]", id="two ports"),
        pytest.param("h:١".encode(), "host[:port]", id="digits of another script"),
        pytest.param(b"a,b", "host[:port]", id="a list"),
        pytest.param(b"a b", "host[:port]", id="a space"),
        pytest.param(b"a/b", "host[:port]", id="a path"),
        pytest.param(b"a%2eb", "host[:port]", id="an escape"),
        pytest.param(b"a..b", "host[:port]", id="an empty label"),
        pytest.param(b".a", "host[:port]", id="a dot in front"),
        pytest.param(b"a\n", "host[:port]", id="a line feed at the end"),
        pytest.param(b"::1", "host[:port]", id="IPv6 without brackets"),
        pytest.param(b"[::1", "host[:port]", id="a bracket not closed"),
        pytest.param(b"[::1]x", "host[:port]", id="more behind a bracket"),
        pytest.param(b"[1::2::3]", "IPv6", id="no IPv6 address"),
        pytest.param(b"[fe80::1%eth0]", "host[:port]", id="RFC 9844 a zone"),
        pytest.param(b"[v1.a]", "host[:port]", id="a future address"),
        pytest.param(b"a" * (HOST_MAX + 1), "host[:port]", id="a name too long"),
    ],
)
def test_what_is_no_authority(authority: bytes, why: str) -> None:
    problem = authority_problem(authority)
    assert problem is not None
    assert why in problem


@given(st.binary(max_size=30))
def test_every_sound_authority_has_a_host(authority: bytes) -> None:
    if authority_problem(authority) is None:
        assert host_of(authority)
