"""What is wrong between schemes, routes and upstreams, and that nothing secret is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_server.settings.problem import Severity
from tests.configurations import ROUTE, only, told

KEYS = '[auth.c]\nkind = "api-key"\nkeys = [{ id = "a", value = "k" }]\n'
JWT = '[auth.c]\nkind = "jwt"\nissuer = "i"\naudience = "a"\njwks = "https://i"\n'
SECRET = "s3cret-that-is-longer-than-thirty-two-bytes"
TAKES = f'{ROUTE}auth = ["c"]\n'


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (KEYS + ROUTE, "auth.c", 'no route takes "c"'),
        (f'{KEYS}{ROUTE}auth = ["c", "d"]\n', "routes[0].auth[1]", "there is no [auth.d]"),
        (f'[auth.c]\nkind = "api-key"\n{TAKES}', "auth.c.keys", "there are no keys"),
        (KEYS.replace('"k"', '"k", sha256 = "' + "a" * 64 + '"') + TAKES, "auth.c.keys[0]", "a key has either value or sha256"),
        (KEYS.replace(', value = "k"', "") + TAKES, "auth.c.keys[0]", "a key has either value or sha256"),
        (KEYS.replace("}]", '}, { id = "b", value = "k" }]') + TAKES, "auth.c.keys", "this key is there already"),
        (KEYS.replace('"a"', '"a b"') + TAKES, "auth.c.keys[0]", "must be 1 to 255 visible ASCII characters, without spaces"),
        (KEYS + 'issuer = "i"\n' + TAKES, "auth.c.issuer", 'means nothing for kind "api-key"'),
        (KEYS + 'query = "q"\nscheme = "S"\n' + TAKES, "auth.c.scheme", "stands in a field, and no `header` is given"),
        (KEYS + 'query = ""\n' + TAKES, "auth.c.query", "must not be empty"),
        (JWT.replace('issuer = "i"\n', "") + TAKES, "auth.c.issuer", 'the key "issuer" is missing'),
        (JWT.replace('audience = "a"\n', "") + TAKES, "auth.c.audience", 'the key "audience" is missing'),
        (JWT.replace('jwks = "https://i"\n', "") + TAKES, "auth.c.jwks", "give one of jwks, public_key and secret"),
        (JWT + f'secret = "{SECRET}"\nalgorithms = "HS256"\n' + TAKES, "auth.c.secret", "give one of jwks, public_key and secret"),
        (JWT + 'algorithms = ["RS256", "HS256"]\n' + TAKES, "auth.c.algorithms", "HS256 is for a shared secret"),
        (JWT.replace('jwks = "https://i"', f'secret = "{SECRET}"') + 'algorithms = "RS256"\n' + TAKES, "auth.c.algorithms", "RS256 is for public keys"),
        (JWT.replace('jwks = "https://i"', 'secret = "short"') + TAKES, "auth.c.secret", "must have 32 bytes or more"),
        (JWT.replace('jwks = "https://i"', f'secret = "{SECRET}"\njwks_ca = "x"') + TAKES, "auth.c.jwks_ca", "verifies who publishes jwks, which is not given"),
        (f'[auth.c]\nkind = "password"\n{TAKES}', "auth.c.secret", 'the key "secret" is missing'),
        (f'[auth.c]\nkind = "forward"\n{TAKES}', "auth.c.url", 'the key "url" is missing'),
        (f'{ROUTE}scopes = ["read"]\n', "routes[0].scopes", "nobody is asked who they are"),
        (f'{KEYS}{TAKES}scopes = ["a b"]\n', "routes[0].auth", "must be words of visible ASCII, without quotes"),
        (f'{ROUTE}cors = {{ origins = "*", credentials = true }}\n', "routes[0].cors.origins", 'cannot be shared with every origin: name them, not "*"'),
        (f'{ROUTE}cors = {{ origins = "*", expose = ["a b"] }}\n', "routes[0].cors.expose[0]", "is no name"),
        (f'{ROUTE}allow_from = ["unix"]\n', "routes[0].allow_from[0]", "is no network"),
        (ROUTE.replace("[[routes]]", 'secret = { header = "Host", value = "s" }\n[[routes]]'), "upstreams.a.secret.header", "Host has a meaning of its own"),
        (ROUTE.replace("[[routes]]", 'secret = { value = "a b c" }\n[[routes]]'), "upstreams.a.secret.value", "cannot be written into a field"),
        (ROUTE.replace("[[routes]]", 'signature = { secret = "short" }\n[[routes]]'), "upstreams.a.signature.secret", "must have 32 bytes or more"),
        (ROUTE.replace("[[routes]]", 'caller_token = { secret = "short" }\n[[routes]]'), "upstreams.a.caller_token.secret", "must have 32 bytes or more"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, path: str, message: str) -> None:
    problem = only(told(text))
    assert (problem.path, problem.message) == (path, message)


def test_two_users_of_one_name_are_one_too_many() -> None:
    hashed = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"
    users = "".join(f'[[auth.c.users]]\nname = "a"\npassword = "{hashed}"\n' for _ in range(2))
    problem = only(told(f'[auth.c]\nkind = "password"\nsecret = "{SECRET}"\n{users}{TAKES}'))
    assert (problem.path, problem.message) == ("auth.c.users[1].name", "another user has this name")


def test_a_file_that_is_not_here_is_a_warning() -> None:
    from gateway_server.settings.load import examine_text

    text = KEYS.replace('"k"', '"file:/nowhere/key"') + TAKES
    text = text.replace("[[routes]]", 'secret = { value = "file:/nowhere/s" }\n[[routes]]')
    text += JWT.replace("[auth.c]", "[auth.d]").replace('jwks = "https://i"', 'public_key = "/no"')
    text = text.replace('auth = ["c"]', 'auth = ["c", "d"]')
    warnings = examine_text(text, ".toml", {}, "g.toml", look_for_files=True).warnings
    assert [warning.severity for warning in warnings] == [Severity.WARNING] * 3
    assert {warning.path for warning in warnings} == {
        "auth.c.keys[0].value",
        "auth.d.public_key",
        "upstreams.a.secret.value",
    }
    assert told(text) == ()


PLACES = [
    '[auth.c]\nkind = "api-key"\nkeys = [{ id = "a b", value = "SECRET" }]\n' + TAKES,
    '[auth.c]\nkind = "api-key"\nkeys = [{ id = "a", value = "SECRET", sha256 = "x" }]\n' + TAKES,
    '[auth.c]\nkind = "jwt"\nissuer = 5\nsecret = "SECRET"\n' + TAKES,
    '[auth.c]\nkind = "password"\nsecret = "SECRET"\nlifetime = 1\n' + TAKES,
    '[auth.c]\nkind = "password"\nusers = [{ name = "a", password = "SECRET" }]\n' + TAKES,
    ROUTE.replace("[[routes]]", 'secret = { value = "SECRET", header = "" }\n[[routes]]'),
    ROUTE.replace("[[routes]]", 'secret = { valeu = "SECRET" }\n[[routes]]'),
    ROUTE.replace("[[routes]]", 'signature = { secret = "SECRET", body_max = "x" }\n[[routes]]'),
    ROUTE.replace("[[routes]]", 'caller_token = { secret = "SECRET", lifetime = "1" }\n[[routes]]'),
    '[auth.c]\nkind = "api-key"\nkeys = [{ id = "a", value = "SECRET" }\n' + TAKES,
]


@pytest.mark.parametrize("place", PLACES)
@given(secret=st.text("abcdefghXYZ0123456789-_ .!", min_size=5, max_size=40))
def test_no_message_holds_a_secret_whatever_else_is_wrong(place: str, secret: str) -> None:
    secret = f"S{secret}S"
    for text in (place.replace("SECRET", secret), place.replace("SECRET", "${VALUE}")):
        for problem in told(text, environ={"VALUE": secret}):
            shown = f"{problem} {problem.excerpt} {problem.help}"
            assert secret not in shown
