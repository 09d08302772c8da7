"""RFC 9111, 5.2: what Cache-Control says; the stricter reading of what it should not say."""

import pytest

from gateway_core.caching.directives import DELTA_MAX

RESPONSES = [
    pytest.param([], {}, id="5.2 nothing"),
    pytest.param([b"max-age=60"], {"max_age": 60}, id="5.2.2.1 max-age"),
    pytest.param([b"MaX-aGe=60"], {"max_age": 60}, id="5.2 names in any case"),
    pytest.param([b'max-age="60"'], {"max_age": 60}, id="5.2 quoted all the same"),
    pytest.param([b"max-age=0060"], {"max_age": 60}, id="1.2.2 zeros in front"),
    pytest.param([b"max-age=2147483649"], {"max_age": DELTA_MAX}, id="1.2.2 too much"),
    pytest.param([b"max-age=" + b"9" * 5000], {"max_age": DELTA_MAX}, id="1.2.2 far too much"),
    pytest.param([b"max-age=" + b"0" * 5000], {"max_age": 0}, id="1.2.2 many zeros"),
    pytest.param([b"max-age=-60"], {"max_age": 0}, id="4.2.1 negative is stale"),
    pytest.param([b"max-age=60.0"], {"max_age": 0}, id="4.2.1 a decimal is stale"),
    pytest.param([b"max-age='60'"], {"max_age": 0}, id="4.2.1 single quotes are stale"),
    pytest.param([b"max-age"], {"max_age": 0}, id="4.2.1 no value is stale"),
    pytest.param([b"max-age="], {"max_age": 0}, id="4.2.1 an empty one is stale"),
    pytest.param([b"max-age =60"], {"max_age": 0}, id="5.2 white space before the equals"),
    pytest.param([b"max-age= 60"], {"max_age": 0}, id="5.2 white space behind it"),
    pytest.param(["max-age=６０".encode()], {"max_age": 0}, id="1.2.2 digits of ASCII alone"),
    pytest.param([b"max-age=60, max-age=9"], {"max_age": 9}, id="4.2.1 the shorter of two"),
    pytest.param([b"max-age=9", b"max-age=60"], {"max_age": 9}, id="4.2.1 on two lines"),
    pytest.param(
        [b"max-age=60, s-maxage=9"], {"max_age": 60, "s_maxage": 9}, id="5.2.2.10 s-maxage"
    ),
    pytest.param([b"no-store"], {"no_store": True}, id="5.2.2.5 no-store"),
    pytest.param([b"no-store=1"], {"no_store": True}, id="5.2.2.5 with a value it ignores"),
    pytest.param([b"public, must-revalidate"], {"public": True, "must_revalidate": True}, id="two"),
    pytest.param([b"proxy-revalidate"], {"proxy_revalidate": True}, id="5.2.2.8"),
    pytest.param([b"must-understand"], {"must_understand": True}, id="5.2.2.3"),
    pytest.param([b"no-cache"], {"no_cache": True}, id="5.2.2.4 no-cache"),
    pytest.param(
        [b'no-cache="Set-Cookie, X-A"'],
        {"no_cache_fields": frozenset({b"set-cookie", b"x-a"})},
        id="5.2.2.4 of fields",
    ),
    pytest.param([b'no-cache=""'], {"no_cache": True}, id="5.2.2.4 of no field is of all"),
    pytest.param([b"no-cache=set-cookie"], {"no_cache": True}, id="5.2.2.4 unquoted is of all"),
    pytest.param([b'no-cache="a b"'], {"no_cache": True}, id="5.2.2.4 of no name is of all"),
    pytest.param(
        [b'no-cache="' + b"a," * 99 + b'"'], {"no_cache": True}, id="5.2.2.4 of too many is of all"
    ),
    pytest.param(
        [b'no-cache="a", no-cache'],
        {"no_cache": True, "no_cache_fields": frozenset({b"a"})},
        id="5.2.2.4 both",
    ),
    pytest.param([b"private"], {"private": True}, id="5.2.2.7 private"),
    pytest.param([b'private="a"'], {"private_fields": frozenset({b"a"})}, id="5.2.2.7 of fields"),
    pytest.param(
        [b"stale-while-revalidate=5, stale-if-error=6"],
        {"stale_while_revalidate": 5, "stale_if_error": 6},
        id="5861 3 and 4",
    ),
    pytest.param([b"a=b, foo"], {}, id="5.2.3 unknown ones"),
    pytest.param([b', ,"", =5,no store,@'], {}, id="what is no directive"),
    pytest.param([b'x="no-store"'], {}, id="5.2 within quotes it is text"),
    pytest.param([b'x="a\\", no-store"'], {}, id="5.2 an escaped quote"),
    pytest.param([b'x="max-age=60", max-age=1'], {"max_age": 1}, id="5.2 a comma in quotes"),
    pytest.param([b'x="a, no-store'], {"no_store": True}, id="an open quote still forbids"),
    pytest.param([b'x="a, max-age=60'], {}, id="an open quote allows nothing"),
    pytest.param([b'x="a, max-age=60', b"max-age=5"], {"max_age": 5}, id="a quote ends its line"),
    pytest.param([b'x="a\\'], {}, id="an open escape"),
]
TARGETED = [
    pytest.param(b"max-age=60", {"max_age": 60}, id="9213 2.1 a lifetime"),
    pytest.param(b"no-store, private", {"no_store": True, "private": True}, id="9213 2.1 flags"),
    pytest.param(b"no-store=?0", {}, id="9213 2.1 a flag that is off"),
    pytest.param(b"no-cache", {"no_cache": True}, id="9213 2.1 no-cache"),
    pytest.param(b'no-cache="a"', {"no_cache_fields": frozenset({b"a"})}, id="9213 of fields"),
    pytest.param(b'private=""', {"private": True}, id="9213 of none is of all"),
    pytest.param(b"private=a", {"private": True}, id="9213 a token is of all"),
    pytest.param(b"private=5", {"private": True}, id="9213 a number is of all"),
    pytest.param(b"no-cache=?0", {}, id="9213 no-cache that is off"),
    pytest.param(b'max-age="60"', {"max_age": 0}, id="9213 2.1 a string is no lifetime"),
    pytest.param(b"max-age=-5", {"max_age": 0}, id="9213 negative is stale"),
    pytest.param(b"max-age=?1", {"max_age": 0}, id="9213 a boolean is no lifetime"),
    pytest.param(b"max-age=99999999999", {"max_age": DELTA_MAX}, id="9213 too much"),
]
REQUESTS = [
    pytest.param([b"no-cache"], {"no_cache": True}, id="5.2.1.4"),
    pytest.param([b"no-store"], {"no_store": True}, id="5.2.1.5"),
    pytest.param([b"only-if-cached"], {"only_if_cached": True}, id="5.2.1.7"),
    pytest.param([b"max-age=5"], {"max_age": 5}, id="5.2.1.1"),
    pytest.param([b"max-age=x"], {"max_age": 0}, id="5.2.1.1 what is no number is 0"),
    pytest.param([b"max-stale=5"], {"max_stale": 5}, id="5.2.1.2"),
    pytest.param([b"max-stale"], {"max_stale": DELTA_MAX}, id="5.2.1.2 of any age"),
    pytest.param([b"max-stale=x"], {"max_stale": 0}, id="5.2.1.2 what is no number is 0"),
    pytest.param([b"max-stale, max-stale=5"], {"max_stale": 5}, id="5.2.1.2 the stricter of two"),
    pytest.param([b"min-fresh=5"], {"min_fresh": 5}, id="5.2.1.3"),
    pytest.param([b"min-fresh=x"], {"min_fresh": DELTA_MAX}, id="5.2.1.3 the stricter"),
    pytest.param([b"min-fresh=5, min-fresh=6"], {"min_fresh": 6}, id="5.2.1.3 of two"),
    pytest.param([b"nothing-to-see-here"], {}, id="5.2.3 unknown"),
]
