"""Limits over real sockets; where it says so, with real processes too."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio

from tests.ports import free_ports
from tests.road import Answer, Client, Road, Running, ask, request, response
from tests.server.cli.process import gateway, python
from tests.sockets import TEXT, connect, handshake, joined, refused

RUNNING = r"Running on http://127.0.0.1:(\d+)"
SERVICE = "import runpy; runpy.run_module('services.service_a', run_name='__main__')"


async def limited(road: Road, rate: str, *, gateway: str = "", limit: str = "", **more) -> Running:
    """A gateway whose only route has a limit, before an upstream that answers 200."""
    up = await road.upstream(response(), **more)
    return await road.gateway(
        f"""
        [gateway]
        {gateway}
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{up.port}"]
        [limits.per-client]
        {limit or f'rate = "{rate}"'}
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        limits = ["per-client"]
        """
    )


# In real processes: the gateway, a service, and clients, each its own.


@contextmanager
def served(folder, *limits: str) -> Iterator[int]:
    """The gateway's process before service A's; `/0` has the first limit, and so on."""
    (port,) = free_ports(1)
    routes = [
        f'[limits.l{n}]\nrate = "{rate}"\n'
        f'[[routes]]\nname = "r{n}"\nprefix = "/{n}"\nupstream = "a"\nstrip_prefix = true\n'
        f'limits = ["l{n}"]\n'
        for n, rate in enumerate(limits)
    ]
    upstream = f'[upstreams.a]\nendpoints = ["http://127.0.0.1:{port}"]\n'
    (folder / "gateway.toml").write_text(upstream + "".join(routes))
    with python(SERVICE, env={"PORT": str(port)}) as service:
        service.find(r"(127\.0\.0\.1:\d+)")
        with gateway("run", "-b", "127.0.0.1:0", cwd=folder) as process:
            yield int(process.find(RUNNING))


async def get(port: int, path: str) -> Answer:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        return await Client(stream).ask(request(path))


async def test_the_eleventh_request_in_a_minute_is_429_and_told_when_to_come_again(
    tmp_path,
) -> None:
    with served(tmp_path, "10/60s", "2/3s") as port:
        began = time.monotonic()
        for number in range(10):
            answer = await get(port, f"/0/items/{number}")
            assert answer.status == 200
            assert answer.value(b"ratelimit-policy") == b'"l0";q=10;w=60'
            left = re.fullmatch(rb'"l0";r=(\d);t=(\d+)', answer.value(b"ratelimit") or b"")
            assert left is not None
            assert int(left[1]) == 9 - number
        refused = await get(port, "/0/items/11")
        spent = time.monotonic() - began
        assert (refused.status, refused.problem["type"]) == (
            429,
            "urn:gateway-problem:limit-exceeded",
        )
        retry_after = int(refused.value(b"retry-after") or b"0")
        assert 60 - spent <= retry_after <= 60
        assert refused.value(b"ratelimit") == b'"l0";r=0;t=%d' % retry_after
        # A limit that is over soon: who waits as told is let in, who does not is not.
        for _ in range(2):
            assert (await get(port, "/1/users")).status == 200
        again = await get(port, "/1/users")
        assert again.status == 429
        await trio.sleep(int(again.value(b"retry-after") or b"0"))
        assert (await get(port, "/1/users")).status == 200


async def test_two_clients_do_not_share_a_budget(tmp_path) -> None:
    """Two addresses of this machine, each with connections of its own."""

    async def asks(address: str, port: int) -> int:
        with trio.socket.socket() as one:
            await one.bind((address, 0))
            await one.connect(("127.0.0.1", port))
            return (await Client(trio.SocketStream(one)).ask(request("/0/users"))).status

    with served(tmp_path, "2/60s") as port:
        assert [await asks("127.0.0.1", port) for _ in range(3)] == [200, 200, 429]
        assert [await asks("127.0.0.2", port) for _ in range(3)] == [200, 200, 429]


async def test_of_a_thousand_requests_at_once_of_one_client_exactly_so_many_pass(
    tmp_path,
) -> None:
    statuses: list[int] = []

    async def one(stream: trio.SocketStream) -> None:
        async with stream:
            statuses.append((await Client(stream).ask(request("/0/users"))).status)

    with served(tmp_path, "100/1h") as port, trio.fail_after(60):
        streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(1000)]
        async with trio.open_nursery() as nursery:
            for stream in streams:
                nursery.start_soon(one, stream)
    assert (len(statuses), statuses.count(200), statuses.count(429)) == (1000, 100, 900)


# Over real sockets, whoever speaks HTTP/1.1 with clients.


async def test_a_refused_request_keeps_its_connection_and_never_reaches_the_upstream(
    road: Road,
) -> None:
    running = await limited(road, "1/60s")
    async with await running.connect() as stream:
        client = Client(stream)
        statuses = [(await client.ask(request())).status for _ in range(3)]
    assert statuses == [200, 429, 429]
    first, second = await running.line(0), await running.line(1)
    assert (first["limit"], first["limit_outcome"], first["limit_remaining"]) == (
        "per-client",
        "admitted",
        0,
    )
    assert (second["reason"], second["limit_outcome"]) == ("limit-exceeded", "refused")
    assert "endpoint" not in second


async def test_clients_that_a_trusted_proxy_names_do_not_share_a_budget(road: Road) -> None:
    running = await limited(road, "1/60s", gateway='trusted_proxies = ["127.0.0.1"]')
    names = ["192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2"]
    answers = [await ask(running, request("/", f"X-Forwarded-For: {name}")) for name in names]
    assert [answer.status for answer in answers] == [200, 200, 429, 200, 429]


async def test_a_stranger_who_forges_its_address_gets_no_further_budget(road: Road) -> None:
    running = await limited(road, "1/60s")
    lines = ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.2", "X-Real-IP: 192.0.2.3"]
    answers = [await ask(running, request("/", line)) for line in lines]
    assert [answer.status for answer in answers] == [200, 429, 429]


async def test_a_field_that_limits_go_by_cannot_be_taken_away_by_connection(road: Road) -> None:
    """Else the upstream would not see what the limit was judged by."""
    up = await road.upstream(response())
    running = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{up.port}"]
        [limits.per-team]
        rate = "1/60s"
        key = "header:X-Team"
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        limits = ["per-team"]
        """
    )
    answers = [
        await ask(running, request("/", f"X-Team: {team}", "Connection: X-Team"))
        for team in ("red", "blue", "red")
    ]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert b"".join(up.received).lower().count(b"x-team: ") == 2


async def test_fields_of_the_upstream_stay_beside_ours(road: Road) -> None:
    up = await road.upstream(response("200 OK", 'RateLimit: "theirs";r=5', "X-RateLimit-Limit: 5"))
    running = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{up.port}"]
        [limits.ours]
        rate = "7/60s"
        headers = ["ratelimit", "x-ratelimit"]
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        limits = ["ours"]
        """
    )
    answer = await ask(running, request())
    assert answer.values(b"ratelimit") == [b'"theirs";r=5', b'"ours";r=6;t=60']
    assert answer.values(b"x-ratelimit-limit") == [b"7"]
    assert answer.values(b"x-ratelimit-remaining") == [b"6"]


async def test_an_answer_from_the_cache_counts_as_any_other(road: Road) -> None:
    up = await road.upstream(response("200 OK", "Cache-Control: max-age=60"))
    limit = 'cache = {}\nlimits = ["l"]\n[limits.l]\nrate = "2/60s"'
    running = await road.gateway_to(up.port, route=limit)
    answers = [await ask(running, request("/")) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.value(b"x-cache") for answer in answers[:2]] == [b"MISS", b"HIT"]
    # What is told is this request's, and not what was stored with the answer.
    told = [answer.values(b"ratelimit") for answer in answers]
    assert [[line.partition(b";t=")[0] for line in lines] for lines in told] == [
        [b'"l";r=1'],
        [b'"l";r=0'],
        [b'"l";r=0'],
    ]
    assert up.complete == 1


async def test_so_many_at_once_and_a_client_that_leaves_makes_room(road: Road) -> None:
    running = await limited(road, "", limit="concurrent = 1", hold=30)
    async with await running.connect() as stream:
        await stream.send_all(request("/slow"))
        refused = await _refused(running)
        assert refused.value(b"retry-after") == b"1"
        assert refused.value(b"ratelimit-policy") == b'"per-client";q=1;qu="concurrent-requests"'
    async with await running.connect() as stream:
        with trio.fail_after(5):
            while True:  # the first client's leaving is noticed within milliseconds, not at once
                await stream.send_all(request("/slow"))
                with trio.move_on_after(0.3):
                    assert (await Client(stream).answer()).status == 429
                    continue
                break


async def _refused(running: Running) -> Answer:
    """Ask until the request before has been admitted, and so this one is refused."""
    with trio.fail_after(5):
        while True:
            async with await running.connect() as stream:
                await stream.send_all(request("/other"))
                with trio.move_on_after(0.2):
                    return await Client(stream).answer()


async def test_a_websocket_counts_once_however_much_is_said(road: Road) -> None:
    limit = 'limits = ["l"]\n[limits.l]\nrate = "2/60s"'
    async with joined(road, route=limit) as (client, upstream, running):
        assert b'ratelimit: "l";r=1;t=60' in client.head.lower()
        for _ in range(5):
            await client.say(TEXT, b"x")
            await upstream.get()
        assert (await ask(running, handshake("/ws", key="short"))).status == 400  # takes nothing
        second = await connect(running)
        third = await refused(running)
        await second.stream.aclose()
    assert third.status == 429
    assert int(third.value(b"retry-after") or b"0") in {59, 60}


async def test_an_open_websocket_is_one_of_those_at_once_until_it_ends(road: Road) -> None:
    limit = 'limits = ["l"]\n[limits.l]\nconcurrent = 1'
    async with joined(road, route=limit) as (client, upstream, running):
        assert (await refused(running)).status == 429
        await client.close(1000)
        await upstream.closes()
        await upstream.close(1000)
        await client.closes()
        await running.line(1)
        again = await connect(running)
        await again.stream.aclose()


@pytest.mark.parametrize("shadow", ["true", "false"])
async def test_a_shadow_is_logged_and_not_enforced(road: Road, shadow: str) -> None:
    running = await limited(road, "", limit=f'rate = "1/60s"\n        shadow = {shadow}')
    answers = [await ask(running, request()) for _ in range(2)]
    line = await running.line(1)
    if shadow == "true":
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[1].value(b"ratelimit") is None
        assert line["limits_shadowed"] == ["per-client"]
    else:
        assert [answer.status for answer in answers] == [200, 429]
