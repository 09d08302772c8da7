"""The ways in which callers say who they are."""

from gateway_core.clock import UnixTime
from gateway_core.identifying.api_keys import ApiKey, KeyRing, digest_of
from gateway_core.identifying.caller import Caller
from gateway_core.identifying.claims import TokenRules
from gateway_core.identifying.schemes import ApiKeys, Authority, Tokens, Unproven
from tests.tokens import AUDIENCE, ISSUER, claims, token

ADA = Caller("ada", frozenset({"read", "write"}))
KEYS = ApiKeys("keys", KeyRing((ApiKey(digest_of("k"), ADA),)))
RULES = TokenRules(ISSUER, frozenset({AUDIENCE}), frozenset({"RS256"}))
NOW = UnixTime(1000)


def test_a_key_is_judged_at_once() -> None:
    assert KEYS.judge(b"k", NOW) == ADA
    assert KEYS.judge(b"x", NOW) == "key-unknown"


def test_a_token_is_judged_at_once_where_it_cannot_be_right() -> None:
    tokens = Tokens("tokens", RULES)
    assert tokens.judge(b"rubbish", NOW) == "token-malformed"
    assert tokens.judge(token(payload=claims(exp=1)), NOW) == "token-expired"


def test_a_token_that_may_be_right_is_to_be_verified_and_remembered_then() -> None:
    tokens = Tokens("tokens", RULES)
    judged = tokens.judge(token(), NOW)
    assert isinstance(judged, Unproven)
    assert (judged.token.text, judged.claimed.caller, judged.generation) == (token(), ADA, 0)
    tokens.verified.remember(token(), judged.claimed, judged.generation)
    assert tokens.judge(token(), NOW) == ADA
    assert tokens.judge(token(), UnixTime(2030)) == "token-expired"


def test_each_tells_how_to_be_asked() -> None:
    assert KEYS.challenge == 'ApiKey realm="keys"'
    assert Tokens("tokens", RULES).challenge == 'Bearer realm="tokens"'
    assert Authority("ours").challenge == 'Bearer realm="ours"'
