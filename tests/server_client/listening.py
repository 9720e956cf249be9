"""Servers on 127.0.0.1 that say byte for byte what a test wants, and remember what they got."""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedReader
from socket import SHUT_RDWR, create_server
from socket import socket as Socket  # noqa: N812 - a field has its name

Said = Callable[["Listener", Socket], None]


@dataclass
class Listener:
    """Each connection is handed to `said`; what arrived is in `got`, request by request."""

    socket: Socket
    said: Said
    tls: ssl.SSLContext | None = None
    got: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _open: set[Socket] = field(default_factory=set)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        with suppress(OSError):
            self.socket.shutdown(SHUT_RDWR)
        self.socket.close()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def _serve(self, connection: Socket) -> None:
        with suppress(OSError, ValueError, ssl.SSLError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            self.said(self, connection)
        self._open.discard(connection)
        with suppress(OSError):
            connection.close()


def request_of(reader: BufferedReader) -> bytes:
    """One whole request; empty where the other side has gone."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline(65536)
        if not line:
            return b""
        head += line
    headers = http.client.parse_headers(_Lines(head.split(b"\r\n", 1)[1]))
    return head + reader.read(int(headers.get("content-length", "0")))


class _Lines:
    def __init__(self, data: bytes) -> None:
        self._left = data

    def readline(self, limit: int = -1) -> bytes:
        line, sign, self._left = self._left.partition(b"\n")
        return (line + sign)[: limit if limit >= 0 else None]


def each_request(answer: Callable[[bytes], bytes | None]) -> Said:
    """Answer every request of a connection with bytes; None closes it."""

    def said(listener: Listener, connection: Socket) -> None:
        with connection.makefile("rb") as reader:
            while request := request_of(reader):
                listener.got.append(request)
                found = answer(request)
                if found is None:
                    return
                connection.sendall(found)

    return said


def http_answer(
    body: bytes | str = b"{}", status: int = 200, *headers: str, kind: str = "application/json"
) -> bytes:
    """An answer with a length."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + data


@contextmanager
def listening(said: Said, tls: ssl.SSLContext | None = None) -> Iterator[Listener]:
    """A listener, closed at the end."""
    listener = Listener(create_server(("127.0.0.1", 0), backlog=64), said, tls)
    threading.Thread(target=listener.accept, daemon=True).start()
    try:
        yield listener
    finally:
        listener.close()


@contextmanager
def answering(*answers: bytes) -> Iterator[Listener]:
    """A listener that gives these answers in turn, and the last one for ever."""
    left = list(answers)
    with listening(each_request(lambda _: left.pop(0) if len(left) > 1 else left[0])) as listener:
        yield listener
