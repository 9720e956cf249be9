"""The engine's database, kept open between runs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from threading import Lock
from typing import final

from dli_domain.errors import DliError
from dli_domain.model.run import Deadline, RunScope
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor

OpenEngine = Callable[[RunScope], AbstractContextManager[QueryExecutor]]
_FOREVER = Deadline(float("inf"), float("inf"))


@final
class HeldEngine:
    """One more session than the runs have, so that the last of them does not close a file.

    To open a DuckDB file costs ten times what a small run costs. Sessions of one process share
    it, so a run that finds it open need not.

    Args:
        open_engine: How a session is opened.
        seconds: How long it is held after the last use; 0 holds nothing.
        clock: For that time.
    """

    def __init__(self, open_engine: OpenEngine, seconds: float, clock: Clock) -> None:
        self._open_engine = open_engine
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._held: ExitStack | None = None
        self._until = 0.0

    def use(self) -> None:
        """A run is about to open its session."""
        if self._seconds <= 0:
            return
        with self._lock:
            self._until = self._clock.monotonic() + self._seconds
            if self._held is None:
                self._held = self._opened()

    def look(self) -> None:
        """Close it where its time is over."""
        if self._held is not None and self._clock.monotonic() > self._until:
            self.close()

    def close(self) -> None:
        """Close it now."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            with suppress(DliError):  # a broken session holds nothing any more
                held.close()

    def _opened(self) -> ExitStack | None:
        stack = ExitStack()
        with suppress(DliError):  # the run itself will tell
            stack.enter_context(
                self._open_engine(RunScope(run_id="held", resource="", deadline=_FOREVER))
            )
            return stack
        return None
