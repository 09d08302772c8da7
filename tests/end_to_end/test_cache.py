"""The cache over real sockets: fetched once, streamed while it comes, never half for whole."""

from pathlib import Path

import pytest
import trio

from tests.road import PATIENCE, Client, CutError, Road, Running, ask, read_request

MINUTE = (b"cache-control", b"max-age=60")


def told(*fields: tuple[bytes, bytes], body: bytes = b"ok", status: int = 200) -> bytes:
    lines = b"".join(b"%b: %b\r\n" % line for line in fields)
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), lines, body)


def get(*lines: str, path: str = "/", method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: gw.example", *lines, "", ""]).encode()


async def gateway_to(road: Road, port: int, cache: str = "{}") -> Running:
    return await road.gateway_to(port, route=f"cache = {cache}")


async def test_what_was_fetched_once_answers_from_then_on(road: Road) -> None:
    upstream = await road.upstream(told(MINUTE, (b"etag", b'"a"'), body=b"0123456789"))
    gateway = await gateway_to(road, upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        first = await client.ask(get())
        second = await client.ask(get())
        assert (first.value(b"x-cache"), second.value(b"x-cache")) == (b"MISS", b"HIT")
        assert first.value(b"cache-status") == b"gateway; fwd=uri-miss; stored"
        assert first.body == second.body == b"0123456789"
        assert second.value(b"age") is not None
        assert first.value(b"x-request-id") != second.value(b"x-request-id")
        part = await client.ask(get("Range: bytes=-3"))
        assert (part.status, part.body) == (206, b"789")
        assert (await client.ask(get('If-None-Match: "a"'))).status == 304
        assert (await client.ask(get("Range: bytes=10-"))).status == 416
        await client.send(get(method="HEAD"))
        head = await client.answer("HEAD")
        assert (head.value(b"content-length"), head.body) == (b"10", b"")
    assert upstream.complete == 1
    miss, hit = await gateway.line(0), await gateway.line(1)
    assert (miss["cache"], miss["cache_reason"], miss["cache_stored"]) == ("MISS", "uri-miss", True)
    assert (hit["cache"], hit["bytes_out"]) == ("HIT", 10)
    assert "endpoint" not in hit


async def test_one_answer_is_for_all_queries_that_the_origin_calls_alike(road: Road) -> None:
    alike = (b"no-vary-search", b'key-order, params=("utm")')
    upstream = await road.upstream(told(MINUTE, alike))
    gateway = await gateway_to(road, upstream.port, "{ no_vary_search = true }")
    async with await gateway.connect() as stream:
        client = Client(stream)
        for path, cache in [
            ("/p?a=1&b=2&utm=x", b"MISS"),
            ("/p?b=2&utm=y&a=%31", b"HIT"),
            ("/p?b=2&a=3", b"MISS"),
            ("/p?utm=x;a=3&b=2", b"MISS"),
        ]:
            answer = await client.ask(get(path=path))
            assert answer.value(b"x-cache") == cache, path
    assert upstream.complete == 3


async def test_a_thousand_at_once_are_one_fetch(road: Road) -> None:
    all_ask, fetched = trio.Event(), 0

    async def once_all_ask(stream: trio.SocketStream) -> None:
        nonlocal fetched
        await read_request(stream)
        fetched += 1
        await all_ask.wait()
        await stream.send_all(told(MINUTE))

    port = await road.listen(once_all_ask)
    # However long a busy machine takes for a thousand connections, none is to be too late.
    gateway = await road.gateway_to(port, upstream='response_timeout = "60s"', route="cache = {}")
    got: list[bytes | None] = []

    async def one(stream: trio.SocketStream) -> None:
        with trio.fail_after(60):
            answer = await Client(stream)._answer("GET")
        assert answer.body == b"ok"
        got.append(answer.value(b"cache-status"))

    streams: list[trio.SocketStream] = []
    try:
        async with trio.open_nursery() as nursery:
            for _ in range(1000):
                streams.append(await gateway.connect())
                await streams[-1].send_all(get())
                nursery.start_soon(one, streams[-1])
            all_ask.set()
    finally:
        for stream in streams:
            await stream.aclose()
    assert fetched == 1
    assert got.count(b"gateway; fwd=uri-miss; stored") == 1
    assert sum(b"collapsed" in (told or b"") for told in got) > 900
    assert len(got) == 1000


async def test_who_waits_reads_what_has_come_before_the_rest_is_there(road: Road) -> None:
    more = trio.Event()
    fetched = 0

    async def slowly(stream: trio.SocketStream) -> None:
        nonlocal fetched
        await read_request(stream)
        fetched += 1
        await trio.sleep(0.2)
        await stream.send_all(b"HTTP/1.1 200 X\r\nCache-Control: max-age=60\r\n")
        await stream.send_all(b"Transfer-Encoding: chunked\r\n\r\n4\r\nhead\r\n")
        await more.wait()
        await stream.send_all(b"4\r\ntail\r\n0\r\n\r\n")

    gateway = await gateway_to(road, await road.listen(slowly))
    async with await gateway.connect() as one, await gateway.connect() as two:
        for stream in (one, two):
            await stream.send_all(get())
        with trio.fail_after(PATIENCE):
            for stream in (one, two):
                got = b""
                while b"head" not in got:
                    got += await stream.receive_some(65536)
        late = await gateway.connect()
        await late.send_all(get())
        with trio.fail_after(PATIENCE):
            got = b""
            while b"head" not in got:
                got += await late.receive_some(65536)
        more.set()
        with trio.fail_after(PATIENCE):
            for stream in (one, two, late):
                got = b""
                while b"tail" not in got:
                    got += await stream.receive_some(65536)
        await late.aclose()
    again = await ask(gateway, get())
    assert (again.body, again.value(b"content-length")) == (b"headtail", b"8")
    assert fetched == 1


async def test_an_answer_that_breaks_off_is_cut_for_all_and_kept_for_nobody(road: Road) -> None:
    fetched = 0

    async def dies(stream: trio.SocketStream) -> None:
        nonlocal fetched
        await read_request(stream)
        fetched += 1
        await trio.sleep(0.1)
        await stream.send_all(b"HTTP/1.1 200 X\r\nCache-Control: max-age=60\r\n")
        await stream.send_all(b"Content-Length: 10\r\n\r\n01234")
        await trio.sleep(0.1)

    gateway = await gateway_to(road, await road.listen(dies))
    cut = 0

    async def one() -> None:
        nonlocal cut
        with pytest.raises(CutError):
            await ask(gateway, get())
        cut += 1

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(one)
    assert (cut, fetched) == (5, 1)
    await one()
    assert fetched == 2
    assert gateway.app._edge is not None
    assert len(gateway.app._edge.shelf) == 0


async def test_a_leader_that_leaves_in_the_middle_leaves_the_rest_to_come(road: Road) -> None:
    begun, more = trio.Event(), trio.Event()
    fetched = 0

    async def slowly(stream: trio.SocketStream) -> None:
        nonlocal fetched
        await read_request(stream)
        fetched += 1
        await stream.send_all(told(MINUTE, body=b"x" * 10)[:-5])
        begun.set()
        await more.wait()
        await stream.send_all(b"x" * 5)

    gateway = await gateway_to(road, await road.listen(slowly))
    async with await gateway.connect() as leader:
        await leader.send_all(get())
        with trio.fail_after(PATIENCE):
            await begun.wait()
            await leader.receive_some(1)
    await trio.sleep(0.2)
    async with trio.open_nursery() as nursery:

        async def other() -> None:
            assert (await ask(gateway, get())).body == b"x" * 10

        nursery.start_soon(other)
        await trio.sleep(0.1)
        more.set()
    assert fetched == 1


async def test_a_leader_that_leaves_before_the_answer_is_followed_by_another(road: Road) -> None:
    fetched = 0

    async def answers_the_second(stream: trio.SocketStream) -> None:
        nonlocal fetched
        await read_request(stream)
        fetched += 1
        if fetched == 1:
            await stream.receive_some(1)
        else:
            await stream.send_all(told(MINUTE))

    gateway = await gateway_to(road, await road.listen(answers_the_second))
    leader = await gateway.connect()
    await leader.send_all(get())
    await trio.sleep(0.1)
    async with trio.open_nursery() as nursery:

        async def other() -> None:
            assert (await ask(gateway, get())).body == b"ok"

        for _ in range(3):
            nursery.start_soon(other)
        await trio.sleep(0.1)
        await leader.aclose()
    assert fetched == 2


async def test_who_waits_for_what_cannot_be_stored_is_released(road: Road) -> None:
    upstream = await road.upstream(told((b"cache-control", b"private")), hold=0.2)
    gateway = await gateway_to(road, upstream.port)
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(ask, gateway, get())
    assert upstream.complete == 20


async def test_what_is_too_large_passes_through_whole(road: Road) -> None:
    size = 3 * 2**20

    async def large(stream: trio.SocketStream) -> None:
        while (await read_request(stream))[1]:
            await stream.send_all(b"HTTP/1.1 200 X\r\nCache-Control: max-age=60\r\n")
            await stream.send_all(b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(3):
                await stream.send_all(b"%x\r\n%b\r\n" % (2**20, b"x" * 2**20))
            await stream.send_all(b"0\r\n\r\n")

    gateway = await gateway_to(road, await road.listen(large), '{ max_entry = "1MiB" }')
    for _ in range(2):
        answer = await ask(gateway, get())
        assert len(answer.body) == size
        assert answer.value(b"x-cache") == b"MISS"
    assert gateway.app._edge is not None
    assert len(gateway.app._edge.shelf) == 0


async def test_a_slow_reader_holds_up_nobody(road: Road) -> None:
    body = b"x" * (6 * 2**20)
    upstream = await road.upstream(told(MINUTE, body=body))
    gateway = await gateway_to(road, upstream.port)
    async with await gateway.connect() as slow:
        await slow.send_all(get())
        with trio.fail_after(PATIENCE):
            await slow.receive_some(100)
        assert (await ask(gateway, get())).body == body
    assert upstream.complete == 1


async def test_a_stale_answer_is_confirmed(road: Road) -> None:
    tag = (b"etag", b'"a"')
    upstream = await road.upstream(
        told((b"cache-control", b"max-age=0"), tag, body=b"old"),
        b'HTTP/1.1 304 X\r\nETag: "a"\r\nX-New: 1\r\nCache-Control: max-age=60\r\n\r\n',
    )
    gateway = await gateway_to(road, upstream.port)
    await ask(gateway, get())
    confirmed = await ask(gateway, get())
    assert (confirmed.status, confirmed.body) == (200, b"old")
    assert confirmed.value(b"x-cache") == b"REVALIDATED"
    assert confirmed.value(b"x-new") == b"1"
    assert b'if-none-match: "a"' in b"".join(upstream.received).lower()
    assert (await ask(gateway, get())).value(b"x-cache") == b"HIT"


async def test_a_stale_answer_is_sent_while_a_newer_one_is_fetched(road: Road) -> None:
    upstream = await road.upstream(
        told((b"cache-control", b"max-age=0, stale-while-revalidate=60"), body=b"old"),
        told(MINUTE, body=b"new"),
    )
    gateway = await gateway_to(road, upstream.port)
    await ask(gateway, get())
    stale = await ask(gateway, get())
    assert (stale.body, stale.value(b"x-cache")) == (b"old", b"STALE")
    with trio.fail_after(PATIENCE):
        while (await ask(gateway, get())).body != b"new":
            await trio.sleep(0.02)
        while not any(line.get("reason") == "cache-refresh" for line in gateway.lines):
            await trio.sleep(0.02)
    assert upstream.complete == 2


async def test_a_stale_answer_stands_in_for_an_upstream_that_dies(road: Road) -> None:
    asked = 0

    async def answers_once(stream: trio.SocketStream) -> None:
        nonlocal asked
        await read_request(stream)
        asked += 1
        if asked == 1:
            await stream.send_all(told((b"cache-control", b"max-age=0"), (b"etag", b'"a"')))

    gateway = await gateway_to(road, await road.listen(answers_once))
    await ask(gateway, get())
    stale = await ask(gateway, get())
    assert (stale.status, stale.body, stale.value(b"x-cache")) == (200, b"ok", b"STALE")
    assert b"detail=stale-if-error" in (stale.value(b"cache-status") or b"")


async def test_a_change_takes_out_what_is_stored(road: Road) -> None:
    upstream = await road.upstream(
        told(MINUTE, body=b"1"), told(status=201), told(MINUTE, body=b"2")
    )
    gateway = await gateway_to(road, upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        assert (await client.ask(get())).body == b"1"
        posted = await client.ask(get("Content-Length: 0", method="POST"))
        assert posted.value(b"x-cache") == b"BYPASS"
        assert (await client.ask(get())).body == b"2"


async def test_the_worker_goes_down_while_an_answer_is_read_in(road: Road) -> None:
    begun = trio.Event()

    async def never_ends(stream: trio.SocketStream) -> None:
        await read_request(stream)
        await stream.send_all(told(MINUTE, body=b"x" * 10)[:-5])
        begun.set()
        await trio.sleep_forever()

    gateway = await road.gateway_to(
        await road.listen(never_ends), route="cache = {}", gateway='drain_timeout = "100ms"'
    )
    async with await gateway.connect() as stream:
        await stream.send_all(get())
        with trio.fail_after(PATIENCE):
            await begun.wait()
            gateway.stop.set()
            await gateway.ended.wait()


async def test_an_answer_with_another_status_than_200_is_stored_as_such(road: Road) -> None:
    upstream = await road.upstream(told(MINUTE, body=b"gone", status=404))
    gateway = await gateway_to(road, upstream.port)
    for _ in range(2):
        answer = await ask(gateway, get())
        assert (answer.status, answer.body) == (404, b"gone")
    assert upstream.complete == 1


async def test_what_is_purged_is_fetched_anew(road: Road, tmp_path: Path) -> None:
    upstream = await road.upstream(
        told(MINUTE, (b"surrogate-key", b"shop"), body=b"1"), told(body=b"2")
    )
    socket = tmp_path / "control"
    gateway = await road.gateway_to(
        upstream.port, route="cache = {}", gateway=f'control = "{socket}"'
    )
    assert (await ask(gateway, get())).body == b"1"
    with trio.fail_after(PATIENCE):
        while not (found := list(tmp_path.glob("control.*"))):
            await trio.sleep(0.01)
        async with await trio.open_unix_socket(str(found[0])) as stream:
            await stream.send_all(b'{"do": "cache-purge", "tag": "shop"}\n')
            assert b'"purged": 1' in await stream.receive_some(1000)
    assert (await ask(gateway, get())).body == b"2"
    assert gateway.app._edge is not None
    assert len(gateway.app._edge.shelf) == 0


async def test_consumers_have_answers_of_their_own(road: Road) -> None:
    upstream = await road.upstream(told(MINUTE, body=b"ann's"), told(MINUTE, body=b"ben's"))
    gateway = await road.gateway(
        f"""
        [auth.keys]
        kind = "api-key"
        header = "X-API-Key"
        query = "api_key"
        keys = [{{ id = "ann", value = "key-of-ann" }}, {{ id = "ben", value = "key-of-ben" }}]
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
        auth = ["keys"]
        cache = {{}}
        """
    )
    got = [
        await ask(gateway, get(f"X-API-Key: key-of-{who}", path="/mine"))
        for who in ("ann", "ben", "ann", "ben")
    ]
    assert [answer.body for answer in got] == [b"ann's", b"ben's", b"ann's", b"ben's"]
    assert [answer.value(b"x-cache") for answer in got] == [b"MISS", b"MISS", b"HIT", b"HIT"]
    by_query = await ask(gateway, get(path="/mine?api_key=key-of-ann"))
    assert by_query.body == b"ann's"
    assert (await ask(gateway, get(path="/mine"))).status == 401
    assert upstream.complete == 2
