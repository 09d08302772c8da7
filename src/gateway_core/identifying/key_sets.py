"""Which key a token's signature is to be checked with: the choice, not the check.

The key's kind must be the algorithm's: a public RSA key is never taken for a shared
secret, which is how tokens were forged by whoever could read the public key.

Source: RFC 7517, sections 4 and 5; RFC 7518, section 6; RFC 8725, section 3.1.
"""

from dataclasses import dataclass, field
from typing import Final

from .tokens import KEY_ID_CHARACTERS_MAX, Object, is_list, is_object, read_object

KEYS_MAX: Final = 64
"""Of one issuer: they publish two or three, a few more while they rotate."""
KEY_SET_BYTES_MAX: Final = 256 * 1024
"""Of a document: 64 RSA keys with their certificates."""
CANDIDATES_MAX: Final = 4
"""Keys that one token is tried with: each try costs what a signature costs."""

_KINDS: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", "")),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""An algorithm's kind of key, and its curve. Shared secrets (`oct`) are never published."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of a set, as its issuer published it."""

    id: str
    """`kid`, or "" where there is none."""
    kind: str
    curve: str
    algorithm: str
    """The only one that it is for, or ""."""
    jwk: Object = field(repr=False)

    def serves(self, algorithm: str) -> bool:
        """Whether a signature of `algorithm` could be of this key."""
        kind, curve = _KINDS.get(algorithm, ("", ""))
        return (
            self.kind == kind
            and (not curve or self.curve == curve)
            and self.algorithm in ("", algorithm)
        )


def read_key_set(document: bytes) -> tuple[PublicKey, ...] | str:
    """Return the keys that signatures can be checked with, or why the document is none.

    A key that we cannot use is passed over: sets hold keys for encryption, too, and of
    kinds to come (RFC 7517, 5).
    """
    if len(document) > KEY_SET_BYTES_MAX:
        return f"is over {KEY_SET_BYTES_MAX} bytes"
    read = read_object(document)
    listed = None if read is None else read.get("keys")
    if not is_list(listed):
        return "is no JSON object with a list of keys"
    if len(listed) > KEYS_MAX:
        return f"has more than {KEYS_MAX} keys"
    keys = tuple(key for each in listed if (key := _key(each)) is not None)
    return keys or "has no key that could check a signature"


def _key(jwk: object) -> PublicKey | None:
    if not is_object(jwk):
        return None
    told = {name: jwk.get(name, "") for name in ("kid", "kty", "crv", "alg", "use")}
    texts = {name: value for name, value in told.items() if isinstance(value, str)}
    if len(texts) != len(told) or texts["use"] not in ("", "sig"):
        return None
    if texts["kty"] not in ("RSA", "EC", "OKP") or len(texts["kid"]) > KEY_ID_CHARACTERS_MAX:
        return None
    return PublicKey(texts["kid"], texts["kty"], texts["crv"], texts["alg"], jwk)


def candidates(keys: tuple[PublicKey, ...], algorithm: str, key_id: str) -> tuple[PublicKey, ...]:
    """Return the keys that a token's signature may be of; none: its key is not known (yet)."""
    fitting = [key for key in keys if key.serves(algorithm) and (not key_id or key.id == key_id)]
    return tuple(fitting[:CANDIDATES_MAX])
