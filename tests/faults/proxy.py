"""An HTTP proxy on 127.0.0.1 that breaks the dialogue where a test says so, and counts.

Each rule names a request and a fault. What is decisive is seen on the far side: `requests`
tells what arrived here, the engine behind it tells what it did.
"""

import http.client
import json
import re
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Pass:
    """The dialogue as it is."""


@dataclass(frozen=True, slots=True)
class Latency:
    """The answer comes later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drip:
    """The answer comes `size` bytes at a time; the headers too, unless `body_only`."""

    size: int
    seconds: float
    body_only: bool = True


@dataclass(frozen=True, slots=True)
class Cut:
    """`count` bytes of the answer come (of its body, if so asked), then the end of the stream."""

    count: int
    of_body: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """`count` bytes of the answer come, then a reset."""

    count: int


@dataclass(frozen=True, slots=True)
class HalfClose:
    """`count` bytes of the answer come, then the writing side closes and the socket stays."""

    count: int


@dataclass(frozen=True, slots=True)
class Corrupt:
    """One byte of the body is flipped."""

    offset: int


@dataclass(frozen=True, slots=True)
class Silence:
    """The request is taken, goes nowhere, and is never answered."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request is taken and the connection reset; nothing goes further."""


@dataclass(frozen=True, slots=True)
class Swallow:
    """The engine does it, and its answer never comes back: silence, or a reset."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Said in the engine's place; nothing reaches it."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The engine's JSON, changed on its way (a stand-in for what the emulator cannot say)."""

    change: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Reshape:
    """The answer's headers and body, changed on their way."""

    change: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]


Fault: TypeAlias = (
    Pass
    | Latency
    | Drip
    | Cut
    | Reset
    | HalfClose
    | Corrupt
    | Silence
    | Refuse
    | Swallow
    | Answer
    | Rewrite
    | Reshape
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class _Rule:
    method: str
    path: re.Pattern[str]
    fault: Fault
    left: int | None
    skip: int


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {http.client.responses.get(self.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1")


class FaultProxy:
    """Stands before the server at `upstream`; passes everything on until a rule says otherwise.

    With `tls` it speaks TLS to who comes, and plain HTTP to the server.
    """

    def __init__(self, upstream: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._upstream = upstream
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.requests: list[Seen] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(
        self, method: str, path: str, fault: Fault, *, times: int | None = None, skip: int = 0
    ) -> None:
        """Break requests of that method whose path (with its query) holds a match of `path`.

        Args:
            method: `GET`, `POST`, ..., or `*`.
            path: A regular expression.
            fault: What happens.
            times: After so many requests the rule is spent; None for never.
            skip: So many matching requests pass before.
        """
        with self._lock:
            self._rules.append(_Rule(method, re.compile(path), fault, times, skip))

    def count(self, method: str, path: str) -> int:
        """How many such requests arrived."""
        with self._lock:
            return sum(_matches(seen, method, re.compile(path)) for seen in self.requests)

    def clear(self) -> None:
        """Pass everything again, and forget what arrived."""
        with self._lock:
            self._rules.clear()
            self.requests.clear()

    def close(self) -> None:
        """End every connection and every thread."""
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection.makefile("rb") as reader:
                while (seen := _read_request(reader)) is not None:
                    with self._lock:
                        self.requests.append(seen)
                        fault = self._fault_for(seen)
                    if not self._answered(connection, seen, fault):
                        return
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the other side left; that is what these tests are about
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _fault_for(self, seen: Seen) -> Fault:
        for rule in self._rules:
            if rule.left == 0 or not _matches(seen, rule.method, rule.path):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.left is not None:
                rule.left -= 1
            return rule.fault
        return Pass()

    def _answered(self, connection: socket.socket, seen: Seen, fault: Fault) -> bool:
        """Answer; whether the connection may carry another request."""
        if isinstance(fault, Silence):
            return self._hold(connection)
        if isinstance(fault, Refuse):
            return _reset(connection)
        if isinstance(fault, Answer):
            headers = {"Content-Type": "application/json", **fault.headers}
            return self._send(connection, _Reply(fault.status, headers, fault.body), Pass())
        reply = self._forward(seen)
        if isinstance(fault, Swallow):
            return _reset(connection) if fault.reset else self._hold(connection)
        return self._send(connection, _changed(reply, fault), fault)

    def _forward(self, seen: Seen) -> _Reply:
        upstream = http.client.HTTPConnection(*self._upstream, timeout=120)
        try:
            headers = {k: v for k, v in seen.headers.items() if k not in _HOP_BY_HOP | {"host"}}
            upstream.request(seen.method, seen.path, body=seen.body or None, headers=headers)
            answer = upstream.getresponse()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP}
            return _Reply(answer.status, kept, answer.read())
        finally:
            upstream.close()

    def _send(self, connection: socket.socket, reply: _Reply, fault: Fault) -> bool:
        head, data = reply.head(), reply.head() + reply.body
        match fault:
            case Latency(seconds):
                self._closing.wait(seconds)
            case Drip(size, seconds, body_only):
                start = len(head) if body_only else 0
                connection.sendall(data[:start])
                return self._dripped(connection, data[start:], size, seconds)
            case Cut(count, of_body):
                connection.sendall(data[: count + (len(head) if of_body else 0)])
                return False
            case Reset(count):
                connection.sendall(data[:count])
                time.sleep(0.02)
                return _reset(connection)
            case HalfClose(count):
                connection.sendall(data[:count])
                connection.shutdown(socket.SHUT_WR)
                return self._hold(connection)
            case _:
                pass
        connection.sendall(data)
        return True

    def _dripped(self, connection: socket.socket, data: bytes, size: int, seconds: float) -> bool:
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
            if self._closing.wait(seconds):
                return False
        return True

    def _hold(self, connection: socket.socket) -> bool:
        """Say nothing until the other side leaves or the test ends."""
        while not self._closing.is_set():
            readable, _, _ = select.select([connection], [], [], 0.2)
            if readable and not connection.recv(65536):
                return False
        return False


@contextmanager
def fault_proxy(port: int, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    """A proxy before a local server, closed at the end."""
    proxy = FaultProxy(("127.0.0.1", port), tls)
    try:
        yield proxy
    finally:
        proxy.close()


def _matches(seen: Seen, method: str, path: re.Pattern[str]) -> bool:
    return method in ("*", seen.method) and path.search(seen.path) is not None


def _read_request(reader: Any) -> Seen | None:
    line = reader.readline(65536)
    if not line:
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    parsed = http.client.parse_headers(reader)
    headers = {name.lower(): value for name, value in parsed.items()}
    return Seen(method, path, headers, reader.read(int(headers.get("content-length", "0"))))


def _changed(reply: _Reply, fault: Fault) -> _Reply:
    if isinstance(fault, Rewrite):
        body = json.dumps(fault.change(json.loads(reply.body))).encode()
        return _Reply(reply.status, reply.headers, body)
    if isinstance(fault, Reshape):
        headers, body = fault.change(dict(reply.headers), reply.body)
        return _Reply(reply.status, headers, body)
    if isinstance(fault, Corrupt):
        flipped = bytearray(reply.body)
        flipped[fault.offset % len(flipped)] ^= 0xFF
        return _Reply(reply.status, reply.headers, bytes(flipped))
    return reply


def _reset(connection: socket.socket) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return False
