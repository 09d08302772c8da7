"""How long a message's body is: the one decision that requests are smuggled by.

Source: RFC 9112, section 6.3, read as strictly as it allows and in places more so: where
two readers of the same head could come to different lengths, there is no length.
"""

import re
from typing import Final

from ..message import UNKNOWN, Fields, values
from ..refusal import Refusal
from .flaws import (
    BAD_ENCODING,
    BAD_LENGTH,
    ENCODING_IN_HTTP_1_0,
    ENCODING_REPEATED,
    LENGTH_AND_ENCODING,
    LENGTH_REPEATED,
    UNKNOWN_CODING,
)
from .limits import CONTENT_LENGTH_DIGITS_MAX

_LENGTH: Final = re.compile(rb"[0-9]{1,%d}" % CONTENT_LENGTH_DIGITS_MAX)
_CHUNKED_LINE: Final = re.compile(rb"\ntransfer-encoding: ?chunked\r\n")
"""On the head with its names in lower case, but the value as sent."""
_FIELD_NAME: Final = re.compile(rb"(?<=\n)[^:\r\n]+:")
_OTHER_CODINGS: Final = frozenset({b"gzip", b"x-gzip", b"compress", b"x-compress", b"deflate"})
"""Of IANA's registry of transfer codings, all but chunked."""


def body_length(fields: Fields, raw: bytes, *, minor: int) -> int | Refusal:
    """Decide what a request's fields say of its body's length; without a word, it has none.

    `raw` is the head as it came: padding of a Transfer-Encoding shows nowhere else.
    `minor` is the minor version of HTTP/1. UNKNOWN stands for chunked.
    """
    lengths = values(fields, b"content-length")
    encodings = values(fields, b"transfer-encoding")
    if encodings:
        if minor == 0:
            return ENCODING_IN_HTTP_1_0
        if lengths:
            return LENGTH_AND_ENCODING
        return _encoding_flaw(encodings, raw) or UNKNOWN
    if not lengths:
        return 0
    if len(lengths) > 1:
        # Equal ones might be collapsed (RFC 9110, 8.6); nobody honest sends them.
        return LENGTH_REPEATED
    return content_length(lengths[0])


def content_length(value: bytes) -> int | Refusal:
    """Return the number that one Content-Length says."""
    return int(value) if _LENGTH.fullmatch(value) else BAD_LENGTH


def _encoding_flaw(encodings: list[bytes], raw: bytes) -> Refusal | None:
    """Say what is wrong with Transfer-Encoding.

    Stricter than RFC 9112, section 7, by which codings know no case and may be padded: that
    is how one server is made to see chunks where the next does not.
    """
    if len(encodings) > 1:
        return ENCODING_REPEATED
    codings = [coding.strip(b" \t").lower() for coding in encodings[0].split(b",")]
    if codings[-1] == b"chunked":
        codings.pop()
    if codings and _OTHER_CODINGS.issuperset(codings):
        return UNKNOWN_CODING
    lower = _FIELD_NAME.sub(lambda name: name[0].lower(), raw)
    return None if _CHUNKED_LINE.search(lower) else BAD_ENCODING
