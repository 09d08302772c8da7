"""`[auth.NAME]`: how its values are read."""

import pytest

from tests.configurations import ROUTE, only, read, told

KEY = 'id = "a", value = "k"'


def key(text: str) -> str:
    return f'[auth.c]\nkind = "api-key"\nkeys = [{{ {text} }}]\n{ROUTE}auth = ["c"]\n'


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        ('"2027-01-31"', 1801353600),
        ('"2027-01-31T12:00:00Z"', 1801396800),
        ('"2027-01-31T12:00:00+02:00"', 1801389600),
        ("2027-01-31", 1801353600),
        ("2027-01-31T12:00:00Z", 1801396800),
        ("2027-01-31 12:00:00", 1801396800),
    ],
)
def test_a_key_expires_at_a_date_or_a_time(expires: str, seconds: int) -> None:
    (found,) = read(key(f"{KEY}, expires = {expires}")).auth["c"].keys
    assert found.expires == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{KEY}, expires = "soon"', "is no time"),
        (f"{KEY}, expires = 12:00:00", "is no time"),
        (f"{KEY}, expires = 5", "is no time"),
        ('id = "a", sha256 = "abc"', "is no SHA-256"),
        ('id = "a", value = ""', "is no secret"),
        ('id = "a", value = "file:"', "is no secret"),
        ('id = "a", value = 5', "is no secret"),
    ],
)
def test_what_is_no_key_is_told(text: str, message: str) -> None:
    problem = only(told(key(text)))
    assert problem.message == message
    assert problem.help
    assert problem.path.startswith("auth.c.keys[0].")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/keys?x=1", "https://issuer.example/.well-known/jwks.json"]
)
def test_an_issuers_keys_have_a_url(url: str) -> None:
    text = f'[auth.c]\nkind = "jwt"\nissuer = "i"\naudience = "a"\njwks = "{url}"\n'
    assert read(f'{text}{ROUTE}auth = ["c"]\n').auth["c"].jwks == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b",
        "https://",
        "https://me:pw@a/b",
        "https://a/b#c",
        "http://a:99999/",
        "//a",
        "https://ä/",
    ],
)
def test_what_cannot_be_asked_is_no_url(url: str) -> None:
    text = f'[auth.c]\nkind = "jwt"\nissuer = "i"\naudience = "a"\njwks = "{url}"\n'
    problems = told(f'{text}{ROUTE}auth = ["c"]\n')
    assert problems[0].path == "auth.c.jwks"
    assert "pw" not in str(problems[0].message)


def test_a_password_is_kept_as_its_hash_alone() -> None:
    text = f'[auth.c]\nkind = "password"\nsecret = "{"s" * 32}"\nusers = [{{ name = "a", password = "hunter2" }}]\n'
    problem = only(told(f'{text}{ROUTE}auth = ["c"]\n'))
    assert problem.message == "is no argon2 hash"
    assert "hunter2" not in str(problem) + problem.excerpt


@pytest.mark.parametrize("header", ["X Key", "", "X-Key:", "é"])
def test_a_field_has_a_name(header: str) -> None:
    text = key(KEY).replace("keys =", f'header = "{header}"\nkeys =')
    assert only(told(text)).message == "is no name of a field"
