"""API keys by their digest."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import UnixTime
from gateway_core.errors import ConfigError
from gateway_core.identifying.api_keys import KEY_BYTES_MAX, ApiKey, KeyRing, digest_of
from gateway_core.identifying.caller import Caller

ADA, GRACE = Caller("ada", frozenset({"read"})), Caller("grace")
RING = KeyRing(
    (
        ApiKey(digest_of("old"), ADA, UnixTime(100)),
        ApiKey(digest_of("new"), ADA),
        ApiKey(digest_of("grâce"), GRACE),
    )
)


@pytest.mark.parametrize(
    ("key", "wall", "found"),
    [
        (b"new", 0, ADA),
        ("grâce".encode(), 0, GRACE),
        (b"old", 99, ADA),
        (b"old", 100, "key-expired"),
        (b"New", 0, "key-unknown"),
        (b"", 0, "key-unknown"),
        (b"\xff\0", 0, "key-unknown"),
        (b"k" * KEY_BYTES_MAX, 0, "key-unknown"),
        (b"k" * (KEY_BYTES_MAX + 1), 0, "key-too-long"),
    ],
)
def test_a_key_is_its_consumers_until_it_expires(
    key: bytes, wall: int, found: Caller | str
) -> None:
    assert RING.find(key, UnixTime(wall)) == found


@given(st.binary(max_size=64))
def test_no_other_key_is_anybodys(key: bytes) -> None:
    if key not in {b"new", b"old", "grâce".encode()}:
        assert RING.find(key, UnixTime(0)) == "key-unknown"


def test_a_digest_that_only_begins_like_a_known_one_is_nobodys() -> None:
    digest = sha256(b"key").digest()
    near = KeyRing((ApiKey(digest[:31] + bytes([digest[31] ^ 1]), ADA),))
    assert near.find(b"key", UnixTime(0)) == "key-unknown"


def test_a_key_that_is_there_twice_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"keys\.1: this key is there already"):
        KeyRing((ApiKey(digest_of("a"), ADA), ApiKey(digest_of("a"), GRACE)))


def test_a_digest_has_its_length() -> None:
    with pytest.raises(ConfigError, match="sha256: must be 64"):
        ApiKey(b"short", ADA)


def test_a_key_never_shows_its_digest() -> None:
    assert digest_of("new").hex() not in repr(RING)
    assert repr(digest_of("new")) not in repr(RING)
