"""A little application of the kind that `gateway_server.front` serves.

Tests serve it in their own process, and by the plain command:
`hypercorn tests/end_to_end/served_app.py --worker-class trio`.
"""

import json
import os
import sys
from dataclasses import dataclass, field

import trio

from gateway_server.front import FrontSettings, install

install()


@dataclass(eq=False)
class Little:
    """Answers by path; keeps what it saw."""

    front: FrontSettings = field(default_factory=FrontSettings)
    refusals: list = field(default_factory=list)
    scopes: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    """What requests went through, as words."""
    gate: trio.Event = field(default_factory=trio.Event)
    """What /wait waits for."""
    drains: int = 0
    calls: int = 0

    def prepare(self):
        if "FRONT" in os.environ:
            try:
                self.front = FrontSettings(**json.loads(os.environ["FRONT"]))
            except TypeError as error:
                print(f"bad settings: {error}", file=sys.stderr)
                raise SystemExit(2) from None

    def refused(self, refusal, **about):
        self.refusals.append((refusal.status, refusal.reason, about))

    def begin(self, stream, lane, *, upgrade):
        return None  # by ASGI, all of it

    def drain_begun(self):
        self.drains += 1

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        self.calls += 1
        self.scopes.append(scope)
        name = scope["path"].strip("/").replace("/", "_") or "hello"
        handler = getattr(self, f"{scope['type']}_{name}", None) or self.http_hello
        await handler(scope, receive, send)

    async def _lifespan(self, receive, send):
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def http_hello(self, scope, receive, send):
        await answer(send, b"hello", scope["raw_path"])

    async def http_echo(self, scope, receive, send):
        body = b""
        more = True
        while more:
            message = await receive()
            assert message["type"] == "http.request", message
            body += message["body"]
            more = message["more_body"]
        await answer(send, body)

    async def http_chunks(self, scope, receive, send):
        await start(send)
        for piece in (b"one", b"two", b"three"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    async def http_wait(self, scope, receive, send):
        """Answer once the gate opens, or note that the client left."""
        self.seen.append("waiting")
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def _watch():
                while (await receive())["type"] != "http.disconnect":
                    pass
                self.seen.append("left")
                nursery.cancel_scope.cancel()

            await self.gate.wait()
            await answer(send, b"waited")
            self.seen.append("answered")
            nursery.cancel_scope.cancel()

    async def http_deaf(self, scope, receive, send):
        """Receive nothing, until told beside ASGI that the client left."""
        await scope["extensions"]["gateway.downstream"].over.wait()
        self.seen.append("over")
        try:
            await answer(send, b"late")
        except OSError:
            self.seen.append("OSError")

    async def http_slow(self, scope, receive, send):
        await trio.sleep(float(scope["query_string"] or b"1"))
        await answer(send, b"slow")

    async def http_early(self, scope, receive, send):
        """Answer an upload without reading it."""
        await answer(send, b"no", status=413)

    async def http_stubborn(self, scope, receive, send):
        """Never end by itself."""
        self.seen.append("stubborn")
        await trio.sleep_forever()

    async def http_flood(self, scope, receive, send):
        """Send for ever."""
        await start(send)
        sent = 0
        try:
            while True:
                await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
                sent += 65536
        except OSError:
            self.seen.append(("flood ended", sent))
            raise

    async def http_large(self, scope, receive, send):
        size = int(scope["query_string"])
        await start(send)
        for _ in range(size // 65536):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await send({"type": "http.response.body"})

    async def http_fail(self, scope, receive, send):
        raise RuntimeError("a secret of ours")

    async def http_nothing(self, scope, receive, send):
        pass

    async def http_cut(self, scope, receive, send):
        """Fail in the middle of an answer; with a length if the query says so."""
        length = [(b"content-length", b"10")] if scope["query_string"] == b"sized" else []
        await start(send, length)
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        if scope["query_string"] != b"quiet":
            raise RuntimeError("cut")

    async def http_half(self, scope, receive, send):
        """Send half of an answer, and never the other."""
        await start(send)
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        await trio.sleep_forever()

    async def http_dated(self, scope, receive, send):
        await start(
            send, [(b"date", b"yesterday"), (b"server", b"theirs"), (b"content-length", b"0")]
        )
        await send({"type": "http.response.body"})

    async def http_hints(self, scope, receive, send):
        await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
        await answer(send, b"hinted")

    async def http_trailers(self, scope, receive, send):
        await start(send, trailers=True)
        await send({"type": "http.response.body", "body": b"sum"})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"6")]})

    async def http_held(self, scope, receive, send):
        """Decide before asking for the body (100-continue)."""
        downstream = scope["extensions"]["gateway.downstream"]
        downstream.hold_continue = True
        if scope["query_string"] == b"no":
            return await answer(send, b"no", status=403)
        await downstream.proceed()
        await self.http_echo(scope, receive, send)

    async def websocket_echo(self, scope, receive, send):
        await receive()
        await send(
            {"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)}
        )
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        self.seen.append((message["code"], message.get("reason")))
        again = await receive()
        assert again == message

    async def websocket_deny(self, scope, receive, send):
        await receive()
        await send(
            {
                "type": "websocket.http.response.start",
                "status": 429,
                "headers": [(b"retry-after", b"1"), (b"content-length", b"4")],
            }
        )
        await send({"type": "websocket.http.response.body", "body": b"slow"})

    async def websocket_close(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4321, "reason": "bye"})
        self.seen.append((await receive())["code"])

    async def websocket_fail(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        raise RuntimeError("a secret of ours")

    async def websocket_stubborn(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await trio.sleep_forever()

    async def websocket_mute(self, scope, receive, send):
        """Receive nothing once open."""
        await receive()
        await send({"type": "websocket.accept"})
        await self.gate.wait()
        while (message := await receive())["type"] == "websocket.receive":
            self.seen.append(message["text"])
        self.seen.append((message["code"], message["reason"]))


async def start(send, headers=(), status=200, trailers=False):
    message = {"type": "http.response.start", "status": status, "headers": list(headers)}
    await send({**message, "trailers": True} if trailers else message)


async def answer(send, body, path=None, status=200):
    length = (b"content-length", b"%d" % len(body))
    await start(send, [length] + ([(b"x-path", path)] if path else []), status)
    await send({"type": "http.response.body", "body": body})


app = Little()
