"""What limits and the policies about endpoints cost: CPU a request, told to an exchange without any I/O.

    python -m bench.policies

The cases take turns, and the best of many rounds counts: what else runs on the machine makes
rounds slower, never faster. The plain case is the first; the others are read as differences.
"""

import time
from dataclasses import replace
from typing import Final

from gateway_core.clock import Instant, UnixTime
from gateway_core.exchange import (
    BodyEnded,
    CallProgressed,
    Exchange,
    Policies,
    RequestArrived,
    Stage,
    UpstreamAnswered,
)
from gateway_core.limiting import Limits
from gateway_core.message import ResponseHead
from gateway_core.retrying import NO_RETRIES
from tests.exchanges import EVERY_POLICY, POLICIES, get, protected, windowed

REQUESTS: Final = 800
ROUNDS: Final = 25

ARRIVED: Final = RequestArrived(get(), "id")
SENT: Final = CallProgressed(Stage.SENT)
OK: Final = UpstreamAnswered(ResponseHead(200, ((b"server", b"x"),), 2), UnixTime(1), UnixTime(2))
ENDED: Final = BodyEnded(2)

OFF: Final = {
    "retries": NO_RETRIES,
    "per_try_timeout": None,
    "breaker": None,
    "ejection": None,
    "slow_start": 0,
    "adaptive": None,
    "hedge_after": None,
}


def cases() -> dict[str, Policies]:
    one, ten = EVERY_POLICY.endpoints[:1], range(10)
    many = tuple(replace(EVERY_POLICY.endpoints[0], host=f"10.0.1.{number}") for number in ten)
    breaker = {**OFF, "endpoints": one, "breaker": EVERY_POLICY.breaker}
    return {
        "one endpoint, no policy": POLICIES,
        "one endpoint, breaker": protected(**breaker),
        "three endpoints, no policy": protected(**OFF),
        "three endpoints, all policies": protected(),
        "one endpoint, one limit": replace(POLICIES, limits=limited()),
        "three endpoints, all and a limit": replace(protected(), limits=limited()),
        "ten endpoints, all policies": protected(endpoints=many),
    }


def limited() -> dict[str, Limits]:
    """A sliding window of its own, which has room for every request and holds hundreds."""
    return {"a": Limits((windowed(1_000_000),))}


def us_a_request(policies: Policies) -> float:
    started = time.process_time()
    for number in range(REQUESTS):
        now, exchange = Instant(number * 1000), Exchange(policies)
        for event in (ARRIVED, SENT, OK, ENDED):
            exchange.receive(event, now)
    return (time.process_time() - started) / REQUESTS * 1e6


def main() -> None:
    best = {name: float("inf") for name in cases()}
    for _ in range(ROUNDS):
        for name, policies in cases().items():
            best[name] = min(best[name], us_a_request(policies))
    plain = best["one endpoint, no policy"]
    for name, us in best.items():
        print(f"{name:32} {us:6.2f} us {us - plain:+6.2f}")


if __name__ == "__main__":
    main()
