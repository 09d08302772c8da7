"""Bearer tokens end to end: an issuer of our own, whose keys rotate, and which may be down."""

import base64
import hmac
import json
import time
from contextlib import suppress
from typing import Any

import pytest
import trio

from tests.issuer import AUDIENCE, ISSUER, MAKERS, Issuer, Signing
from tests.road import Answer, Client, Road, Running, Upstream, ask, request, response


async def gateway_for(
    road: Road, upstream: Upstream, issuer: Issuer, auth: str = "", route: str = ""
) -> Running:
    running = await road.gateway(
        f"""
        [auth.members]
        kind = "jwt"
        issuer = "{ISSUER}"
        audience = "{AUDIENCE}"
        jwks = "{issuer.url}"
        algorithms = ["RS256", "PS256", "ES256", "EdDSA"]
        {auth}
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "members"
        prefix = "/"
        upstream = "up"
        auth = ["members"]
        {route}
        """
    )
    with trio.fail_after(5):
        while not issuer.asked and not issuer.down:
            await trio.sleep(0.005)
    return running


async def bear(running: Running, token: str | bytes, *lines: str) -> Answer:
    text = token if isinstance(token, str) else token.decode("latin-1")
    return await ask(running, request("/x", f"Authorization: Bearer {text}", *lines))


@pytest.mark.parametrize("algorithm", sorted(MAKERS))
async def test_a_token_of_the_issuer_names_the_caller(road: Road, algorithm: str) -> None:
    signing = Signing("k1", algorithm)
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    token = signing.token()
    for _ in range(2):
        assert (await bear(gateway, token)).status == 200
    received = b"".join(upstream.received)
    assert received.count(b"x-consumer-id: ada\r\n") == 2
    assert b"authorization" not in received.lower()
    assert issuer.asked == 1
    assert token not in gateway.written.getvalue()


async def test_what_a_token_claims_may_be_told_and_ends_no_line(road: Road) -> None:
    signing = Signing("k1", "ES256")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    changes = """
        request_headers.set = { X-Mail = "{claims.email}", X-Org = "{claims.org.name}" }
        response_headers.set = { X-Hello = "{claims.email}" }
    """
    gateway = await gateway_for(road, upstream, issuer, route=changes)
    evil = "a@b\r\nX-Consumer-ID: root\x00"
    token = signing.token(email=evil, org={"name": "acme"})
    for _ in range(2):  # once asked about, once remembered
        answer = await bear(gateway, token, "X-Mail: forged")
        assert answer.value(b"x-hello") == b"a@b%0D%0AX-Consumer-ID: root%00"
    assert (await bear(gateway, signing.token(), "X-Mail: forged")).value(b"x-hello") is None
    received = b"".join(upstream.received).lower()
    assert received.count(b"x-mail: a@b%0d%0ax-consumer-id: root%00\r\n") == 2
    assert received.count(b"x-org: acme\r\n") == 2
    assert b"forged" not in received


def forged(header: dict[str, Any], signature: bytes = b"x", **changed: Any) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + 600}
    parts = [json.dumps(part).encode() for part in (header, {**claims, **changed})]
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature)
    )


def confused(signing: Signing) -> str:
    """A token signed by HMAC with the public key as its secret."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = signing.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = forged({"alg": "HS256", "kid": signing.key_id}).rpartition(".")[0]
    digest = hmac.digest(pem, unsigned.encode(), "sha256")
    return unsigned + "." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def test_what_is_not_the_issuers_never_reaches_the_service(road: Road) -> None:
    signing, stranger = Signing("k1", "RS256"), Signing("k1", "RS256")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    good = signing.token()
    now = int(time.time())
    tokens = {
        "none": forged({"alg": "none"}, b""),
        "none, with a signature": forged({"alg": "none"}),
        "key confusion": confused(signing),
        "a key that the token brings along": stranger.token({"jwk": stranger.jwk}),
        "a key that the token points to": stranger.token({"jku": "http://127.0.0.1:1/"}),
        "somebody else's key": stranger.token(),
        "another key id": signing.token({"kid": "k2"}),
        "expired": signing.token(exp=now - 60),
        "not yet valid": signing.token(nbf=now + 60),
        "no end": signing.token(exp=None),
        "another issuer": signing.token(iss="https://evil.example"),
        "another audience": signing.token(aud="them"),
        "nobody": signing.token(sub=None),
        "a name that ends a line": signing.token(sub="ada\r\nX-Admin: 1"),
        "a scope that ends a line": signing.token(scope="a\nx"),
        "an extension": signing.token({"crit": ["exp"]}),
        "cut": good[:-1],
        "one bit": good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:],
        "three dots": good + ".a",
    }
    async with await gateway.connect() as stream:
        client = Client(stream)
        for name, token in tokens.items():
            answer = await client.ask(request("/x", f"Authorization: Bearer {token}"))
            assert answer.status == 401, name
            assert b"error=" in (answer.value(b"www-authenticate") or b""), name
    assert upstream.connections == 0
    assert issuer.asked <= 2
    assert len(tokens) < 20, "beyond, the client would not be looked at"


@pytest.mark.parametrize("token", ["", "a" * 60_000])
async def test_no_token_and_a_long_one_are_401(road: Road, token: str) -> None:
    issuer = await Issuer(Signing("k1")).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    assert (await bear(gateway, token)).status == 401
    assert upstream.connections == 0


async def test_a_token_of_a_megabyte_is_refused_before_it_is_read_whole(road: Road) -> None:
    issuer = await Issuer(Signing("k1")).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    async with await gateway.connect() as stream:
        head = request("/x", f"Authorization: Bearer {'a' * 1_000_000}")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_send_as_far_as_it_goes, stream, head)
            answer = await Client(stream).answer()
            nursery.cancel_scope.cancel()
    assert answer.status == 431
    assert upstream.connections == 0
    assert (await ask(gateway, request("/livez"))).status == 200


async def _send_as_far_as_it_goes(stream: trio.SocketStream, data: bytes) -> None:
    with suppress(trio.BrokenResourceError):
        await stream.send_all(data)


async def test_two_tokens_are_one_too_many(road: Road) -> None:
    signing = Signing("k1")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    token = signing.token()
    assert (await bear(gateway, token, f"Authorization: Bearer {token}")).status == 401


async def test_a_key_that_the_issuer_has_just_made_is_fetched_when_it_is_met(road: Road) -> None:
    old, new = Signing("old"), Signing("new")
    issuer = await Issuer(old).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    refresh = gateway.app._gatekeeper._issuers["members"]._refresh.refresh
    refresh._not_before = None  # as if the floor were over
    assert (await bear(gateway, old.token())).status == 200
    issuer.keys = [old, new]
    assert (await bear(gateway, new.token())).status == 200
    assert issuer.asked == 2
    for number in range(5):  # a flood of made-up ids costs nothing more within the floor
        assert (await bear(gateway, new.token({"kid": f"made-up-{number}"}))).status == 401
    assert issuer.asked == 2


async def test_a_key_that_is_withdrawn_serves_no_token_that_was_verified_before(road: Road) -> None:
    old, new = Signing("old"), Signing("new")
    issuer = await Issuer(old).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    token = old.token()
    assert (await bear(gateway, token)).status == 200
    issuer.keys = [new]
    gateway.app._gatekeeper._issuers["members"]._refresh.refresh._not_before = None
    assert (await bear(gateway, new.token())).status == 200
    assert (await bear(gateway, token)).status == 401


async def test_an_issuer_that_is_down_takes_nothing_away(road: Road) -> None:
    signing = Signing("k1")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    issuer.down = True
    refresh = gateway.app._gatekeeper._issuers["members"]._refresh.refresh
    refresh._not_before = None
    unknown = Signing("k2").token()
    assert (await bear(gateway, unknown)).status == 401
    assert (await bear(gateway, signing.token())).status == 200


async def test_before_an_issuer_was_ever_reached_nobody_can_be_told_from_another(
    road: Road,
) -> None:
    signing = Signing("k1")
    issuer = await Issuer(signing).serve(road)
    issuer.down = True
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    answer = await bear(gateway, signing.token())
    assert (answer.status, answer.value(b"retry-after")) == (503, b"5")
    assert upstream.connections == 0
    issuer.down = False
    gateway.app._gatekeeper._issuers["members"]._refresh.refresh._not_before = None
    assert (await bear(gateway, signing.token())).status == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{}", id="no keys"),
        pytest.param(b"<html>", id="no JSON"),
        pytest.param(b'{"keys": [' + b" " * 10_000_000 + b"]}", id="10 MB"),
    ],
)
async def test_what_is_no_key_set_changes_nothing(road: Road, body: bytes) -> None:
    signing = Signing("k1")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    issuer.body = body
    refresh = gateway.app._gatekeeper._issuers["members"]._refresh.refresh
    refresh._not_before = None
    assert (await bear(gateway, Signing("k2").token())).status == 401
    assert (await bear(gateway, signing.token())).status == 200
    assert issuer.asked == 2


async def test_a_client_that_leaves_while_keys_are_fetched_leaves_nothing_behind(
    road: Road,
) -> None:
    signing = Signing("k1")
    silent = trio.Event()

    async def say_nothing(stream: trio.SocketStream) -> None:
        silent.set()
        await trio.sleep_forever()

    issuer = Issuer(signing)
    issuer.port, issuer.down = await road.listen(say_nothing), True
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer)
    await silent.wait()
    async with await gateway.connect() as stream:
        head = request("/x", f"Authorization: Bearer {signing.token()}")
        await stream.send_all(head)
        await trio.sleep(0.05)
    line = await gateway.line()
    assert (line["status"], line["reason"]) == (499, "client-left")
    assert upstream.connections == 0


async def test_a_shared_secret_and_a_fixed_key_need_no_issuer(road: Road, tmp_path: Any) -> None:
    import jwt
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    signing, secret = Signing("k1"), "a secret of more than thirty-two bytes"
    pem = signing.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    upstream = await road.upstream(response())
    text = f"""
        [auth.shared]
        kind = "jwt"
        issuer = "{ISSUER}"
        audience = "{AUDIENCE}"
        secret = "{secret}"
        [auth.fixed]
        kind = "jwt"
        issuer = "{ISSUER}"
        audience = "{AUDIENCE}"
        public_key = "{tmp_path / "key.pem"}"
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "shared"
        prefix = "/shared"
        upstream = "up"
        auth = ["shared"]
        [[routes]]
        name = "fixed"
        prefix = "/fixed"
        upstream = "up"
        auth = ["fixed"]
    """
    gateway = await road.gateway(text)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + 60}
    ours = f"Authorization: Bearer {jwt.encode(claims, secret, 'HS256')}"
    theirs = f"Authorization: Bearer {signing.token()}"
    for target, line, status in (
        ("/shared", ours, 200),
        ("/shared", theirs, 401),
        ("/fixed", theirs, 200),
        ("/fixed", ours, 401),
    ):
        assert (await ask(gateway, request(target, line))).status == status


async def test_a_token_serves_until_it_expires_and_is_remembered_no_longer(road: Road) -> None:
    signing = Signing("k1")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer, auth='leeway = "0s"')
    token = signing.token(exp=int(time.time()) + 2)
    assert (await bear(gateway, token)).status == 200
    with trio.fail_after(5):
        while (await bear(gateway, token)).status == 200:
            await trio.sleep(0.1)
    assert (await bear(gateway, token)).status == 401
    assert (await bear(gateway, signing.token())).status == 200


async def test_an_access_token_is_told_from_others_where_that_is_asked_for(road: Road) -> None:
    signing = Signing("k1")
    issuer = await Issuer(signing).serve(road)
    upstream = await road.upstream(response())
    gateway = await gateway_for(road, upstream, issuer, auth='type = "at+jwt"')
    assert (await bear(gateway, signing.token({"typ": "at+jwt"}))).status == 200
    assert (await bear(gateway, signing.token({"typ": "JWT"}))).status == 401
    line = await gateway.line(1)
    assert line["identity"] == "token-type"
    assert upstream.complete == 1


# Authorisation services


async def authority_gateway(road: Road, upstream: Upstream, port: int) -> Running:
    return await road.gateway(
        f"""
        [auth.ours]
        kind = "forward"
        url = "http://127.0.0.1:{port}/check"
        headers = ["X-Session"]
        credentials = ["X-Session"]
        timeout = "200ms"
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "asked"
        prefix = "/"
        upstream = "up"
        auth = ["ours"]
        """
    )


async def test_a_service_of_ours_names_the_caller(road: Road) -> None:
    upstream = await road.upstream(response())
    authority = await road.upstream(
        response(
            "204 No Content", "X-Consumer-ID: grace", "X-Consumer-Scopes: read", body=b""
        ).replace(b"Content-Length: 0\r\n", b"")
    )
    gateway = await authority_gateway(road, upstream, authority.port)
    lines = ["X-Session: s1", "Cookie: secret=1"]
    assert (await ask(gateway, request("/x?y=1", *lines, method="PUT"))).status == 200
    asked = b"".join(authority.received)
    assert b"GET /check HTTP/1.1" in asked
    assert b"x-session: s1\r\n" in asked
    assert b"x-forwarded-method: PUT\r\n" in asked
    assert b"x-forwarded-uri: /x?y=1\r\n" in asked
    assert b"secret=1" not in asked
    heard = b"".join(upstream.received)
    assert b"x-consumer-id: grace\r\n" in heard
    assert b"x-session" not in heard


@pytest.mark.parametrize(
    ("answer", "status", "challenge"),
    [
        pytest.param(
            response("401 Unauthorized", "WWW-Authenticate: Basic"), 401, b"Basic", id="401"
        ),
        pytest.param(response("403 Forbidden"), 403, None, id="403"),
        pytest.param(response("302 Found", "Location: /login"), 503, None, id="a redirect"),
        pytest.param(response("500 Oops"), 503, None, id="500"),
        pytest.param(response("200 OK"), 503, None, id="no name"),
        pytest.param(response("200 OK", "X-Consumer-ID: a b"), 503, None, id="no good name"),
        pytest.param(b"rubbish\r\n\r\n", 503, None, id="no HTTP"),
    ],
)
async def test_what_a_service_of_ours_refuses_goes_no_further(
    road: Road, answer: bytes, status: int, challenge: bytes | None
) -> None:
    upstream = await road.upstream(response())
    authority = await road.upstream(answer, close=True)
    gateway = await authority_gateway(road, upstream, authority.port)
    refused = await ask(gateway, request("/x"))
    assert (refused.status, refused.value(b"www-authenticate")) == (status, challenge)
    assert upstream.connections == 0


async def test_a_service_of_ours_that_says_nothing_or_is_not_there_is_503(road: Road) -> None:
    upstream = await road.upstream(response())
    silent = await road.upstream(response(), hold=3)
    for port in (silent.port, 1):
        gateway = await authority_gateway(road, upstream, port)
        assert (await ask(gateway, request("/x"))).status == 503
    assert upstream.connections == 0
