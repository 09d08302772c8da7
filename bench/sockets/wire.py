"""Frames and handshakes for load: made once, so that the load costs little itself."""

import base64
import hashlib
import os
import socket

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MASK = b"\x01\x02\x03\x04"


def header(size: int, *, masked: bool) -> bytes:
    """Return the header of a binary message of `size` bytes, with its mask."""
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes([0x82, bit | size])
    elif size < 1 << 16:
        head = bytes([0x82, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x82, bit | 127]) + size.to_bytes(8, "big")
    return head + (MASK if masked else b"")


def message(size: int, *, masked: bool) -> bytes:
    """Return a whole message; a masked one is of whatever its mask makes of zeros."""
    return header(size, masked=masked) + bytes(size)


def answer(head: bytes) -> bytes:
    """Return the 101 for a handshake."""
    key = next(
        line.partition(b":")[2].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    )
    token = base64.b64encode(hashlib.sha1(key + GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n"
    )


def connect(port: int, path: str) -> socket.socket:
    """Open a WebSocket, or raise OSError."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(4096)
        if not data:
            raise ConnectionError(head[:200])
        head += data
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head[:200])
    return sock
