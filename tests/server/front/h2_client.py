"""An HTTP/2 client that can say what no library would let it."""

from collections import defaultdict

import h2.config
import h2.connection
import h2.events
import trio

BASE = ((":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/"))


def asking(path="/", method="GET", *more):
    return [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path), *more]


class H2Client:
    """Speaks over any Trio stream."""

    def __init__(self, stream, acknowledge=True):
        self.stream = stream
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.acknowledge = acknowledge
        self.bodies = defaultdict(bytes)
        self.heads = {}
        self.informed = defaultdict(list)
        self.trailers = {}
        self.resets = {}
        self.ended = set()
        self.goaway = None
        self.closed = False

    async def open(self):
        self.h2.initiate_connection()
        await self.flush()
        return self

    async def flush(self):
        await self.stream.send_all(self.h2.data_to_send())

    async def ask(self, fields, end=True):
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, fields, end_stream=end)
        await self.flush()
        return number

    async def say(self, number, data, end=False, **how):
        self.h2.send_data(number, data, end_stream=end, **how)
        await self.flush()

    async def raw(self, data):
        await self.stream.send_all(data)

    async def once(self):
        try:
            data = await self.stream.receive_some(65536)
        except trio.BrokenResourceError:
            data = b""
        if not data:
            self.closed = True
            return
        for event in self.h2.receive_data(data):
            match event:
                case h2.events.InformationalResponseReceived():
                    self.informed[event.stream_id].append(dict(event.headers))
                case h2.events.ResponseReceived():
                    self.heads[event.stream_id] = event.headers
                case h2.events.DataReceived():
                    self.bodies[event.stream_id] += event.data
                    if self.acknowledge:
                        self.h2.acknowledge_received_data(
                            event.flow_controlled_length, event.stream_id
                        )
                case h2.events.TrailersReceived():
                    self.trailers[event.stream_id] = event.headers
                case h2.events.StreamReset():
                    self.resets[event.stream_id] = event.error_code
                case h2.events.StreamEnded():
                    self.ended.add(event.stream_id)
                case h2.events.ConnectionTerminated():
                    self.goaway = (event.error_code, event.last_stream_id)
        if out := self.h2.data_to_send():
            await self.stream.send_all(out)

    async def until(self, condition, seconds=5):
        with trio.fail_after(seconds):
            while not condition():
                assert not self.closed, "the connection ended"
                await self.once()

    async def answer(self, number, seconds=5):
        """Wait for the end of a stream; return its status and body, or the code of its reset."""
        await self.until(lambda: number in self.ended or number in self.resets, seconds)
        if number in self.resets:
            return self.resets[number]
        return int(dict(self.heads[number])[b":status"]), self.bodies[number]

    async def end(self, seconds=10):
        """Read until the server closes."""
        with trio.fail_after(seconds):
            while not self.closed:
                await self.once()
