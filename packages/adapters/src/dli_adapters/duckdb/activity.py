"""What a connection is busy with, seen from the thread that wants to stop it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from dli_domain.errors import ExecutionCancelledError
from dli_domain.model.run import CancelOutcome

_STEP_SECONDS = 0.02
_STEPS = 50


class Activity:
    """Knows whether a call is inside the engine, and stops it.

    Args:
        interrupt: Tells the engine to give up what it does now; callable from any thread.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._changed = Condition()
        self._inside = False
        self._open = False
        self._stopped = False
        self._failed = False

    @contextmanager
    def statement(self) -> Iterator[None]:
        """A new statement: what was stopped before no longer counts."""
        with self._changed:
            self._stopped = self._failed = False
            self._open = True
        with self._call():
            yield

    @contextmanager
    def pull(self) -> Iterator[None]:
        """One more batch of the statement's rows.

        Raises:
            ExecutionCancelledError: the statement was stopped in between.
        """
        if self._stopped:
            raise ExecutionCancelledError("The statement was stopped on DuckDB")
        with self._call():
            yield

    def stop(self) -> CancelOutcome:
        """Interrupt until the call has come back; up to a second.

        A statement that was done before the interrupt reached it was not stopped, and is told so.
        """
        with self._changed:
            if not self._open:
                return CancelOutcome.NOTHING_RUNNING
            self._stopped = True
            for _ in range(_STEPS):
                if not self._inside:
                    return self._outcome()
                # Again and again: a call that was only about to start may not see the first one.
                self._interrupt()
                self._changed.wait(_STEP_SECONDS)
        return CancelOutcome.UNCONFIRMED

    @property
    def interrupted(self) -> bool:
        """Whether the last statement was told to stop; the engine may still remember that."""
        return self._stopped

    def ended(self) -> None:
        """The statement is done, or nobody will read more of it."""
        with self._changed:
            self._open = False

    def _outcome(self) -> CancelOutcome:
        if self._open or self._failed:
            return CancelOutcome.CONFIRMED
        return CancelOutcome.NOTHING_RUNNING

    @contextmanager
    def _call(self) -> Iterator[None]:
        with self._changed:
            self._inside = True
        try:
            yield
        except BaseException:
            self._open, self._failed = False, True
            raise
        finally:
            with self._changed:
                self._inside = False
                self._changed.notify_all()
