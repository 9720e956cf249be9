"""Tells a server that the client of a session is there, so that it need not guess."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import final

from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import SessionAnswer
from dli_domain.model.run import Deadline

LEASE_SECONDS = 8.0
_EVERY_SECONDS = 2.0


@final
class Presence:
    """Asks for the session now and then, from a thread of its own, while nothing else does.

    Args:
        transport: To the server.
        path: The session there.
    """

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = replace(transport, tries=1)
        self._path = path
        self._over = threading.Event()
        self._busy = 0
        threading.Thread(target=self._tell, name="dli-presence", daemon=True).start()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a statement of the session runs, the server needs no sign."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def end(self) -> None:
        """Say nothing more."""
        self._over.set()

    def _tell(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            if not self._busy:
                self._ask()

    def _ask(self) -> None:
        until = self._transport.line.clock.monotonic() + _EVERY_SECONDS
        try:
            self._transport.until(Deadline(until, _EVERY_SECONDS)).get(
                self._path, answer=SessionAnswer
            )
        except Exception:  # noqa: BLE001 - what is wrong, the next statement tells its user
            return
