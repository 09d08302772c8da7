"""A very light upstream: one epoll loop, no parsing beyond what framing needs.

    GET  /api/item.json     1 KB of JSON
    GET  /files/blob        a body of --blob bytes, by sendfile from memory
    POST /files/upload      {"bytes": n, "crc32": null}; bodies are counted, not copied
    POST /files/checked     the same with the crc32 of what came
    any  /files/echo        what arrived: the head's fields, and which request of its
                            connection it was, so that reuse of connections can be seen

Trusts its peers: it stands behind the subject of a measurement, never on a network.
Stands alone: `python light.py --port N --token T --blob N`.
"""

import argparse
import json
import os
import re
import select
import socket
import sys
import zlib
from collections.abc import Iterator

RECEIVE_BYTES = 1 << 20
BACKLOG = 4096
SMALL_BYTES = 1024
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
CONTINUE = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)


def small_body(token: str) -> bytes:
    """Return 1,024 bytes of JSON that hold `token`."""
    start = json.dumps({"item": 1, "name": "a thing", "token": token, "text": ""})
    return f"{start[:-2]}{'x' * (SMALL_BYTES - len(start))}{start[-2:]}".encode()


def blob_pieces(size: int) -> Iterator[bytes]:
    """Yield the body of /files/blob: numbered blocks, so that none can be mistaken."""
    for start in range(0, size, RECEIVE_BYTES):
        block = start.to_bytes(8, "big") * (RECEIVE_BYTES // 8)
        yield block[: min(RECEIVE_BYTES, size - start)]


def command(port: int, token: str, blob_bytes: int) -> list[str]:
    """Return the command that starts it."""
    words = ["--port", str(port), "--token", token, "--blob", str(blob_bytes)]
    return [sys.executable, "-S", __file__, *words]


class Chunks:
    """Finds the end of a chunked body, and what is inside."""

    def __init__(self) -> None:
        self.left = 0
        """Bytes of the chunk at hand that are still to come."""
        self.line = b""
        self.last = False
        self.done = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the pieces of the body in `data`. Raises ValueError for a size that is none."""
        at = 0
        while at < len(data) and not self.done:
            if self.left:
                piece = data[at : at + self.left]
                at += len(piece)
                self.left -= len(piece)
                yield piece
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self.line += data[at:]
                return
            line, self.line = (self.line + data[at:end]).strip(), b""
            at = end + 1
            self._line_came(line)

    def _line_came(self, line: bytes) -> None:
        if self.last:
            self.done = not line  # else a trailer
        elif line:  # an empty one ends the data of the chunk before
            self.left = int(line.partition(b";")[0], 16)
            self.last = not self.left


class Connection:
    """One connection, and the one request on it."""

    def __init__(self, sock: socket.socket, server: "Light", number: int) -> None:
        self.sock, self.server, self.number = sock, server, number
        self.requests = 0
        self.data = b""
        self.reading_body = False
        self.left = 0
        self.chunks: Chunks | None = None
        self.received = 0
        self.crc: int | None = None
        self.closing = False
        self.out = b""
        self.blob_at: int | None = None

    def readable(self) -> bool:
        """Read what is there. False: the connection is over."""
        if self.reading_body and self.chunks is None and self.crc is None and self.left:
            count = self.sock.recv_into(
                self.server.buffer, min(self.left, RECEIVE_BYTES), socket.MSG_TRUNC
            )
            self.left -= count
            self.received += count
            if count and not self.left:
                self.answer()
            return count > 0
        data = self.sock.recv(RECEIVE_BYTES)
        if not data:
            return False
        self.data += data
        self.advance()
        return True

    def advance(self) -> None:
        while self.data and self.blob_at is None and not self.out:
            if not self.reading_body:
                head, gap, rest = self.data.partition(b"\r\n\r\n")
                if not gap:
                    return
                self.data = rest
                self.begin(head)
            if self.reading_body:
                self.take_body()
                if self.reading_body:
                    return

    def begin(self, head: bytes) -> None:
        self.requests += 1
        self.head = head
        self.path = head.split(b" ", 2)[1]
        self.closing = CLOSE.search(head) is not None
        self.received = 0
        self.crc = 0 if self.path == b"/files/checked" else None
        length = LENGTH.search(head)
        self.left = int(length[1]) if length else 0
        self.chunks = Chunks() if CHUNKED.search(head) else None
        if CONTINUE.search(head):
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.reading_body = bool(self.left or self.chunks)
        if not self.reading_body:
            self.answer()

    def take_body(self) -> None:
        data, self.data = self.data, b""
        if self.chunks is None:
            data, self.data = data[: self.left], data[self.left :]
            self.left -= len(data)
            self.count(data)
            ended = not self.left
        else:
            for piece in self.chunks.feed(data):
                self.count(piece)
            ended = self.chunks.done
        if ended:
            self.answer()

    def count(self, piece: bytes) -> None:
        self.received += len(piece)
        if self.crc is not None:
            self.crc = zlib.crc32(piece, self.crc)

    def answer(self) -> None:
        self.reading_body = False
        if self.path == b"/api/item.json":
            body = self.server.small
        elif self.path == b"/files/blob":
            self.blob_at = 0
            body = b""
        elif self.path == b"/files/echo":
            body = self.echo()
        elif self.path in {b"/files/upload", b"/files/checked"}:
            body = json.dumps({"bytes": self.received, "crc32": self.crc}).encode()
        else:
            self.write(404, b"nothing here", 12)
            return
        self.write(200, body, self.server.blob_bytes if self.blob_at == 0 else len(body))

    def echo(self) -> bytes:
        lines = self.head.decode("latin-1").split("\r\n")
        fields = [line.split(": ", 1) for line in lines[1:]]
        return json.dumps(
            {
                "line": lines[0],
                "fields": fields,
                "connection": self.number,
                "request": self.requests,
            }
        ).encode()

    def write(self, status: int, body: bytes, length: int) -> None:
        ending = b"Connection: close\r\n" if self.closing else b""
        self.out += (
            b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
            % (status, length, ending)
        ) + body
        self.flush()

    def flush(self) -> None:
        """Send what the socket takes; the rest when epoll says so."""
        try:
            while self.out:
                self.out = self.out[self.sock.send(self.out) :]
            while self.blob_at is not None:
                left = self.server.blob_bytes - self.blob_at
                self.blob_at += os.sendfile(
                    self.sock.fileno(), self.server.blob, self.blob_at, left
                )
                if self.blob_at == self.server.blob_bytes:
                    self.blob_at = None
        except BlockingIOError:
            self.server.poll.modify(self.sock, select.EPOLLIN | select.EPOLLOUT)
            return
        if self.closing:
            self.sock.shutdown(socket.SHUT_WR)


class Light:
    """The loop."""

    def __init__(self, port: int, token: str, blob_bytes: int) -> None:
        self.small = small_body(token)
        self.blob_bytes = blob_bytes
        self.blob = os.memfd_create("blob")
        for piece in blob_pieces(blob_bytes):
            os.write(self.blob, piece)
        self.buffer = bytearray(RECEIVE_BYTES)
        self.poll = select.epoll()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self.listener.setblocking(False)
        self.poll.register(self.listener, select.EPOLLIN)
        self.connections: dict[int, Connection] = {}
        self.accepted = 0

    def run(self) -> None:
        listening = self.listener.fileno()
        while True:
            for fd, events in self.poll.poll():
                if fd == listening:
                    self.accept()
                else:
                    self.serve(self.connections[fd], events)

    def accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted += 1
        self.connections[sock.fileno()] = Connection(sock, self, self.accepted)
        self.poll.register(sock, select.EPOLLIN)

    def serve(self, connection: Connection, events: int) -> None:
        try:
            if events & select.EPOLLOUT:
                self.poll.modify(connection.sock, select.EPOLLIN)
                connection.flush()
                connection.advance()
            alive = not events & ~select.EPOLLOUT or connection.readable()
        except BlockingIOError:
            return
        except (OSError, ValueError):
            alive = False
        if not alive:
            del self.connections[connection.sock.fileno()]
            self.poll.unregister(connection.sock)
            connection.sock.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--blob", type=int, required=True)
    given = parser.parse_args()
    Light(given.port, given.token, given.blob).run()


if __name__ == "__main__":
    main()
