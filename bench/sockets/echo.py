"""The upstream: says every message back, in one process, by epoll.

The size of messages stands in the path (/ws/64), so that nothing need be parsed: so many
bytes came, so many messages did.
"""

import select
import socket
import sys

from .wire import answer, message


class Peer:
    """One connection."""

    __slots__ = ("came", "head", "out", "reply", "size", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.head = b""
        self.size = self.came = 0
        self.reply = b""
        self.out = b""

    def read(self) -> bool:
        """Take in what came; False: it is over."""
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        if self.size:
            self.came += len(data)
        else:
            self.head += data
            if b"\r\n\r\n" not in self.head:
                return True
            payload = int(self.head.split(b" ")[1].rpartition(b"/")[2])
            self.size = len(message(payload, masked=True))
            self.reply = message(payload, masked=False)
            self.out += answer(self.head)
        count, self.came = divmod(self.came, self.size)
        self.out += self.reply * count
        return True

    def write(self) -> bool:
        """Send what is due; False: it is over."""
        try:
            self.out = self.out[self.sock.send(self.out) :]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True


def serve(port: int) -> None:
    """Serve until killed."""
    listener = socket.create_server(("127.0.0.1", port), backlog=8192)
    listener.setblocking(False)
    epoll = select.epoll()
    epoll.register(listener.fileno(), select.EPOLLIN)
    peers: dict[int, Peer] = {}
    print("ready", flush=True)
    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peers[sock.fileno()] = Peer(sock)
                epoll.register(sock.fileno(), select.EPOLLIN)
                continue
            peer = peers[fd]
            well = peer.read() and (not peer.out or peer.write())
            if not well:
                epoll.unregister(fd)
                peers.pop(fd).sock.close()
            else:
                epoll.modify(fd, select.EPOLLIN | (select.EPOLLOUT if peer.out else 0))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
