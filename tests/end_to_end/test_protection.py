"""Breakers, retries, hedges, bounds and health checks over real sockets; where it says so, with real processes."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio

from tests.ports import free_ports
from tests.road import PATIENCE, Answer, Client, Road, Running, ask, request, response
from tests.server.cli.process import Process, gateway, python

RUNNING = r"Running on http://127.0.0.1:(\d+)"
SERVICE = "import runpy; runpy.run_module('services.service_a', run_name='__main__')"


async def protected(road: Road, ports: list[int], *keys: str, gateway: str = "") -> Running:
    """A gateway whose only upstream has endpoints at `ports`, and `keys`."""
    endpoints = ", ".join(f'"http://127.0.0.1:{port}"' for port in ports)
    return await road.gateway(
        f"""
        [gateway]
        {gateway}
        [upstreams.up]
        endpoints = [{endpoints}]
        {chr(10).join(keys)}
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        """
    )


# In real processes


@contextmanager
def service(port: int) -> Iterator[Process]:
    with python(SERVICE, env={"PORT": str(port)}) as process:
        process.find(r"(127\.0\.0\.1:\d+)")
        yield process


async def get(port: int, path: str) -> Answer:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        return await Client(stream).ask(request(path))


async def test_a_service_that_is_killed_trips_its_breaker_and_heals_it_while_others_go_on(
    tmp_path,
) -> None:
    fragile, steady = free_ports(2)
    (tmp_path / "gateway.toml").write_text(
        f"""
        [upstreams.fragile]
        endpoints = ["http://127.0.0.1:{fragile}"]
        breaker = {{ open_for = "500ms" }}
        [upstreams.steady]
        endpoints = ["http://127.0.0.1:{steady}"]
        breaker = {{ open_for = "500ms" }}
        [[routes]]
        name = "fragile"
        prefix = "/fragile"
        upstream = "fragile"
        strip_prefix = true
        [[routes]]
        name = "steady"
        prefix = "/steady"
        upstream = "steady"
        strip_prefix = true
        """
    )
    with service(steady), gateway("run", "-b", "127.0.0.1:0", cwd=tmp_path) as process:
        port = int(process.find(RUNNING))
        with service(fragile) as doomed:
            assert (await get(port, "/fragile/users")).status == 200
            await trio.to_thread.run_sync(doomed.end, 9)
        statuses = [(await get(port, "/fragile/users")).status for _ in range(5)]
        assert statuses == [502] * 5
        refused = await get(port, "/fragile/users")
        assert (refused.status, refused.problem["type"]) == (
            503,
            "urn:gateway-problem:breaker-open",
        )
        assert refused.value(b"retry-after") == b"1"
        assert b"breaker-open" in (refused.value(b"proxy-status") or b"")
        assert (await get(port, "/steady/users")).status == 200
        with service(fragile):
            with trio.fail_after(30):
                while (await get(port, "/fragile/users")).status != 200:
                    await trio.sleep(0.1)
            assert [(await get(port, "/fragile/users")).status for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("clients", [20])
async def test_a_retry_storm_does_not_happen(road: Road, tmp_path, clients: int) -> None:
    """Clients that ask anew as soon as they are answered, before a service that fails all.

    Counted while all of them are at it: of fewer than 15, the three retries that are always
    allowed are more than a fifth. The service takes its time, or fewer would be under way at once.
    """
    up = await road.upstream(response("503 Down"), hold=0.2)
    (tmp_path / "gateway.toml").write_text(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{up.port}"]
        retries = {{ attempts = 4 }}
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        """
    )
    asked = 0

    async def ask_again_and_again(port: int) -> None:
        nonlocal asked
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            client = Client(stream)
            while True:
                asked += 1
                assert (await client.ask(request())).status == 503

    with gateway("run", "-b", "127.0.0.1:0", cwd=tmp_path) as process:
        port = int(process.find(RUNNING))
        with trio.move_on_after(4):
            async with trio.open_nursery() as nursery:
                for _ in range(clients):
                    nursery.start_soon(ask_again_and_again, port)
        assert asked > 4 * clients
        assert 1.05 < up.complete / asked < 1.25


# Retries


async def test_a_dead_endpoint_is_noticed_by_nobody_but_the_log(road: Road) -> None:
    (dead,) = free_ports(1)
    up = await road.upstream(response())
    running = await protected(road, [dead, up.port], "retries = {}")
    for _ in range(12):
        assert (await ask(running, request(method="POST"))).status == 200
    lines = [await running.line(number) for number in range(12)]
    assert {line["attempts"] for line in lines} == {1, 2}
    assert {line["endpoint"] for line in lines} == {f"http://127.0.0.1:{up.port}"}


async def test_a_body_is_sent_again_whole(road: Road) -> None:
    bad, good = await road.upstream(response("503 Later")), await road.upstream(response())
    running = await protected(road, [bad.port, good.port], "retries = {}")
    body = bytes(range(256)) * 1024
    for _ in range(8):
        answer = await ask(running, request(method="PUT", body=body))
        assert answer.status == 200
    assert bad.complete
    received = b"".join(good.received)
    assert received.count(body) == 8


async def test_a_body_beyond_what_is_kept_is_not_sent_again(road: Road) -> None:
    bad = await road.upstream(response("503 Later"))
    running = await protected(road, [bad.port], 'retries = { max_body = "1KiB" }')
    assert (await ask(running, request(method="PUT", body=b"x" * 1025))).status == 503
    line = await running.line()
    assert (line["attempts"], line["retry"]) == (1, "body-not-kept")


@pytest.mark.parametrize("attempts", [2, 4])
async def test_no_retry_storm_against_a_service_that_fails_everything(
    road: Road, attempts: int
) -> None:
    """Forty clients that ask anew as soon as they are answered: under 1.25 calls a request."""
    up = await road.upstream(response("503 Down"), hold=0.02)
    running = await protected(road, [up.port], f"retries = {{ attempts = {attempts} }}")
    asked = 0

    async def client() -> None:
        nonlocal asked
        async with await running.connect() as stream:
            one = Client(stream)
            for _ in range(10):
                asked += 1
                assert (await one.ask(request())).status == 503

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(client)
    assert asked == 400
    assert up.complete / asked < 1.25
    assert up.complete > asked, "some were tried again"
    retries = Counter(
        json.loads(line).get("retry") for line in running.written.getvalue().splitlines()
    )
    assert retries["retry-budget"] > 100


async def test_a_try_that_takes_too_long_goes_to_another_endpoint(road: Road) -> None:
    slow, quick = await road.upstream(response(), hold=60), await road.upstream(response())
    running = await protected(
        road, [slow.port, quick.port], "retries = {}", 'per_try_timeout = "200ms"'
    )
    for _ in range(6):
        assert (await ask(running, request())).status == 200
    for closed in slow.closed:
        with trio.fail_after(PATIENCE):
            await closed.wait()


async def test_a_client_that_leaves_in_a_back_off_leaves_nothing_behind(road: Road) -> None:
    up = await road.upstream(response("503 Later", "Retry-After: 1"))
    running = await protected(road, [up.port], 'retries = { budget_min = 1, budget = "0%" }')
    async with await running.connect() as stream:
        await stream.send_all(request())
        with trio.fail_after(PATIENCE):
            while not up.complete:
                await trio.sleep(0.01)
        await trio.sleep(0.1)
    assert (await running.line())["status"] == 499
    # The only room there is in the budget was given back.
    assert (await ask(running, request())).status == 503
    assert (await running.line(1))["attempts"] == 2


# Hedges


async def test_a_second_endpoint_answers_for_a_slow_one(road: Road) -> None:
    slow, quick = await road.upstream(response(), hold=60), await road.upstream(response(body=b"2"))
    running = await protected(
        road, [slow.port, quick.port], 'hedge = { after = "100ms" }', 'balance = "round-robin"'
    )
    for _ in range(8):
        assert (await ask(running, request())).body == b"2"
    lines = [await running.line(number) for number in range(8)]
    assert {line.get("hedge") for line in lines} == {None, "won"}
    for closed in slow.closed:
        with trio.fail_after(PATIENCE):
            await closed.wait()


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


async def test_hints_of_two_calls_for_one_request_go_to_nobody(road: Road) -> None:
    """Neither is known to be the one whose answer comes."""

    async def hint_and_be_silent(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(HINTS * 2)
        await trio.sleep_forever()

    async def hint_and_answer(stream: trio.SocketStream) -> None:
        while await stream.receive_some(65536):
            await stream.send_all(HINTS)
            await trio.sleep(0.02)
            await stream.send_all(HINTS + response(body=b"2"))

    ports = [await road.listen(hint_and_be_silent), await road.listen(hint_and_answer)]
    running = await protected(road, ports, 'hedge = { after = "100ms" }', 'balance = "round-robin"')
    async with await running.connect() as stream:
        client = Client(stream)
        for _ in range(8):
            answer = await client.ask(request())
            assert (answer.status, answer.interim, answer.body) == (200, [], b"2")
    lines = [await running.line(number) for number in range(8)]
    assert {line.get("hedge") for line in lines} == {None, "won"}


async def test_a_client_that_leaves_in_a_race_ends_both_calls(road: Road) -> None:
    ups = [await road.upstream(response(), hold=60) for _ in range(2)]
    running = await protected(road, [up.port for up in ups], 'hedge = { after = "50ms" }')
    async with await running.connect() as stream:
        await stream.send_all(request())
        with trio.fail_after(PATIENCE):
            while not all(up.closed for up in ups):
                await trio.sleep(0.01)
    for up in ups:
        with trio.fail_after(PATIENCE):
            await up.closed[0].wait()
    assert (await running.line())["status"] == 499


# Bounds and fallbacks


async def test_a_client_that_leaves_in_mid_call_frees_its_place(road: Road) -> None:
    up = await road.upstream(response(), hold=60)
    running = await protected(road, [up.port], "adaptive_concurrency = { min = 1, max = 1 }")
    async with await running.connect() as stream:
        await stream.send_all(request())
        with trio.fail_after(PATIENCE):
            while not up.connections:
                await trio.sleep(0.01)
        refused = await ask(running, request())
        assert (refused.status, refused.problem["type"]) == (503, "urn:gateway-problem:overload")
        assert refused.value(b"retry-after") == b"1"
    assert (await running.line(1))["status"] == 499
    async with await running.connect() as stream:
        await stream.send_all(request())
        with trio.fail_after(PATIENCE):
            while up.connections < 2:
                await trio.sleep(0.01)


async def test_a_fallback_answers_where_the_service_cannot(road: Road) -> None:
    (dead,) = free_ports(1)
    running = await protected(
        road, [dead], 'fallback = { body = "{}", content_type = "application/json" }'
    )
    answer = await ask(running, request())
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.value(b"cache-control") == b"no-store"
    line = await running.line()
    assert (line["status"], line["reason"]) == (200, "upstream-refused")


# Health


async def test_an_endpoint_that_fails_its_checks_is_not_asked(road: Road) -> None:
    ill, well = await road.upstream(response("500 Ill")), await road.upstream(response())
    running = await protected(
        road,
        [ill.port, well.port],
        'health = { path = "/healthz", interval = "100ms", unhealthy = 1 }',
    )
    with trio.fail_after(PATIENCE):
        while not any(b"/healthz" in received for received in ill.received):
            await trio.sleep(0.01)
    await trio.sleep(0.1)
    for _ in range(10):
        assert (await ask(running, request("/asked"))).status == 200
    assert not any(b"/asked" in received for received in ill.received)


@pytest.mark.parametrize("balance", ["round-robin", "two-choices"])
async def test_every_endpoint_is_asked(road: Road, balance: str) -> None:
    ups = [await road.upstream(response()) for _ in range(3)]
    running = await protected(road, [up.port for up in ups], f'balance = "{balance}"')
    for _ in range(30):
        assert (await ask(running, request())).status == 200
    assert all(up.complete for up in ups)
