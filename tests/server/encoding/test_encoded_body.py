"""A body that is compressed on its way: nothing that is there is held back."""

import random
import zlib
from dataclasses import dataclass, field

import pytest

from gateway_core.errors import FailureKind
from gateway_server.encoding.encoded_body import EncodedBody
from gateway_server.upstream import CallFailedError


@dataclass
class Pieces:
    """Gives `pieces`; `more` says of each whether the next is at hand when it was read."""

    pieces: list[bytes]
    more: list[bool] = field(default_factory=list)
    told_end: bool = False
    """Whether the end is known with the last piece."""
    breaks: bool = False
    trailers: tuple[tuple[bytes, bytes], ...] = ((b"x", b"y"),)
    closed: list[str] = field(default_factory=list)
    at_hand: bool = False

    @property
    def ended(self) -> bool:
        return self.told_end and not self.pieces

    async def read(self) -> bytes:
        if not self.pieces:
            if self.breaks:
                raise CallFailedError(FailureKind.RESET)
            return b""
        self.at_hand = self.more.pop(0) if self.more else False
        return self.pieces.pop(0)

    async def aclose(self) -> None:
        self.closed.append("aclose")


def decoder():
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress


async def test_a_piece_goes_out_at_once_where_nothing_more_is_at_hand() -> None:
    answer = EncodedBody(Pieces([b"one", b"two"]), "gzip")
    decode = decoder()
    assert decode(await answer.read()) == b"one"
    assert not answer.ended
    assert decode(await answer.read()) == b"two"
    assert decode(await answer.read()) == b""
    assert answer.ended
    assert await answer.read() == b""


async def test_pieces_that_are_at_hand_go_out_together() -> None:
    answer = EncodedBody(Pieces([b"one", b"two", b"three"], [True, True, False]), "gzip")
    assert decoder()(await answer.read()) == b"onetwothree"


async def test_an_end_that_is_known_ends_the_coding_with_the_last_piece() -> None:
    answer = EncodedBody(Pieces([b"one"], told_end=True), "gzip")
    assert decoder()(await answer.read()) == b"one"
    assert answer.ended
    assert answer.at_hand


async def test_nothing_at_all_is_a_body_too() -> None:
    for told_end in (True, False):
        answer = EncodedBody(Pieces([], told_end=told_end), "gzip")
        assert decoder()(await answer.read()) == b""
        assert answer.ended


async def test_an_answer_that_breaks_is_never_ended() -> None:
    answer = EncodedBody(Pieces([b"one"], breaks=True), "gzip")
    await answer.read()
    with pytest.raises(CallFailedError):
        await answer.read()
    assert not answer.ended


async def test_all_else_is_the_sources() -> None:
    inner = Pieces([b"x"])
    body = EncodedBody(inner, "gzip")
    assert body.trailers == ((b"x", b"y"),)
    assert not body.at_hand
    await body.aclose()
    assert inner.closed == ["aclose"]


async def test_a_long_row_of_pieces_goes_out_in_portions() -> None:
    noise = [random.Random(number).randbytes(10_000) for number in range(10)]
    answer = EncodedBody(Pieces(list(noise), [True] * 10), "gzip")
    portions = []
    while not answer.ended:
        portions.append(await answer.read())
    assert 3 < len(portions) < 8
    assert decoder()(b"".join(portions)) == b"".join(noise)
