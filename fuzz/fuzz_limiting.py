"""Limits: rates as operators write them, keys as clients can make them, and traffic.

Invariant: any text is a rate, none, or out of bounds, and never anything else; any address and
any field make a key of bounded size that equal requests share; a sliding window admits just
what a plain count of its admitted requests admits, GCRA no more than its burst and its rate, a
fixed window no more than its quota each window; whoever waits as told is admitted.
"""

from typing import Final

from gateway_core.clock import SECOND, Duration, Instant
from gateway_core.errors import ConfigError
from gateway_core.limiting import (
    Asker,
    ByClient,
    ByConsumer,
    ByHeader,
    Concurrency,
    FixedWindow,
    Gcra,
    Key,
    KeyPart,
    Limit,
    PerKey,
    Rate,
    SlidingWindow,
)
from gateway_server.settings.schema.limits import parse_rate

KEY_BYTES_MAX: Final = 200
STEPS_MAX: Final = 200
_DEFAULT: Final = Rate(3, Duration(SECOND))
_GAPS: Final = (0, 1, SECOND // 7, SECOND // 3, SECOND - 1, SECOND, SECOND + 1, 60 * SECOND)

SEEDS: Final[list[bytes]] = [
    b"10/60s\n192.0.2.1\nred\n\x00\x01\x02\x03\x04\x05\x06\x07",
    b"3/s\n2001:db8::1\n" + b"v" * 65 + b"\n" + bytes(range(64)),
    b"1 / 0.5m\n::ffff:192.0.2.1\n\xff\n" + b"\x00" * 40,
    b"5/1ms\n1:2:3:4:5:6:7:8\n\n" + bytes([0x08, 0x10, 0x19, 0x22] * 12),
    b"1000000/366d\n::\nx\n\x02\x02\x02\x02",
    b"0/0s\n:::\nx\n",
    b"10/60\n\n\n",
]


def check(data: bytes) -> None:
    """Layout: a rate, an address and a field's value, a line each; then a byte a request.

    The lowest three bits of such a byte are the gap before it, the next two the key.
    """
    text, address, field, traffic = (*data.split(b"\n", 3), b"", b"", b"")[:4]
    rate = _rate(text.decode("utf-8", "replace"))
    _keys(address.decode("latin-1"), field)
    steps = [(byte >> 3 & 3, _GAPS[byte & 7]) for byte in traffic[:STEPS_MAX]]
    for algorithm in (SlidingWindow(rate), Gcra(rate, 2), FixedWindow(rate)):
        _traffic(PerKey(algorithm), steps)


def _rate(text: str) -> Rate:
    """Read a rate; keep to the default where it is none, or its oracle would be slow."""
    try:
        rate = parse_rate(text)
    except ConfigError as error:
        assert error.path in {"quota", "window"}
        return _DEFAULT
    return _DEFAULT if rate is None else rate


def _keys(address: str, field: bytes) -> None:
    asker = Asker(address, "", "r", ((b"x", field),))
    parts = (ByClient(), ByConsumer(), ByHeader(b"x"))
    for key in (_key((part,), asker) for part in parts):
        assert isinstance(key, str | bytes)
        assert len(key) <= max(KEY_BYTES_MAX, len(address) + 10)
    assert _key(parts, asker) == _key(parts, asker)
    assert len(_key((ByHeader(b"x"),), asker)) <= KEY_BYTES_MAX


def _key(parts: tuple[KeyPart, ...], asker: Asker) -> Key:
    return Limit("any", Concurrency(1), parts).key_of(asker)


def _traffic(limiter: PerKey, steps: list[tuple[int, int]]) -> None:
    rate: Rate = limiter.algorithm.rate
    admitted: dict[str, list[int]] = {}
    now = 0
    for number, gap in steps:
        now += gap
        key = str(number)
        past = admitted.setdefault(key, [])
        verdict = limiter.judge(key, Instant(now))
        if not verdict.admitted:
            assert limiter.judge(key, Instant(now + verdict.wait)).admitted
        within = sum(at > now - rate.window for at in past)
        match limiter.algorithm:
            case SlidingWindow():
                assert verdict.admitted == (within < rate.quota), (past, now)
            case FixedWindow():
                assert not verdict.admitted or within < 2 * rate.quota
            case Gcra(burst=burst) if verdict.admitted:
                for index, start in enumerate(past):
                    count = len(past) - index + 1
                    assert (count - burst) * rate.window <= rate.quota * (now - start)
        if verdict.admitted:
            limiter.take(key, Instant(now))
            past.append(now)
