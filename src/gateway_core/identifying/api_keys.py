"""API keys: kept as SHA-256, so that whoever reads the configuration cannot use them.

One hash without salt is enough: a key is long and random, not a password that could be
guessed. Keys are looked up by the first bytes of their digest and compared whole in
constant time; a key that nobody has is compared as well, with a digest that nothing has.

Source: NIST FIPS 180-4 (SHA-256).
"""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ..clock import UnixTime
from ..errors import ConfigError
from .caller import Caller

DIGEST_BYTES: Final = 32
KEY_BYTES_MAX: Final = 512
"""Of a key that is looked at: ours have 47, those of others seldom more than 100."""

_PREFIX_BYTES: Final = 8
"""Of a digest, by which keys are found. What it takes to find one tells at most whether a
digest begins like that of a key, which says nothing of the key."""
_NOBODY: Final = bytes(DIGEST_BYTES)
"""The digest of no known text."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that a consumer has; of several each works, so that they can be rotated.

    ConfigError where `digest` is not a SHA-256.
    """

    digest: bytes = field(repr=False)
    caller: Caller
    expires: UnixTime | None = None
    """From then on it is as good as none."""

    def __post_init__(self) -> None:
        if len(self.digest) != DIGEST_BYTES:
            raise ConfigError("sha256", "must be 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that one scheme takes. ConfigError where a key is there twice."""

    keys: tuple[ApiKey, ...]
    _by_prefix: dict[bytes, ApiKey] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_prefix: dict[bytes, ApiKey] = {}
        for place, key in enumerate(self.keys):
            if by_prefix.setdefault(key.digest[:_PREFIX_BYTES], key) is not key:
                raise ConfigError(f"keys.{place}", "this key is there already")
        object.__setattr__(self, "_by_prefix", by_prefix)

    def find(self, key: bytes, wall: UnixTime) -> Caller | str:
        """Return whose `key` it is, or why it is nobody's: for the log, never for the client."""
        if len(key) > KEY_BYTES_MAX:
            return "key-too-long"
        digest = sha256(key).digest()
        found = self._by_prefix.get(digest[:_PREFIX_BYTES])
        is_it = hmac.compare_digest(_NOBODY if found is None else found.digest, digest)
        if found is None or not is_it:
            return "key-unknown"
        if found.expires is not None and wall >= found.expires:
            return "key-expired"
        return found.caller


def digest_of(key: str) -> bytes:
    """Return what is kept of a key."""
    return sha256(key.encode("utf-8")).digest()
