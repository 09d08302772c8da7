"""Every way in which bytes fail to be HTTP/1.1 that is safe to pass on, by name.

Each is the answer that the client gets (all of them end its connection, since nobody can
tell where its next message would start); told of an upstream's bytes, the name and the
sentence go into the log and the status is ours to choose.

Sources: RFC 9112 (messages), RFC 9110 sections 5.5, 5.6.2 and 7.2, RFC 6585 section 5.
"""

from typing import Final

from ..refusal import Refusal


def _flaw(status: int, reason: str, detail: str) -> Refusal:
    return Refusal(status, reason, detail, close=True)


# The first line of a request (RFC 9112, section 3).
BAD_REQUEST_LINE: Final = _flaw(
    400,
    "bad-request-line",
    "A request starts with a method, one space, a target, one space, and HTTP/1.1.",
)
NOT_HTTP: Final = _flaw(
    400, "not-http", "This is a TLS handshake, and this port speaks plain HTTP. Use http://."
)
BAD_METHOD: Final = _flaw(
    400, "bad-method", "The method holds a byte that no method can hold (RFC 9110, 9.1)."
)
METHOD_TOO_LONG: Final = _flaw(
    501, "method-too-long", "The method is longer than any that exists (RFC 9112, 3)."
)
TARGET_TOO_LONG: Final = _flaw(414, "uri-too-long", "The request target is too long.")
BAD_VERSION: Final = _flaw(
    400,
    "bad-http-version",
    "Behind the target stands exactly HTTP/1.1 or HTTP/1.0; a target holds no space.",
)
VERSION_UNSUPPORTED: Final = _flaw(
    505, "http-version-not-supported", "This connection speaks HTTP/1.1 and HTTP/1.0."
)
BAD_TARGET_BYTE: Final = _flaw(
    400,
    "bad-target-byte",
    "The target holds a control character or a byte beyond ASCII: percent-encode it.",
)
FRAGMENT: Final = _flaw(
    400, "fragment-in-target", "A target has no fragment: leave out # and what follows."
)
USER_INFO: Final = _flaw(
    400, "user-info-in-target", "A target has no user info: use an Authorization field."
)
BAD_TARGET: Final = _flaw(
    400,
    "bad-target",
    "A target is a path, or an http URI; * goes with OPTIONS only, host:port with CONNECT only.",
)

# Lines and fields (RFC 9112, sections 2.2 and 5).
BARE_LINE_FEED: Final = _flaw(
    400, "bare-line-feed", "Lines end with CR LF; this one ends with LF alone."
)
BARE_CARRIAGE_RETURN: Final = _flaw(
    400, "bare-carriage-return", "A CR stands only in front of the LF that ends a line."
)
FOLDED_LINE: Final = _flaw(
    400, "folded-line", "A field line starts with white space: folding is obsolete."
)
NO_COLON: Final = _flaw(400, "bad-field-line", "A field line has no colon.")
SPACE_BEFORE_COLON: Final = _flaw(
    400, "space-before-colon", "White space stands between a field's name and its colon."
)
BAD_FIELD_NAME: Final = _flaw(
    400, "bad-field-name", "A field name is empty or holds a byte that no token can hold."
)
BAD_FIELD_VALUE: Final = _flaw(
    400, "bad-field-value", "A field value holds NUL or another control character."
)
HEAD_TOO_LARGE: Final = _flaw(431, "head-too-large", "The head of the message is too large.")
TOO_MANY_FIELDS: Final = _flaw(431, "too-many-fields", "The message has too many field lines.")

# Host (RFC 9112, section 3.2; RFC 9110, section 7.2).
HOST_MISSING: Final = _flaw(400, "host-missing", "An HTTP/1.1 request has a Host field.")
HOST_REPEATED: Final = _flaw(400, "host-repeated", "A request has one Host field, not several.")
BAD_HOST: Final = _flaw(
    400, "bad-host", "Host names a host and perhaps a port, such as example.com:8080."
)

# How long the body is (RFC 9112, section 6.3).
LENGTH_AND_ENCODING: Final = _flaw(
    400,
    "length-and-encoding",
    "Content-Length and Transfer-Encoding exclude each other.",
)
LENGTH_REPEATED: Final = _flaw(
    400, "content-length-repeated", "A message has one Content-Length, not several."
)
BAD_LENGTH: Final = _flaw(
    400, "bad-content-length", "Content-Length is one decimal number of at most 18 digits."
)
ENCODING_IN_HTTP_1_0: Final = _flaw(
    400, "transfer-encoding-in-http-1.0", "HTTP/1.0 knows no Transfer-Encoding."
)
ENCODING_REPEATED: Final = _flaw(
    400, "transfer-encoding-repeated", "A message has one Transfer-Encoding, not several."
)
BAD_ENCODING: Final = _flaw(
    400, "bad-transfer-encoding", "Transfer-Encoding is exactly chunked, without padding."
)
UNKNOWN_CODING: Final = _flaw(
    501, "transfer-coding-not-supported", "The only transfer coding understood is chunked."
)
UPGRADE_WITH_BODY: Final = _flaw(
    400, "upgrade-with-body", "A WebSocket handshake has no body (RFC 6455, 4.1)."
)

# The body itself (RFC 9112, sections 7.1 and 8).
BAD_CHUNK_SIZE: Final = _flaw(
    400,
    "bad-chunk-size",
    "A chunk starts with its size in hexadecimal digits: no sign, prefix or space.",
)
CHUNK_SIZE_TOO_LONG: Final = _flaw(
    400, "chunk-size-too-long", "A chunk's size has more than 16 digits."
)
BAD_CHUNK_END: Final = _flaw(
    400, "bad-chunk-end", "A chunk's data is not followed by CR LF: its size was wrong."
)
BAD_CHUNK_EXTENSION: Final = _flaw(
    400, "bad-chunk-extension", "A chunk extension holds a control character."
)
CHUNK_EXTENSION_TOO_LONG: Final = _flaw(
    400, "chunk-extension-too-long", "The chunk extensions are too long."
)
TRAILERS_TOO_LARGE: Final = _flaw(431, "trailers-too-large", "The trailer section is too large.")
FORBIDDEN_TRAILER: Final = _flaw(
    400,
    "forbidden-trailer",
    "A trailer cannot tell the message's framing or host (RFC 9110, 6.5.1).",
)
INCOMPLETE: Final = _flaw(
    400, "incomplete-message", "The connection ended before the message was complete."
)

# An upstream's answer (RFC 9112, sections 4 and 9.2).
BAD_STATUS_LINE: Final = _flaw(
    400, "bad-status-line", "An answer starts with HTTP/1.1 or HTTP/1.0 and a status, 100 to 599."
)
UNSOLICITED: Final = _flaw(
    400, "unsolicited-answer", "Bytes came where no answer was due: nobody knows what they answer."
)
