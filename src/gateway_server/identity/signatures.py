"""Checking and making the signatures of tokens: PyJWT's, over cryptography's.

The core has read the token, and chosen the keys; here nothing of its header is looked at
again, so nothing in it can choose an algorithm or a key.

Source: RFC 7515, section 5; RFC 7518, section 3.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import PyJWTError

from gateway_core.errors import ConfigError
from gateway_core.identifying import PublicKey, Token

_ALGORITHMS: Final = get_default_algorithms()
_PUBLIC: Final = frozenset({"kty", "crv", "n", "e", "x", "y"})
"""Members that a public key consists of: an issuer that published its private key by mistake
is to be none the wiser from us, and its tokens are checked all the same."""


class Key(NamedTuple):
    """A key, ready for one algorithm."""

    algorithm: Algorithm
    material: Any


def holds(token: Token, key: Key) -> bool:
    """Whether the token's signature is the key's. About 50 us for RSA, so no thread."""
    signed, _, signature = token.text.rpartition(b".")
    octets = urlsafe_b64decode(signature + b"=" * (-len(signature) % 4))
    try:
        return bool(key.algorithm.verify(signed, key.material, octets))
    except (PyJWTError, ValueError, TypeError):
        return False


def published(key: PublicKey, algorithm: str) -> Key | None:
    """Return a published key for `algorithm`; None where it is malformed, or too weak."""
    members = {name: value for name, value in key.jwk.items() if name in _PUBLIC}
    known = _ALGORITHMS[algorithm]
    try:
        material: Any = known.from_jwk(json.dumps(members))
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    return None if known.check_key_length(material) else Key(known, material)


def from_pem(pem: bytes, algorithms: Iterable[str]) -> Mapping[str, Key]:
    """Return the key for each of `algorithms` that it can serve. ConfigError for none."""
    keys: dict[str, Key] = {}
    for name in algorithms:
        known = _ALGORITHMS[name]
        try:
            material: Any = known.prepare_key(pem)
        except (PyJWTError, ValueError, TypeError):
            continue
        if not known.check_key_length(material):
            keys[name] = Key(known, material)
    if not keys:
        raise ConfigError("public_key", "is no public key for the algorithms that are allowed")
    return keys


def shared(secret: bytes, algorithms: Iterable[str]) -> Mapping[str, Key]:
    """Return a shared secret as the key of each of `algorithms`, which are HMACs."""
    known = {name: _ALGORITHMS[name] for name in algorithms}
    return {name: Key(each, each.prepare_key(secret)) for name, each in known.items()}


def sign(claims: Mapping[str, object], secret: bytes, kind: str = "JWT") -> bytes:
    """Return a token of ours, by HS256."""
    header = {"alg": "HS256", "typ": kind}
    text = b".".join(_part(json.dumps(part).encode()) for part in (header, claims))
    known = _ALGORITHMS["HS256"]
    return text + b"." + _part(known.sign(text, known.prepare_key(secret)))


def _part(octets: bytes) -> bytes:
    return urlsafe_b64encode(octets).rstrip(b"=")
