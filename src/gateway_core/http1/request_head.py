"""One request's head, from its bytes: the values in it, or the one thing wrong with it.

    request-line CRLF *( field-line CRLF ) CRLF

A good head is recognised by one pattern in one pass; only of a bad one is it asked, line by
line from its first byte, what is wrong, so that the answer does not depend on the pieces it
came in. Source: RFC 9112, sections 2, 3, 5 and 6; RFC 9110, sections 5, 7.2 and 9.1.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ..frozen import frozen
from ..message import Fields, RequestHead, members, values
from ..refusal import Refusal
from .authority import is_authority
from .fields import FIELD_LINE, TOKEN, TOKEN_BYTES, HeadWatch, read_fields
from .flaws import (
    BAD_HOST,
    BAD_METHOD,
    BAD_REQUEST_LINE,
    BAD_TARGET,
    BAD_TARGET_BYTE,
    BAD_VERSION,
    BARE_CARRIAGE_RETURN,
    FRAGMENT,
    HOST_MISSING,
    HOST_REPEATED,
    METHOD_TOO_LONG,
    NOT_HTTP,
    TARGET_TOO_LONG,
    USER_INFO,
    VERSION_UNSUPPORTED,
)
from .framing import body_length, content_length
from .limits import DEFAULT_LIMITS, METHOD_BYTES_MAX, Limits

_METHOD: Final = rb"[%b]{1,%d}+" % (TOKEN_BYTES, METHOD_BYTES_MAX)
_TARGET: Final = rb'[!"$-~]++'
"""VCHAR but "#": more than a URI may hold, since browsers send {, | and the like unencoded."""
_HEAD: Final = re.compile(
    rb"(%b) (%b) HTTP/1\.([01])\r\n((?:%b)*+)\r\n" % (_METHOD, _TARGET, FIELD_LINE)
)
_TARGET_ONLY: Final = re.compile(_TARGET)
_VERSION: Final = re.compile(rb"HTTP/[0-9]\.[0-9]")
_VERSION_BYTES: Final = len(b"HTTP/1.1")
_HTTP_URI: Final = re.compile(rb"https?://([^/?]*+)", re.IGNORECASE)
_PORT: Final = re.compile(rb":[0-9]+$")
_SLASH: Final = 0x2F
_TLS_HANDSHAKE: Final = 0x16
_END: Final = b"\r\n\r\n"
_HOST_MAX: Final = 255 + len(b":65535")
"""Bytes of the longest good Host."""

_is_authority = lru_cache(maxsize=256)(is_authority)
"""Remembered, since nearly all requests name one of a few; none longer than _HOST_MAX."""


@frozen
class ParsedRequest:
    """A request's head, known to be good."""

    method: str
    target: bytes
    """As it came: origin-form, absolute-form, authority-form (CONNECT) or `*` (OPTIONS)."""
    version: str
    """"1.1" or "1.0"."""
    fields: Fields
    authority: bytes
    """What the Host field says; b"" where there is none (HTTP/1.0)."""
    body: int
    """Bytes to come: 0 for none, UNKNOWN for chunked."""
    keep_alive: bool
    """Whether the client will have its connection go on after this message."""
    upgrade: bool
    """Whether it bears an Upgrade field: whatever it asks to become."""
    size: int
    """Bytes of the head, its empty line included."""

    def heard_from(self, peer: str, scheme: str) -> RequestHead:
        """Return it as what `peer` asks over a connection that `scheme` names."""
        return RequestHead(
            self.method,
            self.target,
            self.authority,
            self.fields,
            peer,
            scheme,
            self.version,
            self.body,
        )


@dataclass(slots=True)
class RequestHeadReader:
    """Takes one head after the other off a client's stream, whatever pieces it comes in."""

    limits: Limits = DEFAULT_LIMITS
    held: bytearray = field(default_factory=bytearray)
    """What came of a head that is not complete; no more than its limit and one piece."""
    raw: bytes = b""
    """The last head's bytes, where it came in pieces; else they lie in that one piece."""
    _watch: HeadWatch = field(default_factory=HeadWatch)

    def read(self, data: bytes, at: int) -> ParsedRequest | Refusal | None:
        """Read on at `data[at]`. None: all of it is held, and the head is not complete.

        The head ends at `at + size - len(held)`, with `held` as it was before the call.
        """
        if self.held:
            return self._resume(data, at)
        match = _HEAD.match(data, at)
        if match is not None:
            return _parsed(match, self.limits)
        end = data.find(_END, at)
        if end >= 0:
            return _line_flaw(data[at : end + len(_END)], self.limits)
        self.held += memoryview(data)[at:]
        self._watch = HeadWatch()
        return self._watch.flaw(self.held, self.limits, request_line_flaw)

    def _resume(self, data: bytes, at: int) -> ParsedRequest | Refusal | None:
        start = max(len(self.held) - len(_END) + 1, 0)
        self.held += memoryview(data)[at:]
        end = self.held.find(_END, start)
        if end < 0:
            return self._watch.flaw(self.held, self.limits, request_line_flaw)
        self.raw = bytes(memoryview(self.held)[: end + len(_END)])
        self.held = bytearray()
        return parse_request_head(self.raw, self.limits)


def parse_request_head(head: bytes, limits: Limits = DEFAULT_LIMITS) -> ParsedRequest | Refusal:
    """Read one complete head: from its first byte to the end of its empty line."""
    match = _HEAD.fullmatch(head)
    return _line_flaw(head, limits) if match is None else _parsed(match, limits)


def _line_flaw(head: bytes, limits: Limits) -> Refusal:
    flaw = HeadWatch().flaw(head, limits, request_line_flaw)
    assert flaw is not None, "the pattern refused a head in which every line is good"
    return flaw


def _parsed(match: re.Match[bytes], limits: Limits) -> ParsedRequest | Refusal:
    """Judge what no line can tell by itself: the bounds, Host, and the framing."""
    method, target, minor, lines = match.groups()
    start, end = match.span()
    fields = read_fields(lines)
    if (
        end - start > limits.head_bytes_max
        or len(target) > limits.target_bytes_max
        or len(fields) > limits.fields_max
        or ((target[0] != _SLASH or method == b"CONNECT") and _target_flaw(method, target))
    ):
        return _line_flaw(match[0], limits)
    known = dict(fields)
    repeats = len(known) != len(fields)
    host = known.get(b"host")
    if host is None:
        if minor == b"1":
            return HOST_MISSING
    elif repeats and len(values(fields, b"host")) > 1:
        return HOST_REPEATED
    elif len(host) > _HOST_MAX or not _is_authority(host):
        return BAD_HOST
    body: int | Refusal = 0
    if repeats or b"transfer-encoding" in known:
        body = body_length(fields, match[0], minor=int(minor))
    elif b"content-length" in known:
        body = content_length(known[b"content-length"])
    if isinstance(body, Refusal):
        return body
    connection = known.get(b"connection")
    return ParsedRequest(
        method.decode("ascii"),
        target,
        "1.1" if minor == b"1" else "1.0",
        fields,
        host or b"",
        body,
        minor == b"1"
        if connection is None
        else (connection == b"keep-alive" and not repeats) or keeps_alive(fields, minor=int(minor)),
        b"upgrade" in known,
        end - start,
    )


def keeps_alive(fields: Fields, *, minor: int) -> bool:
    """Tell whether the sender will go on with its connection (RFC 9112, section 9.3)."""
    options = {option.lower() for option in members(fields, b"connection")}
    return b"close" not in options and (minor > 0 or b"keep-alive" in options)


def request_line_flaw(text: bytes, limits: Limits, *, complete: bool) -> Refusal | None:
    """Say what is wrong with a request line, given without its CR LF.

    What can be told of an incomplete line comes first, and in the order of its bytes: so a
    line gets the same answer however much of it had arrived when it was first judged.
    """
    method = text[: METHOD_BYTES_MAX + 1]
    space = len(method) - len(method.lstrip(TOKEN))
    if space > METHOD_BYTES_MAX:
        return METHOD_TOO_LONG
    if space == len(text) and not complete:
        return None
    if text[space : space + 1] != b" " or not space:
        return _method_flaw(text, space)
    start = space + 1
    end = text.find(b" ", start)
    if (end if end >= 0 else len(text)) - start > limits.target_bytes_max:
        return TARGET_TOO_LONG
    if end == start:
        return BAD_REQUEST_LINE
    if end < 0:
        return BAD_REQUEST_LINE if complete else None
    version = text[end + 1 :]
    if not complete:
        return BAD_VERSION if len(version) > _VERSION_BYTES else None
    if _VERSION.fullmatch(version) is None:
        return BAD_VERSION
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        return VERSION_UNSUPPORTED
    return _target_flaw(text[:space], text[start:end])


def _method_flaw(text: bytes, end: int) -> Refusal:
    """Say why no space follows the token that ends at `end`."""
    if text[end : end + 1] in (b"", b"\r", b" "):
        return BAD_REQUEST_LINE
    return NOT_HTTP if text[0] == _TLS_HANDSHAKE else BAD_METHOD


def _target_flaw(method: bytes, target: bytes) -> Refusal | None:
    if _TARGET_ONLY.fullmatch(target) is None:
        if b"\r" in target:
            return BARE_CARRIAGE_RETURN
        return FRAGMENT if _TARGET_ONLY.fullmatch(target.replace(b"#", b"-")) else BAD_TARGET_BYTE
    if method == b"CONNECT":
        return _authority_flaw(target, with_port=True)
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return None
    uri = _HTTP_URI.match(target)
    return _authority_flaw(uri[1], with_port=False) if uri else BAD_TARGET


def _authority_flaw(authority: bytes, *, with_port: bool) -> Refusal | None:
    if b"@" in authority:
        return USER_INFO
    if not is_authority(authority) or (with_port and not _PORT.search(authority)):
        return BAD_TARGET
    return None
