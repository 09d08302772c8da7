"""Which key a signature is checked with."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.identifying.key_sets import (
    CANDIDATES_MAX,
    KEY_SET_BYTES_MAX,
    KEYS_MAX,
    PublicKey,
    candidates,
    read_key_set,
)

RSA: dict[str, Any] = {"kid": "r", "kty": "RSA", "n": "AQ", "e": "AQAB"}
EC: dict[str, Any] = {"kid": "e", "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"}
OKP: dict[str, Any] = {"kid": "o", "kty": "OKP", "crv": "Ed25519"}


def document(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


def read(*keys: object) -> tuple[PublicKey, ...]:
    found = read_key_set(document(*keys))
    assert not isinstance(found, str), found
    return found


def test_keys_are_read_as_they_were_published() -> None:
    rsa, ec, _ = read(RSA, EC, OKP)
    assert (rsa.id, rsa.kind, rsa.curve, rsa.algorithm, rsa.jwk) == ("r", "RSA", "", "", RSA)
    assert (ec.id, ec.kind, ec.curve, ec.algorithm) == ("e", "EC", "P-256", "ES256")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param({**RSA, "use": "enc"}, id="RFC 7517 4.2 for encryption"),
        pytest.param({"kty": "oct", "k": "AQ"}, id="RFC 7518 6.4 a shared secret is no public key"),
        pytest.param({**RSA, "kty": "new"}, id="RFC 7517 5 a kind to come"),
        pytest.param({"kid": "r"}, id="RFC 7517 4.1 no kind"),
        pytest.param({**RSA, "kid": 1}, id="RFC 7517 4.5 an id that is no text"),
        pytest.param({**RSA, "kid": "k" * 257}, id="a long id"),
        pytest.param("RSA", id="no object"),
    ],
)
def test_a_key_that_cannot_be_used_is_passed_over(key: object) -> None:
    assert [each.id for each in read(key, OKP)] == ["o"]
    assert read_key_set(document(key)) == "has no key that could check a signature"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "is no JSON object with a list of keys"),
        (b"<html>", "is no JSON object with a list of keys"),
        (b'{"keys": {}}', "is no JSON object with a list of keys"),
        (document(), "has no key that could check a signature"),
        (document(*[RSA] * (KEYS_MAX + 1)), "has more than 64 keys"),
        (b" " * (KEY_SET_BYTES_MAX + 1), "is over 262144 bytes"),
    ],
)
def test_what_is_no_key_set_is_refused(told: bytes, why: str) -> None:
    assert read_key_set(told) == why


@given(st.binary(max_size=60))
def test_nothing_raises(told: bytes) -> None:
    assert isinstance(read_key_set(told), str)


@pytest.mark.parametrize(
    ("algorithm", "key_id", "ids"),
    [
        pytest.param("RS256", "r", ["r"], id="by its id"),
        pytest.param("PS512", "r", ["r"], id="RFC 7518 3.1 an RSA key serves PS, too"),
        pytest.param("ES256", "", ["e"], id="without an id, by its kind"),
        pytest.param("ES384", "e", [], id="RFC 7518 3.4 another curve"),
        pytest.param("EdDSA", "o", ["o"], id="RFC 8037 3.1"),
        pytest.param("RS256", "e", [], id="RFC 8725 3.1 a key of another kind"),
        pytest.param("HS256", "r", [], id="RFC 8725 2.1 a public key as a shared secret"),
        pytest.param("none", "r", [], id="RFC 8725 3.2 no algorithm"),
        pytest.param("RS256", "unknown", [], id="an id that nobody has"),
    ],
)
def test_a_key_is_taken_only_for_what_it_is(algorithm: str, key_id: str, ids: list[str]) -> None:
    assert [key.id for key in candidates(read(RSA, EC, OKP), algorithm, key_id)] == ids


def test_a_key_that_is_for_one_algorithm_serves_no_other() -> None:
    keys = read({**RSA, "alg": "RS256"})
    assert candidates(keys, "RS256", "r") == keys
    assert candidates(keys, "RS512", "r") == ()


def test_a_token_is_tried_with_few_keys() -> None:
    keys = read(*({**RSA, "kid": str(number)} for number in range(9)))
    assert candidates(keys, "RS256", "") == keys[:CANDIDATES_MAX]
