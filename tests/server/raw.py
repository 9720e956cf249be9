"""Bytes on a socket, for what no HTTP client would send."""

import contextlib
import socket
from urllib.parse import urlsplit

from tests.server.fixtures import RunningServer


def connected(server: RunningServer, timeout: float = 10) -> socket.socket:
    """A new connection to the server."""
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout)


def exchanged(server: RunningServer, sent: bytes, timeout: float = 10) -> tuple[bytes, bool]:
    """What came back for the bytes, and whether the server closed the connection."""
    with connected(server, timeout) as peer:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            peer.sendall(sent)
        return received(peer)


def received(peer: socket.socket) -> tuple[bytes, bool]:
    """All that comes until the other side closes, or says nothing any more."""
    found = b""
    while True:
        try:
            part = peer.recv(65536)
        except (TimeoutError, ConnectionResetError) as error:
            return found, not isinstance(error, TimeoutError)
        if not part:
            return found, True
        found += part


def status(answer: bytes) -> int:
    """The status of an answer's first line; 0 where there is none."""
    head = answer.split(b" ", 2)
    return int(head[1]) if len(head) > 1 else 0
