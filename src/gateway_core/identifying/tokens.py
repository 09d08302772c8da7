"""JSON Web Tokens as text: read strictly, believed in nothing yet.

    header . payload . signature      each base64url; the first two JSON objects

Whoever holds a token can write whatever it likes into it until the signature is
checked, which is done outside; so nothing in here names a key, a URL or an algorithm
that we would use because the token says so: `jwk`, `jku`, `x5u` and `x5c` are not read.

Source: RFC 7515, sections 3 to 5; RFC 7519, sections 4 and 7; RFC 8725, section 3.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeGuard

TOKEN_BYTES_MAX: Final = 16 * 1024
"""Of a token that is looked at: those with a user's every group have about 10 KiB."""
KEY_ID_CHARACTERS_MAX: Final = 256

_BASE64URL: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
Object: TypeAlias = dict[str, Value]
"""A JSON object as it was read."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that can be read. Nothing in it is true yet."""

    text: bytes = field(repr=False)
    """As it was sent: what a signature is checked on."""
    algorithm: str
    key_id: str
    """`kid`, or "" where there is none."""
    claims: Object = field(repr=False)
    type: str = ""
    """`typ` in lower case and without "application/" (RFC 7515, 4.1.9), or "" where there is none."""


def read_token(text: bytes) -> Token | str:
    """Return the token, or why it is none: for the log, never for the client."""
    if len(text) > TOKEN_BYTES_MAX:
        return "token-too-long"
    parts = text.split(b".")
    if len(parts) != 3:
        return "token-malformed"
    header, claims = _object(parts[0]), _object(parts[1])
    if header is None or claims is None or _octets(parts[2]) is None:
        return "token-malformed"
    if "crit" in header:  # RFC 7515, 4.1.11: an extension that must be understood; we know none
        return "token-critical"
    algorithm, key_id, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "")
    if not isinstance(algorithm, str) or not isinstance(key_id, str) or not isinstance(kind, str):
        return "token-malformed"
    if len(key_id) > KEY_ID_CHARACTERS_MAX:
        return "token-malformed"
    return Token(text, algorithm, key_id, claims, kind.lower().removeprefix("application/"))


def _octets(part: bytes) -> bytes | None:
    """Decode base64url without padding, of which each value has one spelling (RFC 4648, 3.5)."""
    if not part or part.translate(None, _BASE64URL) or len(part) % 4 == 1:
        return None
    octets = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    return octets if urlsafe_b64encode(octets).rstrip(b"=") == part else None


def _object(part: bytes) -> Object | None:
    octets = _octets(part)
    return None if octets is None else read_object(octets)


def read_object(octets: bytes) -> Object | None:
    """Return a JSON object without repeated names; None for whatever else it is.

    Two readers of `{"sub": "a", "sub": "b"}` hear different names (RFC 8725, 2.4).
    """
    try:
        read: Value = json.loads(
            octets.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a member of an object is a list, of whatever."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[Object]:
    """Whether a member of an object is one itself."""
    return isinstance(value, dict)


def _unique(pairs: list[tuple[str, Value]]) -> Object:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError(pairs)
    return read


def _refuse(constant: str) -> object:
    """Refuse NaN and Infinity, which are no JSON (RFC 8259, 6)."""
    raise ValueError(constant)
