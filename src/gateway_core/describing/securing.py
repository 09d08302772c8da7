"""How callers say who they are, in OpenAPI's words: what routes ask, whatever services say.

    a key in a field, in the query       apiKey: header, query
    a key behind a word in a field       http: that word
    a token of an issuer                 http: bearer, JWT
    a token that is signed at /token     oauth2: password
    a service that is asked              apiKey: each field that it is shown as a credential

Source: OpenAPI Specification 3.1.1, 4.8.27 (schemes) and 4.8.30 (requirements).
"""

from collections.abc import Iterable, Iterator

from ..composing import Document
from ..identifying import AUTHORIZATION, ApiKeys, Authority, Field, Guard, Parameter, Scheme, Tokens
from .reading import Members

TOKEN_PATH = b"/token"


def security_schemes(
    guards: Iterable[Guard], signed_at_token: frozenset[str]
) -> dict[str, Members]:
    """Return all schemes that `guards` take, by name; `signed_at_token` names those of /token."""
    told: dict[str, Members] = {}
    for guard in guards:
        for scheme in guard.schemes:
            for name, known in _told(scheme, signs_in=scheme.name in signed_at_token):
                known = told.setdefault(name, known)  # noqa: PLW2901 - the one that counts
                _allow(known, guard.scopes)
    return told


def requirement(guard: Guard | None) -> list[Document]:
    """Return what a route asks: any of these. Nothing: everybody may come."""
    if guard is None:
        return []
    scopes: list[Document] = [*sorted(guard.scopes)]
    # OpenAPI 3.1 lets every kind of scheme name what is required, 3.0 OAuth2 alone.
    return [{name: scopes} for scheme in guard.schemes for name, _ in _told(scheme, signs_in=False)]


def credential_names(guard: Guard | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the fields, lower case, and the query parameters that hold credentials."""
    if guard is None:
        return frozenset(), frozenset()
    places = [
        place
        for scheme in guard.schemes
        if not isinstance(scheme, Authority)
        for place in scheme.places
    ]
    query = {place.name.decode("latin-1") for place in places if isinstance(place, Parameter)}
    return frozenset(name.decode("latin-1") for name in guard.relied), frozenset(query)


def _allow(known: Members, scopes: frozenset[str]) -> None:
    """Add the scopes that a route asks for to those that can be asked for at /token."""
    if known["type"] == "oauth2":
        flows = known["flows"]
        assert isinstance(flows, dict)
        flow = flows["password"]
        assert isinstance(flow, dict)
        listed = flow["scopes"]
        assert isinstance(listed, dict)
        named: Members = dict.fromkeys(sorted(listed.keys() | scopes), "")
        flow["scopes"] = named


def _told(scheme: Scheme, *, signs_in: bool) -> Iterator[tuple[str, Members]]:
    if isinstance(scheme, Tokens):
        if signs_in:
            flow: Members = {"tokenUrl": TOKEN_PATH.decode("ascii"), "scopes": {}}
            yield scheme.name, {"type": "oauth2", "flows": {"password": flow}}
        else:
            yield scheme.name, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        return
    told = list(_of_authority(scheme) if isinstance(scheme, Authority) else _of_keys(scheme))
    for number, known in enumerate(told):
        yield scheme.name if number == 0 else f"{scheme.name}-{number + 1}", known


def _of_keys(scheme: ApiKeys) -> Iterator[Members]:
    for place in scheme.places:
        name = place.name.decode("latin-1")
        if isinstance(place, Field):
            if place.scheme and place.name == AUTHORIZATION:
                yield {"type": "http", "scheme": place.scheme.decode("ascii")}
                continue
            known = _in_header(name)
            if place.scheme:
                known["description"] = f'The key behind the word "{place.scheme.decode("ascii")}".'
            yield known
        else:
            yield {"type": "apiKey", "in": "query", "name": name}


def _of_authority(scheme: Authority) -> Iterator[Members]:
    for name in sorted(scheme.drops):
        yield _in_header(name.decode("latin-1"))


def _in_header(name: str) -> Members:
    return {"type": "apiKey", "in": "header", "name": _spelled(name)}


def _spelled(name: str) -> str:
    """Return a field's name as people write it: case says nothing."""
    words = ("API" if word == "api" else word.capitalize() for word in name.split("-"))
    return "-".join(words)
