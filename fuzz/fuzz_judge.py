"""The judge of a client's bytes, against h11.

Invariant: whatever a stream is cut into, the same bytes pass, with the same refusal; what
passes, h11 accepts, and reads as the same messages as we do; what is held is bounded by the
largest head and one piece.
"""

from typing import Final

from gateway_core.http1.judge import RequestJudge
from gateway_core.http1.limits import DEFAULT_LIMITS
from tests.core.http1.cases import CASES
from tests.core.http1.reading import by_h11, by_us

SEEDS: Final[list[bytes]] = [case.sent for case in CASES if len(case.sent) < 2000]
PIECES: Final = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 4096)
"""Sizes of pieces, in turn, while there are few of them; then large ones."""


def check(data: bytes) -> None:
    """Take `data` for all that one client sends on one connection."""
    whole = _outcome([data])
    assert _outcome(_pieces(data)) == whole
    if len(data) <= 300:
        assert _outcome([data[at : at + 1] for at in range(len(data))]) == whole
    passed = whole[0]
    h11s = by_h11(passed)
    assert not h11s.refused
    assert h11s == by_us(passed)


def _pieces(data: bytes) -> list[bytes]:
    pieces, at, turn = [], 0, 0
    while at < len(data):
        size = PIECES[turn % len(PIECES)] if turn < 60 else 16_384
        pieces.append(data[at : at + size])
        at += size
        turn += 1
    return pieces


def _outcome(pieces: list[bytes]) -> tuple[bytes, object, object, int, int]:
    judge = RequestJudge()
    passed, refusal = [], None
    for piece in pieces:
        judged = judge.receive(piece)
        passed.append(judged.passed)
        assert not (refusal and (judged.passed or judged.refusal))
        refusal = refusal or judged.refusal
        assert judge.buffered <= DEFAULT_LIMITS.head_bytes_max + len(piece)
    refusal = refusal or judge.eof()
    return b"".join(passed), refusal, judge.phase, judge.messages_begun, judge.messages_ended
