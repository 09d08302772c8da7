"""How often a cache finds what is asked for: its own eviction and LRU, on the same trace.

python -m bench.trace [--requests N] [--keys N] [--share N] [--skew A] [--seed S]
"""

import argparse
import itertools
import random
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence

from gateway_core.caching.eviction import S3Fifo


def zipf(requests: int, keys: int, skew: float, seed: int) -> list[int]:
    """Return keys, each asked for as often as its rank's power says."""
    weights = itertools.accumulate(1 / rank**skew for rank in range(1, keys + 1))
    return random.Random(seed).choices(range(keys), cum_weights=list(weights), k=requests)


def lru(trace: Sequence[int], room: int) -> float:
    """Return the share of hits where what was used longest ago goes first."""
    order, hits = OrderedDict[int, None](), 0
    for key in trace:
        if key in order:
            order.move_to_end(key)
            hits += 1
        else:
            order[key] = None
            if len(order) > room:
                order.popitem(last=False)
    return hits / len(trace)


def s3_fifo(trace: Sequence[int], room: int) -> float:
    """Return the share of hits where the gateway's own eviction decides."""
    queues, hits = S3Fifo[int](room), 0
    for key in trace:
        if key in queues:
            queues.touch(key)
            hits += 1
        else:
            queues.insert(key, 1)
            while queues.evict() is not None:
                pass
    return hits / len(trace)


EVICTIONS: dict[str, Callable[[Sequence[int], int], float]] = {"s3-fifo": s3_fifo, "lru": lru}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.trace", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_500_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--share", type=int, default=100, help="one key in so many has room")
    parser.add_argument("--skew", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    trace = zipf(asked.requests, asked.keys, asked.skew, asked.seed)
    room = max(1, asked.keys // asked.share)
    found = {name: evict(trace, room) for name, evict in EVICTIONS.items()}
    for name, share in found.items():
        print(f"{name}: {share:.1%} of {asked.requests} requests found in room for {room}")
    ahead = 100 * (found["s3-fifo"] - found["lru"])
    print(f"s3-fifo is {ahead:.1f} points above lru")
    return 0


if __name__ == "__main__":
    sys.exit(main())
