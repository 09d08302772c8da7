"""The load: so many sockets, each sends a message when the last one came back.

At a rate, they take turns, spread evenly over the period: two that spoke at once would be
measured waiting for each other, on this side as well as on the other.

Prints one line of JSON: messages, seconds, p50 and p99 of the round trip in microseconds, errors.
"""

import heapq
import json
import select
import sys
import time

from .wire import connect, message


def first_turns(sockets: int, rate: float) -> list[float]:
    """Return when each socket speaks first, in seconds from the start on."""
    return [number / (rate * sockets) if rate else 0.0 for number in range(sockets)]


def run(port: int, sockets: int, size: int, seconds: float, rate: float = 0.0) -> dict[str, float]:
    """Play ping-pong on `sockets` connections. `rate`: messages a second on each, 0 for no pause."""
    ours, back = message(size, masked=True), len(message(size, masked=False))
    socks = [connect(port, f"/ws/{size}") for _ in range(sockets)]
    epoll = select.epoll()
    by_fd = {sock.fileno(): sock for sock in socks}
    left = dict.fromkeys(by_fd, back)
    sent_at: dict[int, float] = {}
    due: list[tuple[float, int]] = []
    start = time.perf_counter()
    for (fd, sock), first in zip(by_fd.items(), first_turns(sockets, rate), strict=True):
        sock.settimeout(20)
        epoll.register(fd, select.EPOLLIN)
        due.append((start + first, fd))
    count = errors = 0
    times: list[float] = []
    turn = dict.fromkeys(by_fd, start)
    end = start + seconds
    while (now := time.perf_counter()) < end:
        while due and due[0][0] <= now:
            at, fd = heapq.heappop(due)
            turn[fd] = at  # and not now: what was late once is not to be late ever after
            sent_at[fd] = time.perf_counter()
            by_fd[fd].sendall(ours)
        wait = min(end, due[0][0] if due else end) - now
        for fd, _ in epoll.poll(max(wait, 0)):
            data = by_fd[fd].recv(min(left[fd], 1 << 18))
            if not data:
                errors += 1
                epoll.unregister(fd)
                continue
            left[fd] -= len(data)
            if left[fd]:
                continue
            left[fd] = back
            count += 1
            moment = time.perf_counter()
            times.append(moment - sent_at[fd])
            if rate:
                heapq.heappush(due, (max(turn[fd] + 1 / rate, moment), fd))
            else:
                sent_at[fd] = moment
                by_fd[fd].sendall(ours)
    took = time.perf_counter() - start
    epoll.close()
    for sock in socks:
        sock.close()
    times.sort()
    return {
        "messages": count,
        "seconds": took,
        "p50_us": times[len(times) // 2] * 1e6 if times else 0.0,
        "p99_us": times[len(times) * 99 // 100] * 1e6 if times else 0.0,
        "errors": errors,
    }


if __name__ == "__main__":
    port, sockets, size = map(int, sys.argv[1:4])
    print(json.dumps(run(port, sockets, size, float(sys.argv[4]), float(sys.argv[5]))))
