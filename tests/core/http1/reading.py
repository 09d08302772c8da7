"""Two ways to read a stream of requests: h11's, the oracle, and ours. Both tell the same things."""

from typing import NamedTuple

import h11

from gateway_core.http1.body import ChunkedBody, SizedBody
from gateway_core.http1.judge import asks_for_websocket
from gateway_core.http1.request_head import ParsedRequest, RequestHeadReader, parse_request_head
from gateway_core.message import UNKNOWN, Fields
from gateway_core.refusal import Refusal


class Message(NamedTuple):
    method: str
    target: bytes
    version: str
    fields: Fields
    body: bytes
    trailers: Fields
    complete: bool


class Reading(NamedTuple):
    messages: list[Message]
    refused: bool
    """Whether anything but its end was wrong with the stream."""


def by_h11(data: bytes) -> Reading:
    """Read as Hypercorn does: answer each request at once, go on while h11 does."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1_000_000)
    if data:  # none would be the stream's end
        connection.receive_data(data)
    messages: list[Message] = []
    request: h11.Request | None = None
    body = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request, body = event, b""
                if _leaves_http(event):
                    messages.append(_message(event, b"", (), complete=False))
                    return Reading(messages, refused=False)
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                messages.append(_message(request, body, tuple(event.headers), complete=True))
                request = None
                connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.their_state is not h11.DONE:
                    return Reading(messages, refused=False)  # it must close
                connection.start_next_cycle()
            else:
                assert event is h11.NEED_DATA
                break
    except h11.RemoteProtocolError:
        return Reading(messages, refused=True)
    if request is not None:
        messages.append(_message(request, body, (), complete=False))
    return Reading(messages, refused=False)


def _message(request: h11.Request, body: bytes, trailers: Fields, *, complete: bool) -> Message:
    return Message(
        request.method.decode(),
        request.target,
        request.http_version.decode(),
        tuple((bytes(name), bytes(value)) for name, value in request.headers),
        bytes(body),
        tuple((bytes(name), bytes(value)) for name, value in trailers),
        complete,
    )


def _leaves_http(request: h11.Request) -> bool:
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers)
    ours = parse_request_head(
        b"%b / HTTP/1.0\r\n%b\r\n" % (request.method, lines.replace(b"host:", b"x-host:"))
    )
    return isinstance(ours, ParsedRequest) and asks_for_websocket(ours)


def by_us(data: bytes) -> Reading:
    """Read by the same parts as the judge, but decoding; `data` is what it passed on."""
    heads = RequestHeadReader()
    messages: list[Message] = []
    at = 0
    while at < len(data):
        request = heads.read(data, at)
        if request is None:
            break
        assert not isinstance(request, Refusal), "it was judged before"
        at += request.size
        body = ChunkedBody() if request.body == UNKNOWN else SizedBody(request.body)
        payload: list[bytes] = []
        at = body.receive(data, at, payload)
        assert body.refusal is None, "it was judged before"
        messages.append(
            Message(
                request.method,
                request.target,
                request.version,
                request.fields,
                b"".join(payload),
                body.trailers if body.ended else (),
                body.ended and not asks_for_websocket(request),
            )
        )
        if not messages[-1].complete:
            break
    return Reading(messages, refused=False)
