"""A wire that flips one bit of what comes down, whatever the protocol on it."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class FlippingWire:
    """Carries bytes to a local port and back; the byte at `offset` of each connection is wrong."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self.offset: int | None = None
        self.flipped = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._carry, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, near: socket.socket) -> None:
        down = 0
        with near, socket.create_connection(self._target, 5) as far:
            while not self._closing.is_set():
                readable, _, _ = select.select([near, far], [], [], 0.2)
                try:
                    for one, other in ((near, far), (far, near)):
                        if one in readable:
                            data = one.recv(65536)
                            if not data:
                                return
                            other.sendall(self._spoilt(data, down) if one is far else data)
                            down += len(data) if one is far else 0
                except OSError:
                    return

    def _spoilt(self, data: bytes, start: int) -> bytes:
        if self.offset is None or not start <= self.offset < start + len(data):
            return data
        self.flipped += 1
        spoilt = bytearray(data)
        spoilt[self.offset - start] ^= 0x01
        return bytes(spoilt)


@contextmanager
def flipping_wire(port: int) -> Iterator[FlippingWire]:
    """Such a wire before a local port, cut at the end."""
    wire = FlippingWire(port)
    try:
        yield wire
    finally:
        wire.close()
