"""What it costs to know who calls: the core's stage alone, in microseconds of CPU a request.

python -m bench.identifying
"""

import time
from collections.abc import Callable
from typing import Final

from gateway_core.clock import Instant, UnixTime
from gateway_core.exchange import Record, failure_limit
from gateway_core.exchange.identity import Identity, asking, identify
from gateway_core.identifying import (
    ApiKey,
    ApiKeys,
    Caller,
    Guard,
    KeyRing,
    TokenRules,
    Tokens,
    Unproven,
    digest_of,
)
from gateway_core.message import Fields, RequestHead
from tests.tokens import AUDIENCE, ISSUER, claims, token

ROUNDS: Final = 20_000
REPEATS: Final = 7
"""The least of so many is told: other programs can only make it more."""

WALL: Final = UnixTime(1000)
_BROWSER: Final[Fields] = (
    (b"host", b"api.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"https://app.example/"),
    (b"origin", b"https://app.example"),
    (b"cookie", b"theme=dark; seen=1"),
)


def main() -> None:
    """Print a line for each way to be known."""
    ring = KeyRing(tuple(ApiKey(digest_of(f"key-{n}"), Caller(f"c{n}")) for n in range(1_000)))
    keys = Guard((ApiKeys("keys", ring),))
    text = token(payload=claims(filler="x" * 600), signature=b"s" * 256)
    tokens = Tokens("tokens", TokenRules(ISSUER, frozenset({AUDIENCE}), frozenset({"RS256"})))
    members = Guard((tokens,))
    bearer = (b"authorization", b"Bearer " + text)
    unproven = members.identify(_head(bearer), WALL)
    assert isinstance(unproven, Unproven)
    members.verified(unproven)
    print(f"API key, one of 1,000      {_cost(keys, (b'x-api-key', b'key-77')):5.2f} us")
    print(f"verified JWT of {len(text):,} bytes {_cost(members, bearer):5.2f} us")


def _head(credential: tuple[bytes, bytes]) -> RequestHead:
    return RequestHead("GET", b"/users/1?x=1", b"api.example", (*_BROWSER, credential))


def _cost(guard: Guard, credential: tuple[bytes, bytes]) -> float:
    head, failures, record, now = _head(credential), failure_limit(), Record(), Instant(1)

    def once() -> object:
        asked = asking(guard, "192.0.2.1", head.target)
        return identify(asked, head, failures, record, wall=WALL, now=now)

    assert isinstance(once(), Identity)
    return min(_timed(once) for _ in range(REPEATS))


def _timed(once: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(ROUNDS):
        once()
    return (time.process_time_ns() - began) / ROUNDS / 1_000


if __name__ == "__main__":
    main()
