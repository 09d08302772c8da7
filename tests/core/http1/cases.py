"""What a client may send, and what becomes of it: SPEC 3's list, and what smugglers use.

Each case is a stream of bytes from the connection's first to its end; ids name the section
of RFC 9112 where no other is named. Where a case is refused, `passed` is what the server
below still saw, and `reason` and `status` are what the client hears.
"""

from typing import NamedTuple

from gateway_core.http1.flaws import INCOMPLETE
from gateway_core.http1.limits import (
    CHUNK_EXTENSION_BYTES_MAX,
    DEFAULT_LIMITS,
    METHOD_BYTES_MAX,
    TRAILERS_BYTES_MAX,
)


class Case(NamedTuple):
    id: str
    sent: bytes
    passed: bytes
    messages: int = 0
    """How many of them ended."""
    status: int | None = None
    """None: nothing is refused, neither on the way nor at the stream's end."""
    reason: str = ""


HOST = b"Host: a.example\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
CHUNKED = b"POST /upload HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"


def good(name: str, sent: bytes, messages: int = 1, passed: bytes | None = None) -> Case:
    return Case(name, sent, sent if passed is None else passed, messages)


def bad(
    name: str, status: int, reason: str, sent: bytes, passed: bytes = b"", messages: int = 0
) -> Case:
    return Case(name, sent, passed, messages, status, reason)


def line(request_line: bytes) -> bytes:
    return request_line + b"\r\n" + HOST + b"\r\n"


def get(*lines: bytes) -> bytes:
    """A GET with these lines behind its Host."""
    return b"".join([b"GET / HTTP/1.1\r\n", HOST, *(each + b"\r\n" for each in lines), b"\r\n"])


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return get(*lines).replace(b"GET", b"POST", 1) + body


def host(value: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"


def http10(*lines: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.0\r\n" + b"".join(each + b"\r\n" for each in lines) + b"\r\n" + body


SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: a.example\r\n\r\n"
HEAD_MAX = DEFAULT_LIMITS.head_bytes_max
TARGET_MAX = DEFAULT_LIMITS.target_bytes_max
FIELDS_MAX = DEFAULT_LIMITS.fields_max
FILL_HEAD = HEAD_MAX - len(get(b"X: "))
EXTENSION_MAX = CHUNK_EXTENSION_BYTES_MAX - 1
TRAILER_MAX = TRAILERS_BYTES_MAX - len(b"X: \r\n\r\n")

FIRST_LINES = [
    good("3 a plain GET", GET),
    good("3.1 a method of its own", line(b"PURGE / HTTP/1.1")),
    good("3.1 methods are case-sensitive, and this one is not GET", line(b"gEt / HTTP/1.1")),
    good("3.1 every byte of a token", line(b"M!#$%&'*+-.^_`|~09 / HTTP/1.1")),
    good("3.1 the longest method", line(b"M" * METHOD_BYTES_MAX + b" / HTTP/1.1")),
    good("3.2.1 a query, percent-encodings", line(b"GET /a%2Fb?x=%20&y=%E2%82%AC HTTP/1.1")),
    good("3.2.1 an empty query", line(b"GET /? HTTP/1.1")),
    good("3.2.1 what browsers leave unencoded", line(b'GET /{a}|b^c`"<d>\\ HTTP/1.1')),
    good("3.2.1 an at sign in a path is no user info", line(b"GET /@u:p@h HTTP/1.1")),
    good("3.2.1 two slashes", line(b"GET //h/x HTTP/1.1")),
    good("3.2.1 the longest target", line(b"GET /" + b"a" * (TARGET_MAX - 1) + b" HTTP/1.1")),
    good("3.2.2 absolute-form", line(b"GET http://a.example/x HTTP/1.1")),
    good("3.2.2 absolute-form, https, port, no path", line(b"GET HTTPS://b.example:81 HTTP/1.1")),
    good("3.2.2 absolute-form, query without a path", line(b"GET http://a.example?x HTTP/1.1")),
    good("3.2.2 absolute-form, IPv6", line(b"GET http://[::1]:80/ HTTP/1.1")),
    good("3.2.2 an at sign behind the authority", line(b"GET http://h/u@v HTTP/1.1")),
    good("3.2.3 authority-form", line(b"CONNECT a.example:443 HTTP/1.1")),
    good("3.2.3 authority-form, IPv6", line(b"CONNECT [2001:db8::1]:443 HTTP/1.1")),
    good("3.2.4 asterisk-form", line(b"OPTIONS * HTTP/1.1")),
    good("2.2 an empty line in front", b"\r\n" + GET, passed=GET),
    good("2.2 an empty line in front of each", (b"\r\n" + GET) * 2, 2, passed=GET * 2),
    good("2.2 an empty line behind all", GET + b"\r\n", passed=GET),
    good("2.2 half an empty line behind all", GET + b"\r", passed=GET),
    good("9.3.2 pipelined", GET * 3, 3),
    good("nothing at all", b"", 0),
    bad("2.2 two empty lines in front", 400, "bad-request-line", b"\r\n\r\n" + GET),
    bad("2.2 an empty line without CR in front", 400, "bare-line-feed", b"\n" + GET),
    bad("2.2 a CR in front", 400, "bad-request-line", b"\r" + GET),
    bad("2.2 a space in front", 400, "bad-request-line", b" " + GET),
    bad(
        "2.2 space before the first field",
        400,
        "folded-line",
        b"GET / HTTP/1.1\r\n " + HOST + b"\r\n",
    ),
    bad("2.3 HTTP/1.2", 505, "http-version-not-supported", line(b"GET / HTTP/1.2")),
    bad("2.3 HTTP/0.9", 505, "http-version-not-supported", line(b"GET / HTTP/0.9")),
    bad("2.3 HTTP/2.0", 505, "http-version-not-supported", line(b"GET / HTTP/2.0")),
    bad("2.3 HTTP/3.0", 505, "http-version-not-supported", line(b"GET / HTTP/3.0")),
    bad(
        "RFC 9113, 3.4 an HTTP/2 preface",
        505,
        "http-version-not-supported",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    ),
    bad("2.3 HTTP/1", 400, "bad-http-version", line(b"GET / HTTP/1")),
    bad("2.3 HTTP/1.", 400, "bad-http-version", line(b"GET / HTTP/1.")),
    bad("2.3 HTTP/1.10", 400, "bad-http-version", line(b"GET / HTTP/1.10")),
    bad("2.3 HTTP/01.1", 400, "bad-http-version", line(b"GET / HTTP/01.1")),
    bad("2.3 HTTP/11", 400, "bad-http-version", line(b"GET / HTTP/11")),
    bad("2.3 HTTP/1,1", 400, "bad-http-version", line(b"GET / HTTP/1,1")),
    bad("2.3 HTTP/+1.1", 400, "bad-http-version", line(b"GET / HTTP/+1.1")),
    bad("2.3 lower case", 400, "bad-http-version", line(b"GET / http/1.1")),
    bad("2.3 another protocol", 400, "bad-http-version", line(b"GET / RTSP/1.0")),
    bad("2.3 a space behind", 400, "bad-http-version", line(b"GET / HTTP/1.1 ")),
    bad("2.3 a tab behind", 400, "bad-http-version", line(b"GET / HTTP/1.1\t")),
    bad("2.3 a CR more", 400, "bad-http-version", line(b"GET / HTTP/1.1\r")),
    bad("2.3 a version without an end", 400, "bad-http-version", b"GET / HTTP/1.1" + b"1" * 99),
    bad("3 no version: HTTP/0.9", 400, "bad-request-line", b"GET /\r\n\r\n"),
    bad("3 no target", 400, "bad-request-line", line(b"GET HTTP/1.1")),
    bad("3 a method alone", 400, "bad-request-line", line(b"GET")),
    bad("3 two spaces", 400, "bad-request-line", line(b"GET  / HTTP/1.1")),
    bad("3 two spaces before the version", 400, "bad-http-version", line(b"GET /  HTTP/1.1")),
    bad("3 a tab for a space", 400, "bad-method", line(b"GET\t/ HTTP/1.1")),
    bad("3 a tab for the second space", 400, "bad-request-line", line(b"GET /\tHTTP/1.1")),
    bad("3 a space in the target", 400, "bad-http-version", line(b"GET /a b HTTP/1.1")),
    bad("3 no method", 400, "bad-request-line", line(b" / HTTP/1.1")),
    bad("3 a request without CR", 400, "bare-line-feed", b"GET / HTTP/1.1\n" + HOST + b"\r\n"),
    bad("3 all without CR", 400, "bare-line-feed", b"GET / HTTP/1.1\nHost: a.example\n\n"),
    bad("3.1 a method with a colon", 400, "bad-method", line(b"GET: / HTTP/1.1")),
    bad("3.1 a method in quotes", 400, "bad-method", line(b'"GET" / HTTP/1.1')),
    bad("3.1 a method beyond ASCII", 400, "bad-method", line(b"G\xcbT / HTTP/1.1")),
    bad("3.1 a method with NUL", 400, "bad-method", line(b"G\0T / HTTP/1.1")),
    bad(
        "3 a method too long",
        501,
        "method-too-long",
        line(b"M" * (METHOD_BYTES_MAX + 1) + b" / HTTP/1.1"),
    ),
    bad("3 a method without an end", 501, "method-too-long", b"A" * 100_000),
    bad("TLS to the wrong port", 400, "not-http", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    bad("garbage", 400, "bad-method", bytes(range(128, 256)) * 8),
    bad(
        "an answer to a request", 400, "bad-method", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ),
    bad(
        "3 a target too long",
        414,
        "uri-too-long",
        line(b"GET /" + b"a" * TARGET_MAX + b" HTTP/1.1"),
    ),
    bad("3 a target without an end", 414, "uri-too-long", b"GET /" + b"a" * 100_000),
    bad("3.2 a fragment", 400, "fragment-in-target", line(b"GET /a#b HTTP/1.1")),
    bad("3.2 a fragment alone", 400, "fragment-in-target", line(b"GET # HTTP/1.1")),
    bad("3.2 user info", 400, "user-info-in-target", line(b"GET http://u:p@h/ HTTP/1.1")),
    bad("3.2 empty user info", 400, "user-info-in-target", line(b"GET http://@h/ HTTP/1.1")),
    bad("3.2.3 user info, CONNECT", 400, "user-info-in-target", line(b"CONNECT u@h:443 HTTP/1.1")),
    bad("3.2 NUL in the target", 400, "bad-target-byte", line(b"GET /\0 HTTP/1.1")),
    bad("3.2 a control character", 400, "bad-target-byte", line(b"GET /\x1b HTTP/1.1")),
    bad("3.2 DEL", 400, "bad-target-byte", line(b"GET /\x7f HTTP/1.1")),
    bad("3.2 a tab in the target", 400, "bad-target-byte", line(b"GET /a\tb HTTP/1.1")),
    bad("3.2 UTF-8 in the target", 400, "bad-target-byte", line(b"GET /\xe2\x82\xac HTTP/1.1")),
    bad("3.2 Latin-1 and a fragment", 400, "bad-target-byte", line(b"GET /\xe9#x HTTP/1.1")),
    bad("3.2 CR in the target", 400, "bare-carriage-return", line(b"GET /\rX HTTP/1.1")),
    bad("3.2 no path, no URI", 400, "bad-target", line(b"GET admin HTTP/1.1")),
    bad("3.2.2 another scheme", 400, "bad-target", line(b"GET ftp://h/ HTTP/1.1")),
    bad("3.2.2 no host", 400, "bad-target", line(b"GET http:///x HTTP/1.1")),
    bad("3.2.2 a backslash for a slash", 400, "bad-target", line(b"GET http://h\\x/ HTTP/1.1")),
    bad("3.2.2 a port too high", 400, "bad-target", line(b"GET http://h:65536/ HTTP/1.1")),
    bad("3.2.3 authority-form for GET", 400, "bad-target", line(b"GET a.example:80 HTTP/1.1")),
    bad("3.2.3 CONNECT to a path", 400, "bad-target", line(b"CONNECT /x HTTP/1.1")),
    bad("3.2.3 CONNECT without a port", 400, "bad-target", line(b"CONNECT a.example HTTP/1.1")),
    bad(
        "3.2.3 CONNECT with an empty port", 400, "bad-target", line(b"CONNECT a.example: HTTP/1.1")
    ),
    bad("3.2.4 asterisk-form for GET", 400, "bad-target", line(b"GET * HTTP/1.1")),
    bad("3.2.4 asterisk and more", 400, "bad-target", line(b"OPTIONS *x HTTP/1.1")),
]

FIELDS = [
    good("5 no space behind the colon", get(b"X:y")),
    good("5.1 white space around a value", get(b"X: \t y \t ")),
    good("5 an empty value", get(b"X:", b"Y: ")),
    good("5.1 every byte of a token", get(b"!#$%&'*+-.^_`|~09aZ: x")),
    good("RFC 9110, 5.5 bytes beyond ASCII in a value", get(b"X: \x80\xff \xe2\x82\xac")),
    good("RFC 9110, 5.5 a tab in a value", get(b"X: a\tb")),
    good("RFC 9110, 5.3 a name twice", get(b"X: a", b"x: b")),
    good("as many fields as may be", get(*[b"X: y"] * (FIELDS_MAX - 1))),
    good("as large a head as may be", get(b"X: " + b"y" * FILL_HEAD)),
    bad("5 a field too many", 431, "too-many-fields", get(*[b"X: y"] * FIELDS_MAX)),
    bad("a head one byte too large", 431, "head-too-large", get(b"X: " + b"y" * (FILL_HEAD + 1))),
    bad(
        "a field line without an end",
        431,
        "head-too-large",
        get()[:-2] + b"X: " + b"y" * 2 * HEAD_MAX,
    ),
    bad("fields without an end", 431, "too-many-fields", get()[:-2] + b"X: y\r\n" * 400),
    bad("2.2 CR in a value", 400, "bare-carriage-return", get(b"X: a\rb")),
    bad(
        "2.2 CR hides a field",
        400,
        "bare-carriage-return",
        get(b"X: a\rTransfer-Encoding: chunked"),
    ),
    bad("2.2 CR in a name", 400, "bare-carriage-return", get(b"X\r: a")),
    bad("2.2 CR CR LF", 400, "bare-carriage-return", get(b"X: a\r")),
    bad("2.2 a line without CR", 400, "bare-line-feed", get(b"X: a\nY: b")),
    bad("2.2 an empty line without CR", 400, "bare-line-feed", get()[:-2] + b"\n"),
    bad("2.2 LF CR", 400, "bare-line-feed", get(b"X: a\n\rY: b")),
    bad("2.2 CR, text, LF", 400, "bare-carriage-return", get(b"X: a\rb\nY: c")),
    bad(
        "2.2 an empty line without CR, a request behind",
        400,
        "bare-line-feed",
        get()[:-2] + b"\n" + GET,
    ),
    bad("5.1 a space before the colon", 400, "space-before-colon", get(b"X : y")),
    bad("5.1 a tab before the colon", 400, "space-before-colon", get(b"Content-Length\t: 5")),
    bad("5.1 no name", 400, "bad-field-name", get(b": y")),
    bad("5.1 a space for a name", 400, "folded-line", get(b" : y")),
    bad("5.1 no colon", 400, "bad-field-line", get(b"X")),
    bad("5.1 a space in a name", 400, "bad-field-name", get(b"X Y: z")),
    bad("5.1 a bracket in a name", 400, "bad-field-name", get(b"X[]: z")),
    bad("5.1 a quote in a name", 400, "bad-field-name", get(b'"X": z')),
    bad("5.1 NUL in a name", 400, "bad-field-name", get(b"X\0: z")),
    bad(
        "5.1 a vertical tab before the colon",
        400,
        "bad-field-name",
        get(b"Transfer-Encoding\x0b: chunked"),
    ),
    bad("5.1 a name beyond ASCII", 400, "bad-field-name", get(b"\xc3\xa9: z")),
    bad("5.1 a long s is no s", 400, "bad-field-name", get("Ho\u017ft: z".encode())),
    bad("5.2 folded", 400, "folded-line", get(b"X: a", b" b")),
    bad("5.2 folded by a tab", 400, "folded-line", get(b"X: a", b"\tb")),
    bad(
        "5.2 a folded Transfer-Encoding",
        400,
        "folded-line",
        get(b"Transfer-Encoding:", b" chunked"),
    ),
    bad("5.2 a folded Content-Length", 400, "folded-line", get(b"Content-Length: 1", b" 0")),
    bad("5.2 a line of white space", 400, "folded-line", get(b"X: a", b" ")),
    bad("RFC 9110, 5.5 NUL in a value", 400, "bad-field-value", get(b"X: a\0b")),
    bad("RFC 9110, 5.5 a control character in a value", 400, "bad-field-value", get(b"X: a\x01b")),
    bad("RFC 9110, 5.5 a form feed around a value", 400, "bad-field-value", get(b"X: a\x0c")),
    bad("RFC 9110, 5.5 DEL in a value", 400, "bad-field-value", get(b"X: a\x7f")),
]

HOSTS = [
    good("3.2 a name", host(b"a-b_c.example")),
    good("3.2 an address and a port", host(b"127.0.0.1:8000")),
    good("3.2 an IPv6 address and a port", host(b"[::ffff:192.0.2.1]:8000")),
    good("3.2 an empty port", host(b"a.example:")),
    good("3.2 upper case, a dot behind", host(b"A.EXAMPLE.")),
    good("3.2 another host than the target's", line(b"GET http://b.example/ HTTP/1.1")),
    good("3.2 none in HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n"),
    bad("3.2 none", 400, "host-missing", b"GET / HTTP/1.1\r\n\r\n"),
    bad("3.2 none but others", 400, "host-missing", b"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n"),
    bad("3.2 none, absolute-form", 400, "host-missing", b"GET http://a/ HTTP/1.1\r\n\r\n"),
    bad("3.2 twice", 400, "host-repeated", get(b"Host: b.example")),
    bad("3.2 twice the same", 400, "host-repeated", get(b"HOST: a.example")),
    bad("3.2 twice in HTTP/1.0", 400, "host-repeated", http10(b"Host: a", b"Host: b")),
    bad("3.2 empty", 400, "bad-host", host(b"")),
    bad("3.2 a port alone", 400, "bad-host", host(b":80")),
    bad("3.2 two names", 400, "bad-host", host(b"a.example, b.example")),
    bad("3.2 two names, a comma", 400, "bad-host", host(b"a.example,b.example")),
    bad("3.2 user info in it", 400, "bad-host", host(b"u@a.example")),
    bad("3.2 a path", 400, "bad-host", host(b"a.example/x")),
    bad("3.2 a URI", 400, "bad-host", host(b"http://a.example")),
    bad("3.2 a port that is none", 400, "bad-host", host(b"a.example:8o")),
    bad("3.2 a signed port", 400, "bad-host", host(b"a.example:-1")),
    bad("3.2 a port too high", 400, "bad-host", host(b"a.example:65536")),
    bad("3.2 two ports", 400, "bad-host", host(b"a.example:80:81")),
    bad("3.2 IPv6 without brackets", 400, "bad-host", host(b"::1")),
    bad("3.2 an IPv6 address that is none", 400, "bad-host", host(b"[::1::2]")),
    bad("3.2 an IPv6 zone", 400, "bad-host", host(b"[fe80::1%25eth0]")),
    bad("3.2 a bracket open", 400, "bad-host", host(b"[::1")),
    bad("3.2 percent-encoded", 400, "bad-host", host(b"a%2eexample")),
    bad("3.2 beyond ASCII", 400, "bad-host", host("b\u00fccher.example".encode())),
    bad("3.2 a name too long", 400, "bad-host", host(b"a" * 256)),
]

LENGTHS = [
    good("6.2 a length", post(b"Content-Length: 5", body=b"hello")),
    good("6.2 a length of zero", post(b"Content-Length: 0")),
    good("6.2 leading zeros", post(b"Content-Length: 005", body=b"hello")),
    good("6.2 white space around it", post(b"Content-Length: \t5 ", body=b"hello")),
    good("6.2 a GET with a body, another request", get(b"Content-Length: 5") + b"hello" + GET, 2),
    good("6.2 a body that looks like a request", post(b"Content-Length: 40", body=SMUGGLED[:40])),
    good("6.2 a body in HTTP/1.0", http10(b"Content-Length: 2", body=b"hi")),
    good("6.3 no length, no body", post() + GET, 2),
    bad("6.2 signed", 400, "bad-content-length", post(b"Content-Length: +5", body=b"hello")),
    bad("6.2 negative", 400, "bad-content-length", post(b"Content-Length: -5")),
    bad("6.2 hexadecimal", 400, "bad-content-length", post(b"Content-Length: 0x5")),
    bad("6.2 a fraction", 400, "bad-content-length", post(b"Content-Length: 5.0")),
    bad("6.2 an underscore", 400, "bad-content-length", post(b"Content-Length: 1_0")),
    bad("6.2 an exponent", 400, "bad-content-length", post(b"Content-Length: 5e0")),
    bad("6.2 empty", 400, "bad-content-length", post(b"Content-Length:")),
    bad("6.2 a word", 400, "bad-content-length", post(b"Content-Length: chunked")),
    bad("6.2 a space inside", 400, "bad-content-length", post(b"Content-Length: 5 5")),
    bad("6.2 quoted", 400, "bad-content-length", post(b'Content-Length: "5"')),
    bad(
        "6.2 digits beyond ASCII",
        400,
        "bad-content-length",
        post("Content-Length: \u0665".encode()),
    ),
    bad("6.2 19 digits", 400, "bad-content-length", post(b"Content-Length: " + b"0" * 18 + b"5")),
    bad(
        "6.2 2 to the 64th",
        400,
        "bad-content-length",
        post(b"Content-Length: 18446744073709551616"),
    ),
    bad("RFC 9110, 8.6 a list", 400, "bad-content-length", post(b"Content-Length: 5, 6")),
    bad(
        "RFC 9110, 8.6 a list of equal ones",
        400,
        "bad-content-length",
        post(b"Content-Length: 5, 5"),
    ),
    bad("RFC 9110, 8.6 a comma behind", 400, "bad-content-length", post(b"Content-Length: 5,")),
    bad(
        "6.3 two that differ",
        400,
        "content-length-repeated",
        post(b"Content-Length: 5", b"Content-Length: 6"),
    ),
    bad(
        "6.3 two that are equal",
        400,
        "content-length-repeated",
        post(b"Content-Length: 5", b"content-length: 5"),
    ),
    bad(
        "6.1 chunked, and a length",
        400,
        "length-and-encoding",
        post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    ),
    bad(
        "6.1 a length, and chunked",
        400,
        "length-and-encoding",
        post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n"),
    ),
    bad(
        "6.1 identity, and a length",
        400,
        "length-and-encoding",
        post(b"Transfer-Encoding: identity", b"Content-Length: 4"),
    ),
    bad(
        "6.1 twice",
        400,
        "transfer-encoding-repeated",
        post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    ),
    bad(
        "6.1 twice, one of them gzip",
        400,
        "transfer-encoding-repeated",
        post(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"),
    ),
    bad(
        "6.1 in HTTP/1.0",
        400,
        "transfer-encoding-in-http-1.0",
        http10(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    ),
    bad(
        "6.1 in HTTP/1.0, and a length",
        400,
        "transfer-encoding-in-http-1.0",
        http10(b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    ),
    bad("7 gzip", 501, "transfer-coding-not-supported", post(b"Transfer-Encoding: gzip")),
    bad(
        "7 gzip, chunked",
        501,
        "transfer-coding-not-supported",
        post(b"Transfer-Encoding: gzip, chunked"),
    ),
    bad(
        "7 deflate and compress, chunked",
        501,
        "transfer-coding-not-supported",
        post(b"Transfer-Encoding: Deflate,x-compress,chunked"),
    ),
    bad(
        "7.2 chunked is not the last",
        400,
        "bad-transfer-encoding",
        post(b"Transfer-Encoding: chunked, gzip"),
    ),
    bad(
        "7.1 chunked twice",
        400,
        "bad-transfer-encoding",
        post(b"Transfer-Encoding: chunked, chunked"),
    ),
    bad("7 identity", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: identity")),
    bad(
        "7 chunked, identity",
        400,
        "bad-transfer-encoding",
        post(b"Transfer-Encoding: chunked, identity"),
    ),
    bad("7 in another case", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: Chunked")),
    bad("7 no such coding", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: xchunked")),
    bad("7 empty", 400, "bad-transfer-encoding", post(b"Transfer-Encoding:")),
    bad("7 a comma in front", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: , chunked")),
    bad("7 a comma behind", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: chunked,")),
    bad("7 quoted", 400, "bad-transfer-encoding", post(b'Transfer-Encoding: "chunked"')),
    bad(
        "7 with a parameter", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: chunked;q=1")
    ),
    bad("7 padded behind", 400, "bad-transfer-encoding", post(b"Transfer-Encoding: chunked ")),
    bad("7 padded by a tab", 400, "bad-transfer-encoding", post(b"Transfer-Encoding:\tchunked")),
    bad(
        "7 padded by two spaces", 400, "bad-transfer-encoding", post(b"Transfer-Encoding:  chunked")
    ),
    bad(
        "7 padded by a vertical tab",
        400,
        "bad-field-value",
        post(b"Transfer-Encoding: \x0bchunked"),
    ),
    bad(
        "7 padded by a non-breaking space",
        400,
        "bad-transfer-encoding",
        post(b"Transfer-Encoding: \xa0chunked"),
    ),
    bad(
        "7 hidden in another field",
        400,
        "bad-transfer-encoding",
        post(b"X: y", b"Transfer-Encoding: xx", b"Z: transfer-encoding: chunked"),
    ),
    good("7 without the space", post(b"transfer-encoding:chunked", body=b"0\r\n\r\n")),
    good("7.2 TE is another matter", get(b"TE: trailers, deflate;q=0.5", b"Connection: TE")),
]


def chunked(body: bytes) -> bytes:
    return CHUNKED + body


def bad_chunks(name: str, reason: str, body: bytes, passed: bytes = b"", status: int = 400) -> Case:
    return bad(name, status, reason, CHUNKED + body, CHUNKED + passed)


CHUNKS = [
    good("7.1 chunks", chunked(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")),
    good("7.1 none", chunked(b"0\r\n\r\n")),
    good("7.1 either case", chunked(b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n")),
    good("7.1 16 digits", chunked(b"0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n")),
    good("7.1 CR LF in the data", chunked(b"4\r\n\r\n\r\n\r\n0\r\n\r\n")),
    good("7.1 another request behind", chunked(b"1\r\nx\r\n0\r\n\r\n") + GET, 2),
    good("7.1.1 extensions", chunked(b'1;a;b=c; d="e\xff"\tf\r\nx\r\n0;last\r\n\r\n')),
    good(
        "7.1.1 the longest extension", chunked(b"1;" + b"x" * EXTENSION_MAX + b"\r\nx\r\n0\r\n\r\n")
    ),
    good("7.1.2 trailers", chunked(b"1\r\nx\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n")),
    good(
        "7.1.2 trailers as large as may be", chunked(b"0\r\nX: " + b"y" * TRAILER_MAX + b"\r\n\r\n")
    ),
    good(
        "7.1.2 as many trailers as may be", chunked(b"0\r\n" + b"X: y\r\n" * FIELDS_MAX + b"\r\n")
    ),
    bad_chunks("7.1 signed", "bad-chunk-size", b"+5\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 negative", "bad-chunk-size", b"-5\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 prefixed", "bad-chunk-size", b"0x5\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 an underscore", "bad-chunk-size", b"1_0\r\nhello"),
    bad_chunks("7.1 no hexadecimal digit", "bad-chunk-size", b"g\r\n"),
    bad_chunks("7.1 digits beyond ASCII", "bad-chunk-size", "\u0665\r\nhello".encode()),
    bad_chunks("7.1 no size", "bad-chunk-size", b"\r\nhello"),
    bad_chunks("7.1 an extension without a size", "bad-chunk-size", b";a\r\nhello"),
    bad_chunks("7.1 padded in front", "bad-chunk-size", b" 5\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 padded behind", "bad-chunk-size", b"5 \r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 padded by a tab", "bad-chunk-size", b"5\t\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1.1 padded before an extension", "bad-chunk-size", b"5 ;a\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 NUL behind", "bad-chunk-size", b"5\0\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 17 digits", "chunk-size-too-long", b"0" * 16 + b"5\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 beyond 64 bits", "chunk-size-too-long", b"10000000000000005\r\nhello"),
    bad_chunks("7.1 digits without an end", "chunk-size-too-long", b"0" * 9999),
    bad_chunks("7.1 a size without CR", "bare-line-feed", b"5\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1 LF for a size", "bare-line-feed", b"\nhello"),
    bad_chunks("7.1 a size, CR alone", "bare-carriage-return", b"5\rhello\r\n0\r\n\r\n"),
    bad_chunks(
        "7.1 more data than the size", "bad-chunk-end", b"5\r\nhello!\r\n0\r\n\r\n", b"5\r\nhello"
    ),
    bad_chunks(
        "7.1 less data than the size",
        "bad-chunk-end",
        b"7\r\nhello\r\n0\r\n\r\n",
        b"7\r\nhello\r\n",
    ),
    bad_chunks(
        "7.1 data that ends with LF", "bad-chunk-end", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello"
    ),
    bad_chunks(
        "7.1 data that ends with CR", "bad-chunk-end", b"5\r\nhello\r0\r\n\r\n", b"5\r\nhello"
    ),
    bad_chunks(
        "7.1 data without an end, a size", "bad-chunk-end", b"5\r\nhello0\r\n\r\n", b"5\r\nhello"
    ),
    bad_chunks("7.1 no size for the second", "bad-chunk-size", b"1\r\nx\r\n\r\n", b"1\r\nx"),
    bad_chunks("7.1.1 NUL", "bad-chunk-extension", b"5;a\0\r\nhello\r\n0\r\n\r\n"),
    bad_chunks(
        "7.1.1 a control character", "bad-chunk-extension", b"5;a\x0b\r\nhello\r\n0\r\n\r\n"
    ),
    bad_chunks("7.1.1 DEL", "bad-chunk-extension", b"5;a\x7f\r\nhello\r\n0\r\n\r\n"),
    bad_chunks("7.1.1 a bare LF in an extension", "bare-line-feed", b"5;a\nhello\r\n0\r\n\r\n"),
    bad_chunks(
        "7.1.1 a bare LF hides a chunk", "bare-line-feed", b"2;\nxx\r\n1e\r\n0\r\n\r\n" + SMUGGLED
    ),
    bad_chunks(
        "7.1.1 a bare CR in an extension", "bare-carriage-return", b"5;a\rb\r\nhello\r\n0\r\n\r\n"
    ),
    bad_chunks("7.1.1 in the last chunk", "bad-chunk-extension", b"0;\x01\r\n\r\n"),
    bad_chunks(
        "7.1.1 an extension too long",
        "chunk-extension-too-long",
        b"1;" + b"x" * (EXTENSION_MAX + 1) + b"\r\nx\r\n0\r\n\r\n",
    ),
    bad_chunks(
        "7.1.1 an extension without an end", "chunk-extension-too-long", b"1;" + b"x" * 99_999
    ),
    bad_chunks(
        "7.1.1 too many extensions",
        "chunk-extension-too-long",
        (b"1;" + b"y" * EXTENSION_MAX + b"\r\nx\r\n") * 17 + b"0\r\n\r\n",
        ((b"1;" + b"y" * EXTENSION_MAX + b"\r\nx\r\n") * 16)[:-2],
    ),
    bad_chunks("7.1.2 folded", "folded-line", b"0\r\nX: a\r\n b\r\n\r\n", b"0\r\nX: a\r\n"),
    bad_chunks(
        "7.1.2 a space before the colon", "space-before-colon", b"0\r\nX : a\r\n\r\n", b"0\r\n"
    ),
    bad_chunks("7.1.2 no colon", "bad-field-line", b"0\r\nGET / HTTP/1.1\r\n\r\n", b"0\r\n"),
    bad_chunks("7.1.2 a control character", "bad-field-value", b"0\r\nX: \x01\r\n\r\n", b"0\r\n"),
    bad_chunks("7.1.2 without CR", "bare-line-feed", b"0\r\nX: a\n\r\n", b"0\r\n"),
    bad_chunks("7.1.2 the end without CR", "bare-line-feed", b"0\r\n\n", b"0\r\n"),
    bad_chunks(
        "7.1.2 Transfer-Encoding",
        "forbidden-trailer",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\n",
    ),
    bad_chunks(
        "7.1.2 Content-Length",
        "forbidden-trailer",
        b"0\r\nX: y\r\ncontent-length: 4\r\n\r\n",
        b"0\r\nX: y\r\n",
    ),
    bad_chunks("7.1.2 Host", "forbidden-trailer", b"0\r\nHost: b\r\n\r\n", b"0\r\n"),
    bad_chunks(
        "7.1.2 a trailer too many",
        "too-many-fields",
        b"0\r\n" + b"X: y\r\n" * (FIELDS_MAX + 1) + b"\r\n",
        b"0\r\n" + b"X: y\r\n" * FIELDS_MAX,
        431,
    ),
    bad_chunks(
        "7.1.2 trailers too large",
        "trailers-too-large",
        b"0\r\nX: " + b"y" * (TRAILER_MAX + 1) + b"\r\n\r\n",
        b"0\r\nX: " + b"y" * (TRAILER_MAX + 1) + b"\r\n",
        431,
    ),
    bad_chunks(
        "7.1.2 a trailer without an end",
        "trailers-too-large",
        b"0\r\nX: " + b"y" * 99_999,
        b"0\r\n",
        431,
    ),
]

CONNECTIONS = [
    good(
        "9.6 close, and more behind",
        get(b"Connection: close") + GET,
        passed=get(b"Connection: close"),
    ),
    good(
        "9.6 close behind a body",
        post(b"Connection: x, Close", b"Content-Length: 1", body=b"x") + b"\r\n\r\n\r\n",
        passed=post(b"Connection: x, Close", b"Content-Length: 1", body=b"x"),
    ),
    good(
        "9.6 close, garbage behind",
        get(b"Connection: close") + b"\x16\x03",
        passed=get(b"Connection: close"),
    ),
    good("9.3 HTTP/1.0, and more behind", http10() + GET, passed=http10()),
    good(
        "9.3 HTTP/1.0 with keep-alive ends for h11, too",
        http10(b"Connection: keep-alive") + GET,
        passed=http10(b"Connection: keep-alive"),
    ),
    good("9.3 keep-alive", get(b"Connection: keep-alive") * 2, 2),
    good(
        "7.8 an h2c upgrade is not followed",
        get(
            b"Connection: Upgrade, HTTP2-Settings",
            b"Upgrade: h2c",
            b"HTTP2-Settings: AAMAAABkAAQAAP__",
        )
        + GET,
        2,
    ),
    good(
        "7.8 an h2c upgrade with a body",
        post(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 3", body=b"abc") + GET,
        2,
    ),
    bad(
        "7.8 an h2c upgrade with a preface behind",
        505,
        "http-version-not-supported",
        get(b"Connection: Upgrade", b"Upgrade: h2c") + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        get(b"Connection: Upgrade", b"Upgrade: h2c"),
        1,
    ),
    good(
        "RFC 6455, 4.1 a handshake, then anything",
        get(b"Connection: Upgrade", b"Upgrade: websocket") + b"\x81\x80\0\0\0\0\n\n",
        0,
    ),
    good(
        "RFC 6455, 4.1 Hypercorn reads the last line of each",
        get(
            b"Connection: x",
            b"Connection: keep-alive, UPGRADE",
            b"Upgrade: h2c",
            b"Upgrade: WebSocket",
        )
        + b"\0",
        0,
    ),
    good(
        "RFC 6455, 4.1 Hypercorn takes get for GET, and HTTP/1.0",
        b"get / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: \xa0websocket\r\n\r\n\0",
        0,
    ),
    bad(
        "RFC 6455, 4.1 an upgrade that the last line denies",
        400,
        "bad-method",
        get(b"Connection: upgrade", b"Upgrade: websocket", b"Upgrade: h2c") + b"\x81\x80",
        get(b"Connection: upgrade", b"Upgrade: websocket", b"Upgrade: h2c"),
        1,
    ),
    bad(
        "RFC 6455, 4.1 no Connection: upgrade",
        400,
        "bad-method",
        get(b"Upgrade: websocket") + b"\x81\x80",
        get(b"Upgrade: websocket"),
        1,
    ),
    bad(
        "RFC 6455, 4.1 a POST is no handshake",
        400,
        "bad-method",
        post(b"Connection: upgrade", b"Upgrade: websocket") + b"\x81\x80",
        post(b"Connection: upgrade", b"Upgrade: websocket"),
        1,
    ),
    bad(
        "RFC 6455, 4.1 a handshake with a body",
        400,
        "upgrade-with-body",
        get(b"Connection: upgrade", b"Upgrade: websocket", b"Content-Length: 5") + b"hello",
    ),
    bad(
        "RFC 6455, 4.1 a handshake in chunks",
        400,
        "upgrade-with-body",
        get(b"Connection: upgrade", b"Upgrade: websocket", b"Transfer-Encoding: chunked")
        + b"0\r\n\r\n",
    ),
    good("10.1.1 Expect", post(b"Expect: 100-continue", b"Content-Length: 2", body=b"hi")),
    good("10.1.1 Expect the impossible", get(b"Expect: a-miracle")),
    bad("the second of two is bad", 400, "host-missing", GET + b"GET /2 HTTP/1.1\r\n\r\n", GET, 1),
    bad(
        "more than the length says",
        400,
        "bad-method",
        post(b"Content-Length: 1", body=b"x\x01y"),
        post(b"Content-Length: 1", body=b"x"),
        1,
    ),
    bad("8 a head without its end", 400, INCOMPLETE.reason, GET[:-1]),
    bad("8 one byte", 400, INCOMPLETE.reason, b"G"),
    bad(
        "8 a body without its end",
        400,
        INCOMPLETE.reason,
        post(b"Content-Length: 6", body=b"hello"),
        post(b"Content-Length: 6", body=b"hello"),
    ),
    bad(
        "8 no body", 400, INCOMPLETE.reason, post(b"Content-Length: 6"), post(b"Content-Length: 6")
    ),
    bad(
        "8 a chunk without its end",
        400,
        INCOMPLETE.reason,
        chunked(b"5\r\nhel"),
        chunked(b"5\r\nhel"),
    ),
    bad(
        "8 no last chunk",
        400,
        INCOMPLETE.reason,
        chunked(b"5\r\nhello\r\n"),
        chunked(b"5\r\nhello"),
    ),
    bad("8 half of a chunk's line", 400, INCOMPLETE.reason, chunked(b"5\r"), chunked(b"")),
    bad("8 half of the last chunk", 400, INCOMPLETE.reason, chunked(b"0\r\n"), chunked(b"0\r\n")),
    bad("8 half of a trailer", 400, INCOMPLETE.reason, chunked(b"0\r\nX: y"), chunked(b"0\r\n")),
]

CASES = [*FIRST_LINES, *FIELDS, *HOSTS, *LENGTHS, *CHUNKS, *CONNECTIONS]
