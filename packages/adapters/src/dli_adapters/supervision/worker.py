"""One thread that an engine is used from, and that can be left behind."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Runs what it is given, one after the other, in a thread of its own.

    The thread is a daemon: a process can end although the engine's driver never comes back.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do it after everything given before; the future tells how it went."""
        future: Future[T] = Future()
        self._jobs.put((future, work))
        return future

    def close(self, seconds: float) -> None:
        """End after everything given before; wait for that only so long."""
        self._jobs.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, work = job
            try:
                value = work()
            except BaseException as error:  # noqa: BLE001 - it is raised again where the caller waits
                future.set_exception(error)
            else:
                future.set_result(value)
                del value
            # What a finished job holds, such as a result, must not live until the next one.
            del job, future, work
