"""The gateway's own pages, as it describes them."""

from collections.abc import Iterator
from typing import Final

from ..composing import Document
from .reading import Members

TAG: Final = "gateway"
"""Under which the gateway's own pages stand."""
PROBLEM: Final = "Problem"
"""The component that refusals are. Names of services' components hold a full stop."""

PROBLEM_SCHEMA: Final[Members] = {
    "type": "object",
    "description": "A refusal of the gateway's own (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "`urn:gateway-problem:` and the reason."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
    },
}
_TOKEN_FORM: Final[Members] = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["password"]},
        "username": {"type": "string"},
        "password": {"type": "string", "format": "password"},
        "scope": {"type": "string", "description": "Words with spaces between; all, without."},
    },
}
_TOKEN: Final[Members] = {
    "type": "object",
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string", "enum": ["bearer"]},
        "expires_in": {"type": "integer", "description": "Seconds."},
        "scope": {"type": "string"},
    },
}
_ME: Final[Members] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "scopes": {"type": "array", "items": {"type": "string"}},
    },
}
_MESSAGE: Final[Members] = {
    "type": "object",
    "properties": {
        "message": {"type": "string"},
        "docs": {"type": "string", "description": "Where people read more."},
        "openapi": {"type": "string", "description": "Where programmes do."},
    },
}
_STATUS: Final[Members] = {"type": "object", "properties": {"status": {"type": "string"}}}


def refusal(description: str) -> Members:
    """Return an answer of the gateway's own."""
    schema: Members = {"$ref": f"#/components/schemas/{PROBLEM}"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


def own_operations(
    pages: frozenset[bytes], members: list[Document]
) -> Iterator[tuple[str, str, Members]]:
    """Yield path, method and operation of each of `pages` that is for others than browsers.

    `members` is what the page about oneself asks.
    """
    known: dict[str, tuple[str, Members]] = {
        "/": ("get", _operation("running", "What this is", _answer("It runs.", _MESSAGE))),
        "/livez": ("get", _operation("alive", "Whether it lives", _answer("It does.", _STATUS))),
        "/readyz": (
            "get",
            _operation(
                "ready",
                "Whether to send traffic here",
                {**_answer("Yes.", _STATUS), "503": {"description": "No: it is about to end."}},
            ),
        ),
        "/token": ("post", _sign_in()),
        "/users/me": (
            "get",
            _operation(
                "me",
                "Who one is, by the token one shows",
                {**_answer("A name and scopes.", _ME), "401": refusal("The token is no good.")},
                members,
            ),
        ),
        "/openapi.json": (
            "get",
            _operation("describe", "This document", {"200": {"description": "It."}}),
        ),
    }
    for path, (method, operation) in known.items():
        if path.encode("ascii") in pages:
            yield path, method, operation


def _sign_in() -> Members:
    told = _operation(
        "sign-in",
        "A token for a name and a password",
        {
            **_answer("A token.", _TOKEN),
            "400": {"description": "`error` says what is wrong (RFC 6749, 5.2)."},
            "429": refusal("Too many attempts."),
        },
    )
    form: Members = {"application/x-www-form-urlencoded": {"schema": _TOKEN_FORM}}
    told["requestBody"] = {"required": True, "content": form}
    return told


def _operation(
    name: str, summary: str, responses: Members, security: list[Document] | None = None
) -> Members:
    return {
        "tags": [TAG],
        "operationId": f"{TAG}-{name}",
        "summary": summary,
        "responses": responses,
        "security": security or [],
    }


def _answer(description: str, schema: Members) -> Members:
    return {
        "200": {"description": description, "content": {"application/json": {"schema": schema}}}
    }
