"""What tokens must claim."""

import math
from typing import Any

import pytest

from gateway_core.clock import UnixTime
from gateway_core.errors import ConfigError
from gateway_core.identifying.caller import Caller
from gateway_core.identifying.claims import Claimed, TokenRules, judge
from gateway_core.identifying.tokens import Token, read_token
from tests.tokens import AUDIENCE, ISSUER, claims, token

RULES = TokenRules(ISSUER, frozenset({AUDIENCE, "other"}), frozenset({"RS256"}), leeway_seconds=30)
NOW = UnixTime(1000)


def judged(payload: object = None, header: object = None, wall: int = NOW) -> Claimed | str:
    read = read_token(token(header, payload))
    assert isinstance(read, Token)
    return judge(read, RULES, UnixTime(wall))


def test_a_good_token_names_its_caller_and_its_time() -> None:
    assert judged(claims(nbf=900)) == Claimed(
        Caller("ada", frozenset({"read", "write"})), 870, 2030
    )
    assert judged() == Claimed(Caller("ada", frozenset({"read", "write"})), -math.inf, 2030)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({"iss": None}, "token-issuer", id="4.1.1 no issuer"),
        pytest.param({"iss": ISSUER + "/"}, "token-issuer", id="4.1.1 another, byte for byte"),
        pytest.param({"iss": [ISSUER]}, "token-issuer", id="4.1.1 a list of issuers"),
        pytest.param({"aud": None}, "token-audience", id="4.1.3 no audience"),
        pytest.param({"aud": "them"}, "token-audience", id="4.1.3 for others"),
        pytest.param({"aud": f"{AUDIENCE} x"}, "token-audience", id="4.1.3 a text is one audience"),
        pytest.param({"aud": [AUDIENCE, 1]}, "token-audience", id="4.1.3 not all are texts"),
        pytest.param({"aud": []}, "token-audience", id="4.1.3 for nobody"),
        pytest.param({"exp": None}, "token-times", id="4.1.4 for ever"),
        pytest.param({"exp": "2000"}, "token-times", id="4.1.4 a text"),
        pytest.param({"exp": True}, "token-times", id="4.1.4 no number"),
        pytest.param({"nbf": "1"}, "token-times", id="4.1.5 a text"),
        pytest.param({"sub": None}, "token-names-nobody", id="4.1.2 no subject"),
        pytest.param({"sub": 7}, "token-names-nobody", id="4.1.2 a number"),
        pytest.param({"sub": ""}, "token-names-nobody", id="4.1.2 empty"),
        pytest.param({"sub": "a\r\nx-admin: 1"}, "token-names-nobody", id="injection by a name"),
        pytest.param({"sub": "\ud800"}, "token-names-nobody", id="half a character"),
        pytest.param({"scope": 'a"'}, "token-names-nobody", id="injection by a scope"),
        pytest.param({"scope": "a\nb"}, "token-names-nobody", id="RFC 6749 3.3 only spaces part"),
        pytest.param({"scope": [1]}, "token-names-nobody", id="scopes that are no words"),
        pytest.param({"scope": {}}, "token-names-nobody", id="scopes that are a table"),
    ],
)  # fmt: skip
def test_a_token_that_claims_otherwise_is_refused(changed: dict[str, Any], why: str) -> None:
    assert judged(claims(**changed)) == why


def test_a_time_without_end_is_none() -> None:
    raw = b'{"iss": "https://issuer.example", "aud": "gateway", "sub": "ada", "exp": 1e999}'
    assert judged(raw) == "token-times"
    far = raw.replace(b"1e999", b"9" * 4000)
    assert isinstance(judged(far), Claimed)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS384", "rs256", ""])
def test_only_algorithms_that_are_allowed_are_taken(algorithm: str) -> None:
    assert judged(header={"alg": algorithm}) == "token-algorithm"


@pytest.mark.parametrize(
    ("wall", "why"),
    [
        pytest.param(1469, "token-not-yet-valid", id="4.1.5 too early, leeway included"),
        pytest.param(1470, None, id="4.1.5 within the leeway"),
        pytest.param(2029, None, id="4.1.4 within the leeway"),
        pytest.param(2030, "token-expired", id="4.1.4 too late, leeway included"),
    ],
)
def test_times_hold_within_the_leeway(wall: int, why: str | None) -> None:
    found = judged(claims(nbf=1500, exp=2000), wall=wall)
    if why is None:
        assert isinstance(found, Claimed)
        assert found.holds(UnixTime(wall))
    else:
        assert found == why


def test_a_fraction_of_a_second_is_a_time() -> None:
    assert isinstance(judged(claims(exp=1000.5)), Claimed)


@pytest.mark.parametrize(
    ("told", "scopes"),
    [
        pytest.param("", set(), id="none"),
        pytest.param(["a", "b"], {"a", "b"}, id="a list"),
        pytest.param(" a  a ", {"a"}, id="words"),
        pytest.param(None, set(), id="no such claim"),
    ],
)
def test_scopes_are_words_or_a_list(told: object, scopes: set[str]) -> None:
    found = judged(claims(scope=told))
    assert isinstance(found, Claimed)
    assert found.caller.scopes == scopes


def test_other_claims_may_name_the_caller_and_its_scopes() -> None:
    rules = TokenRules(
        ISSUER, frozenset({AUDIENCE}), frozenset({"RS256"}), name_claim="azp", scopes_claim="scp"
    )
    read = read_token(token(payload=claims(azp="app", scp=["x"])))
    assert isinstance(read, Token)
    found = judge(read, rules, NOW)
    assert isinstance(found, Claimed)
    assert found.caller == Caller("app", frozenset({"x"}))


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (("", {"a"}, {"RS256"}, 0), "issuer: must not"),
        (("i", set(), {"RS256"}, 0), "audience: must not"),
        (("i", {"a"}, set(), 0), "algorithms: must not"),
        (("i", {"a"}, {"none"}, 0), "algorithms: 'none' is not supported"),
        (("i", {"a"}, {"RS256"}, -1), "leeway: must be from 0 to 600"),
        (("i", {"a"}, {"RS256"}, 601), "leeway: must be from 0 to 600"),
    ],
)
def test_rules_that_no_token_could_obey_are_mistakes(
    rules: tuple[str, set[str], set[str], int], problem: str
) -> None:
    issuer, audiences, algorithms, leeway = rules
    with pytest.raises(ConfigError, match=problem):
        TokenRules(issuer, frozenset(audiences), frozenset(algorithms), leeway)


@pytest.mark.parametrize(
    ("told", "asked", "taken"),
    [
        pytest.param({"typ": "at+jwt"}, "at+jwt", True, id="RFC 9068 4 an access token"),
        pytest.param({"typ": "application/at+jwt"}, "at+jwt", True, id="RFC 9068 4 in full"),
        pytest.param({"typ": "JWT"}, "at+jwt", False, id="RFC 9068 4 an ID token, say"),
        pytest.param({"typ": "logout+jwt"}, "at+jwt", False, id="a token to sign out by"),
        pytest.param({}, "at+jwt", False, id="RFC 9068 4 no type"),
        pytest.param({"typ": "logout+jwt"}, "", True, id="nobody asked"),
        pytest.param({}, "", True, id="nobody asked, nothing said"),
    ],
)
def test_a_token_must_be_of_the_type_that_is_asked_for(
    told: dict[str, str], asked: str, taken: bool
) -> None:
    read = read_token(token({"alg": "RS256", "kid": "k1", **told}))
    assert isinstance(read, Token)
    rules = TokenRules(ISSUER, frozenset({AUDIENCE}), frozenset({"RS256"}), type=asked)
    found = judge(read, rules, NOW)
    assert isinstance(found, Claimed) if taken else found == "token-type"
