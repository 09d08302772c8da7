"""Both halves of the HTTP/1.1 codec: a client's bytes decoded, an upstream's answers decoded.

Invariant: the request decoder refuses exactly what the judge refuses, and reads as many whole
messages as the judge passes; whatever the pieces, the outcome is the same. The response decoder
raises for no bytes, ends at most once, and its outcome does not depend on the pieces either.
"""

from typing import Final

from gateway_core.http1.judge import RequestJudge
from gateway_core.http1.request import Phase, RequestDecoder
from gateway_core.http1.response import Body, End, Fault, Head, ResponseDecoder
from gateway_core.refusal import Refusal

SEEDS: Final[list[bytes]] = [
    b"0GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"1POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
    b"2POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"3HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    (
        b"4HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    b"5HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"6HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
]


def check(data: bytes) -> None:
    """Take the first byte as the size of the pieces; the rest is a stream, read both ways."""
    if len(data) < 2:
        return
    size, stream = data[0] % 61 + 1, data[1:8192]
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    whole = requests([stream])
    assert requests(pieces) == whole, "the pieces change what a client said"
    judge = RequestJudge()
    _, refusal = judge.receive(stream)
    if not judge.wants_upgrade and (refusal is None or refusal.reason != "upgrade-with-body"):
        ended, flaw = whole
        refusal = refusal or judge.eof()
        assert (len(ended), flaw and flaw.reason) == (
            judge.messages_ended,
            refusal and refusal.reason,
        ), "the decoder and the judge disagree"
    for method in ("GET", "HEAD"):
        assert answer(method, pieces) == answer(method, [stream]), "the pieces change an answer"


def requests(pieces: list[bytes]) -> tuple[list[tuple[str, bytes, bytes]], Refusal | None]:
    """Return each whole message, and what ended it all."""
    decoder, messages, body, reading = RequestDecoder(), [], b"", False
    for piece in pieces:
        decoder.receive(piece)
        while True:
            if not reading:
                if decoder.phase in {Phase.LAST, Phase.REFUSED}:
                    return messages, None
                head = decoder.next_head()
                if head is None:
                    break
                if isinstance(head, Refusal):
                    return messages, head
                reading, body = True, b""
            got = decoder.next_piece()
            if got is None:
                break
            if isinstance(got, Refusal):
                return messages, got
            body += got
            if not got:
                assert decoder.request is not None
                messages.append((decoder.request.method, decoder.request.target, body))
                reading = False
    return messages, decoder.eof()


def answer(method: str, pieces: list[bytes]) -> tuple[list[str], bytes]:
    """Return the kinds of events, bodies left out, and the whole body, up to the first fault."""
    decoder = ResponseDecoder()
    decoder.expect(method)
    kinds: list[str] = []
    body = b""
    for piece in [*pieces, None]:
        for event in decoder.eof() if piece is None else decoder.receive(piece):
            if isinstance(event, Body):
                body += event.data
                continue
            kinds.append(type(event).__name__)
            if isinstance(event, Fault):
                return kinds, b""
            if isinstance(event, End):
                assert kinds.count("End") == 1
                return kinds, body
            assert isinstance(event, Head) is (kinds[-1] == "Head")
    return kinds, body
