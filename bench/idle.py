"""Many connections that say little: open, one request on each, wait, another, close.

The wait in between is when the memory they hold is read. A connection that was dropped
meanwhile, or answers anything but --status, is an error.

Stands alone: `python idle.py --port N --path /x --connections 1000 --seconds 3`.
"""

import argparse
import json
import re
import socket
import time

SPARE_SECONDS = 20.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def ask(sock: socket.socket, request: bytes, status: bytes) -> str:
    """Send one request and read its answer. Returns what went wrong, or nothing."""
    try:
        sock.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return "closed"
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 " + status):
            return head.partition(b"\r\n")[0].decode("latin-1")
        found = LENGTH.search(head)
        length = int(found[1]) if found else None
        while len(body) < length if length is not None else not body.endswith(b"0\r\n\r\n"):
            piece = sock.recv(65536)
            if not piece:
                return "truncated"
            body += piece
    except OSError as error:
        return type(error).__name__
    return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--status", default="200")
    given = parser.parse_args()
    request = f"GET {given.path} HTTP/1.1\r\nHost: 127.0.0.1:{given.port}\r\n\r\n".encode()
    status = given.status.encode()
    begin = time.monotonic()
    errors: dict[str, int] = {}
    held: list[socket.socket] = []
    answered = 0
    for turn in range(2):
        for place in range(given.connections):
            try:
                if turn == 0:
                    held.append(socket.create_connection(("127.0.0.1", given.port), SPARE_SECONDS))
                why = ask(held[place], request, status) if place < len(held) else "not open"
            except OSError as error:
                why = f"connect: {type(error).__name__}"
            if why:
                errors[why] = errors.get(why, 0) + 1
            else:
                answered += 1
        if turn == 0:
            time.sleep(given.seconds)
    for sock in held:
        sock.close()
    print(
        json.dumps(
            {
                "work": answered,
                "seconds": time.monotonic() - begin,
                "errors": sum(errors.values()),
                "told": "; ".join(f"{count} x {why}" for why, count in errors.items()),
            }
        )
    )


if __name__ == "__main__":
    main()
