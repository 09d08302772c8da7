"""An open-loop generator: requests at a rate that does not wait for the answers.

Arrivals are those of many independent users (Poisson, from a fixed seed: the same for
every subject). Latency runs from the moment a request was due, not from when it was sent,
so that a subject which stalls is charged for everyone who would have had to wait; there
is no coordinated omission. The timer is a timerfd: epoll alone counts milliseconds.

Stands alone: `python open_loop.py --port N --path /x --rate 300 --seconds 3`.
"""

import argparse
import ctypes
import gc
import json
import math
import os
import random
import re
import select
import socket
import struct
import time

CONNECTIONS_AT_START = 64
CONNECTIONS_MAX = 1024
GRACE_SECONDS = 5.0
"""For answers that are outstanding when the last request was sent."""
ABSOLUTE = 1  # TFD_TIMER_ABSTIME
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Timer:
    """A timerfd on the monotonic clock, which Python has from 3.13 on only."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def set(self, moment: float) -> None:
        seconds = int(moment)
        value = struct.pack("4q", 0, 0, seconds, max(1, int((moment - seconds) * 1e9)))
        self._libc.timerfd_settime(self.fd, ABSOLUTE, value, None)


class Connection:
    """One keep-alive connection, with at most one request on it."""

    __slots__ = ("due", "end", "received", "sock")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.due = 0.0
        self.received = b""
        self.end = 0


def complete(data: bytes) -> bool:
    """Whether `data` is one whole answer."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        return False
    length = LENGTH.search(head)
    return len(body) >= int(length[1]) if length else data.endswith(b"0\r\n\r\n")


class OpenLoop:
    """Sends what is due, and books what comes back."""

    def __init__(self, port: int, path: str, status: int, rate: float, seconds: float) -> None:
        self.port, self.rate = port, rate
        self.request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self.good = f"HTTP/1.1 {status} ".encode()
        chance = random.Random(1)
        self.schedule: list[float] = []
        moment = 0.0
        while (moment := moment + chance.expovariate(rate)) < seconds:
            self.schedule.append(moment)
        self.poll = select.epoll()
        self.timer = Timer()
        self.poll.register(self.timer.fd, select.EPOLLIN)
        self.busy: dict[int, Connection] = {}
        self.idle: list[Connection] = []
        self.count = 0
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        self.errors: dict[str, int] = {}

    def connect(self) -> Connection:
        connection = Connection(self.port)
        self.poll.register(connection.sock, select.EPOLLIN)
        self.count += 1
        return connection

    def drop(self, connection: Connection, why: str) -> None:
        if why:
            self.errors[why] = self.errors.get(why, 0) + 1
        self.busy.pop(connection.sock.fileno(), None)
        if connection in self.idle:
            self.idle.remove(connection)
        self.poll.unregister(connection.sock)
        connection.sock.close()
        self.count -= 1

    def send(self, due: float) -> None:
        connection = self.idle.pop() if self.idle else self.connect()
        connection.due, connection.received = due, b""
        self.busy[connection.sock.fileno()] = connection
        self.lateness.append(time.monotonic() - due)
        try:
            connection.sock.send(self.request)
        except OSError as error:
            self.drop(connection, type(error).__name__)

    def receive(self, fd: int) -> None:
        connection = self.busy.get(fd)
        if connection is None:  # the subject closes an idle connection, as it may
            for idle in self.idle:
                if idle.sock.fileno() == fd:
                    self.drop(idle, "")
                    return
            return
        try:
            data = connection.sock.recv(65536)
        except OSError as error:
            self.drop(connection, type(error).__name__)
            return
        if not data:
            self.drop(connection, "closed before the answer")
            return
        connection.received += data
        if complete(connection.received):
            self.latencies.append(time.monotonic() - connection.due)
            del self.busy[fd]
            self.idle.append(connection)
            if not connection.received.startswith(self.good):
                status = connection.received[9:12].decode("latin-1")
                self.drop(connection, f"status {status}")
            elif CLOSE.search(connection.received):
                self.drop(connection, "")

    def run(self) -> None:
        self.idle = [self.connect() for _ in range(CONNECTIONS_AT_START)]
        gc.collect()
        gc.disable()
        begin = time.monotonic() + 0.05
        schedule = [begin + moment for moment in self.schedule]
        place, planned = 0, len(schedule)
        last = schedule[-1] + GRACE_SECONDS if schedule else begin
        while place < planned or self.busy:
            now = time.monotonic()
            while place < planned and schedule[place] <= now:
                if not self.idle and self.count >= CONNECTIONS_MAX:
                    break  # it waits, and its clock runs
                self.send(schedule[place])
                place += 1
                now = time.monotonic()
            if now > last:
                break
            # Where all connections are taken, only an answer can help: no timer then.
            if place < planned and schedule[place] > now:
                self.timer.set(schedule[place])
            for fd, _events in self.poll.poll(0.5):
                if fd == self.timer.fd:
                    try:
                        os.read(fd, 8)
                    except BlockingIOError:
                        pass
                else:
                    self.receive(fd)
        self.seconds = time.monotonic() - begin
        unanswered = planned - place + len(self.busy)
        if unanswered:
            self.errors["unanswered"] = unanswered


def percentile(values: list[float], share: float) -> float | None:
    """Return the nearest rank: a value that was measured, never one in between."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--status", type=int, default=200)
    given = parser.parse_args()
    loop = OpenLoop(given.port, given.path, given.status, given.rate, given.seconds)
    loop.run()
    late = percentile(loop.lateness, 0.99) or 0.0
    p50, p99 = (percentile(loop.latencies, share) for share in (0.50, 0.99))
    told = [f"{count} x {why}" for why, count in loop.errors.items()]
    print(
        json.dumps(
            {
                "work": len(loop.latencies),
                "seconds": loop.seconds,
                "errors": sum(loop.errors.values()),
                "told": "; ".join(told),
                "late_ms": late * 1000,
                "p50_ms": None if p50 is None else p50 * 1000,
                "p99_ms": None if p99 is None else p99 * 1000,
            }
        )
    )


if __name__ == "__main__":
    main()
