"""Who may use a route."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import UnixTime
from gateway_core.errors import ConfigError
from gateway_core.identifying.api_keys import ApiKey, KeyRing, digest_of
from gateway_core.identifying.caller import Caller
from gateway_core.identifying.claims import TokenRules
from gateway_core.identifying.guard import UNAVAILABLE, Guard, Proven, Rejected
from gateway_core.identifying.places import Field, Parameter
from gateway_core.identifying.schemes import ApiKeys, Authority, Tokens, Unproven, Unvouched
from gateway_core.message import Fields, RequestHead, values
from tests.tokens import AUDIENCE, ISSUER, claims, token

ADA = Caller("ada", frozenset({"read", "write"}))
GRACE = Caller("grace")
NOW = UnixTime(1000)
HEADER, QUERY = Field(b"x-api-key"), Parameter(b"key")
KEYS = ApiKeys(
    "keys", KeyRing((ApiKey(digest_of("a"), ADA), ApiKey(digest_of("g"), GRACE))), (HEADER, QUERY)
)
AUTHORITY = Authority("ours", frozenset({b"authorization", b"x-session"}))


def tokens(name: str = "tokens", issuer: str = ISSUER) -> Tokens:
    return Tokens(name, TokenRules(issuer, frozenset({AUDIENCE}), frozenset({"RS256"})))


def head(*fields: tuple[bytes, bytes], target: bytes = b"/") -> RequestHead:
    return RequestHead("GET", target, b"a", fields)


def key(value: bytes) -> tuple[bytes, bytes]:
    return b"x-api-key", value


def bearer(value: bytes) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + value


def rejected(guard: Guard, asked: RequestHead) -> Rejected:
    found = guard.identify(asked, NOW)
    assert isinstance(found, Rejected), found
    return found


def test_a_key_names_its_caller() -> None:
    guard = Guard((KEYS,))
    assert guard.identify(head(key(b"a")), NOW) == Proven(ADA, "keys", HEADER)
    assert guard.identify(head(target=b"/?key=g"), NOW) == Proven(GRACE, "keys", QUERY)


def test_without_a_credential_the_caller_is_told_what_is_taken() -> None:
    found = rejected(Guard((KEYS, tokens())), head((b"authorization", b"Basic eA==")))
    assert (found.refusal.status, found.refusal.reason) == (401, "credential-missing")
    assert values(found.refusal.fields, b"www-authenticate") == [
        b'ApiKey realm="keys"',
        b'Bearer realm="tokens"',
    ]
    assert (found.note, found.counts) == ("credential-missing", False)


@pytest.mark.parametrize(
    ("field", "note"),
    [
        (key(b"unknown"), "key-unknown"),
        (key(b""), "key-unknown"),
        (key(b"k" * 600), "key-too-long"),
        (bearer(b"rubbish"), "token-malformed"),
        (bearer(token(payload=claims(exp=1))), "token-expired"),
        (bearer(token(payload=claims(iss="x"))), "token-issuer"),
    ],
)
def test_whatever_is_wrong_with_a_credential_the_answer_is_the_same(
    field: tuple[bytes, bytes], note: str
) -> None:
    guard = Guard((KEYS, tokens()))
    found = rejected(guard, head(field))
    assert found.refusal == rejected(guard, head(key(b"another"))).refusal
    assert (found.refusal.status, found.refusal.reason) == (401, "credential-wrong")
    assert values(found.refusal.fields, b"www-authenticate") == [
        b'ApiKey realm="keys"',
        b'Bearer realm="tokens", error="invalid_token"',
    ]
    assert (found.note, found.counts) == (note, True)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(head(key(b"a"), key(b"g")), id="two keys"),
        pytest.param(head(key(b"a"), key(b"a")), id="the same key twice"),
        pytest.param(head(key(b"a"), target=b"/?key=a"), id="in the field and in the query"),
        pytest.param(head(target=b"/?key=a&key=g"), id="two in the query"),
        pytest.param(head(key(b"a"), bearer(token())), id="a key and a token"),
        pytest.param(head(key(b"wrong"), bearer(token())), id="a wrong key and a token"),
        pytest.param(head(bearer(token()), bearer(token())), id="two tokens"),
        pytest.param(
            head(bearer(token()), (b"authorization", b"Basic eA==")), id="two schemes in two lines"
        ),
    ],
)
def test_two_credentials_are_one_too_many(asked: RequestHead) -> None:
    found = rejected(Guard((KEYS, tokens())), asked)
    assert (found.refusal.status, found.refusal.reason) == (401, "credential-ambiguous")
    assert values(found.refusal.fields, b"www-authenticate")
    assert not found.counts


def test_a_token_is_verified_outside_once() -> None:
    guard = Guard((tokens(),), frozenset({"read"}))
    unproven = guard.identify(head(bearer(token())), NOW)
    assert isinstance(unproven, Unproven)
    proven = Proven(ADA, "tokens", Field(b"authorization", b"bearer"))
    assert guard.verified(unproven) == proven
    assert guard.identify(head(bearer(token())), NOW) == proven


def test_a_token_with_a_wrong_signature_is_as_wrong_as_any() -> None:
    guard = Guard((tokens(),))
    unproven = guard.identify(head(bearer(token())), NOW)
    assert isinstance(unproven, Unproven)
    found = guard.refuted("token-signature")
    assert found == Rejected(
        rejected(guard, head(bearer(b"x"))).refusal, "token-signature", counts=True
    )


def test_of_two_issuers_each_has_its_tokens() -> None:
    guard = Guard((tokens("one", "https://one"), tokens("two")))
    found = guard.identify(head(bearer(token())), NOW)
    assert isinstance(found, Unproven)
    assert found.scheme.name == "two"


def test_scopes_must_all_be_there() -> None:
    guard = Guard((KEYS, tokens()), frozenset({"read", "admin"}))
    found = rejected(guard, head(key(b"a")))
    assert (found.refusal.status, found.refusal.reason) == (403, "scope-missing")
    assert values(found.refusal.fields, b"www-authenticate") == [
        b'ApiKey realm="keys"',
        b'Bearer realm="tokens", error="insufficient_scope", scope="admin read"',
    ]
    assert (found.note, found.counts) == ("keys: ada", False)
    assert isinstance(Guard((KEYS,), ADA.scopes).identify(head(key(b"a")), NOW), Proven)


def test_an_authority_is_asked_where_no_other_credential_is_there() -> None:
    guard = Guard((KEYS, AUTHORITY), frozenset({"read"}))
    asked = head((b"x-session", b"s"))
    assert guard.identify(asked, NOW) == Unvouched(AUTHORITY, asked)
    assert isinstance(guard.identify(head(key(b"a")), NOW), Proven)
    assert rejected(guard, head(key(b"x"))).note == "key-unknown"


def test_an_authority_names_the_caller() -> None:
    guard = Guard((AUTHORITY,), frozenset({"read"}))
    assert guard.vouched(AUTHORITY, "ada", ["read", "write"]) == Proven(ADA, "ours")
    lacking = guard.vouched(AUTHORITY, "grace", [])
    assert isinstance(lacking, Rejected)
    assert lacking.refusal.status == 403


@pytest.mark.parametrize(("name", "scopes"), [("", []), ("a b", []), ("ada", ['"'])])
def test_a_name_that_is_none_is_the_authoritys_fault(name: str, scopes: list[str]) -> None:
    found = Guard((AUTHORITY,)).vouched(AUTHORITY, name, scopes)
    assert found == Rejected(UNAVAILABLE, "authority-named-nobody", counts=False)


@pytest.mark.parametrize(
    ("status", "challenges", "told", "counts"),
    [
        (401, (), [b'Bearer realm="ours", error="invalid_token"'], True),
        (401, ((b"www-authenticate", b"Basic"),), [b"Basic"], True),
        (403, (), [], False),
    ],
)
def test_an_authority_refuses_in_its_own_words(
    status: int, challenges: Fields, told: list[bytes], counts: bool
) -> None:
    found = Guard((AUTHORITY,)).denied(status, challenges)
    assert found.refusal.status == status
    assert values(found.refusal.fields, b"www-authenticate") == told
    assert (found.note, found.counts) == ("authority-denied", counts)


@pytest.mark.parametrize(
    ("place", "drops", "target"),
    [
        pytest.param(HEADER, {b"x-api-key"}, b"/?key=a&b=1", id="a field"),
        pytest.param(QUERY, set(), b"/?b=1", id="a parameter"),
        pytest.param(None, {b"authorization", b"x-session"}, b"/?key=a&b=1", id="an authority"),
    ],
)
def test_the_credential_that_named_the_caller_ends_here(
    place: Any, drops: set[bytes], target: bytes
) -> None:
    proven = Proven(ADA, "x", place)
    guard, open_handed = Guard((KEYS, AUTHORITY)), Guard((KEYS,), forward_credentials=True)
    assert guard.drops(proven) == drops
    assert guard.target(proven, b"/?key=a&b=1") == target
    assert open_handed.drops(proven) == set()
    assert open_handed.target(proven, b"/?key=a&b=1") == b"/?key=a&b=1"


def test_no_authority_drops_nothing() -> None:
    assert Guard((KEYS,)).drops(Proven(ADA, "x")) == set()


def test_what_is_relied_on_are_the_fields_that_are_looked_at() -> None:
    relied = Guard((KEYS, tokens(), AUTHORITY)).relied
    assert relied == {b"x-api-key", b"authorization", b"x-session"}


@pytest.mark.parametrize(
    ("schemes", "scopes", "problem"),
    [
        pytest.param((AUTHORITY, Authority("x")), set(), "auth: of two services", id="authorities"),
        pytest.param((KEYS,), {"a b"}, "scopes: must be", id="scopes"),
        pytest.param(
            (tokens(), ApiKeys("x", KEYS.ring, (Field(b"authorization"),))),
            set(),
            "auth: one scheme takes all of authorization",
            id="one field, two readings",
        ),
    ],
)
def test_what_cannot_be_is_a_mistake(schemes: Any, scopes: set[str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Guard(schemes, frozenset(scopes))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"x-api-key", b"authorization", b"x"]),
            st.sampled_from([b"a", b"g", b"Bearer", b"Bearer a.b.c", b"Basic"])
            | st.binary(max_size=9),
        ),
        max_size=3,
    ),
    st.binary(max_size=12),
)
def test_nobody_is_let_through_without_a_key_of_theirs(
    fields: list[tuple[bytes, bytes]], query: bytes
) -> None:
    asked = head(*fields, target=b"/?" + query)
    found = Guard((KEYS, tokens())).identify(asked, NOW)
    if isinstance(found, Proven):
        told = [value for name, value in fields if name == b"x-api-key"] + QUERY.find(asked)
        assert told == [b"a" if found.caller == ADA else b"g"]
