"""The request target: taken apart, judged, and brought to its normal form.

Three forms reach the router (RFC 9112, 3.2). CONNECT's authority-form does not:
a gateway is no tunnel.

    origin     /path?query              what nearly every client sends
    absolute   http://host/path?query   its authority beats the Host field (3.2.2)
    asterisk   *                        OPTIONS alone (3.2.4)

Nothing is decoded but unreserved characters of the path, and nothing is
repaired: what two readers could take for two things is refused.

Source: RFC 9112, section 3.2; RFC 3986, sections 5.2.4 and 6.2.2.
"""

import enum
import re
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from ..refusal import Refusal

TARGET_MAX: Final = 16 * 1024
"""Bytes of a target with its query. RFC 9112, 3 asks for 8000 at least; beyond: 414."""
HOST_MAX: Final = 255
"""Bytes of a host's name. RFC 1035, 2.3.4: no name in the DNS is longer."""
PORT_MAX: Final = 65535
_AUTHORITY_MAX: Final = HOST_MAX + len(":65535")
_AUTHORITIES_REMEMBERED_MAX: Final = 256

ALLOW: Final = (b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
"""What the gateway relays in general; tells nothing of its routes."""

_ORIGIN: Final = re.compile(
    rb"(/[\x21\x22\x24-\x3e\x40-\x5b\x5d-\x7e]*)"  # printable, but # ? and backslash
    rb"(?:\?([\x21\x22\x24-\x7e]*))?"  # printable, but #
)
_QUERY: Final = re.compile(rb"[\x21\x22\x24-\x7e]*")
_ABSOLUTE: Final = re.compile(rb"(?i:https?)://([^/?]*)(.*)", re.DOTALL)
_AUTHORITY: Final = re.compile(
    rb"([A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?"
)
_UNPRINTABLE: Final = re.compile(rb"[^\x21-\x7e]")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00")
_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_ENCODED_UNRESERVED: Final = re.compile(  # RFC 3986, 2.3: letters, digits, - . _ ~
    rb"%(?:2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])"
)
_PARENT_WITH_PARAMETERS: Final = re.compile(rb"/\.\.?;")


class Form(enum.Enum):
    """How a target was written (RFC 9112, 3.2)."""

    ORIGIN = "origin"
    ABSOLUTE = "absolute"
    ASTERISK = "asterisk"


class Target(NamedTuple):
    """What a request asks for."""

    form: Form
    authority: bytes
    """Of the absolute form, else the Host field's; b"" where there is none."""
    path: bytes
    """As sent; "/" where the absolute form has none; "*" for the asterisk form."""
    normal: bytes
    """The path's normal form: the one that is matched, and the one that is forwarded."""
    query: bytes | None
    """As sent, without its "?": b"" for an empty one, None for none."""


def parse_target(method: str, target: bytes, authority: bytes) -> Target | Refusal:
    """Take a request's target apart, or say why it cannot be served.

    `authority` is the Host field or `:authority`, b"" where there is none: whether
    it may be missing is the judge's question. Both it and the absolute form's must
    be sound, though the latter alone counts. The scheme of the absolute form is not
    compared with the connection's: TLS may have ended in front of the gateway. In the
    query a backslash and a bare `%` are data: browsers send both (WHATWG URL, 4.3).

    Refuses 400 "bad-target", 405 "method-not-allowed" (CONNECT, TRACE) and 414.
    """
    if method in ("CONNECT", "TRACE"):
        return _no_such_method(method)
    if len(target) > TARGET_MAX:
        return Refusal(414, "target-too-long", f"The target is longer than {TARGET_MAX} bytes.")
    if authority and (problem := authority_problem(authority)):
        return bad_target(f"The Host {problem}.")
    if found := _ORIGIN.fullmatch(target):
        return _with_path(Form.ORIGIN, authority, found[1], found[2])
    if target == b"*":
        return _asterisk(method, authority)
    if absolute := _ABSOLUTE.fullmatch(target):
        return _parse_absolute(method, absolute[1], absolute[2])
    return bad_target(_complaint(target))


def is_askable(target: bytes, query: bytes) -> bool:
    """Whether `parse_target` takes `target`, with this query, if it takes its path without one."""
    return len(target) <= TARGET_MAX and _QUERY.fullmatch(query) is not None


def normalise(path: bytes) -> bytes | Refusal:
    """Return the normal form of an absolute path; the same object if it is normal already.

    Encoded unreserved characters are decoded (RFC 3986, 6.2.2.2), then dot segments
    removed (5.2.4), those included that decoding brought to light. All else stays as
    sent: other escapes and the case of their digits, `//`, `;`, `%2F`, `%5C`, `%252e`.

    Refused with 400, and why, where RFC 3986 would go on:
    - a path that climbs above the root: 5.2.4 would clamp it, and hide the attempt;
    - an escape that is none (`%zz`, `%2`): readers disagree what it stands for;
    - `%00`: no resource has it in its name, and readers in C end the name there. Other
      encoded control characters are data: nobody decodes them on the way;
    - `..;x` and `.;x`: a raw `;` delimits parameters (3.3), so that to a Java servlet
      container this segment is the parent, to others a name. An honest client sends
      neither. `..%2Fx` passes: an encoded delimiter is data (2.2).
    """
    if path[:1] != b"/":
        return bad_target("The path does not begin with a slash.")
    if b"%" in path:
        if _BAD_ESCAPE.search(path):
            return bad_target("The path holds a malformed percent-escape, or %00.")
        path = _ENCODED_UNRESERVED.sub(_decoded, path)
    if b"/." not in path:
        return path
    if _PARENT_WITH_PARAMETERS.search(path):
        return bad_target("The path gives parameters to a dot segment.")
    plain = _without_dot_segments(path)
    return bad_target("The path climbs above the root.") if plain is None else plain


def fold(path: bytes) -> bytes:
    """Return `path` with the hex digits of its escapes in upper case, for comparing.

    `%2f` and `%2F` are one (RFC 3986, 6.2.2.1), yet the client's digits are forwarded.
    """
    return _ESCAPE.sub(_upper, path) if b"%" in path else path


def host_of(authority: bytes) -> str:
    """Return the host that rules are compared with: lower case, without port or root dot.

    `authority` is sound, or empty: then so is the host. IPv6 in its canonical form.
    """
    if authority[:1] == b"[":
        end = authority.index(b"]")
        return f"[{IPv6Address(authority[1:end].decode('ascii')).compressed}]"
    return authority.partition(b":")[0].removesuffix(b".").lower().decode("ascii")


def authority_problem(authority: bytes) -> str | None:
    """Return what is wrong with `host[:port]`, as the end of a sentence, or None.

    Stricter than RFC 3986, 3.2.2, whose names may hold escapes and sub-delimiters:
    no name in the DNS does, and a comma or an escape is read in more than one way.
    An IPv6 address has no zone (RFC 9844), and a port may be empty (RFC 3986, 3.2.3).
    """
    find = _authority_problem if len(authority) <= _AUTHORITY_MAX else _find_authority_problem
    return find(authority)


def _find_authority_problem(authority: bytes) -> str | None:
    if b"@" in authority:
        return "holds user-info (RFC 9110, 4.2.4)"
    found = _AUTHORITY.fullmatch(authority)
    if found is None or len(found[1]) > HOST_MAX:
        return "is not host[:port]"
    if found[2] and int(found[2]) > PORT_MAX:
        return "names a port beyond 65535"
    if authority[:1] == b"[" and not _is_ipv6(found[1][1:-1]):
        return "is no IPv6 address"
    return None


_authority_problem = lru_cache(maxsize=_AUTHORITIES_REMEMBERED_MAX)(_find_authority_problem)
"""Remembered, since nearly all requests name one of a few."""


def bad_target(detail: str) -> Refusal:
    """Return the 400 of a target that no honest client sends; its connection ends."""
    return Refusal(400, "bad-target", detail, close=True)


def _no_such_method(method: str) -> Refusal:
    """Bytes behind a CONNECT may be meant for the tunnel: they must not be read as a request."""
    detail = f"The gateway does not serve {method}."
    return Refusal(405, "method-not-allowed", detail, (ALLOW,), close=method == "CONNECT")


def _asterisk(method: str, authority: bytes) -> Target | Refusal:
    if method != "OPTIONS":
        return bad_target('The target "*" is for OPTIONS alone (RFC 9112, 3.2.4).')
    return Target(Form.ASTERISK, authority, b"*", b"*", None)


def _parse_absolute(method: str, authority: bytes, rest: bytes) -> Target | Refusal:
    if problem := authority_problem(authority):
        return bad_target(f"The target's authority {problem}.")
    if not rest and method == "OPTIONS":
        return _asterisk(method, authority)
    rooted = rest if rest[:1] == b"/" else b"/" + rest
    if found := _ORIGIN.fullmatch(rooted):
        return _with_path(Form.ABSOLUTE, authority, found[1], found[2])
    return bad_target(_complaint(rooted))


def _with_path(form: Form, authority: bytes, path: bytes, query: bytes | None) -> Target | Refusal:
    normal = normalise(path)
    if isinstance(normal, Refusal):
        return normal
    return Target(form, authority, path, normal, query)


def _complaint(target: bytes) -> str:
    """Say why `target` is in no form that we know, without repeating any of it."""
    if not target:
        return "The request target is empty."
    if _UNPRINTABLE.search(target):
        return "The target holds a space, a control character or raw non-ASCII: percent-encode it."
    if b"#" in target:
        return "The target holds a fragment, which is the client's own (RFC 9110, 7.1)."
    if b"\\" in target.partition(b"?")[0]:
        return "The path holds a backslash: percent-encode it as %5C."
    return "The target is neither a path nor an http or https URI (RFC 9112, 3.2)."


def _without_dot_segments(path: bytes) -> bytes | None:
    """Remove `.` and `..` (RFC 3986, 5.2.4); None where a `..` has nothing to remove."""
    segments = path.split(b"/")[1:]
    kept: list[bytes] = []
    for segment in segments:
        if segment == b"..":
            if not kept:
                return None
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")  # "/a/." is the folder "/a/", not "/a"
    return b"/" + b"/".join(kept)


def _decoded(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[0][1:].decode("ascii"))


def _upper(escape: re.Match[bytes]) -> bytes:
    return escape[0].upper()


def _is_ipv6(text: bytes) -> bool:
    try:
        IPv6Address(text.decode("ascii"))
    except ValueError:
        return False
    return True
