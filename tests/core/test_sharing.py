"""Cross-origin resource sharing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.errors import ConfigError
from gateway_core.message import Fields, RequestHead, value
from gateway_core.sharing import ANY, FOREIGN, Sharing, asked_for, is_preflight

APP = b"https://app.example"
NAMED = Sharing(frozenset({APP, b"https://*.sub.example:8443"}), credentials=True)
OPEN = Sharing(frozenset({ANY}))


def ask(*fields: tuple[bytes, bytes], method: str = "GET") -> RequestHead:
    return RequestHead(method, b"/", b"gw", fields)


def preflight(origin: bytes = APP, headers: bytes | None = None) -> RequestHead:
    more = () if headers is None else ((b"access-control-request-headers", headers),)
    return ask(
        (b"origin", origin), (b"access-control-request-method", b"PUT"), *more, method="OPTIONS"
    )


def test_an_answer_tells_the_origin_that_may_read_it() -> None:
    assert NAMED.fields(ask((b"origin", APP))) == (
        (b"access-control-allow-origin", APP),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    )


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param((), id="no page asks"),
        pytest.param(((b"origin", b"https://evil.example"),), id="another origin"),
        pytest.param(((b"origin", APP), (b"origin", APP)), id="two origins"),
        pytest.param(((b"origin", b"null"),), id="a sandboxed page"),
    ],
)
def test_an_answer_to_anybody_else_varies_all_the_same(fields: Fields) -> None:
    assert NAMED.fields(ask(*fields)) == ((b"vary", b"Origin"),)


def test_what_is_for_everybody_does_not_vary() -> None:
    assert OPEN.fields(ask((b"origin", APP))) == ((b"access-control-allow-origin", b"*"),)
    assert OPEN.fields(ask()) == ()


def test_pages_may_read_fields_that_are_named() -> None:
    told = Sharing(frozenset({ANY}), expose=("X-A", "X-B")).fields(ask((b"origin", APP)))
    assert value(told, b"access-control-expose-headers") == b"X-A, X-B"


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        (APP, True),
        (b"https://app.example:443", False),
        (b"http://app.example", False),
        (b"https://app.example.evil", False),
        (b"https://a.sub.example:8443", True),
        (b"https://a.b.sub.example:8443", True),
        (b"https://sub.example:8443", False),
        (b"https://.sub.example:8443", False),
        (b"https://evil/.sub.example:8443", False),
        (b"https://evil.example#.sub.example:8443", False),
        (b"https://a@b.sub.example:8443", False),
        (b"https://a.sub.example", False),
        (b"https://" + b"a" * 300 + b".sub.example:8443", False),
        (b"null", False),
        (b"", False),
    ],
)
def test_origins_are_whole(origin: bytes, taken: bool) -> None:
    assert NAMED.takes(origin) is taken
    assert OPEN.takes(origin)


@given(st.binary(max_size=40))
def test_only_an_origin_that_is_taken_is_told(origin: bytes) -> None:
    told = value(NAMED.fields(ask((b"origin", origin))), b"access-control-allow-origin")
    assert told is None or (told == origin and NAMED.takes(origin))


def test_a_preflight_is_answered() -> None:
    answer = NAMED.preflight(preflight(headers=b"x-a, Content-Type"))
    assert (answer.status, answer.reason) == (204, "preflight")
    assert dict(answer.fields) == {
        b"access-control-allow-origin": APP,
        b"access-control-allow-credentials": b"true",
        b"access-control-allow-methods": b"GET, HEAD, POST, PUT, PATCH, DELETE",
        b"access-control-allow-headers": b"x-a, Content-Type",
        b"access-control-max-age": b"600",
        b"vary": b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def test_a_preflight_of_another_origin_is_refused() -> None:
    assert NAMED.preflight(preflight(b"https://evil.example")) == FOREIGN
    assert value(FOREIGN.fields, b"access-control-allow-origin") is None


@pytest.mark.parametrize(
    ("headers", "asked", "allowed"),
    [
        pytest.param(("X-A", "X-B"), b"x-c", b"X-A, X-B", id="those that are named"),
        pytest.param((), b"x-c", None, id="none"),
        pytest.param(None, None, None, id="nothing asked for"),
        pytest.param(None, b"x-a\r\nset-cookie: a", None, id="no names"),
        pytest.param(None, b"x" * 5000, None, id="too much"),
    ],
)
def test_fields_that_pages_may_set(
    headers: tuple[str, ...] | None, asked: bytes | None, allowed: bytes | None
) -> None:
    answer = Sharing(frozenset({APP}), headers=headers).preflight(preflight(headers=asked))
    assert value(answer.fields, b"access-control-allow-headers") == allowed
    assert value(answer.fields, b"access-control-allow-credentials") is None


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (preflight(), True),
        (ask((b"origin", APP), method="OPTIONS"), False),
        (ask((b"access-control-request-method", b"PUT"), method="OPTIONS"), False),
        (ask((b"origin", APP), (b"access-control-request-method", b"PUT")), False),
    ],
)
def test_a_preflight_is_told_from_other_requests(head: RequestHead, is_one: bool) -> None:
    assert is_preflight(head) is is_one


def test_a_preflight_is_about_the_request_to_come() -> None:
    assert asked_for(preflight()).method == "PUT"
    assert asked_for(ask()).method == ""


@pytest.mark.parametrize(
    ("origins", "credentials", "problem"),
    [
        ({"*"}, True, "credentials: cannot be shared with every origin"),
        ({"*", "https://a"}, False, 'origins: "\\*" is every origin'),
        ({"null"}, False, 'origins: "null" is'),
        ({"app.example"}, False, "origins: 'app.example' is no origin: write scheme"),
        ({"https://"}, False, "origins: 'https://' is no origin: write scheme"),
        ({"://a"}, False, "is no origin: write scheme"),
        ({"https://App.example"}, False, "is no origin: write scheme and host in lower case"),
        ({"https://a/"}, False, "origins: 'https://a/' is no origin: it ends with its host"),
        ({"https://a.*.b"}, False, "is no origin: it ends"),
        ({"https://ä"}, False, "is no origin: it ends"),
        ({"h_://a"}, False, "is no origin: write scheme"),
    ],
)
def test_what_browsers_would_not_obey_is_a_mistake(
    origins: Any, credentials: bool, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        Sharing(frozenset(origin.encode("latin-1") for origin in origins), credentials)


@pytest.mark.parametrize("origin", [b"http://[::1]:8000", b"chrome-extension://abc"])
def test_other_kinds_of_origins_may_be_named(origin: bytes) -> None:
    assert Sharing(frozenset({origin})).takes(origin)
