"""Services that are spoken to in HTTP/2, over real sockets, from clients of either version."""

import h2.events
import pytest
import trio
import trustme
from h2.errors import ErrorCodes
from hypercorn.config import Config

from gateway_server.front import FrontSettings
from tests.end_to_end.served_app import Little
from tests.road import PATIENCE, Client, CutError, Road, ask, request
from tests.server.front.h2_client import H2Client, asking
from tests.server.front.serving import eventually, serving
from tests.sockets import TEXT, Got, connect

H2 = 'protocol = "h2"'


async def test_a_request_and_its_answer(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        answer = await ask(gateway, request("/a%2Fb?c", "X-A: 1", "Cookie: a=b", "X-A: 2"))
        assert (answer.status, answer.body) == (200, b"hello")
        scope = service.app.scopes[0]
        assert (scope["http_version"], scope["raw_path"]) == ("2", b"/a%2Fb")
        assert scope["query_string"] == b"c"
        names = [name for name, _ in scope["headers"]]
        assert names[:4] == [b"host", b"x-a", b"cookie", b"x-a"]
        assert dict(scope["headers"])[b"host"] == b"gw.example"
        assert b"connection" not in names
        line = await gateway.line()
        assert (line["status"], line["upstream"]) == (200, "up")


async def test_bodies_go_both_ways_at_once(road: Road) -> None:
    body = bytes(range(256)) * 4000
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        answer = await ask(gateway, request("/echo", method="POST", body=body))
        assert (answer.status, answer.body) == (200, body)


async def test_many_clients_share_one_connection(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        statuses: list[int] = []

        async def one() -> None:
            statuses.append((await ask(gateway, request("/chunks"))).status)

        async with trio.open_nursery() as clients:
            for _ in range(40):
                clients.start_soon(one)
        assert statuses == [200] * 40
        client = gateway.app._clients["up"]
        (pool,) = client._pools.values()
        assert (pool.open, pool.calls, pool.waiting) == (1, 0, 0)


async def test_hints_and_trailers_pass_from_http_2_to_both(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2, gateway="h2c = true")
        assert (await ask(gateway, request("/hints"))).interim == [103]
        async with await gateway.connect() as stream:
            await stream.send_all(request("/trailers", "TE: trailers"))
            got = b""
            with trio.fail_after(PATIENCE):
                while not got.endswith(b"0\r\nx-sum: 6\r\n\r\n"):
                    got += await stream.receive_some(65536)
        client = await H2Client(await gateway.connect()).open()
        hints = await client.ask(asking("/hints"))
        trailers = await client.ask(asking("/trailers", "GET", ("te", "trailers")))
        assert await client.answer(hints) == (200, b"hinted")
        assert client.informed[hints][0][b":status"] == b"103"
        assert await client.answer(trailers) == (200, b"sum")
        assert client.trailers[trailers] == [(b"x-sum", b"6")]
        await client.stream.aclose()


async def test_a_client_that_leaves_resets_its_stream_and_nobody_else_s(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        async with await gateway.connect() as left, await gateway.connect() as stays:
            await left.send_all(request("/flood"))
            await stays.send_all(request("/half"))
            await left.receive_some(1000)
            await stays.receive_some(1000)
            await left.aclose()
            await eventually(lambda: service.app.seen)
            assert (await gateway.line())["status"] == 499
            assert (await ask(gateway, request())).status == 200
            (pool,) = gateway.app._clients["up"]._pools.values()
            assert (pool.open, pool.calls) == (1, 1)


async def test_a_service_that_fails_in_mid_answer_cuts_the_transfer(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        with pytest.raises(CutError):
            await ask(gateway, request("/cut"))
        assert (await gateway.line())["reason"] == "upstream-broke"
        assert (await ask(gateway, request())).status == 200


async def test_a_service_that_drains_loses_no_call(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        async with await gateway.connect() as stream:
            client = Client(stream)
            await client.send(request("/echo", "Content-Length: 5", method="POST") + b"he")
            await eventually(lambda: service.app.scopes)
            service.shut.set()
            await trio.sleep(0.1)
            await client.send(b"llo")
            answer = await client.answer("POST")
            assert (answer.status, answer.body) == (200, b"hello")


async def test_a_service_that_speaks_http_1_alone_is_502(road: Road) -> None:
    async with serving() as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        answer = await ask(gateway, request())
        assert answer.status == 502
        assert answer.value(b"proxy-status") == b"gateway; error=http_protocol_error"
        assert (await gateway.line())["reason"] == "upstream-protocol"


async def test_a_silent_service_is_504_and_keeps_its_connection(road: Road) -> None:
    async with serving(h2c=True) as service:
        limits = f'{H2}\nresponse_timeout = "300ms"'
        gateway = await road.gateway_to(service.port, upstream=limits)
        assert (await ask(gateway, request("/stubborn"))).status == 504
        assert (await ask(gateway, request())).status == 200


@pytest.mark.parametrize("speaks", ["h2", "http/1.1"])
async def test_over_tls_the_service_must_agree(road: Road, tmp_path, speaks: str) -> None:
    """RFC 9113, 3.2; RFC 7301."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    authority.cert_pem.write_to_path(tmp_path / "ca")
    config = Config()
    config.certfile, config.keyfile = str(tmp_path / "cert"), str(tmp_path / "key")
    config.alpn_protocols = [speaks]
    async with serving(config) as service:
        gateway = await road.gateway(
            f"""
            [upstreams.up]
            endpoints = ["https://127.0.0.1:{service.port}"]
            {H2}
            tls = {{ ca = "{tmp_path / "ca"}" }}
            [[routes]]
            name = "all"
            prefix = "/"
            upstream = "up"
            """
        )
        answer = await ask(gateway, request("/echo", method="POST", body=b"x" * 100_000))
        if speaks == "h2":
            assert (answer.status, answer.body) == (200, b"x" * 100_000)
            assert service.app.scopes[0]["scheme"] == "https"
        else:
            assert answer.status == 502
            assert answer.value(b"proxy-status") == b"gateway; error=tls_protocol_error"


async def test_grpc_s_shape_passes(road: Road) -> None:
    """A request that streams, an answer that streams, a status in its trailers; trailers alone."""
    async with serving(app=Grpc(FrontSettings(h2c=True))) as service:
        gateway = await road.gateway_to(service.port, upstream=H2, gateway="h2c = true")
        client = await H2Client(await gateway.connect()).open()
        fields = asking("/a.B/C", "POST", ("te", "trailers"), ("content-type", "application/grpc"))
        number = await client.ask(fields, end=False)
        for message in (b"one", b"two"):
            await client.say(number, message)
            await client.until(lambda said=message: client.bodies[number].endswith(said))
        await client.say(number, b"", end=True)
        assert await client.answer(number) == (200, b"onetwo")
        assert client.trailers[number] == [(b"grpc-status", b"0")]
        await client.stream.aclose()


class Grpc(Little):
    """Echoes each message, and says how it went behind them."""

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        head = {"type": "http.response.start", "status": 200, "headers": [], "trailers": True}
        await send(head)
        while (message := await receive()).get("more_body"):
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
        await send({"type": "http.response.body"})
        await send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]})


async def test_an_endpoint_that_floods_or_breaks_the_protocol_harms_nobody_else(road: Road) -> None:
    """Endless interim answers on one stream: 502 for its caller, and the others go on."""

    async def mad(stream: trio.SocketStream) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        await stream.send_all(connection.data_to_send())
        while data := await stream.receive_some(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    path = dict(event.headers)[b":path"]
                    number = event.stream_id
                    if path == b"/good":
                        connection.send_headers(number, [(":status", "200")], end_stream=True)
                    for _ in range(40 if path == b"/mad" else 0):
                        connection.send_headers(number, [(":status", "103")])
                if isinstance(event, h2.events.StreamReset):
                    resets.append(event.error_code)
            await stream.send_all(connection.data_to_send())

    resets: list[int] = []
    gateway = await road.gateway_to(await road.listen(mad), upstream=H2)
    assert (await ask(gateway, request("/good"))).status == 200
    answer = await ask(gateway, request("/mad"))
    assert answer.status == 502
    assert len(answer.interim) == 32
    assert (await ask(gateway, request("/good"))).status == 200
    assert resets == [ErrorCodes.PROTOCOL_ERROR]
    (pool,) = gateway.app._clients["up"]._pools.values()
    assert (pool.open, pool.calls) == (1, 0)


async def test_a_websocket_is_asked_for_over_http_1(road: Road) -> None:
    async with serving(h2c=True) as service:
        gateway = await road.gateway_to(service.port, upstream=H2)
        client = await connect(gateway, target="/echo")
        async with client.stream:
            await client.say(TEXT, b"through")
            assert await client.get() == Got(TEXT, b"through")
            await client.close(1000)
            await client.closes()
        assert service.app.scopes[0]["http_version"] == "1.1"
        assert (await ask(gateway, request())).status == 200
        assert service.app.scopes[1]["http_version"] == "2"
