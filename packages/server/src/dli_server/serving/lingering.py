"""A transport that lets its last answer arrive."""

import asyncio
from typing import Any, final

LINGER_SECONDS = 1.0
LINGER_BYTES = 8 << 20


@final
class LingeringTransport:
    """Closes in two steps while the other side still sends.

    A socket that is closed with unread bytes sends a reset, which may destroy the answer on its
    way. So the sending side is closed first, and what comes is thrown away for a second.
    """

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop
        self._rest = LINGER_BYTES
        self.lingering = False
        self.unread = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self.lingering or self._inner.is_closing()

    def close(self) -> None:
        """Close, at once where the other side has sent all it will."""
        if self.is_closing():
            return
        if not self.unread:
            self._inner.close()
            return
        self.lingering = True
        self._inner.resume_reading()
        if self._inner.can_write_eof():
            self._inner.write_eof()
        self._loop.call_later(LINGER_SECONDS, self._inner.abort)

    def drop(self, count: int) -> None:
        """So many bytes came while lingering."""
        self._rest -= count
        if self._rest < 0:
            self._inner.abort()
