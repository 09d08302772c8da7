"""Signing in with a password, over real sockets."""

import json
from urllib.parse import urlencode

import pytest
import trio
from argon2 import PasswordHasher

from tests.road import Answer, Client, Road, Running, Upstream, ask, request, response

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
SECRET = "a secret of more than thirty-two bytes"


async def gateway_for(road: Road, upstream: Upstream) -> Running:
    gateway = await road.gateway(
        f"""
        [auth.members]
        kind = "password"
        secret = "{SECRET}"
        lifetime = "60s"
        [[auth.members.users]]
        name = "ada"
        password = "{QUICK.hash("correct horse")}"
        scopes = ["read", "write"]
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "members"
        prefix = "/users"
        upstream = "up"
        auth = ["members"]
        scopes = ["write"]
        """
    )
    return gateway


def form(media_type: str = "application/x-www-form-urlencoded", **fields: str) -> bytes:
    body = urlencode(fields).encode()
    return request("/token", f"Content-Type: {media_type}", method="POST", body=body)


async def sign_in(running: Running, **fields: str) -> Answer:
    return await ask(running, form(**fields))


async def test_who_signs_in_gets_a_token_that_opens_what_it_may(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream)
    answer = await sign_in(gateway, grant_type="password", username="ada", password="correct horse")
    assert answer.status == 200
    assert answer.value(b"cache-control") == b"no-store"
    told = json.loads(answer.body)
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("bearer", 60, "read write")
    line = f"Authorization: Bearer {told['access_token']}"
    assert (await ask(gateway, request("/users/1", line))).status == 200
    assert b"x-consumer-id: ada\r\n" in upstream.received[0]
    me = await ask(gateway, request("/users/me", line))
    assert json.loads(me.body) == {"name": "ada", "scopes": ["read", "write"]}
    assert len(upstream.received) == 1
    assert "correct horse" not in gateway.written.getvalue()


async def test_a_token_may_be_asked_for_less(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream)
    answer = await sign_in(gateway, username="ada", password="correct horse", scope="read")
    line = f"Authorization: Bearer {json.loads(answer.body)['access_token']}"
    assert (await ask(gateway, request("/users/1", line))).status == 403
    more = await sign_in(gateway, username="ada", password="correct horse", scope="admin")
    assert (more.status, json.loads(more.body)["error"]) == (400, "invalid_scope")
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"username": "ada", "password": "wrong"}, "invalid_grant", id="5.2 password"),
        pytest.param({"username": "bob", "password": "wrong"}, "invalid_grant", id="5.2 name"),
        pytest.param({"username": "ada"}, "invalid_grant", id="5.2 no password"),
        pytest.param({"grant_type": "x"}, "unsupported_grant_type", id="5.2 another grant"),
        pytest.param({f"f{n}": "" for n in range(99)}, "invalid_request", id="too many fields"),
    ],
)
async def test_who_does_not_know_the_password_gets_no_token(
    road: Road, fields: dict[str, str], error: str
) -> None:
    gateway = await gateway_for(road, await road.upstream(response()))
    answer = await sign_in(gateway, **fields)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, error)
    assert b"token" not in answer.body.replace(b"access_token", b"")


async def test_an_unknown_name_and_a_wrong_password_are_told_alike(road: Road) -> None:
    gateway = await gateway_for(road, await road.upstream(response()))
    told = [await sign_in(gateway, username=name, password="x") for name in ("ada", "nobody")]
    assert told[0].body == told[1].body


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(form(media_type="application/json", username="ada"), 400, id="no form"),
        pytest.param(form(username="ada", password="x" * 1_000_000), 413, id="a password of 1 MB"),
        pytest.param(form(username="ada", password="x" * 15_000), 400, id="a long password"),
        pytest.param(request("/token"), 405, id="GET"),
        pytest.param(
            request(
                "/token",
                "Content-Type: application/x-www-form-urlencoded",
                method="POST",
                body=b"username=a&username=b",
            ),
            400,
            id="RFC 6749 3.2 a field twice",
        ),
        pytest.param(
            request(
                "/token",
                "Content-Type: application/x-www-form-urlencoded",
                method="POST",
                body=b"username=\xff",
            ),
            400,
            id="no UTF-8",
        ),
    ],
)
async def test_what_is_no_form_is_refused(road: Road, data: bytes, status: int) -> None:
    gateway = await gateway_for(road, await road.upstream(response()))
    assert (await ask(gateway, data)).status == status
    assert (await ask(gateway, request("/livez"))).status == 200


async def test_who_guesses_passwords_is_held_up(road: Road) -> None:
    gateway = await gateway_for(road, await road.upstream(response()))
    async with await gateway.connect() as stream:
        client = Client(stream)
        for number in range(10):
            answer = await client.ask(form(username=f"user{number}", password="x"))
            assert answer.status == 400
        refused = await client.ask(form(username="ada", password="correct horse"))
    assert refused.status == 429
    assert refused.problem["type"] == "urn:gateway-problem:too-many-sign-ins"
    assert int(refused.value(b"retry-after") or b"0") > 0


async def test_signing_in_is_logged_and_its_answers_have_the_requests_id(road: Road) -> None:
    gateway = await gateway_for(road, await road.upstream(response()))
    body = urlencode({"username": "ada", "password": "correct horse"}).encode()
    lines = ("Content-Type: application/x-www-form-urlencoded", "X-Request-ID: mine-1")
    answer = await ask(gateway, request("/token", *lines, method="POST", body=body))
    assert answer.values(b"x-request-id") == [b"mine-1"]
    line = await gateway.line()
    assert (line["path"], line["status"], line["consumer"]) == ("/token", 200, "ada")
    assert (line["request_id"], line["bytes_in"], line["bytes_out"]) == (
        "mine-1",
        len(body),
        len(answer.body),
    )
    told = f"Authorization: Bearer {json.loads(answer.body)['access_token']}"
    assert (await ask(gateway, request("/users/me", told))).status == 200
    assert (await ask(gateway, request("/users/me"))).status == 401
    me, refused = await gateway.line(1), await gateway.line(2)
    assert (me["status"], me["consumer"], me["identity"]) == (200, "ada", "members")
    assert (refused["status"], refused["reason"]) == (401, "credential-missing")
    assert "consumer" not in refused


@pytest.mark.parametrize("line", [[], ["Authorization: Bearer rubbish"], ["X-API-Key: x"]])
async def test_who_one_is_is_told_to_who_has_a_token(road: Road, line: list[str]) -> None:
    gateway = await gateway_for(road, await road.upstream(response()))
    answer = await ask(gateway, request("/users/me", *line))
    assert answer.status == 401
    assert (answer.value(b"www-authenticate") or b"").startswith(b'Bearer realm="members"')


async def test_checks_do_not_stop_the_loop_and_two_run_at_once() -> None:
    from gateway_core.identifying import Caller
    from gateway_server.identity.passwords import User, Users

    class Slow(PasswordHasher):
        """Tells how many checks run at once."""

        running = most = 0

        def verify(self, known, password):
            Slow.running += 1
            Slow.most = max(Slow.most, Slow.running)
            try:
                return super().verify(known, password)
            finally:
                Slow.running -= 1

    slow = Slow(time_cost=2, memory_cost=8192, parallelism=1)
    users = Users({"ada": User(Caller("ada"), slow.hash("pw"))}, slow)
    found: list[Caller | None] = []

    async def check(password: str) -> None:
        found.append(await users.check("ada", password))

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(check, "pw" if number % 2 else "no")
    assert sorted(map(str, found)) == sorted(map(str, [Caller("ada"), None] * 3))
    assert Slow.most == 2
