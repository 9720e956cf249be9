"""A connection to a server that is opened when it is needed and kept for as long as its user."""

import weakref
from contextlib import ExitStack
from threading import Lock
from typing import final

from dli_adapters.server.transport import Transport
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock


@final
class KeptTransport:
    """One transport for many questions, for who has no moment at which he is done.

    It is closed when nobody holds this any more, at the latest when the process ends.
    """

    def __init__(self, target: ServerTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._lock = Lock()
        self._opened: Transport | None = None
        self._stack = ExitStack()
        weakref.finalize(self, self._stack.close)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._target.url

    def __call__(self) -> Transport:
        """The transport, opened by the first call.

        Raises:
            ServerError: DLI-505, the address is none, or the token would go in clear.
        """
        with self._lock:
            if self._opened is None:
                self._opened = self._stack.enter_context(
                    Transport.connect(self._target, self._clock)
                )
            return self._opened
