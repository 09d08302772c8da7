"""How callers say who they are, in OpenAPI's words."""

import pytest

from gateway_core.describing.securing import credential_names, requirement, security_schemes
from gateway_core.identifying import ApiKeys, Authority, Field, Guard, Parameter
from tests.core.describing.services import KEYS, TOKENS, guard

NOBODY = frozenset[str]()


def keys(*places: Field | Parameter) -> Guard:
    return Guard((ApiKeys("k", KEYS.ring, places),))


@pytest.mark.parametrize(
    ("asks", "told"),
    [
        pytest.param(
            keys(Field(b"x-api-key")),
            {"k": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
            id="a field",
        ),
        pytest.param(
            keys(Parameter(b"key")), {"k": {"type": "apiKey", "in": "query", "name": "key"}}, id="query"
        ),
        pytest.param(
            keys(Field(b"authorization", b"apikey")),
            {"k": {"type": "http", "scheme": "apikey"}},
            id="a scheme of Authorization",
        ),
        pytest.param(
            keys(Field(b"x-key", b"v1")),
            {
                "k": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Key",
                    "description": 'The key behind the word "v1".',
                }
            },
            id="a word before it",
        ),
        pytest.param(
            keys(Field(b"x-key"), Parameter(b"key")),
            {
                "k": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "k-2": {"type": "apiKey", "in": "query", "name": "key"},
            },
            id="two places",
        ),
        pytest.param(
            Guard((TOKENS,)),
            {"members": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            id="a token",
        ),
        pytest.param(
            Guard((Authority("ours", frozenset({b"x-session", b"cookie"})),)),
            {
                "ours": {"type": "apiKey", "in": "header", "name": "Cookie"},
                "ours-2": {"type": "apiKey", "in": "header", "name": "X-Session"},
            },
            id="a service that is asked",
        ),
    ],
)  # fmt: skip
def test_a_scheme_is_told_as_it_is_asked_for(asks: Guard, told: object) -> None:
    assert security_schemes([asks], NOBODY) == told
    assert requirement(asks) == [{name: []} for name in told]  # type: ignore[attr-defined]


def test_tokens_that_are_signed_here_can_be_asked_for_with_all_scopes_of_routes() -> None:
    guards = [guard("read", both=True), guard("admin", both=True), guard("other")]
    told = security_schemes(guards, frozenset({"members"}))
    scopes = {"admin": "", "read": ""}
    flow = {"tokenUrl": "/token", "scopes": scopes}
    assert told["members"] == {"type": "oauth2", "flows": {"password": flow}}
    assert list(told) == ["clients", "members"]


def test_any_scheme_will_do_and_all_scopes_must_be_there() -> None:
    assert requirement(guard("b", "a", both=True)) == [
        {"clients": ["a", "b"]},
        {"members": ["a", "b"]},
    ]
    assert requirement(None) == []


def test_where_credentials_stand_is_known() -> None:
    both = Guard((ApiKeys("k", KEYS.ring, (Field(b"x-key"), Parameter(b"key"))), TOKENS))
    assert credential_names(both) == ({"x-key", "authorization"}, {"key"})
    assert credential_names(Guard((Authority("a", frozenset({b"x-s"})),))) == ({"x-s"}, NOBODY)
    assert credential_names(None) == (NOBODY, NOBODY)
