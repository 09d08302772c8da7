"""What passes unseen, what is opened, and what is refused at which byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from gateway_core.frames import (
    CLIENT,
    INVALID_PAYLOAD,
    NO_STATUS,
    PROTOCOL_ERROR,
    TOO_BIG,
    UPSTREAM,
    Close,
    CloseCame,
    FrameEvent,
    FrameReader,
    FramesCame,
    PongCame,
    Side,
    StreamBroke,
)
from gateway_core.frames.reader import HELD_MAX
from tests.core.frames.writing import close, frame, text

SIDES = pytest.mark.parametrize("side", [CLIENT, UPSTREAM], ids=lambda side: side.value)


def read(reader: FrameReader, *pieces: bytes) -> tuple[bytes, list[FrameEvent]]:
    """Return the bytes of all spans and pongs, and all events."""
    passed, events = b"", []
    for piece in pieces:
        reader.receive(piece)
        while (event := reader.next()) is not None:
            events.append(event)
            if isinstance(event, FramesCame | PongCame):
                passed += reader.take()
        assert reader.held <= HELD_MAX
    return passed, events


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def told(events: list[FrameEvent]) -> tuple[int, int, int, bool, list[FrameEvent]]:
    """Sums of what spans told, whether the last ended whole, and the other events."""
    spans = [event for event in events if isinstance(event, FramesCame)]
    rest = [event for event in events if not isinstance(event, FramesCame)]
    return (
        sum(span.messages for span in spans),
        sum(span.pings for span in spans),
        sum(span.payload for span in spans),
        spans[-1].whole if spans else True,
        rest,
    )


@SIDES
@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_5_2_a_frame_of_any_size_passes_as_it_came(side: Side, size: int) -> None:
    data = frame(2, bytes(size), side)
    passed, events = read(FrameReader(side), data)
    assert passed == data
    assert events == [FramesCame(side, 1, 0, size, whole=True)]


@SIDES
def test_many_frames_of_one_read_are_one_span_and_the_very_same_object(side: Side) -> None:
    data = b"".join(
        [
            text(b"a", side),
            frame(9, b"ping", side),
            frame(1, b"be", side, fin=False),
            frame(0, b"gi", side, fin=False),
            frame(0, b"n", side),
            frame(2, bytes(300), side),
        ]
    )
    reader = FrameReader(side)
    reader.receive(data)
    assert reader.next() == FramesCame(side, 3, 1, 306, whole=True)
    assert reader.take() is data
    assert reader.next() is None


def test_5_4_a_ping_inside_a_message_passes_and_a_part_of_a_frame_streams() -> None:
    whole = frame(1, b"abc", fin=False) + frame(9) + frame(0, bytes(1000))
    cut = len(whole) - 900
    passed, events = read(FrameReader(CLIENT), whole[:cut], whole[cut:])
    assert passed == whole
    assert events == [
        FramesCame(CLIENT, 1, 1, 103, whole=False),
        FramesCame(CLIENT, 0, 0, 900, whole=True),
    ]


@SIDES
def test_5_5_3_a_pong_is_opened_and_may_be_passed_on(side: Side) -> None:
    pong = frame(10, b"tag", side)
    data = text(b"x", side) + pong + text(b"y", side)
    passed, events = read(FrameReader(side), data)
    assert passed == data
    assert told(events) == (2, 0, 2, True, [PongCame(side, b"tag")])


@SIDES
@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        pytest.param(None, b"", Close(NO_STATUS), id="7.1.5 no code"),
        pytest.param(1000, b"", Close(1000), id="7.4.1 normal"),
        pytest.param(1014, b"", Close(1014), id="7.4 of IANA's registry"),
        pytest.param(4321, "olé".encode(), Close(4321, "olé"), id="7.4.2 private, with a reason"),
    ],
)
def test_5_5_1_a_close_is_opened_and_ends_the_reading(side, code, reason, expected) -> None:
    data = text(b"x", side) + close(code, reason, side) + text(b"never read", side)
    reader = FrameReader(side)
    passed, events = read(reader, data, b"nor this")
    assert passed == text(b"x", side)
    assert events == [FramesCame(side, 1, 0, 1, whole=True), CloseCame(side, expected)]
    assert reader.held == 0


FLAWS = [
    pytest.param(frame(1, b"x", mask=False), PROTOCOL_ERROR, id="5.1 not masked"),
    pytest.param(frame(1, b"x", rsv=4), PROTOCOL_ERROR, id="5.2 RSV1"),
    pytest.param(frame(1, b"x", rsv=2), PROTOCOL_ERROR, id="5.2 RSV2"),
    pytest.param(frame(9, b"x", rsv=1), PROTOCOL_ERROR, id="5.2 RSV3 of a control frame"),
    pytest.param(frame(3), PROTOCOL_ERROR, id="5.2 opcode 3"),
    pytest.param(frame(11), PROTOCOL_ERROR, id="5.2 opcode 11"),
    pytest.param(frame(1, bytes(125), form=16), PROTOCOL_ERROR, id="5.2 125 in 16 bits"),
    pytest.param(frame(1, bytes(65535), form=64), PROTOCOL_ERROR, id="5.2 65,535 in 64 bits"),
    pytest.param(frame(1, told=1 << 63, form=64), PROTOCOL_ERROR, id="5.2 the highest bit"),
    pytest.param(frame(0, b"x"), PROTOCOL_ERROR, id="5.4 nothing to continue"),
    pytest.param(frame(1, fin=False) + frame(2), PROTOCOL_ERROR, id="5.4 interleaved"),
    pytest.param(frame(1, fin=False) + frame(0, rsv=4), PROTOCOL_ERROR, id="5.4 RSV1 behind"),
    pytest.param(frame(9, fin=False), PROTOCOL_ERROR, id="5.5 fragmented ping"),
    pytest.param(frame(10, bytes(126)), PROTOCOL_ERROR, id="5.5 long pong"),
    pytest.param(frame(9, bytes(126)), PROTOCOL_ERROR, id="5.5 long ping"),
    pytest.param(frame(8, b"\x03"), PROTOCOL_ERROR, id="5.5.1 half a code"),
    pytest.param(close(1005), PROTOCOL_ERROR, id="7.4.1 1005"),
    pytest.param(close(1006), PROTOCOL_ERROR, id="7.4.1 1006"),
    pytest.param(close(1015), PROTOCOL_ERROR, id="7.4.1 1015"),
    pytest.param(close(1004), PROTOCOL_ERROR, id="7.4.1 reserved"),
    pytest.param(close(999), PROTOCOL_ERROR, id="7.4.2 below 1000"),
    pytest.param(close(2999), PROTOCOL_ERROR, id="7.4.2 not registered"),
    pytest.param(close(5000), PROTOCOL_ERROR, id="7.4.2 beyond 4999"),
    pytest.param(close(1000, b"\xff"), INVALID_PAYLOAD, id="5.5.1 a reason that is not UTF-8"),
]


@pytest.mark.parametrize(("data", "code"), FLAWS)
def test_what_is_refused_and_what_comes_before_it_is_not(data: bytes, code: int) -> None:
    before = text(b"fine")
    for pieces in ([before + data], [before, *bytewise(data)]):
        reader = FrameReader(CLIENT)
        passed, events = read(reader, *pieces)
        broke = events[-1]
        assert isinstance(broke, StreamBroke)
        assert broke.close.code == code
        assert broke.close.reason
        assert passed.startswith(before)
        assert len(passed) <= len(before) + len(frame(1))  # the flawed frame does not pass
        assert read(reader, text(b"nor does what follows")) == (b"", [])


def test_5_1_a_server_that_masks_is_refused() -> None:
    _, events = read(FrameReader(UPSTREAM), frame(1, b"x", UPSTREAM, mask=True))
    assert isinstance(events[0], StreamBroke)


@pytest.mark.parametrize("opcode", [1, 2])
def test_7692_6_a_message_may_begin_with_rsv1_where_that_was_agreed_on(opcode: int) -> None:
    data = frame(opcode, b"x", rsv=4, fin=False) + frame(0, b"y") + frame(opcode, b"plain")
    passed, events = read(FrameReader(CLIENT, deflated=True), data)
    assert passed == data
    assert told(events)[:3] == (2, 0, 7)
    for flawed in (frame(0, rsv=4), frame(9, rsv=4), frame(opcode, rsv=2)):
        _, events = read(FrameReader(CLIENT, deflated=True), flawed)
        assert isinstance(events[0], StreamBroke)


def test_a_message_too_big_is_refused_at_the_header_that_makes_it_so() -> None:
    reader = FrameReader(CLIENT, message_max=1000)
    fits = frame(2, bytes(600), fin=False) + frame(0, bytes(400)) + frame(2, bytes(1000))
    assert read(reader, fits)[0] == fits
    reader.receive(frame(2, bytes(600), fin=False))
    assert reader.next() == FramesCame(CLIENT, 1, 0, 600, whole=True)
    assert reader.next() is None
    header = frame(0, told=401)[:8]
    passed, events = read(reader, header)
    assert passed == b""
    assert isinstance(events[0], StreamBroke)
    assert events[0].close.code == TOO_BIG
    assert events[0].close.reason == "the message is too big"


def test_two_gigabytes_are_refused_before_the_first_of_them() -> None:
    _, events = read(FrameReader(CLIENT, message_max=1 << 20), frame(2, told=2 << 30)[:10])
    assert isinstance(events[0], StreamBroke)


def test_ten_thousand_fragments_are_one_message_and_held_by_nobody() -> None:
    data = frame(1, b"", fin=False) + frame(0, b"x", fin=False) * 10_000 + frame(0)
    pieces = [data[at : at + 100] for at in range(0, len(data), 100)]
    passed, events = read(FrameReader(CLIENT), *pieces)
    assert passed == data
    assert told(events) == (1, 0, 10_000, True, [])


def test_a_span_holds_as_many_messages_and_pings_as_it_may() -> None:
    data = text() + frame(9) + text() + text(b"a", fin=False) + frame(0, b"b") + frame(9)
    reader = FrameReader(CLIENT, messages_max=2)
    passed, events = read(reader, data)
    assert passed == data
    assert [(event[1], event[2]) for event in events] == [(1, 1), (2, 0), (0, 1)]


@pytest.mark.parametrize("inside", [True, False], ids=["inside a frame", "between frames"])
@pytest.mark.parametrize("cut", [1, 3, 7, 60_000])
def test_finishing_ends_what_was_begun_and_drops_what_follows(inside: bool, cut: int) -> None:
    reader = FrameReader(CLIENT)
    begun = frame(2, bytes(50_000)) if inside else b""
    read(reader, begun[:40_000])
    reader.finish()
    pong = frame(10, b"ours")
    data = text() + frame(9) + frame(2, bytes(500), fin=False) + pong + frame(0) + close(1000)
    rest = begun[40_000:] + data
    passed, events = read(reader, *(rest[at : at + cut] for at in range(0, len(rest), cut)))
    assert passed == begun[40_000:] + pong
    assert told(events)[4] == [PongCame(CLIENT, b"ours"), CloseCame(CLIENT, Close(1000))]
    assert told(events)[:2] == (0, 0)


def test_finishing_still_judges() -> None:
    reader = FrameReader(CLIENT)
    reader.finish()
    assert isinstance(read(reader, text() + frame(3))[1][0], StreamBroke)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Frames that are mostly good, in an order that mostly is."""
    opcodes = st.sampled_from([0, 0, 1, 1, 2, 8, 9, 10, 3])
    parts = draw(
        st.lists(
            st.tuples(
                opcodes,
                st.sampled_from([0, 1, 125, 126, 200]),
                st.booleans(),
                st.sampled_from([0, 0, 0, 0, 4]),
                st.sampled_from([0, 0, 0, 16]),
            ),
            max_size=8,
        )
    )
    data = b""
    for opcode, size, fin, rsv, form in parts:
        payload = b"\x03\xe8bye" if opcode == 8 else b"x" * min(size, 125 if opcode > 7 else size)
        data += frame(opcode, payload, fin=fin or opcode > 7, rsv=rsv, form=form)
    return data


def oracle(data: bytes) -> tuple[int, int, int, int, int | None]:
    """What wsproto makes of it: messages begun, pings, payload, pongs, the code of the end."""
    connection = Connection(ConnectionType.SERVER)
    messages = pings = payload = pongs = 0
    inside = False
    connection.receive_data(data)
    for event in connection.events():
        if isinstance(event, TextMessage | BytesMessage):
            messages += not inside
            inside = not event.message_finished
            payload += len(event.data)
        elif isinstance(event, Ping):
            pings += 1
        elif isinstance(event, Pong):
            pongs += 1
        elif isinstance(event, CloseConnection):
            return messages, pings, payload, pongs, event.code
    return messages, pings, payload, pongs, None


@given(data=streams(), size=st.integers(1, 50))
def test_wsproto_agrees_and_the_pieces_change_nothing(data: bytes, size: int) -> None:
    passed, events = read(FrameReader(CLIENT), data)
    messages, pings, payload, _, rest = told(events)
    pongs = sum(isinstance(event, PongCame) for event in rest)
    last = rest[-1] if rest else None
    end = last.close.code if isinstance(last, CloseCame | StreamBroke) else None
    assert (messages, pings, payload, pongs, end) == oracle(data)
    assert data.startswith(passed)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    again, cut = read(FrameReader(CLIENT), *pieces)
    assert again == passed
    assert told(cut)[:3] == (messages, pings, payload)
    assert told(cut)[4] == rest


@given(
    data=streams(),
    size=st.integers(1, 400),
    finishes=st.integers(0, 6),
    bound=st.sampled_from([1, 2, 300, 1 << 64]),
)
def test_first_is_receive_and_next(data: bytes, size: int, finishes: int, bound: int) -> None:
    one, other = FrameReader(CLIENT, messages_max=bound), FrameReader(CLIENT, messages_max=bound)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for number, piece in enumerate([*pieces, b""]):
        if number == finishes:
            one.finish()
            other.finish()
        one.receive(piece)
        event = one.next()
        assert other.first(piece) == event
        assert one == other
        while event is not None:
            assert one.take() == other.take()
            event = one.next()
            assert other.next() == event
        assert one == other
