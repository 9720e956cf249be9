"""The least that speaks HTTP/1.1, so that a benchmark measures the server and not its client."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self


@dataclass(frozen=True)
class Answer:
    """A whole answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self, name: str) -> str:
        """A field of the body, which is JSON."""
        return str(self._fields[name])

    @cached_property
    def _fields(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def request(
    method: str,
    path: str,
    key: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a request with that API key."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {key}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One kept connection to a server of this machine, opened anew where the server ended it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> Answer:
        """The answer to a request.

        Raises:
            ConnectionError: it broke off.
        """
        self._socket.sendall(data)
        answer = self._answer()
        if answer.headers.get("connection") == "close":
            self._socket.close()
            self._socket = self._opened()
        return answer

    def _opened(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def _answer(self) -> Answer:
        head, body = self._up_to_body()
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            body += self._received()
        return Answer(int(first.split(" ")[1]), headers, body)

    def _up_to_body(self) -> tuple[bytes, bytes]:
        held = b""
        while b"\r\n\r\n" not in held:
            held += self._received()
        head, _, body = held.partition(b"\r\n\r\n")
        return head, body

    def _received(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the connection ended within an answer")
        return data
