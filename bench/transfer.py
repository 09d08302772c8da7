"""Large bodies, down and up, as cheaply as the kernel lets us.

    down    received with MSG_TRUNC: counted by the kernel, copied to nobody
    up      sent from memory by sendfile
    slow    a download that takes 64 KiB every 50 ms, and shows what a subject piles up

Each transfer has a connection of its own (`Connection: close`), so that its end needs no
parsing. What arrives is compared byte by byte only in `verify.py`; here it is counted.

Stands alone: `python transfer.py --mode down --port N --path /x --bytes N --seconds 3`.
"""

import argparse
import json
import os
import re
import socket
import threading
import time

PIECE = 1 << 20
SLOW_BYTES = 64 * 1024
SLOW_SECONDS = 0.05
SLOW_RECEIVE_BUFFER = 64 * 1024
TIMEOUT_SECONDS = 60.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class WrongAnswerError(Exception):
    """The subject answered, but not what it should."""


class Transfers:
    """Some threads, each with one transfer after the other until the time is over."""

    def __init__(self, mode: str, port: int, path: str, size: int, seconds: float) -> None:
        self.mode, self.port, self.path, self.size = mode, port, path, size
        self.begin = time.monotonic()
        self.end = self.begin + seconds
        self.lock = threading.Lock()
        self.moved = 0
        self.errors: dict[str, int] = {}
        self.source = os.memfd_create("body")
        if mode == "up":
            os.ftruncate(self.source, size)

    def run(self, threads: int) -> None:
        running = [threading.Thread(target=self.repeat) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    def repeat(self) -> None:
        one = {"down": self.download, "up": self.upload, "slow": self.read_slowly}[self.mode]
        while time.monotonic() < self.end:
            moved, why = 0, ""
            try:
                moved = one()
            except (OSError, WrongAnswerError) as error:
                why = f"{type(error).__name__}: {error}"
            with self.lock:
                self.moved += moved
                if why:
                    self.errors[why] = self.errors.get(why, 0) + 1
            if why:
                time.sleep(0.05)

    def ask(self, method: str, fields: str = "", buffer: int = 0) -> socket.socket:
        sock = socket.socket()
        sock.settimeout(TIMEOUT_SECONDS)
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.connect(("127.0.0.1", self.port))
        sock.sendall(
            f"{method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Connection: close\r\n{fields}\r\n".encode()
        )
        return sock

    def read_head(self, sock: socket.socket) -> tuple[int | None, int]:
        """Return the length that the answer names, and how much of the body came along."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                raise WrongAnswerError("closed before the answer")
            data += piece
        if not data.startswith(b"HTTP/1.1 200"):
            raise WrongAnswerError(data.partition(b"\r\n")[0].decode("latin-1"))
        head, _, body = data.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        return (int(length[1]) if length else None), len(body)

    def download(self) -> int:
        with self.ask("GET") as sock:
            length, moved = self.read_head(sock)
            buffer = bytearray(PIECE)
            while piece := sock.recv_into(buffer, PIECE, socket.MSG_TRUNC):
                moved += piece
            whole = moved == self.size if length is not None else moved >= self.size
            if not whole:
                raise WrongAnswerError(f"{moved} of {self.size} bytes")
            return self.size

    def upload(self) -> int:
        with self.ask("POST", f"Content-Length: {self.size}\r\n") as sock:
            sent = 0
            while sent < self.size:
                # Not socket.sendfile: it moves the offset that the threads would share.
                sent += self.send_some(sock, sent)
            data = b""
            while piece := sock.recv(65536):
                data += piece
            if not data.startswith(b"HTTP/1.1 200"):
                raise WrongAnswerError(data.partition(b"\r\n")[0].decode("latin-1"))
            if b'"bytes": %d' % self.size not in data:
                raise WrongAnswerError("the upstream did not get all of it")
            return self.size

    def send_some(self, sock: socket.socket, offset: int) -> int:
        while True:
            try:
                return os.sendfile(sock.fileno(), self.source, offset, self.size - offset)
            except BlockingIOError:  # a socket with a time-out is non-blocking below
                _wait_writable(sock)

    def read_slowly(self) -> int:
        with self.ask("GET", buffer=SLOW_RECEIVE_BUFFER) as sock:
            moved = self.read_head(sock)[1]
            while time.monotonic() < self.end:
                piece = len(sock.recv(SLOW_BYTES))
                if not piece:
                    break
                moved += piece
                time.sleep(SLOW_SECONDS)
            return moved


def _wait_writable(sock: socket.socket) -> None:
    import select

    _, ready, _ = select.select([], [sock], [], TIMEOUT_SECONDS)
    if not ready:
        raise TimeoutError("the subject stopped reading")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["down", "up", "slow"], required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, default=4)
    given = parser.parse_args()
    transfers = Transfers(given.mode, given.port, given.path, given.bytes, given.seconds)
    transfers.run(given.connections)
    print(
        json.dumps(
            {
                "work": transfers.moved,
                "seconds": time.monotonic() - transfers.begin,
                "errors": sum(transfers.errors.values()),
                "told": "; ".join(f"{count} x {why}" for why, count in transfers.errors.items()),
            }
        )
    )


if __name__ == "__main__":
    main()
