"""A WebSocket's bytes, from either side, read by our reader of frames.

The first byte is the size of the pieces, the second says by its bits: from a client (1), with
deflate agreed on (2), a small bound on messages (4). The rest is the stream.

Invariant: nothing raises; the pieces change neither what passes nor what is told; what passes is
the stream's beginning, and is held back by less than a control frame; what passes and what ends
it are what wsproto makes of the same bytes (a client's, nothing deflated, no bound), but for
text that is not UTF-8, which is the endpoints' business.
"""

from typing import Final

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from gateway_core.frames import (
    CLIENT,
    INVALID_PAYLOAD,
    NO_BOUND,
    UPSTREAM,
    CloseCame,
    FrameReader,
    FramesCame,
    PongCame,
    StreamBroke,
)
from gateway_core.frames.reader import HELD_MAX

SEEDS: Final[list[bytes]] = [
    b"\x05\x01\x81\x85\0\0\0\0hello\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8",
    b"\x00\x01\x01\x83\0\0\0\0abc\x8a\x81\0\0\0\0x\x80\x80\0\0\0\0",
    b"\x09\x01\x82\xfe\x00\x7e\0\0\0\0" + b"x" * 126,
    b"\x09\x01\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0" + b"x" * 300,
    b"\x02\x00\x81\x05hello\x88\x00",
    b"\x02\x02\xc1\x05hello\x41\x01a\x80\x01b\x88\x05\x10\xe1bye",
    b"\x03\x05\x02\x8a\0\0\0\x000123456789\x00\x8a\0\0\0\x000123456789",
    b"\x01\x01\x88\x84\0\0\0\0\x03\xe8\xff\xfe",
]

_SMALL: Final = 64


def check(data: bytes) -> None:
    """See the module's docstring."""
    if len(data) < 3:
        return
    size, bits, stream = data[0] + 1, data[1], data[2:8192]
    whole = outcome(bits, [stream])
    cut = outcome(bits, [stream[at : at + size] for at in range(0, len(stream), size)])
    assert cut == whole, "the pieces change the outcome"
    passed, counted, ended = whole
    assert stream.startswith(passed), "what passes is not what came"
    if bits & 7 == 1:
        compare(stream, counted, ended)


def outcome(bits: int, pieces: list[bytes]) -> tuple[bytes, tuple[int, int, int], int | None]:
    """Return what passes, messages, pings and payload, and the code of the end."""
    reader = FrameReader(
        CLIENT if bits & 1 else UPSTREAM,
        message_max=_SMALL if bits & 4 else NO_BOUND,
        deflated=bool(bits & 2),
    )
    passed, counted, ended = [], [0, 0, 0], None
    for piece in pieces:
        reader.receive(piece)
        while (event := reader.next()) is not None:
            assert ended is None, "something follows the end"
            if isinstance(event, FramesCame | PongCame):
                passed.append(reader.take())
            if isinstance(event, FramesCame):
                for place, count in enumerate(event[1:4]):
                    counted[place] += count
            elif isinstance(event, CloseCame | StreamBroke):
                ended = event.close.code
        assert reader.held <= HELD_MAX
    return b"".join(passed), (counted[0], counted[1], counted[2]), ended


def compare(stream: bytes, counted: tuple[int, int, int], ended: int | None) -> None:
    """Ask wsproto."""
    connection = Connection(ConnectionType.SERVER)
    connection.receive_data(stream)
    messages, pings, payload, code = read(connection)
    if code is None and ended is not None:
        # We judge the first two bytes of a header, wsproto all of it.
        connection.receive_data(bytes(14))
        code = read(connection)[3]
    if code == INVALID_PAYLOAD:
        return  # text that is not UTF-8, or a reason: wsproto says no more
    assert code == ended, (code, ended)
    assert pings == counted[1], (pings, counted)
    # wsproto tells of a message with its first byte of payload, and keeps a character that is
    # cut in two until the rest of it is here.
    assert 0 <= counted[0] - messages <= 1, (messages, counted)
    assert 0 <= counted[2] - payload <= 3, (payload, counted)


def read(connection: Connection) -> tuple[int, int, int, int | None]:
    """Return messages, pings, payload and the code of the end, as wsproto tells them."""
    messages = pings = payload = 0
    inside = False
    for event in connection.events():
        if isinstance(event, TextMessage | BytesMessage):
            messages += not inside
            inside = not event.message_finished
            payload += len(event.data.encode() if isinstance(event.data, str) else event.data)
        elif isinstance(event, Ping):
            pings += 1
        elif isinstance(event, CloseConnection):
            return messages, pings, payload, event.code
    return messages, pings, payload, None
