"""One answer out of many over real sockets: services that fail in every way they can."""

import json
from typing import Any

import pytest
import trio

from gateway_core.upstream import CONNECTIONS_MAX
from tests.road import PATIENCE, Client, Handler, Road, Running, ask, request, response

PRODUCT = response(body=b'{"id": 1, "nome": "Lamp"}')
PRICE = response(body=b'{"valor": 49.9}')
COMPOSED = {"id": 1, "nome": "Lamp", "preco": 49.9}


async def shop(
    road: Road, products: int, prices: int, keys: str = "", deadline: str = "1s"
) -> Running:
    return await road.gateway(
        f"""
        [upstreams.products]
        endpoints = ["http://127.0.0.1:{products}"]
        [upstreams.prices]
        endpoints = ["http://127.0.0.1:{prices}"]
        [[routes]]
        name = "detail"
        path = "/produto/{{id}}"
        methods = ["GET"]
        [routes.compose]
        deadline = "{deadline}"
        {keys}
        [routes.compose.parts.produto]
        upstream = "products"
        path = "/produtos/{{id}}"
        [routes.compose.parts.preco]
        upstream = "prices"
        path = "/precos/{{id}}"
        required = false
        default = {{ valor = 0 }}
        [routes.compose.body]
        id = "produto.id"
        nome = "produto.nome"
        preco = "preco.valor"
        """
    )


async def nobody() -> int:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    return port


async def test_both_parts_make_one_answer(road: Road) -> None:
    products, prices = await road.upstream(PRODUCT), await road.upstream(PRICE)
    gateway = await shop(road, products.port, prices.port)
    answer = await ask(gateway, request("/produto/a%2Fb?q=1", "Authorization: Bearer secret"))
    assert (answer.status, json.loads(answer.body)) == (200, COMPOSED)
    assert answer.value(b"content-type") == b"application/json"
    assert answer.value(b"x-gateway-completed") == b"true"
    assert answer.value(b"content-length") == b"%d" % len(answer.body)
    for asked, path in ((products, b"/produtos/a%2Fb"), (prices, b"/precos/a%2Fb")):
        assert asked.received[0].startswith(b"GET %b HTTP/1.1\r\n" % path)
        assert (
            b"X-Request-ID: ".lower() + answer.value(b"x-request-id") in asked.received[0].lower()
        )
        assert b"secret" not in asked.received[0]


async def test_head_has_the_head_of_the_answer_alone(road: Road) -> None:
    products, prices = await road.upstream(PRODUCT), await road.upstream(PRICE)
    gateway = await shop(road, products.port, prices.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        answer = await client.ask(request("/produto/1", method="HEAD"))
        assert answer.body == b""
        whole = await client.ask(request("/produto/1"))
    assert answer.value(b"content-length") == b"%d" % len(whole.body)
    assert products.received[0].startswith(b"GET ")


async def test_without_prices_the_answer_still_comes_and_says_what_it_lacks(road: Road) -> None:
    products = await road.upstream(PRODUCT)
    gateway = await shop(road, products.port, await nobody())
    answer = await ask(gateway, request("/produto/1"))
    assert (answer.status, json.loads(answer.body)) == (200, {**COMPOSED, "preco": 0})
    assert answer.value(b"x-gateway-completed") == b"false"
    assert answer.value(b"cache-control") == b"no-store"
    lines = [await gateway.line(number) for number in range(3)]
    assert {line["route"] for line in lines} == {"detail", "detail/produto", "detail/preco"}
    (outer,) = [line for line in lines if line["route"] == "detail"]
    assert (outer["status"], outer["reason"]) == (200, "incomplete-upstream-refused")
    assert len({line["request_id"] for line in lines}) == 1


async def test_without_products_the_answer_is_502_and_names_the_part_not_its_address(
    road: Road,
) -> None:
    prices, gone = await road.upstream(PRICE), await nobody()
    gateway = await shop(road, gone, prices.port)
    answer = await ask(gateway, request("/produto/1"))
    assert answer.status == 502
    assert (
        answer.problem["detail"] == "The part 'produto' of this answer failed: it gave no answer."
    )
    assert answer.value(b"proxy-status") == b"gateway; error=connection_refused"
    assert str(gone).encode() not in answer.body


async def test_what_is_not_there_is_not_there(road: Road) -> None:
    products, prices = await road.upstream(response("404 Not Found")), await road.upstream(PRICE)
    gateway = await shop(road, products.port, prices.port)
    answer = await ask(gateway, request("/produto/9"))
    assert (answer.status, answer.problem["type"]) == (404, "urn:gateway-problem:part-status")


def dripping(stream_of: bytes, wait: float) -> Handler:
    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await stream.send_all(stream_of)
            await trio.sleep(wait)

    return handle


async def hanging(stream: trio.SocketStream) -> None:
    await stream.receive_some(65536)
    await trio.sleep(60)


def saying(raw: bytes) -> Handler:
    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(raw)

    return handle


async def endless(stream: trio.SocketStream) -> None:
    """A gigabyte, if somebody takes it."""
    await stream.receive_some(65536)
    await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(16_000):
        await stream.send_all(b"10000\r\n" + b"x" * 65536 + b"\r\n")


DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize(
    ("service", "status", "reason"),
    [
        pytest.param(hanging, 504, "part-timeout", id="hangs"),
        pytest.param(dripping(b"x", 0.05), 504, "part-timeout", id="drips"),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
            502,
            "upstream-broke",
            id="promises more than it sends",
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1{}"),
            502,
            "upstream-protocol",
            id="sends more than it promised",
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
            502,
            "upstream-protocol",
            id="tells two lengths",
        ),
        pytest.param(endless, 502, "part-too-large", id="sends a gigabyte"),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"),
            502,
            "part-too-large",
            id="promises a gigabyte",
        ),
        pytest.param(saying(response(body=DEEP)), 502, "part-too-deep", id="nests 10,000 deep"),
        pytest.param(saying(response(body=b"[NaN]")), 502, "part-no-number", id="NaN"),
        pytest.param(saying(response(body=b'"\xff"')), 502, "part-not-utf8", id="no UTF-8"),
        pytest.param(
            saying(response(body=b'{"a":1,"a":2}')), 502, "part-name-twice", id="a name twice"
        ),
        pytest.param(saying(response(body=b"<html>")), 502, "part-not-json", id="no JSON"),
        pytest.param(
            saying(response("200 OK", "Content-Encoding: gzip")), 502, "part-encoded", id="gzip"
        ),
        pytest.param(saying(b""), 502, "upstream-reset", id="closes"),
        pytest.param(saying(b"SSH-2.0\r\n"), 502, "upstream-protocol", id="speaks something else"),
        pytest.param(
            saying(response("302 Found", "Location: http://10.0.0.1/")),
            502,
            "part-status",
            id="redirects",
        ),
    ],
)
async def test_a_required_part_that_misbehaves_is_told_within_the_deadline(
    road: Road, service: Handler, status: int, reason: str
) -> None:
    prices = await road.upstream(PRICE)
    gateway = await shop(road, await road.listen(service), prices.port)
    with trio.fail_after(PATIENCE):
        answer = await ask(gateway, request("/produto/1"))
    assert answer.status == status
    assert answer.problem["type"] == f"urn:gateway-problem:{reason}"
    assert "'produto'" in answer.problem["detail"]


async def test_the_envelope_wraps_answers_and_lists_what_failed(road: Road) -> None:
    products = await road.upstream(PRODUCT)
    gateway = await shop(road, products.port, await nobody(), "envelope = true")
    answer = json.loads((await ask(gateway, request("/produto/1"))).body)
    assert answer["data"] == {**COMPOSED, "preco": 0}
    assert (answer["status_code"], answer["message"], answer["error"]) == (200, "OK", None)
    assert [told["part"] for told in answer["errors"]] == ["preco"]


async def test_the_envelope_wraps_a_failure_too(road: Road) -> None:
    gateway = await shop(road, await nobody(), await nobody(), "envelope = true")
    answer = await ask(gateway, request("/produto/1"))
    told = json.loads(answer.body)
    assert (answer.status, told["status_code"], told["data"]) == (502, 502, None)
    assert told["error"]["request_id"].encode() == answer.value(b"x-request-id")


async def test_a_client_that_leaves_cancels_every_part(road: Road) -> None:
    slow = [await road.upstream(PRODUCT, hold=60) for _ in range(2)]
    gateway = await shop(road, slow[0].port, slow[1].port, deadline="50s")
    stream = await gateway.connect()
    await stream.send_all(request("/produto/1"))
    with trio.fail_after(PATIENCE):
        while not all(each.complete for each in slow):
            await trio.sleep(0.01)
        await stream.aclose()
        for each in slow:
            await each.closed[0].wait()
    line = [await gateway.line(number) for number in range(3)]
    assert {each["status"] for each in line} == {499}


async def test_a_route_that_composes_takes_no_websocket(road: Road) -> None:
    gateway = await shop(road, await nobody(), await nobody())
    handshake = request(
        "/produto/1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    assert (await ask(gateway, handshake)).status == 403


async def test_values_reach_a_part_encoded_whatever_they_are(road: Road) -> None:
    nasty: Any = {"id": "../../x?y=1#z\r\nX-Evil: 1", "nome": "\r\nSet-Cookie: a=1"}
    products = await road.upstream(response(body=json.dumps(nasty).encode()))
    prices = await road.upstream(PRICE)
    gateway = await road.gateway(
        f"""
        [upstreams.products]
        endpoints = ["http://127.0.0.1:{products.port}"]
        [upstreams.prices]
        endpoints = ["http://127.0.0.1:{prices.port}"]
        [[routes]]
        name = "detail"
        path = "/produto"
        [routes.compose.parts.a]
        upstream = "products"
        path = "/"
        [routes.compose.parts.b]
        upstream = "prices"
        path = "/p/{{a.id}}/end"
        query = {{ name = "{{a.nome}}" }}
        headers = {{ X-Name = "{{a.nome}}" }}
        """
    )
    answer = await ask(gateway, request("/produto"))
    assert answer.status == 200
    head = prices.received[0].lower()
    path = b"/p/..%2f..%2fx%3fy%3d1%23z%0d%0ax-evil%3a%201/end"
    assert head.startswith(b"get %b?name=%%0d%%0aset-cookie%%3a%%20a%%3d1 http/1.1\r\n" % path)
    assert b"\r\nx-name: %0d%0aset-cookie: a=1\r\n" in head
    assert b"\r\nx-evil" not in head
    assert b"\r\nset-cookie" not in head


async def test_a_thousand_compositions_at_once_give_everything_back(road: Road) -> None:
    products, prices = await road.upstream(PRODUCT), await road.upstream(PRICE)
    gateway = await shop(road, products.port, prices.port, deadline="30s")
    statuses: list[int] = []

    async def client(requests: int) -> None:
        async with await gateway.connect() as stream:
            browser = Client(stream)
            for _ in range(requests):
                statuses.append((await browser.ask(request("/produto/1"))).status)

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(client, 25)
    assert statuses == [200] * 1000
    for upstream in gateway.app._clients.values():
        for pool in upstream._pools.values():
            assert pool.places.free == CONNECTIONS_MAX


async def test_what_a_part_stores_is_not_asked_for_again(road: Road) -> None:
    products = await road.upstream(PRODUCT)
    prices = await road.upstream(PRICE)
    gateway = await road.gateway(
        f"""
        [upstreams.products]
        endpoints = ["http://127.0.0.1:{products.port}"]
        [upstreams.prices]
        endpoints = ["http://127.0.0.1:{prices.port}"]
        [[routes]]
        name = "detail"
        path = "/produto/{{id}}"
        [routes.compose.parts.produto]
        upstream = "products"
        path = "/produtos/{{id}}"
        cache = {{ ttl = "60s" }}
        [routes.compose.parts.preco]
        upstream = "prices"
        path = "/precos/{{id}}"
        """
    )
    answers = [await ask(gateway, request("/produto/1")) for _ in range(3)]
    assert len({answer.body for answer in answers}) == 1
    assert [answer.status for answer in answers] == [200] * 3
    assert (products.complete, prices.complete) == (1, 3)


async def test_a_composed_answer_counts_once_however_many_parts_it_has(road: Road) -> None:
    products, prices = await road.upstream(PRODUCT), await road.upstream(PRICE)
    gateway = await road.gateway(
        f"""
        [limits.two]
        rate = "2/60s"
        [upstreams.products]
        endpoints = ["http://127.0.0.1:{products.port}"]
        [upstreams.prices]
        endpoints = ["http://127.0.0.1:{prices.port}"]
        [[routes]]
        name = "detail"
        path = "/produto/{{id}}"
        limits = ["two"]
        [routes.compose.parts.produto]
        upstream = "products"
        path = "/produtos/{{id}}"
        [routes.compose.parts.preco]
        upstream = "prices"
        path = "/precos/{{id}}"
        """
    )
    answers = [await ask(gateway, request("/produto/1")) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].value(b"ratelimit") is not None
    assert (products.complete, prices.complete) == (2, 2)


async def test_who_asks_is_found_out_once_and_told_to_every_part(road: Road) -> None:
    products, prices = await road.upstream(PRODUCT), await road.upstream(PRICE)
    gateway = await road.gateway(
        f"""
        [auth.clients]
        kind = "api-key"
        header = "X-API-Key"
        keys = [{{ id = "demo", value = "my-secret-key" }}]
        [upstreams.products]
        endpoints = ["http://127.0.0.1:{products.port}"]
        secret = {{ header = "X-Gateway-Secret", value = "between-us" }}
        [upstreams.prices]
        endpoints = ["http://127.0.0.1:{prices.port}"]
        [[routes]]
        name = "detail"
        path = "/produto/{{id}}"
        auth = ["clients"]
        [routes.compose]
        body = {{ who = "consumer", nome = "produto.nome" }}
        [routes.compose.parts.produto]
        upstream = "products"
        path = "/produtos/{{id}}"
        [routes.compose.parts.preco]
        upstream = "prices"
        path = "/precos/{{id}}"
        """
    )
    assert (await ask(gateway, request("/produto/1"))).status == 401
    assert (products.complete, prices.complete) == (0, 0)
    forged = ("X-Consumer-ID: root", "X-Gateway-Secret: x")
    answer = await ask(gateway, request("/produto/1", "X-API-Key: my-secret-key", *forged))
    assert json.loads(answer.body) == {"who": "demo", "nome": "Lamp"}
    for each in (products, prices):
        head = each.received[0].lower()
        assert head.count(b"x-consumer-id") == 1
        assert b"x-consumer-id: demo" in head
        assert b"my-secret-key" not in head
    assert b"x-gateway-secret: between-us" in products.received[0].lower()
    assert b"between-us" not in prices.received[0].lower()


async def order_desk(road: Road, stock: int, auth: str = "") -> Running:
    return await road.gateway(
        f"""
        [auth.clients]
        kind = "api-key"
        keys = [{{ id = "ada", value = "k", scopes = ["buy"] }}]
        [upstreams.stock]
        endpoints = ["http://127.0.0.1:{stock}"]
        [[routes]]
        name = "order"
        path = "/orders/{{shop}}"
        methods = ["POST", "GET"]
        {auth}
        [routes.compose]
        max_body = "1KiB"
        body = {{ asked = "body.items[*].sku", got = "taken" }}
        [routes.compose.parts.taken]
        upstream = "stock"
        method = "POST"
        path = "/take/{{shop}}/{{body.items[0].sku}}"
        when = "body"
        required = true
        body = {{ items = "body.items", who = "consumer" }}
        """
    )


async def test_a_part_may_be_made_of_what_the_client_sends(road: Road) -> None:
    stock = await road.upstream(response(body=b'{"left": 2}'))
    gateway = await order_desk(road, stock.port, 'auth = ["clients"]')
    sent = json.dumps({"items": [{"sku": "a/b"}, {"sku": "c"}], "more": "\r\n"}).encode()
    lines = ("X-API-Key: k", "Content-Type: application/json", "Expect: 100-continue")
    async with await gateway.connect() as stream:
        client = Client(stream)
        answer = await client.ask(request("/orders/7", *lines[:2], method="POST", body=sent))
        assert json.loads(answer.body) == {"asked": ["a/b", "c"], "got": {"left": 2}}
        assert (await client.ask(request("/orders/7", "X-API-Key: k"))).status == 200
    head, _, body = stock.received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /take/7/a%2Fb HTTP/1.1\r\n")
    assert json.loads(body) == {"items": [{"sku": "a/b"}, {"sku": "c"}], "who": "ada"}
    assert b"\r\nx-consumer-id: ada\r\n" in head.lower()
    assert b"\r\nx-consumer-scopes: buy\r\n" in head.lower()
    assert b"x-api-key" not in head.lower()
    line = await gateway.line(1)
    assert (line["route"], line["bytes_in"]) == ("order", len(sent))


@pytest.mark.parametrize(
    ("sent", "kind", "status", "reason"),
    [
        (b"{", "application/json", 400, "body-not-json"),
        (b'{"items": NaN}', "application/json", 400, "body-no-number"),
        (b"[" * 500, "application/json", 400, "body-not-json"),
        (b"{}", "text/plain", 415, "body-no-json"),
        (b"[" + b"1," * 600 + b"1]", "application/json", 413, "body-too-large"),
        (b'{"items": [{"sku": ".."}]}', "application/json", 400, "part-not-askable"),
    ],
)
async def test_what_the_client_sends_is_its_own_fault(
    road: Road, sent: bytes, kind: str, status: int, reason: str
) -> None:
    stock = await road.upstream(response(body=b"{}"))
    gateway = await order_desk(road, stock.port)
    answer = await ask(
        gateway, request("/orders/7", f"Content-Type: {kind}", method="POST", body=sent)
    )
    assert (answer.status, answer.problem["type"]) == (status, f"urn:gateway-problem:{reason}")
    chunked = b"".join(b"1\r\n%c\r\n" % octet for octet in sent) + b"0\r\n\r\n"
    lines = (f"Content-Type: {kind}", "Transfer-Encoding: chunked", "Connection: close")
    answer = await ask(gateway, request("/orders/7", *lines, method="POST") + chunked)
    assert answer.status == status
    assert stock.connections == 0
