"""Who may call, over real sockets: keys, what is passed on, what never is."""

import json

import jwt
import pytest

from gateway_server import Gateway
from gateway_server.settings.load import examine_text
from tests.message_signatures import verify
from tests.road import Client, Road, Running, Upstream, ask, request, response

KEYS = """
[auth.clients]
kind = "api-key"
header = "X-API-Key"
query = "api_key"
keys = [
  { id = "ada", value = "first-key", scopes = ["read", "write"] },
  { id = "ada", value = "second-key", scopes = ["read"] },
  { id = "old", value = "old-key", expires = "2020-01-01" },
]
"""


async def guarded(road: Road, upstream: Upstream, route: str = "", auth: str = KEYS) -> Running:
    return await road.gateway(
        f"""
        {auth}
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        secret = {{ header = "X-Gateway-Secret", value = "s3cret-of-up" }}
        [upstreams.other]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "guarded"
        prefix = "/g"
        upstream = "up"
        auth = ["clients"]
        {route}
        [[routes]]
        name = "open"
        prefix = "/open"
        upstream = "other"
        """
    )


def sent(upstream: Upstream) -> bytes:
    return b"".join(upstream.received)


@pytest.mark.parametrize(
    ("lines", "target", "status"),
    [
        pytest.param([], "/g", 401, id="no key"),
        pytest.param(["X-API-Key: wrong"], "/g", 401, id="a wrong one"),
        pytest.param(["X-API-Key: First-Key"], "/g", 401, id="another case"),
        pytest.param(["X-API-Key:"], "/g", 401, id="an empty one"),
        pytest.param(["X-API-Key: old-key"], "/g", 401, id="an expired one"),
        pytest.param(["X-API-Key: first-key", "X-API-Key: second-key"], "/g", 401, id="two"),
        pytest.param(["X-API-Key: first-key"], "/g?api_key=first-key", 401, id="in two places"),
        pytest.param(["X_API_Key: first-key"], "/g", 401, id="a look-alike of the field"),
        pytest.param(["Connection: X-API-Key", "X-API-Key: wrong"], "/g", 401, id="named away"),
        pytest.param([f"X-API-Key: {'k' * 60_000}"], "/g", 401, id="a long one"),
        pytest.param([], f"/g?api_key={'k' * 16_000}", 401, id="a long one in the query"),
        pytest.param([], "/%67", 401, id="the path written otherwise"),
    ],
)
async def test_without_a_right_key_nothing_reaches_the_service(
    road: Road, lines: list[str], target: str, status: int
) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream)
    answer = await ask(gateway, request(target, *lines))
    assert answer.status == status
    assert answer.value(b"www-authenticate") == b'ApiKey realm="clients"'
    assert upstream.connections == 0
    assert b"first-key" not in answer.body
    line = await gateway.line()
    assert line["status"] == status
    assert "key" not in line["path"]
    assert "consumer" not in line


async def test_with_a_right_key_the_service_hears_who_asks_and_not_the_key(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream)
    for key in ("first-key", "second-key"):
        assert (await ask(gateway, request("/g", f"X-API-Key: {key}"))).status == 200
    assert (await ask(gateway, request("/g?a=1&api_key=first-key&b=2"))).status == 200
    assert b"first-key" not in sent(upstream)
    assert b"x-api-key" not in sent(upstream).lower()
    assert b"GET /g?a=1&b=2 HTTP/1.1" in sent(upstream)
    assert sent(upstream).count(b"x-consumer-id: ada\r\n") == 3
    assert sent(upstream).count(b"x-consumer-scopes: read write\r\n") == 2
    line = await gateway.line()
    assert (line["consumer"], line["identity"]) == ("ada", "clients")


async def test_a_credential_passes_where_the_route_says_so(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream, "forward_credentials = true")
    assert (await ask(gateway, request("/g?x=1", "X-API-Key: first-key"))).status == 200
    assert b"x-api-key: first-key\r\n" in sent(upstream)


@pytest.mark.parametrize("target", ["/g", "/open"])
async def test_what_a_client_says_under_our_names_is_removed_everywhere(
    road: Road, target: str
) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream)
    forged = ["X-Consumer-ID: root", "X-Consumer-Scopes: all", "X-Gateway-Secret: guess"]
    forged += ["X_Consumer_ID: root", "X_Gateway_Secret: guess"]
    answer = await ask(gateway, request(target, "X-API-Key: first-key", *forged))
    assert answer.status == 200
    assert b"root" not in sent(upstream)
    assert b"guess" not in sent(upstream)


async def test_the_secret_reaches_its_service_and_nobody_else(road: Road) -> None:
    theirs = response("200 OK", "X-Gateway-Secret: s3cret-of-up", "X-Consumer-ID: ada")
    upstream = await road.upstream(theirs)
    gateway = await guarded(road, upstream)
    answer = await ask(gateway, request("/g", "X-API-Key: first-key"))
    assert sent(upstream).count(b"x-gateway-secret: s3cret-of-up\r\n") == 1
    assert b"s3cret" not in b"".join(name + told for name, told in answer.fields)
    assert answer.value(b"x-consumer-id") is None
    await ask(gateway, request("/open"))
    assert sent(upstream).count(b"s3cret") == 1
    assert "s3cret" not in gateway.written.getvalue()


async def test_scopes_decide_after_the_key(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream, 'scopes = ["write"]')
    assert (await ask(gateway, request("/g", "X-API-Key: first-key"))).status == 200
    refused = await ask(gateway, request("/g", "X-API-Key: second-key"))
    assert (refused.status, refused.problem["type"]) == (403, "urn:gateway-problem:scope-missing")
    assert upstream.complete == 1


async def test_who_guesses_is_soon_not_looked_at_any_more(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream)
    async with await gateway.connect() as stream:
        client = Client(stream)
        for number in range(20):
            answer = await client.ask(request("/g", f"X-API-Key: guess-{number}"))
            assert answer.status == 401
        refused = await client.ask(request("/g", "X-API-Key: first-key"))
        assert (refused.status, refused.problem["type"].rpartition(":")[2]) == (
            429,
            "too-many-failures",
        )
        assert 0 < int(refused.value(b"retry-after") or b"0") <= 60
        assert (await client.ask(request("/open"))).status == 200


async def test_a_body_is_not_asked_for_before_the_caller_is_known(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream)
    async with await gateway.connect() as stream:
        client = Client(stream)
        head = request("/g", "Expect: 100-continue", "Content-Length: 5", method="POST")
        await client.send(head)
        answer = await client.answer("POST")
    assert (answer.status, answer.interim) == (401, [])


async def test_pages_of_other_origins_are_answered_before_identity(road: Road) -> None:
    upstream = await road.upstream(response("200 OK", "Access-Control-Allow-Origin: *"))
    cors = 'cors = { origins = ["https://app.example"], credentials = true }'
    gateway = await guarded(road, upstream, cors)
    origin, method = "Origin: https://app.example", "Access-Control-Request-Method: PUT"
    answer = await ask(gateway, request("/g", origin, method, method="OPTIONS"))
    assert answer.status == 204
    assert answer.value(b"access-control-allow-origin") == b"https://app.example"
    assert upstream.connections == 0
    unknown = await ask(gateway, request("/g", origin))
    assert unknown.status == 401
    assert unknown.value(b"access-control-allow-origin") == b"https://app.example"
    known = await ask(gateway, request("/g", origin, "X-API-Key: first-key"))
    assert known.values(b"access-control-allow-origin") == [b"https://app.example"]
    assert known.values(b"vary") == [b"Origin"]
    foreign = await ask(
        gateway, request("/g", "Origin: https://evil.example", method, method="OPTIONS")
    )
    assert foreign.status == 403
    line = await gateway.line()
    assert (line["status"], line["reason"]) == (204, "preflight")


async def test_addresses_are_judged_by_what_trusted_proxies_say(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway(
        f"""
        [gateway]
        trusted_proxies = ["127.0.0.1"]
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "near"
        prefix = "/"
        upstream = "up"
        allow_from = ["10.0.0.0/8", "127.0.0.1"]
        deny_from = ["10.6.6.6"]
        security_headers = true
        """
    )
    for address, status in (("10.1.1.1", 200), ("10.6.6.6", 403), ("192.0.2.1", 403)):
        answer = await ask(gateway, request("/x", f"X-Forwarded-For: {address}"))
        assert answer.status == status
        assert answer.value(b"x-content-type-options") == b"nosniff"
    assert (await ask(gateway, request("/x"))).status == 200
    assert upstream.complete == 2


SIGNED = """
[auth.clients]
kind = "api-key"
keys = [{ id = "ada", value = "first-key", scopes = ["read"] }]
[upstreams.up]
endpoints = ["http://127.0.0.1:PORT"]
BADGE
[[routes]]
name = "all"
prefix = "/"
upstream = "up"
auth = ["clients"]
"""


def badged(upstream: Upstream, badge: str) -> str:
    return SIGNED.replace("PORT", str(upstream.port)).replace("BADGE", badge)


async def test_a_service_may_be_told_the_caller_by_a_token(road: Road) -> None:
    upstream = await road.upstream(response())
    secret = "a secret of more than thirty-two bytes"
    badge = f'caller_token = {{ secret = "{secret}" }}'
    gateway = await road.gateway(badged(upstream, badge))
    forged = "Authorization: Bearer forged"
    for _ in range(2):
        assert (await ask(gateway, request("/x", "X-API-Key: first-key", forged))).status == 200
    assert b"x-consumer-id" not in sent(upstream)
    assert b"forged" not in sent(upstream)
    lines = [line for line in sent(upstream).split(b"\r\n") if line.startswith(b"authorization")]
    assert lines[0] == lines[1]
    token = lines[0].decode().removeprefix("authorization: Bearer ")
    claims = jwt.decode(token, secret, ["HS256"], audience="up", issuer="gateway")
    assert (claims["sub"], claims["scope"], claims["exp"] - claims["iat"]) == ("ada", "read", 60)


async def test_a_service_may_demand_a_signature_over_what_it_is_asked(road: Road) -> None:
    upstream = await road.upstream(response(), close=True)
    secret = "a secret of more than thirty-two bytes"
    badge = f'signature = {{ secret = "{secret}", key_id = "k", body_max = "10B" }}'
    gateway = await road.gateway(badged(upstream, badge))
    key = "X-API-Key: first-key"
    for body, covered in ((b"", False), (b"0123456789", True), (b"0123456789a", False)):
        method = "POST" if body else "GET"
        answer = await ask(gateway, request("/x?q=1", key, method=method, body=body))
        assert answer.status == 200
        head, _, arrived = upstream.received[-1].partition(b"\r\n\r\n")
        assert arrived == body
        names = verify(head, secret.encode())
        assert names[:3] == ["@method", "@authority", "@request-target"]
        assert "x-consumer-id" in names
        assert ("content-digest" in names) is covered


async def test_the_gateway_does_not_start_without_a_secret_that_is_in_a_file(
    road: Road, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key"
    text = KEYS.replace('value = "first-key"', f'value = "file:{file}"')
    text += '[upstreams.u]\nendpoints = ["http://127.0.0.1:1"]\n'
    text += '[[routes]]\nname = "r"\nprefix = "/"\nupstream = "u"\nauth = ["clients"]\n'
    settings = examine_text(text, ".toml", {}, "test").settings
    with pytest.raises(SystemExit):
        Gateway(settings).prepare()
    told = capsys.readouterr().err
    assert "auth.clients.keys[0]" in told
    assert "No such file" in told
    file.write_text("first-key\n")
    upstream = await road.upstream(response())
    gateway = await road.gateway(text.replace("127.0.0.1:1", f"127.0.0.1:{upstream.port}"))
    assert (await ask(gateway, request("/x", "X-API-Key: first-key"))).status == 200


async def test_a_problem_says_nothing_of_what_was_wrong(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await guarded(road, upstream)
    wrong = [await ask(gateway, request("/g", f"X-API-Key: {key}")) for key in ("x", "old-key")]
    told = [{**json.loads(answer.body), "request_id": ""} for answer in wrong]
    assert told[0] == told[1]
    assert [answer.fields[0] for answer in wrong] == [wrong[0].fields[0]] * 2


async def test_what_is_stored_for_one_consumer_is_told_to_no_other(road: Road) -> None:
    answers = [response("200 OK", "Cache-Control: max-age=60", body=b"%d" % n) for n in range(9)]
    upstream = await road.upstream(*answers)
    auth = KEYS.replace('id = "ada", value = "second-key"', 'id = "grace", value = "second-key"')
    gateway = await guarded(road, upstream, "cache = {}", auth)

    async def told(key: str) -> bytes:
        return (await ask(gateway, request("/g", f"X-API-Key: {key}"))).body

    assert [await told(key) for key in ("first-key", "second-key")] == [b"0", b"1"]
    assert [await told(key) for key in ("first-key", "second-key")] == [b"0", b"1"]
    refused = await ask(gateway, request("/g"))
    assert refused.status == 401
    assert upstream.complete == 2


async def test_a_websocket_passes_the_same_door(road: Road) -> None:
    upstream = await road.upstream(response("403 Forbidden"))
    gateway = await guarded(road, upstream)
    handshake = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    assert (await ask(gateway, request("/g", *handshake))).status == 401
    assert upstream.connections == 0
    refused = await ask(gateway, request("/g", *handshake, "X-API-Key: first-key"))
    assert refused.status == 403
    assert b"x-consumer-id: ada\r\n" in sent(upstream)
    assert sent(upstream).count(b"x-gateway-secret: s3cret-of-up\r\n") == 1
    assert b"first-key" not in sent(upstream)


async def test_how_often_somebody_may_be_wrong_is_the_operators_to_say(road: Road) -> None:
    upstream = await road.upstream(response())
    strict = KEYS.replace(
        "[auth.clients]", '[gateway]\nfailed_credentials = "1/1h"\n[auth.clients]'
    )
    gateway = await guarded(road, upstream, auth=strict)
    answers = [await ask(gateway, request("/g", "X-API-Key: wrong")) for _ in range(2)]
    assert [answer.status for answer in answers] == [401, 429]
    assert 3590 < int(answers[1].value(b"retry-after") or b"0") <= 3600


async def test_a_key_and_a_token_are_one_too_many_whether_they_agree_or_not(road: Road) -> None:
    upstream = await road.upstream(response())
    secret = "a secret of more than thirty-two bytes"
    both = f"""{KEYS}
    [auth.members]
    kind = "jwt"
    issuer = "i"
    audience = "a"
    secret = "{secret}"
    """
    gateway = await guarded(road, upstream, auth=both)
    gateway_of_both = await road.gateway(
        f"""{both}
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "both"
        prefix = "/g"
        upstream = "up"
        auth = ["clients", "members"]
        """
    )
    for name in ("ada", "eve"):
        claims = {"iss": "i", "aud": "a", "sub": name, "exp": 4_000_000_000}
        token = f"Authorization: Bearer {jwt.encode(claims, secret, 'HS256')}"
        assert (await ask(gateway_of_both, request("/g", token))).status == 200
        refused = await ask(gateway_of_both, request("/g", "X-API-Key: first-key", token))
        assert refused.status == 401
        assert refused.problem["type"] == "urn:gateway-problem:credential-ambiguous"
    # Where tokens are nobody's business, one beside a key is the service's.
    assert (await ask(gateway, request("/g", "X-API-Key: first-key", token))).status == 200
    assert upstream.complete == 3


async def test_a_key_may_bear_limits_of_its_own(road: Road) -> None:
    upstream = await road.upstream(response())
    keys = """
    [limits.trial]
    rate = "2/60s"
    key = "consumer"
    [auth.clients]
    kind = "api-key"
    keys = [
      { id = "trial", value = "old", limits = ["trial"] },
      { id = "trial", value = "new", limits = ["trial"] },
      { id = "other", value = "third", limits = ["trial"] },
      { id = "free", value = "free" },
    ]
    """
    gateway = await guarded(road, upstream, auth=keys)

    async def status(key: str) -> int:
        return (await ask(gateway, request("/g", f"X-API-Key: {key}"))).status

    told = await ask(gateway, request("/g", "X-API-Key: old"))
    assert (told.value(b"ratelimit") or b"").startswith(b'"trial";r=1')
    assert [await status(key) for key in ("new", "old", "new")] == [200, 429, 429]
    assert [await status("third"), await status("third"), await status("third")] == [200, 200, 429]
    assert [await status("free") for _ in range(4)] == [200] * 4
    assert (await ask(gateway, request("/open"))).value(b"ratelimit") is None
    assert upstream.complete == 9
    line = await gateway.line(2)
    assert (line["status"], line["consumer"], line["limit"]) == (429, "trial", "trial")
