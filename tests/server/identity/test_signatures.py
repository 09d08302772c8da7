"""Signatures of tokens, by keys that are made here."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import get_default_algorithms

from gateway_core.errors import ConfigError
from gateway_core.identifying import PublicKey, Token, read_token
from gateway_core.identifying.tokens import Object
from gateway_server.identity.signatures import from_pem, holds, published, shared, sign
from tests.issuer import MAKERS, Signing

SECRET = b"a secret of more than thirty-two bytes"


def read(text: str | bytes) -> Token:
    token = read_token(text.encode() if isinstance(text, str) else text)
    assert isinstance(token, Token)
    return token


def public(jwk: dict) -> PublicKey:
    return PublicKey("k", jwk["kty"], jwk.get("crv", ""), "", Object(jwk))


@pytest.mark.parametrize("algorithm", sorted(MAKERS))
def test_a_published_key_checks_its_own_signatures_alone(algorithm: str) -> None:
    one, other = Signing("k", algorithm), Signing("k", algorithm)
    key = published(public(one.jwk), algorithm)
    assert key is not None
    assert holds(read(one.token()), key)
    assert not holds(read(other.token()), key)
    signed, _, signature = one.token().rpartition(".")
    assert not holds(read(one.token(sub="eve").rpartition(".")[0] + "." + signature), key)
    assert not holds(read(f"{signed}.AA"), key)


def test_a_private_key_that_was_published_by_mistake_serves_as_its_public_half() -> None:
    signing = Signing("k", "RS256")
    private = get_default_algorithms()["RS256"].to_jwk(signing.private, as_dict=True)
    key = published(public(private), "RS256")
    assert key is not None
    assert not hasattr(key.material, "private_numbers")
    assert holds(read(signing.token()), key)


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "RSA"},
        {"kty": "RSA", "n": "AQ", "e": "AQAB"},
        {"kty": "RSA", "n": 5, "e": []},
        {"kty": "RSA", "n": "!", "e": "AQAB"},
    ],
)
def test_a_malformed_or_weak_key_is_none(jwk: dict) -> None:
    assert published(public(jwk), "RS256") is None


def test_a_short_rsa_key_is_none() -> None:
    weak = rsa.generate_private_key(65537, 1024).public_key()
    jwk = get_default_algorithms()["RS256"].to_jwk(weak, as_dict=True)
    assert published(public(jwk), "RS256") is None
    pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ConfigError, match="public_key: is no public key"):
        from_pem(pem, ["RS256"])


def test_a_pem_serves_the_algorithms_of_its_kind() -> None:
    signing = Signing("k", "ES256")
    pem = signing.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    keys = from_pem(pem, ["RS256", "ES256", "EdDSA"])
    assert set(keys) == {"ES256"}
    assert holds(read(signing.token()), keys["ES256"])
    private = signing.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert holds(read(signing.token()), from_pem(private, ["ES256"])["ES256"])
    with pytest.raises(ConfigError):
        from_pem(b"rubbish", ["ES256"])


def test_what_we_sign_others_can_check() -> None:
    token = sign({"sub": "ada"}, SECRET)
    assert jwt.decode(token, SECRET, ["HS256"]) == {"sub": "ada"}
    assert holds(read(token), shared(SECRET, ["HS256"])["HS256"])
    assert not holds(read(token), shared(SECRET + b"x", ["HS256"])["HS256"])
